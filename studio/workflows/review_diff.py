"""What changed in a notebook or a pipeline since its last approval, or since a git revision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.core.workspace import Workspace, find_workspace
from studio.notebooks.approval_file import read_approval
from studio.notebooks.review.diff import NotebookDiff, diff_notebooks
from studio.workflows.content_states import contents_named
from studio.workflows.earlier_version import approved_version, present_version, version_at


@dataclass(frozen=True)
class Difference:
    """What changed in one notebook or pipeline file, and compared with what."""

    base: str
    diff: NotebookDiff

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {"base": self.base, **self.diff.as_dict()}


def diff_of(name: str, base: Path, *, against: str | None = None, outputs: bool = False) -> list[Difference]:
    """What changed since the last approval, or since a git revision: in a notebook, or in all of a pipeline.

    Of a pipeline, by its name, the file and the notebooks that differ are there; of a notebook, or of a pipeline's file
    by its path, the one difference, also where nothing changed.

    Raises
    ------
    BadInput
        When there is no such notebook, pipeline or revision.
    """
    workspace = find_workspace()
    subjects = [content.subject for content in contents_named(workspace, [name], base)]
    if name.endswith(".yml"):
        subjects = subjects[:1]
    found = [_difference(workspace, subject, against, outputs) for subject in subjects]
    return found if len(found) == 1 else [one for one in found if not one.diff.same]


def _difference(workspace: Workspace, subject: str, against: str | None, outputs: bool) -> Difference:
    new = present_version(workspace, subject)
    if against is not None:
        before = version_at(workspace, subject, against)
    else:
        before = approved_version(workspace, subject, read_approval(workspace, subject))
    return Difference(before.base, diff_notebooks(before.document, new, outputs=outputs))
