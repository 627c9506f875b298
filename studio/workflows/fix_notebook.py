"""Mend one notebook as ``studio check --fix`` does, all that is safe or by some rules only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studio.core.errors import BadInput, Missing, StudioError
from studio.core.files import digest_file
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.notebooks.checks import RULES, Fixed
from studio.workflows.check_workspace import check_workspace


class FileChanged(StudioError):
    """Somebody saved the notebook while it was being mended; nothing was written."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"{subject} was saved by somebody else in this moment, so nothing was mended. Next: try again."
        )


def fix_notebook(workspace: Workspace, subject: str, rules: Sequence[str] = ()) -> tuple[Fixed, ...]:
    """What was mended in the notebook `subject`, by these `rules` or, without any, by all.

    Raises
    ------
    Missing
        When there is no such notebook.
    BadInput
        When there is no such rule.
    FileChanged
        When somebody saves it meanwhile.
    CannotWrite
        When it cannot be written.
    """
    unknown = [rule for rule in rules if rule not in RULES]
    if unknown:
        raise BadInput(f"There is no rule {unknown[0][:100]!r}. {suggest(unknown[0], RULES)}")
    file = workspace.inside(subject, "notebook")
    if not file.is_file():
        raise Missing(f"The notebook {subject} does not exist. Next: correct the path.")
    before = digest_file(file)
    checked = check_workspace((Path(subject),), workspace.root, fix=True, rules=rules)
    left = [finding for finding in checked.findings if finding.fixable and (not rules or finding.rule in rules)]
    if left and not checked.fixed and digest_file(file) != before:
        raise FileChanged(subject)
    return checked.fixed
