"""Notebooks that are checked in one line."""

from __future__ import annotations

from typing import Any

import pytest

from studio.core.workspace import Workspace
from studio.notebooks.checks import Finding, check_documents
from studio.notebooks.document import NotebookDocument
from tests.notebooks.conftest import Notebooks, make_cell

TITLE = make_cell("# Why", kind="markdown")


class Checker(Notebooks):
    """Checks cells; a title stands before them, so that they count from 2."""

    def findings(self, *cells: dict[str, Any] | str, steps: tuple[str, ...] = (), **more: Any) -> list[Finding]:
        document = self.document(TITLE, *cells, **more)
        return check_documents(self.workspace, [document], known_datasets={"a"}, steps=steps)

    def places(self, rule: str, *cells: dict[str, Any] | str, **more: Any) -> list[tuple[int, int]]:
        """Cell and line of each finding of the rule."""
        found = self.findings(*cells, **more)
        return [(finding.cell, finding.line) for finding in found if finding.rule == rule]

    def checked(self, document: NotebookDocument) -> list[str]:
        """The rules that find something in the document."""
        return [finding.rule for finding in check_documents(self.workspace, [document], known_datasets={"a"})]

    def settings(self, text: str) -> None:
        self.write("studio.toml", f"version = 1\n{text}")
        self.workspace = Workspace(self.root)


@pytest.fixture
def checker(tmp_path: Any) -> Checker:
    return Checker(tmp_path)
