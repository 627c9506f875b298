"""`studio test` on the workspace that `studio init` makes, cold and again, beside plain pytest on the same tests."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.timing import Table, command, in_turn

STUDIO = str(Path(sys.executable).with_name("studio"))
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef)


def measure(runs: int) -> list[Table]:
    """The whole ladder; its notebooks' tests alone; the same tests as a file of Python."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command([STUDIO, "init", "starter"], folder)
        fresh, warm = folder / "starter", folder / "warm"
        shutil.copytree(fresh, warm)
        command([STUDIO, "test"], warm)
        plain = folder / "plain"
        plain.mkdir()
        (plain / "test_starter.py").write_text(_as_python(warm), encoding="utf-8")
        environment = {**os.environ, "STUDIO_WORKSPACE": str(warm), "STUDIO_SAMPLED": "1"}
        times = in_turn(
            runs,
            {
                "pytest, the tests as a .py file": lambda: command([*PYTEST, "test_starter.py"], plain, environment),
                "pytest, the notebooks": lambda: command([*PYTEST, "notebooks"], warm, environment),
                "studio test --rung code, reused": lambda: command([STUDIO, "test", "--rung", "code"], warm),
                "studio test, all rungs, reused": lambda: command([STUDIO, "test"], warm),
                "studio test, all rungs, cold": lambda: _cold(fresh, folder / "cold"),
            },
        )
    return [Table("Tests of the starter workspace", times)]


def _cold(fresh: Path, folder: Path) -> float:
    """In a copy in which nothing ever ran."""
    shutil.copytree(fresh, folder)
    try:
        return command([STUDIO, "test"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_python(workspace: Path) -> str:
    """What the notebooks' tests need, in one module: imports, functions, tests."""
    parts = []
    for path in sorted((workspace / "notebooks").rglob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                tree = ast.parse("".join(cell["source"]))
                parts += [ast.unparse(part) for part in tree.body if isinstance(part, _KEPT)]
    return "\n\n\n".join(parts) + "\n"
