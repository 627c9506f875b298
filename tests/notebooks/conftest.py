"""Notebooks made in a line, and a workspace to put them in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.core.workspace import Workspace
from studio.notebooks.document import NotebookDocument, parse_notebook


def make_cell(source: str, *tags: str, kind: str = "code", **more: Any) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)} if tags else {}}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    return cell | more


def make_notebook(*cells: dict[str, Any] | str, minor: int = 5, **more: Any) -> dict[str, Any]:
    made = [make_cell(cell) if isinstance(cell, str) else dict(cell) for cell in cells]
    if minor >= 5:
        for index, cell in enumerate(made):
            cell.setdefault("id", f"id-{index}")
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": made} | more


class Notebooks:
    """A workspace, and notebooks in it."""

    cell = staticmethod(make_cell)
    notebook = staticmethod(make_notebook)

    def __init__(self, root: Path) -> None:
        (root / "studio.toml").write_text('version = 1\n[project]\nname = "t"\n')
        self.workspace = Workspace(root.resolve())
        self.root = self.workspace.root

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    def save(self, path: str, *cells: dict[str, Any] | str, **more: Any) -> Path:
        return self.write(path, json.dumps(make_notebook(*cells, **more)))

    @staticmethod
    def document(*cells: dict[str, Any] | str, shown: str = "notebooks/a.ipynb", **more: Any) -> NotebookDocument:
        return parse_notebook(json.dumps(make_notebook(*cells, **more)), shown)

    @staticmethod
    def with_parameters(source: str, *before: dict[str, Any] | str) -> NotebookDocument:
        return Notebooks.document(*before, make_cell(source, "parameters"), "print(1)")


@pytest.fixture
def notebooks(tmp_path: Path) -> Notebooks:
    return Notebooks(tmp_path)
