"""Real repositories for tests: git with no configuration but their own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Answer, Place


def isolate(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Nothing of the caller's git reaches the test: no configuration, no hook's environment, no cache."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "PRE_COMMIT")):
            patch.delenv(name)
    home.mkdir(exist_ok=True)
    patch.setenv("HOME", str(home))
    patch.setenv("XDG_CONFIG_HOME", str(home))
    patch.setenv("PRE_COMMIT_HOME", str(home / "pre-commit"))
    patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    patch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{role}_NAME", "Ada")
        patch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")


@dataclass(frozen=True)
class Repo:
    """A repository under test, with what a person at its shell would do."""

    top: Path

    def git(self, *words: str, status: int | None = 0) -> Answer:
        """Call git; `status` None takes any."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.top,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert status is None or done.returncode == status, (words, done.stdout, done.stderr)
        return Answer(done.returncode, done.stdout, done.stderr)

    def commit(self, message: str = "feat: something") -> str:
        """Commit all that there is, and return the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").out.strip()

    def subjects(self, since: str = "") -> list[str]:
        """The first lines of the messages, oldest first."""
        return self.git("log", "--reverse", "--format=%s", f"{since}..HEAD" if since else "HEAD").out.splitlines()


def repository(place: Place, branch: str = "main") -> Repo:
    """A repository in the folder of a workspace, without a commit."""
    repo = Repo(place.root)
    repo.git("init", "--quiet", "--initial-branch", branch)
    return repo
