"""What the hooks ask before a commit is made: whether its message is conventional, and whether it is small enough."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput, Refused, StudioError
from studio.core.git import Repository, open_repository
from studio.core.settings import Increments
from studio.core.workspace import FILE, Workspace
from studio.notebooks.increments import changed_cells

_CUT = "# ------------------------ >8 ------------------------"
_USUAL = "(build|bump|chore|"
_MADE = ".studio/"


class NotConventional(Refused):
    """A commit message does not say of what kind the change is."""

    def __init__(self, message: str, own_rule: str) -> None:
        first = next((line for line in message.splitlines() if line.strip()), "")
        rule = own_rule or (
            "A message starts with a kind (feat, fix, docs, refactor, test, …), with a place in brackets if you like: "
            '"feat(churn): predict by month".'
        )
        super().__init__(
            f"The commit message {first!r} is not conventional, so nothing was committed. {rule} "
            'Next: git commit -e -F "$(git rev-parse --git-path COMMIT_EDITMSG)", which still holds your text'
        )


@dataclass(frozen=True)
class Increment:
    """The size of what is staged.

    Attributes
    ----------
    notebooks, cells : int
        How many notebooks differ from the last commit, and how many of their cells in more than outputs and metadata.
    limits : Increments
        What studio.toml allows.
    """

    notebooks: int
    cells: int
    limits: Increments

    @property
    def warning(self) -> str:
        """A sentence where the increment is too large; empty where it is not."""
        found = []
        if self.notebooks > self.limits.notebooks:
            found.append(f"{self.notebooks} notebooks (increments.notebooks in {FILE} is {self.limits.notebooks})")
        if self.cells > self.limits.cells:
            found.append(f"{self.cells} cells (increments.cells is {self.limits.cells})")
        if not found:
            return ""
        return (
            f"This commit changes {' and '.join(found)}: more than is easily reviewed. It is made all the same. "
            "Next: git reset --soft HEAD^, then: studio git split"
        )

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "notebooks": self.notebooks,
            "cells": self.cells,
            "limits": {"notebooks": self.limits.notebooks, "cells": self.limits.cells},
            "warning": self.warning,
        }


def check_message(file: Path) -> None:
    """Ask commitizen whether the message in `file` is conventional, by the rules that the repository gives it.

    Raises
    ------
    NotConventional
        When it is not.
    BadInput
        When the file cannot be read.
    """
    try:
        message = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadInput(f"The message {file} cannot be read: {error.strerror}. Next: correct the path.") from error
    text = "\n".join(line for line in message.split(_CUT)[0].splitlines() if not line.startswith("#"))
    if not text.strip():
        return  # git itself ends a commit without a message, in its own words
    done = subprocess.run(
        [sys.executable, "-P", "-m", "commitizen", "check", "--allow-abort", "--commit-msg-file", str(file)],
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        own = "" if _USUAL in said else f"commitizen says: {' '.join(said.split())}"
        raise NotConventional(text, own)


def measure_increment() -> Increment:
    """The size of what is staged in the repository of the current folder.

    Raises
    ------
    BadInput
        When there is no repository.
    """
    repository = open_repository(Path.cwd())
    staged = [change for change in repository.staged() if change.path.endswith(".ipynb")]
    staged = [change for change in staged if _MADE not in f"{change.path}/"]
    cells = 0
    for change in staged:
        old = None if change.added else repository.content(change.old)
        new = None if change.deleted else repository.content(change.new)
        cells += changed_cells(old, new) or 0
    return Increment(len(staged), cells, _limits(repository))


def workspaces(repository: Repository) -> list[str]:
    """The folders of the repository's workspaces, relative to its top; ``""`` is the top itself."""
    files = repository.text("ls-files", "-z", "--", f":(top,glob)**/{FILE}").split("\0")
    return sorted(path.removesuffix(FILE).rstrip("/") for path in files if path)


def _limits(repository: Repository) -> Increments:
    """The smallest limits of the workspaces here; where studio.toml cannot be read, the usual ones."""
    found = []
    for folder in workspaces(repository):
        try:
            found.append(Workspace(repository.top / folder).settings.increments)
        except StudioError:
            found.append(Increments())
    if not found:
        return Increments()
    return Increments(notebooks=min(item.notebooks for item in found), cells=min(item.cells for item in found))
