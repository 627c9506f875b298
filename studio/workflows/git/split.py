"""Split a large working change into commits that can be reviewed: propose them, or make them.

The commits are built apart, as objects that nothing points to, and checked to end at exactly the working change. Only
then the index and the branch are moved, and moved back should the second of the two fail. The working tree is read and
never written.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.core.errors import BadInput, StudioError
from studio.core.git import Change, GitFailed, Repository, open_repository
from studio.workflows.git.groups import Content, group_changes

_SUBMODULE = "160000"


class NotSplit(StudioError):
    """The commits could not be made; everything is as it was before."""


@dataclass(frozen=True)
class Proposal:
    """One commit.

    Attributes
    ----------
    message, reason : str
        Its message, and why it stands alone.
    contents : tuple of Content
        What the commit brings for each path.
    commands : tuple of str
        What to type at the top of the repository to make it by hand, after the ones before it.
    commit : str
        Its id once it is made.
    """

    message: str
    reason: str
    contents: tuple[Content, ...]
    commands: tuple[str, ...]
    commit: str = ""

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "message": self.message,
            "reason": self.reason,
            "changes": [content.as_dict() for content in self.contents],
            "commands": list(self.commands),
            "commit": self.commit,
        }


@dataclass(frozen=True)
class Split:
    """A working change as a row of commits.

    Attributes
    ----------
    top : str
        The top of the repository, where the commands are typed.
    base : str
        The commit that they start from; empty before the first one.
    tree : str
        The tree that they end at: the working change.
    before : str
        What to type before the commands where something is staged.
    proposals : tuple of Proposal
        The commits in order.
    """

    top: str
    base: str
    tree: str
    before: str = ""
    proposals: tuple[Proposal, ...] = field(default=())

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "top": self.top,
            "base": self.base,
            "tree": self.tree,
            "before": self.before,
            "proposals": [proposal.as_dict() for proposal in self.proposals],
        }


def propose_split(folder: Path | None = None) -> Split:
    """The commits that the working change of the repository of `folder` (default: the current one) falls into.

    Nothing is changed but git's objects: the contents of the proposed commits are stored, so that the commands find
    them; git collects them again when nobody uses them.

    Raises
    ------
    BadInput
        When there is no repository, or it is in the middle of a merge or of something like it.
    """
    with _working_tree(open_repository(folder or Path.cwd())) as (_, split):
        return split


def apply_split(folder: Path | None = None) -> Split:
    """Make the commits of `propose_split`; the working tree is not touched, and hooks are not called.

    Raises
    ------
    BadInput
        As `propose_split`.
    NotReleasable
        When a protected branch is checked out and the change would alter a released pipeline without an approval.
    NotSplit
        When git refuses; nothing is changed then.
    """
    from studio.workflows.git.released import refuse_unapproved

    with _working_tree(open_repository(folder or Path.cwd())) as (whole, split):
        if not split.proposals:
            return split
        refuse_unapproved(whole)
        repository = Repository(whole.top)
        made = _build(repository, whole, split)
        _move(repository, split, made[-1].commit)
        return replace(split, proposals=tuple(made))


@contextlib.contextmanager
def _working_tree(repository: Repository) -> Iterator[tuple[Repository, Split]]:
    """The repository with an index of its own that holds the whole working change, and how that is split."""
    _refuse_unfinished(repository)
    with tempfile.TemporaryDirectory(prefix="studio-") as name:
        index = Path(name, "index")
        own = repository.folder / "index"
        if own.exists():
            # With what git remembers of each file, so that none has to be read twice; and with its time, by which git
            # knows the files that may have changed in the moment in which the index was written.
            shutil.copy2(own, index)
        whole = repository.with_index(index)
        whole.run("add", "--all", "--", ":/")
        tree, head = whole.text("write-tree"), repository.head
        changes = repository.changes(head or repository.empty_tree, tree)
        _refuse_embedded(changes)
        proposals = tuple(
            Proposal(item.message, item.reason, item.contents, tuple(_commands(item.message, item.contents)))
            for item in group_changes(repository, changes)
        )
        before = ("git reset --quiet" if head else "git read-tree --empty") if repository.staged() else ""
        yield whole, Split(str(repository.top), head or "", tree, before, proposals)


def _refuse_unfinished(repository: Repository) -> None:
    doing = repository.unfinished
    if doing is not None:
        raise BadInput(
            f"A {doing} is in progress in {repository.top}, so its change is not split. "
            f"Next: git {doing} --continue, or: git {doing} --abort"
        )
    if repository.run("ls-files", "--unmerged"):
        raise BadInput(
            f"{repository.top} holds conflicts that are not resolved. Next: resolve them, then git add the files."
        )


def _refuse_embedded(changes: list[Change]) -> None:
    found = [change.path for change in changes if change.new_mode == _SUBMODULE and change.old_mode != _SUBMODULE]
    if found:
        raise BadInput(
            f"{found[0]} is a git repository of its own inside this one. Next: git submodule add it, move it away, or "
            "name it in .gitignore"
        )


def _commands(message: str, contents: tuple[Content, ...]) -> Iterator[str]:
    whole = [content for content in contents if content.whole]
    if whole:
        paths = " ".join(_pathspec(content.path) for content in whole)
        yield f"git add --all -- {paths}"
    for content in contents:
        if not content.whole:
            yield f"git update-index --add --cacheinfo {shlex.quote(f'{content.mode},{content.made},{content.path}')}"
    yield f"git commit -m {shlex.quote(message)}"


def _pathspec(path: str) -> str:
    """The path as git takes it literally."""
    return shlex.quote(f":(literal){path}" if re.search(r"[*?\[\\]|^:", path) else path)


def _build(repository: Repository, whole: Repository, split: Split) -> list[Proposal]:
    """The commits as objects; nothing points to them yet."""
    assert whole.index is not None
    building = repository.with_index(whole.index.with_name("building"))
    parent, made = split.base, []
    try:
        building.run("read-tree", *([split.base] if split.base else ["--empty"]))
        for proposal in split.proposals:
            _enter(building, ((content.path, content.mode, content.made) for content in proposal.contents))
            tree = building.text("write-tree")
            parent = _commit(building, tree, parent, proposal.message)
            made.append(replace(proposal, commit=parent))
    except GitFailed as error:
        raise NotSplit(_sentence(error)) from error
    if tree != split.tree:
        raise NotSplit("The commits do not add up to the working change, so none was made. Next: commit by hand.")
    return made


def _enter(repository: Repository, entries: Iterable[tuple[str, str, str]]) -> None:
    """Put paths with their modes and objects into the index; the mode ``000000`` takes a path out."""
    lines = (f"{mode.lstrip('0') or '0'} {made}\t{path}\0" for path, mode, made in entries)
    repository.run("update-index", "-z", "--index-info", data="".join(lines).encode("utf-8", "surrogateescape"))


def _commit(repository: Repository, tree: str, parent: str, message: str) -> str:
    signed = repository.ask("config", "--type=bool", "--get", "commit.gpgSign") == "true"
    words = ["commit-tree", tree, *(("-p", parent) if parent else ()), *(("-S",) if signed else ())]
    return repository.run(*words, data=f"{message}\n".encode("utf-8", "surrogateescape")).decode().strip()


def _move(repository: Repository, split: Split, commit: str) -> None:
    """Let the index and then the branch follow; the index goes back where the branch cannot be moved."""
    own = repository.folder / "index"
    kept = own.read_bytes() if own.exists() else None
    try:
        # Entry by entry, so that every other one keeps what git remembers of its file.
        changes = repository.changes(repository.text("write-tree"), split.tree)
        _enter(repository, ((change.path, change.new_mode, change.new) for change in changes))
        expected = split.base or "0" * len(commit)
        repository.run("update-ref", "-m", "studio git split: commits", "HEAD", commit, expected)
    except BaseException as error:
        _put_back(own, kept)
        if isinstance(error, GitFailed):
            raise NotSplit(_sentence(error)) from error
        raise
    # Only for speed: the index remembers which files it need not read again.
    repository.ask("update-index", "-q", "--refresh")


def _put_back(index: Path, content: bytes | None) -> None:
    from studio.core.files import write_atomic

    if content is None:
        index.unlink(missing_ok=True)
    elif index.read_bytes() != content:
        write_atomic(index, content)


def _sentence(error: GitFailed) -> str:
    text = str(error)
    if "tell me who you are" in text or "ident name" in text or "identity" in text:
        text = "git does not know who you are. Next: git config user.name NAME, and git config user.email ADDRESS"
    return f"No commit was made, and everything is as it was: {text}"
