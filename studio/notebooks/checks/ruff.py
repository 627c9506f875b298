"""What ruff finds in notebooks: one process for all of them, with Studio's own choice of rules.

ruff is asked with its configuration isolated, so that a workspace's own style settings neither add nor hide findings
here, and ``# noqa`` does not count, since it gives no reason. Cells are handed over in the order in which they count:
what runs execute first, then tests; scratch cells and cells that are not Python are left out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.notebooks.checks.finding import Edit
from studio.notebooks.checks.names import IPYTHON
from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.python_code import fault

# Unused imports, undefined names, and code that cannot mean what it says; nothing about style.
_SELECTED = ("F401", "F821", "F823", "F50", "F521", "F522", "F523", "F524", "F525", "F63", "F70", "F82")
_SECONDS = 120


@dataclass(frozen=True)
class Remark:
    """One thing that ruff found.

    Attributes
    ----------
    cell : Cell
        Where.
    line : int
        1-based line in the cell.
    code : str
        ruff's own code.
    message : str
        What ruff says.
    text : str
        The part of the cell that it is about.
    edits : tuple of Edit
        A safe change that mends it; empty where there is none.
    """

    cell: Cell
    line: int
    code: str
    message: str
    text: str = ""
    edits: tuple[Edit, ...] = ()


class NoRuff(Exception):
    """ruff is missing or did not answer; the text says which."""


def ask_ruff(documents: Sequence[NotebookDocument]) -> list[list[Remark]]:
    """What ruff finds in each document.

    Raises
    ------
    NoRuff
        When ruff is missing, fails or answers something that cannot be read.
    """
    cells = [_cells(document) for document in documents]
    remarks: list[list[Remark]] = [[] for _ in documents]
    if not any(cells):
        return remarks
    with tempfile.TemporaryDirectory(prefix="studio-check-") as folder:
        for number, content in enumerate(cells):
            if content:
                Path(folder, f"{number}.ipynb").write_text(_notebook(content), encoding="utf-8")
        answer = _run(folder)
    for item in answer:
        number = int(Path(item["filename"]).stem)
        place = item.get("cell")
        if item.get("code") in {None, "invalid-syntax"} or not place:
            continue  # what is no Python is told by the rule not-python
        remarks[number].append(_remark(cells[number][place - 1], item))
    return remarks


def _cells(document: NotebookDocument) -> list[Cell]:
    if not document.is_python:
        return []
    counted = [cell for cell in document.cells if cell.role in {"code", "parameters", "test"} and cell.source.strip()]
    sound = [cell for cell in counted if fault(cell.source) is None]
    return sorted(sound, key=lambda cell: (cell.role == "test", cell.index))


def _notebook(cells: Sequence[Cell]) -> str:
    content: Mapping[str, Any] = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{cell.index}",
                "metadata": {},
                "source": cell.source,
                "outputs": [],
                "execution_count": None,
            }
            for cell in cells
        ],
    }
    return json.dumps(content)


def _run(folder: str) -> list[dict[str, Any]]:
    program = shutil.which("ruff", path=sysconfig.get_path("scripts")) or shutil.which("ruff")
    command = [program] if program else [sys.executable, "-m", "ruff"]
    builtins = ", ".join(json.dumps(name) for name in sorted(IPYTHON))
    options = ["--isolated", "--no-cache", "--quiet", "--exit-zero", "--ignore-noqa", "--output-format", "json"]
    # Wherever the temporary folder lies, its files are looked at: no .gitignore and no excluded folder hides them.
    options += ["--no-respect-gitignore", "--config", "exclude = []", "--config", f"builtins = [{builtins}]"]
    choice = ["--select", ",".join(_SELECTED), "--target-version", "py313"]
    try:
        done = subprocess.run(
            [*command, "check", *options, *choice, "."],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("RUFF_")},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        raise NoRuff(f"it cannot be started ({error.strerror})") from error
    except subprocess.TimeoutExpired as error:
        raise NoRuff(f"it did not answer within {_SECONDS} seconds") from error
    if "No module named ruff" in done.stderr:
        raise NoRuff("it is not installed")
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError as error:
        said = " ".join(done.stderr.split())[:200]
        raise NoRuff(f"it ended with exit status {done.returncode}{f': {said}' if said else ''}") from error
    if not isinstance(answer, list):
        raise NoRuff("its answer is not a list")
    return answer


def _remark(cell: Cell, item: Mapping[str, Any]) -> Remark:
    fix = item.get("fix") or {}
    edits = tuple(
        Edit(_place(edit["location"]), _place(edit["end_location"]), edit["content"] or "")
        for edit in (fix.get("edits", ()) if fix.get("applicability") == "safe" else ())
    )
    start, end = _place(item["location"]), _place(item["end_location"])
    lines = cell.source.split("\n")[start[0] - 1 : end[0]]
    text = lines[0][start[1] - 1 : end[1] - 1] if len(lines) == 1 else ""
    return Remark(cell, start[0], item["code"], item["message"], text, edits)


def _place(location: Mapping[str, int]) -> tuple[int, int]:
    return location["row"], location["column"]
