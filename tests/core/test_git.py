from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from studio.core.errors import BadInput
from studio.core.git import GitFailed, Revision, open_repository, revision
from tests.repositories import Repo, isolate


@pytest.fixture
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path / "home")


@pytest.fixture
def repository(isolated: None, tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "of näher dran")
    made.top.mkdir()
    made.git("init", "--quiet", "--initial-branch", "main")
    return made


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


def test_a_repository_answers_for_every_folder_in_it(repository: Repo) -> None:
    (repository.top / "a b").mkdir()
    found = open_repository(repository.top / "a b")
    assert found.top == repository.top
    assert found.head is None
    assert found.branch == "main"
    commit = repository.commit()
    assert found.head == commit
    repository.git("switch", "--quiet", "--detach")
    assert found.branch is None


def test_what_is_staged_is_named_as_it_is(repository: Repo) -> None:
    for name in ("näher dran.txt", "new\nline", "tab\t"):
        (repository.top / name).write_text("x")
    repository.git("add", "--all")
    staged = open_repository(repository.top).staged()
    assert {change.path for change in staged} == {"näher dran.txt", "new\nline", "tab\t"}
    assert all(change.added and not change.deleted for change in staged)
    assert open_repository(repository.top).content(":näher dran.txt") == b"x"


def test_a_submodule_is_a_repository_of_its_own(repository: Repo, tmp_path: Path) -> None:
    inner = Repo(tmp_path / "inner")
    inner.top.mkdir()
    inner.git("init", "-q")
    inner.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.top), "sub")
    found = open_repository(repository.top / "sub")
    assert found.top == repository.top / "sub"
    assert found.common == repository.top / ".git" / "modules" / "sub"


def test_a_call_that_fails_says_what_git_said(repository: Repo) -> None:
    with pytest.raises(GitFailed, match=r"^git rev-parse --verify failed: Needed a single revision\.$"):
        open_repository(repository.top).text("rev-parse", "--verify", "nothing")


def test_there_is_no_repository(tmp_path: Path, isolated: None) -> None:
    with pytest.raises(BadInput, match="is in no git repository"):
        open_repository(tmp_path)


def test_what_a_filter_keeps_out_of_commits_is_no_difference(repository: Repo) -> None:
    repository.git("config", "filter.upper.clean", "tr -d '!'")
    (repository.top / ".gitattributes").write_text("a filter=upper\n")
    (repository.top / "a").write_text("text")
    commit = repository.commit()
    (repository.top / "a").write_text("text!!!")
    assert "M a" in repository.git("status", "--porcelain").out
    assert revision(repository.top) == Revision(commit, dirty=False)
    (repository.top / "a").write_text("text!!! more")
    assert revision(repository.top) == Revision(commit, dirty=True)
