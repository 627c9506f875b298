"""Six small steps, cold, beside a plain papermill loop with the same records in MLflow."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.timing import Table, command, in_turn
from tests.benchmarks.workspaces import six_steps

LOOP = Path(__file__).with_name("papermill_loop.py")


def measure(runs: int) -> list[Table]:
    """Each measurement in a workspace of its own, so that nothing is reused and every store is new."""
    studio = str(Path(sys.executable).with_name("studio"))
    ways = {
        "papermill loop": [sys.executable, str(LOOP)],
        "studio run": [studio, "run", "six"],
        "studio run --jobs 2": [studio, "run", "six", "--jobs", "2"],
    }
    times = in_turn(runs, {name: _cold(words, loop=name == "papermill loop") for name, words in ways.items()})
    goals = {"studio run": "ratio at most 1.00", "studio run --jobs 2": "ratio at most 0.65"}
    return [Table("Six small steps, cold", times, goals)]


class _cold:
    def __init__(self, words: Sequence[str], *, loop: bool) -> None:
        self._words = words
        self._loop = loop

    def __call__(self) -> float:
        folder = Path(tempfile.mkdtemp())
        try:
            root = six_steps(folder / "workspace")
            return command([*self._words, str(root)] if self._loop else self._words, root)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
