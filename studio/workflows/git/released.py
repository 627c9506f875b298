"""No unapproved change reaches a released pipeline unseen: what the hook asks of the staged content.

A pipeline is released when ``pipelines/approvals/pipelines/<name>.json`` is committed. On a protected branch a commit
that changes what such a pipeline runs has to bring the approval of what it changes; on any other branch work goes on as
it likes. The hook compares fingerprints, because approvals are bound to what a notebook is: a changed module or
contract is a change of the notebooks that use it. It is a reminder and no gate: who may run what is decided where runs
start.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.errors import Refused, StudioError
from studio.core.git import Repository, open_repository
from studio.core.workspace import FILE, Workspace
from studio.workflows.git.hooks import workspaces

if TYPE_CHECKING:
    from studio.workflows.content_states import Content

PROTECTED = ("main", "master")
KEY = "studio.protectedBranch"
_READ = (".ipynb", ".py", ".md", ".yml", ".yaml", ".toml", ".json")
_SUFFIXES = tuple(suffix.encode() for suffix in _READ)
_RELEASES = "pipelines/approvals/pipelines/"


@dataclass(frozen=True)
class Unapproved:
    """Content of a released pipeline that a commit would change without an approval.

    Attributes
    ----------
    subject : str
        The notebook's or pipeline file's path in its workspace.
    pipeline : str
        A released pipeline that runs it.
    """

    subject: str
    pipeline: str


class NotReleasable(Refused):
    """A commit on a protected branch would change a released pipeline without an approval."""

    def __init__(self, found: list[Unapproved], branch: str) -> None:
        one = len(found) == 1
        named = "; ".join(f"{item.subject} of the pipeline {item.pipeline}" for item in found)
        subjects = " ".join(dict.fromkeys(item.subject for item in found))
        super().__init__(
            f"{named} {'is' if one else 'are'} released, and the staged change of {'it' if one else 'them'} has no "
            f"approval, so nothing was committed on {branch}. Next: git switch -c NAME, commit there, then: "
            f"studio review submit {subjects}"
        )


def refuse_unapproved(repository: Repository | None = None) -> None:
    """Look at what is staged in `repository` (default: that of the current folder).

    Raises
    ------
    NotReleasable
        When a protected branch is checked out and the commit would change approved content without an approval.
    BadInput
        When there is no repository.
    """
    repository = repository or open_repository(Path.cwd())
    branch = repository.branch
    if branch is None or branch not in protected_branches(repository) or repository.head is None:
        return
    found = list(unapproved(repository))
    if found:
        raise NotReleasable(found, branch)


def protected_branches(repository: Repository) -> tuple[str, ...]:
    """The branches that git's configuration names under ``studio.protectedBranch``; main and master without any."""
    named = repository.ask("config", "--get-all", KEY)
    return tuple(named.splitlines()) if named else PROTECTED


def unapproved(repository: Repository) -> Iterator[Unapproved]:
    """The content of released pipelines that the staged change alters without an approval."""
    paths = {change.path for change in repository.staged() if change.path.endswith(_READ)}
    touched = [folder for folder in workspaces(repository) if any(_inside(path, folder) for path in paths)]
    if not any(_releases(repository, folder) for folder in touched):
        return
    with tempfile.TemporaryDirectory(prefix="studio-") as name:
        # Whole trees: a fingerprint covers modules and contracts too, and the working tree may differ from both.
        old, new = Path(name, "committed"), Path(name, "staged")
        _export(repository, new)
        committed = repository.with_index(Path(name, "index"))
        committed.run("read-tree", "HEAD")
        _export(committed, old)
        for folder in touched:
            if (old / folder / FILE).is_file() and (new / folder / FILE).is_file():
                yield from _compare(Workspace(old / folder), Workspace(new / folder), _releases(repository, folder))


def _compare(old: Workspace, new: Workspace, released: list[str]) -> Iterator[Unapproved]:
    told = set()
    for name in released:
        before, after = _contents(old, name), _contents(new, name)
        for subject in _subjects(old, new, name):
            if subject in told or _same(old, new, subject, before.get(subject), after.get(subject)):
                continue
            if not _approved(new, after.get(subject)):
                told.add(subject)
                yield Unapproved(subject, name)


def _subjects(old: Workspace, new: Workspace, name: str) -> list[str]:
    """The pipeline file and the notebooks of its steps, as far as they were approved before."""
    from studio.pipelines.specification import read_pipeline

    notebooks: dict[str, None] = {}
    for workspace in (old, new):
        try:
            notebooks |= dict.fromkeys(step.notebook for step in read_pipeline(workspace, name).steps.values())
        except StudioError:
            continue  # its file cannot be read on this side; that it changed is told by its own subject
    return [subject for subject in (f"pipelines/{name}.yml", *notebooks) if _approval(old, subject).is_file()]


def _contents(workspace: Workspace, name: str) -> dict[str, Content]:
    """Everything that the pipeline consists of, by subject; empty where it cannot be read."""
    from studio.pipelines.specification import read_pipeline
    from studio.workflows.content_states import contents

    try:
        return {content.subject: content for content in contents(workspace, read_pipeline(workspace, name))}
    except StudioError:
        return {}


def _same(old: Workspace, new: Workspace, subject: str, before: Content | None, after: Content | None) -> bool:
    """Whether what the subject is stayed the same; where it has no fingerprint on a side its bytes are compared."""
    if before is None or after is None:
        return _bytes(old, subject) == _bytes(new, subject)
    return before.fingerprint.digest == after.fingerprint.digest


def _approved(workspace: Workspace, content: Content | None) -> bool:
    """Whether the approval in `workspace` holds for the content, by what the files say; the ledger is not asked."""
    from studio.notebooks.approval import state

    if content is None:
        return False
    try:
        found = state(workspace, content.subject, content.fingerprint, contracts=content.contracts)
    except StudioError:
        return False
    return found.status == "approved"


def _bytes(workspace: Workspace, subject: str) -> bytes | None:
    path = workspace.root / subject
    return path.read_bytes() if path.is_file() else None


def _approval(workspace: Workspace, subject: str) -> Path:
    if subject.startswith("pipelines/"):
        return workspace.root / _RELEASES / f"{Path(subject).stem}.json"
    return workspace.approvals / Path(subject).with_suffix(".json")


def _releases(repository: Repository, folder: str) -> list[str]:
    """The names of the pipelines of the workspace in `folder` that the last commit says are released."""
    prefix = f"{folder}/{_RELEASES}" if folder else _RELEASES
    found = repository.text("ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD", "--", prefix).split("\0")
    return sorted(Path(path).stem for path in found if path.endswith(".json"))


def _export(repository: Repository, folder: Path) -> None:
    """Write what the index holds, as far as Studio reads it, to `folder`."""
    paths = [path for path in repository.run("ls-files", "-z").split(b"\0") if path.endswith(_SUFFIXES)]
    repository.run("checkout-index", "-q", "-f", "-z", "--stdin", f"--prefix={folder}/", data=b"\0".join(paths))


def _inside(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")
