from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from studio.core.git import Revision, revision


def git(root: Path, *words: str) -> str:
    person = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *person, *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def test_commit_and_what_differs_from_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert revision(tmp_path) == Revision("", dirty=False)
    (tmp_path / "a").write_text("1", encoding="utf-8")
    assert revision(tmp_path) == Revision("", dirty=True)
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "--quiet", "--message", "a")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert revision(tmp_path) == Revision(head, dirty=False)
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert revision(tmp_path) == Revision(head, dirty=True)


def test_a_file_that_git_does_not_know_counts(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "a")
    (tmp_path / "bä\nd").write_text("", encoding="utf-8")
    assert revision(tmp_path).dirty


def test_where_there_is_no_repository_and_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert revision(tmp_path) == Revision("", dirty=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert revision(tmp_path) == Revision("", dirty=False)
