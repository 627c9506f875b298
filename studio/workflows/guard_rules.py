"""The rule "clean tree": what runs lies in the commit that the ledger will name, whatever git was told to overlook."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.errors import BadInput
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.governance.worktree import committed, look, named, unlike_commit
from studio.notebooks.document import parse_notebook
from studio.notebooks.fingerprint import fingerprint
from studio.workflows.content_states import Content, files_of

SETTINGS = "studio.toml"


@dataclass(frozen=True)
class Refusal:
    """One rule that does not hold: its name, why, and the next command."""

    rule: str
    reason: str
    next: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}" + (f" Next: {self.next}" if self.next else "")


def clean_tree(workspace: Workspace, found: Sequence[Content]) -> list[Refusal]:
    """Why nobody could say later what ran: no commit, uncommitted changes, or files that git was told to overlook.

    Raises
    ------
    NoAnswer
        When git is there and fails.
    """
    tree = look(workspace.root)
    if tree is None or not tree.commit:
        reason = "the workspace has no commit in git, so nobody could say later what ran."
        return [Refusal("clean tree", reason, "git init, git add and git commit")]
    if tree.changed:
        reason = "files differ from the last commit (git status shows them), so the run could not be repeated."
        return [Refusal("clean tree", reason, "git add … && git commit, or git stash")]
    if tree.hidden:
        reason = (
            f"git was told to overlook changes of {named(tree.hidden)}, so nobody can say whether they are committed."
        )
        following = f"git update-index --no-assume-unchanged --no-skip-worktree {tree.hidden[0]}"
        return [Refusal("clean tree", reason, following)]
    files = [SETTINGS, *(file for content in found for file in files_of(workspace, content))]
    unlike = unlike_commit(workspace.root, files)
    unlike += [one.subject for one in found if one.subject not in unlike and not _is_committed(workspace, one)]
    if unlike:
        one = len(unlike) == 1
        reason = (
            f"{named(unlike)} {'is' if one else 'are'} not in the last commit as {'it lies' if one else 'they lie'} "
            f"here (git ignores {'it, or a filter changes it' if one else 'them, or a filter changes them'})."
        )
        return [Refusal("clean tree", reason, f"git add --force {unlike[0]} && git commit")]
    return []


def _is_committed(workspace: Workspace, content: Content) -> bool:
    """Whether a notebook's text in the last commit has the fingerprint of what will run; other files were compared."""
    if not content.subject.endswith(".ipynb"):
        return True
    text = committed(workspace.root, content.subject)
    if text is None:
        return False
    try:
        parts = fingerprint(workspace, parse_notebook(text, content.subject)).parts
    except BadInput:
        return False
    # The files of its contracts are compared with the commit themselves.
    return parts == tuple(part for part in content.fingerprint.parts if part.kind != "contract")


def drop_bytecode(workspace: Workspace, found: Sequence[Content]) -> None:
    """Remove what Python compiled of the content's modules: it would run in their place, and git ignores it.

    Raises
    ------
    CannotWrite
        When the file system refuses.
    """
    for name in {file for content in found for file in files_of(workspace, content) if file.endswith(".py")}:
        source = workspace.root / name
        for compiled in (source.parent / "__pycache__").glob(f"{glob.escape(source.stem)}.*.pyc"):
            try:
                compiled.unlink(missing_ok=True)
            except OSError as error:
                raise CannotWrite(compiled, error) from error
