"""What git says about the workspace: the commit, and whether anything differs from it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


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


def revision(root: Path) -> Revision:
    """The revision of `root`; an empty one where git or a repository is missing."""
    status = _git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=normal")
    if status is None:
        return Revision("", False)
    commit, dirty = "", False
    for line in status.splitlines():
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ").strip()
        elif not line.startswith("#"):
            dirty = True
    return Revision("" if commit == "(initial)" else commit, dirty)


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
