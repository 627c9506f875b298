"""Fingerprints and checks of 500 notebooks, some of them with 10 MB of outputs."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from studio.core.workspace import Workspace
from studio.notebooks.checks import check_documents
from studio.notebooks.document import read_notebook
from studio.notebooks.fingerprint import fingerprint
from tests.benchmarks.timing import Table, in_turn

COUNT = 500
EXAMPLES = Path(__file__).parents[2] / "notebooks" / "churn"


def measure(runs: int) -> list[Table]:
    """All 500 read, fingerprinted and checked in one process."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        paths = _copies(Path(folder))
        times = in_turn(runs, {f"{COUNT} notebooks": lambda: _all(workspace, paths)})
    return [Table("Fingerprint and check", times, {f"{COUNT} notebooks": "under 5 s"})]


def _all(workspace: Workspace, paths: list[Path]) -> float:
    started = time.perf_counter()
    documents = [read_notebook(workspace, path) for path in paths]
    for document in documents:
        fingerprint(workspace, document)
    check_documents(workspace, documents, known_datasets=None)
    return time.perf_counter() - started


def _copies(root: Path) -> list[Path]:
    (root / "studio.toml").write_text("version = 1\n")
    originals = sorted(EXAMPLES.glob("*.ipynb"))
    for module in EXAMPLES.glob("*.py"):
        (root / module.name).write_text(module.read_text())
    paths = []
    for number in range(COUNT):
        notebook = json.loads(originals[number % len(originals)].read_text())
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        cells[-1]["source"] = [f"copy = {number}\n", *cells[-1]["source"]]
        if number % 50 == 0:
            text = "0123456789" * 1024 * 1024
            cells[0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
        path = root / f"notebook-{number:03}.ipynb"
        path.write_text(json.dumps(notebook, indent=1))
        paths.append(path)
    return paths
