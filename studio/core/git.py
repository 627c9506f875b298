"""What git says about the workspace, and how commands that work on a repository call git.

`revision` answers whatever the machine has. `open_repository` is for the commands that need a repository: it says in
one sentence why there is none to work with, and every call through it that fails says what git said. Both believe the
clone's own configuration; what decides an approval must not, and is asked in `studio.governance`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from studio.core.errors import BadInput, StudioError

_SECONDS = 120
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}


@dataclass(frozen=True)
class Revision:
    """The state of the workspace in git.

    Attributes
    ----------
    commit : str
        The full commit id; empty where the workspace is not in git or has no commit yet.
    dirty : bool
        Whether tracked files differ from the commit or untracked files lie about.
    """

    commit: str
    dirty: bool


class GitFailed(StudioError):
    """A call of git failed; the message holds what git said."""

    def __init__(self, words: Iterable[str], said: str) -> None:
        lines = [line.removeprefix("fatal: ").removeprefix("error: ") for line in said.strip().splitlines() if line]
        command = " ".join(["git", *words][:3])
        super().__init__(f"{command} failed: {'; '.join(lines[:3]).rstrip('.') or 'git did not say why'}.")


@dataclass(frozen=True)
class Change:
    """One path that differs between two trees.

    Attributes
    ----------
    path : str
        Relative to the top of the repository, with ``/``.
    old_mode, new_mode : str
        Git's modes in octal digits; ``000000`` where the path is not there.
    old, new : str
        The object ids of the contents; zeros where the path is not there.
    """

    path: str
    old_mode: str
    new_mode: str
    old: str
    new: str

    @property
    def added(self) -> bool:
        """Whether the path was not there before."""
        return self.old_mode == "000000"

    @property
    def deleted(self) -> bool:
        """Whether the path is not there any more."""
        return self.new_mode == "000000"


@dataclass(frozen=True)
class Repository:
    """A repository with a working tree.

    Attributes
    ----------
    top : Path
        The top of the working tree.
    index : Path or None
        An index to use instead of the repository's own.
    """

    top: Path
    index: Path | None = None

    def with_index(self, index: Path) -> Repository:
        """The same repository, working on the index in the file `index`."""
        return Repository(self.top, index)

    def run(self, *words: str, data: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """What git prints; `data` is its standard input.

        Raises
        ------
        GitFailed
            When its exit status is not 0.
        """
        done = self._call(words, data, environment)
        if done.returncode:
            raise GitFailed(words, done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def text(self, *words: str) -> str:
        """What git prints as text without white space at its end (bytes that are no UTF-8 are kept as escapes)."""
        return self.run(*words).decode("utf-8", "surrogateescape").rstrip()

    def ask(self, *words: str) -> str | None:
        """As `text`, or None where git's exit status is not 0: for questions that may have no answer."""
        done = self._call(words, b"", None)
        return None if done.returncode else done.stdout.decode("utf-8", "surrogateescape").rstrip()

    @property
    def head(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        return self.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    @property
    def branch(self) -> str | None:
        """The branch that is checked out; None on a detached HEAD."""
        return self.ask("symbolic-ref", "--short", "--quiet", "HEAD")

    @property
    def unfinished(self) -> str | None:
        """``merge``, ``rebase``, ``cherry-pick`` or ``revert`` while one is in progress."""
        return next((name for file, name in _UNFINISHED.items() if (self.folder / file).exists()), None)

    @cached_property
    def folder(self) -> Path:
        """The git directory of this working tree."""
        return Path(self.text("rev-parse", "--absolute-git-dir"))

    @cached_property
    def common(self) -> Path:
        """The git directory that all working trees share."""
        return (self.top / self.text("rev-parse", "--git-common-dir")).resolve()

    @cached_property
    def empty_tree(self) -> str:
        """The id of the tree without files (it is written, so that git can compare with it)."""
        return self.run("hash-object", "-t", "tree", "-w", "--stdin").decode().strip()

    def setting(self, key: str, *, local: bool = False) -> str | None:
        """The value of a configuration key; with `local` only what the repository itself says."""
        return self.ask("config", *(("--local",) if local else ()), "--get", key)

    def changes(self, old: str, new: str) -> list[Change]:
        """The paths that differ between the trees `old` and `new`; a rename is a deletion and an addition."""
        return _changes(self.run("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", "--full-index", old, new))

    def staged(self) -> list[Change]:
        """The paths that differ between the last commit (or nothing) and the index."""
        base = self.head or self.empty_tree
        return _changes(self.run("diff-index", "--cached", "-z", "--no-renames", "--full-index", base))

    def content(self, name: str) -> bytes | None:
        """The bytes of an object such as ``HEAD:path``, ``:path`` or an id; None where there is none."""
        done = self._call(("cat-file", "blob", name), b"", None)
        return None if done.returncode else done.stdout

    def store(self, content: bytes) -> str:
        """The id of `content`, written to the repository's objects."""
        return self.run("hash-object", "-w", "--stdin", data=content).decode().strip()

    def _call(
        self, words: Iterable[str], data: bytes, environment: Mapping[str, str] | None
    ) -> subprocess.CompletedProcess[bytes]:
        own = {"GIT_INDEX_FILE": str(self.index)} if self.index else {}
        try:
            return subprocess.run(
                ["git", *words],
                cwd=self.top,
                env={**os.environ, "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", **own, **(environment or {})},
                input=data,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise _no_git() from error
        except subprocess.TimeoutExpired as error:
            raise GitFailed(words, f"no answer within {_SECONDS} s") from error


def open_repository(folder: Path) -> Repository:
    """The repository whose working tree holds `folder`.

    Raises
    ------
    BadInput
        When git is missing, or `folder` lies in no working tree.
    """
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--is-inside-work-tree", "--is-bare-repository", "--show-toplevel"],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise _no_git() from error
    except subprocess.TimeoutExpired as error:
        raise GitFailed(("rev-parse",), f"no answer within {_SECONDS} s") from error
    answer = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    if answer[1:2] == ["true"]:
        raise BadInput(
            f"{folder} belongs to a bare repository, which has no working tree. Next: git clone it, then work there."
        )
    if done.returncode and b"not a git repository" not in done.stderr and not answer:
        raise GitFailed(("rev-parse",), done.stderr.decode("utf-8", "replace"))
    if done.returncode or answer[:1] != ["true"]:
        raise BadInput(f"{folder} is in no git repository. Next: git init {folder}, and make a first commit.")
    return Repository(Path(answer[2]))


def revision(root: Path) -> Revision:
    """The revision of `root`; an empty one where git or a repository is missing."""
    status = _git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=normal")
    if status is None:
        return Revision("", False)
    commit, dirty, doubtful = "", False, False
    for line in status.splitlines():
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ").strip()
        elif line.startswith("1 .M N"):
            doubtful = True
        elif not line.startswith("#"):
            dirty = True
    if doubtful and not dirty:
        # Git calls a notebook modified whose outputs alone are new, which the filter keeps out of commits: by its size.
        dirty = _git(root, "diff", "--no-ext-diff", "--quiet") is None
    return Revision("" if commit == "(initial)" else commit, dirty)


def _changes(raw: bytes) -> list[Change]:
    words = raw.decode("utf-8", "surrogateescape").split("\0")
    found = []
    for facts, path in zip(words[::2], words[1::2], strict=False):
        old_mode, new_mode, old, new, _ = facts.removeprefix(":").split(" ")
        found.append(Change(path, old_mode, new_mode, old, new))
    return found


def _no_git() -> BadInput:
    return BadInput("git is not installed, or the shell does not find it. Next: install git.")


def _git(root: Path, *words: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), "--no-optional-locks", *words],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None
