"""What changed in a notebook since its last approval, or since a git revision."""

from __future__ import annotations

from pathlib import Path

from studio.core.workspace import find_workspace
from studio.notebooks.approval_file import read_approval
from studio.notebooks.review.diff import NotebookDiff, diff_notebooks
from studio.workflows.content_states import contents_named
from studio.workflows.earlier_version import approved_version, present_version, version_at


def diff_of(name: str, base: Path, *, against: str | None = None, outputs: bool = False) -> tuple[str, NotebookDiff]:
    """What changed in a notebook (or a pipeline's file) since its last approval, or since a git revision.

    Raises
    ------
    BadInput
        When there is no such notebook, pipeline or revision.
    """
    workspace = find_workspace()
    subject = contents_named(workspace, [name], base)[0].subject
    new = present_version(workspace, subject)
    if against is not None:
        before = version_at(workspace, subject, against)
    else:
        before = approved_version(workspace, subject, read_approval(workspace, subject))
    return before.base, diff_notebooks(before.document, new, outputs=outputs)
