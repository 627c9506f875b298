"""Is what lies here what the last commit says? Asked so that no setting of this clone can hide a difference.

Environment variables that point git at another repository, replaced objects, grafts, files that git was told to assume
unchanged or to skip, submodules to be passed over, a working tree elsewhere and content filters: each of them makes
``git status`` call a changed tree clean. Approvals and guarded runs must not believe it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError

_SECONDS = 120.0
# What `git rev-parse --local-env-vars` lists, but for configuration, and what else moves the place that git looks at.
_ELSEWHERE = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
}
_PLAIN = (
    *("-c", "core.fsmonitor=false", "-c", "core.ignoreStat=false", "-c", "core.trustctime=true"),
    *("-c", "core.checkStat=default", "-c", "core.quotePath=false", "-c", "log.showSignature=false"),
    *("-c", "log.follow=false", "-c", "diff.ignoreSubmodules=none"),
    *("--no-replace-objects", "--literal-pathspecs", "--no-optional-locks"),
)


class NoAnswer(StudioError):
    """Git is there and does not answer."""

    def __init__(self, said: str) -> None:
        self.said = said
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        super().__init__(
            f"git does not say what changed here: {lines[0].rstrip('.') if lines else 'it gave no reason'}. "
            "Next: correct that (git status has to work here), then repeat the command."
        )


@dataclass(frozen=True)
class Tree:
    """The working tree against its last commit.

    Attributes
    ----------
    commit : str
        The commit that is checked out; empty where there is none.
    changed : bool
        Whether ``git status`` has something to tell.
    hidden : tuple of str
        Files that lie here and that git was told not to look at, relative to the top of the repository.
    """

    commit: str
    changed: bool
    hidden: tuple[str, ...]


def call(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Git in `folder`, whatever the environment, this clone's configuration and replaced objects would make of it.

    Raises
    ------
    FileNotFoundError
        When git is not installed.
    NoAnswer
        When it does not answer in time.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    environment |= {"LC_ALL": "C.UTF-8", "GIT_GRAFT_FILE": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *_PLAIN, *words],
            input=given,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"it did not answer within {_SECONDS:g} s") from error


def look(root: Path) -> Tree | None:
    """How the tree around `root` stands; None where there is no repository, or no git.

    Raises
    ------
    NoAnswer
        When git is there and fails.
    """
    top = _top(root)
    if top is None:
        return None
    words = ("status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--ignore-submodules=none")
    commit, changed, doubtful = "", False, False
    for line in _ask(root, *words).splitlines():
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ").strip()
        elif line.startswith("1 .M N"):
            doubtful = True
        elif not line.startswith("#"):
            changed = True
    if doubtful and not changed:
        # A notebook whose outputs alone are new is called modified by its size, and is not: the filter takes them out.
        words = ("diff", "--quiet", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none")
        changed = call(root, *words).returncode != 0
    return Tree("" if commit == "(initial)" else commit, changed, _hidden(top))


def unlike_commit(root: Path, files: Iterable[str]) -> list[str]:
    """Those of `files` (relative to `root`) that are not in the last commit as they lie here; all, without a commit.

    Texts are compared byte by byte but for their line endings, past every filter; notebooks as git compares them, for
    a filter may take their outputs out. Without a repository there is nothing to differ from.

    Raises
    ------
    NoAnswer
        When git is there and fails.
    """
    names = list(dict.fromkeys(files))
    if _top(root) is None:
        return []
    if call(root, "rev-parse", "--quiet", "--verify", "HEAD^{commit}").returncode:
        return names
    listed = _ask(root, "ls-files", "-v", "-z", "--", *names).split("\0")
    marks = {path: mark for mark, _, path in (line.partition(" ") for line in listed if line)}
    differing = set(_ask(root, "diff", "--name-only", "--relative", "--no-ext-diff", "-z", "HEAD", "--").split("\0"))
    return [name for name in names if marks.get(name) != "H" or name in differing or not _same_text(root, name)]


def committed(root: Path, name: str) -> str | None:
    """The text of the file `name` (relative to `root`) in the last commit; None where it is not there."""
    done = call(root, "cat-file", "blob", f"HEAD:./{name}")
    return None if done.returncode else done.stdout


def _top(root: Path) -> Path | None:
    try:
        done = call(root, "rev-parse", "--show-toplevel")
    except FileNotFoundError:
        return None
    if done.returncode:
        if "not a git repository" in done.stderr:
            return None
        raise NoAnswer(done.stderr)
    top = Path(done.stdout.rstrip("\n")).resolve()
    if not root.resolve().is_relative_to(top):
        raise NoAnswer(f"the working tree of this repository is set to {top} (core.worktree)")
    return top


def _ask(folder: Path, *words: str) -> str:
    done = call(folder, *words)
    if done.returncode:
        raise NoAnswer(done.stderr)
    return done.stdout


def _hidden(top: Path) -> tuple[str, ...]:
    """Marked small by ``--assume-unchanged``, S by ``--skip-worktree``; a sparse checkout's lie nowhere."""
    listed = _ask(top, "ls-files", "-v", "-z").split("\0")
    marked = [line[2:] for line in listed if line[:1].islower() or line[:1] == "S"]
    return tuple(path for path in marked if os.path.lexists(top / path))


def _same_text(root: Path, name: str) -> bool:
    if name.endswith(".ipynb"):
        return True
    text = committed(root, name)
    try:
        own = (root / name).read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return False
    return text is not None and _lines(text) == _lines(own)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def named(files: Collection[str]) -> str:
    """Up to three of `files` as people say it."""
    shown = ", ".join(list(files)[:3])
    return shown if len(files) <= 3 else f"{shown} and {len(files) - 3} more"
