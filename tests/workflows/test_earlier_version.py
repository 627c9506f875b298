"""The version that an approval is about, found again whatever the notebook is written in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from studio.core.workspace import Workspace
from studio.workflows import submissions
from studio.workflows.earlier_version import approved_version
from tests.conftest import Place


@pytest.mark.parametrize(
    ("subject", "text"), [("notebooks/a.py", "# %%\nx = 1\n"), ("notebooks/a.md", "```python\nx = 1\n```\n")]
)
def test_a_notebook_kept_as_text_is_found_as_it_was_submitted(place: Place, subject: str, text: str) -> None:
    workspace = Workspace(place.root)
    kept = submissions.folder(workspace, "s1") / submissions.NOTEBOOK
    kept.parent.mkdir(parents=True)
    kept.write_text(text)
    approval: Any = SimpleNamespace(
        approvals=(), evidence=SimpleNamespace(submission="s1", metrics={}), content=None, commit=""
    )
    document = approved_version(workspace, subject, approval).document
    assert document is not None
    assert [cell.source for cell in document.cells] == ["x = 1"]
