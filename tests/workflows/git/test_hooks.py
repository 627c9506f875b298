"""What the hooks let through, what they warn of, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Place, notebook
from tests.repositories import Repo, isolate, repository


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path / "home")


@pytest.fixture
def repo(place: Place) -> Repo:
    place.write(".gitignore", ".studio/\n")
    made = repository(place)
    made.commit()
    return made


@pytest.mark.parametrize(
    "message",
    [
        "feat: predict",
        "fix(churn)!: näher dran\n\nBecause.",
        "Merge branch 'other'",
        'Revert "feat: x"',
        "fixup! feat: x",
        "",
        "# only a comment\n",
        "test(a): x\n# ------------------------ >8 ------------------------\nthe diff",
    ],
)
def test_conventional_messages_pass(place: Place, message: str) -> None:
    path = place.write("message", message)
    answer = place.studio("git", "check-message", str(path))
    assert (answer.status, answer.err) == (0, "")


@pytest.mark.parametrize("message", ["predict", "Feature: x", "feat:x", "wip\n\nmore", "feat(a b): x"])
def test_other_messages_are_refused_in_one_sentence(place: Place, message: str) -> None:
    answer = place.studio("git", "check-message", str(place.write("message", message)))
    assert (answer.status, len(answer.err.splitlines())) == (3, 1)
    assert f"The commit message {message.splitlines()[0]!r} is not conventional" in answer.err
    assert 'Next: git commit -e -F "$(git rev-parse --git-path COMMIT_EDITMSG)"' in answer.err


def test_the_rules_of_the_repository_hold(place: Place) -> None:
    place.write(
        "pyproject.toml",
        '[tool.commitizen]\nname = "cz_customize"\n[tool.commitizen.customize]\nschema_pattern = "T-[0-9]+ .*"\n'
        'schema = "T-1 text"\nmessage_template = ""\nexample = "T-1 x"\ninfo = ""\nquestions = []\n',
    )
    Repo(place.root).git("init", "-q")
    assert place.studio("git", "check-message", str(place.write("message", "T-12 done"))).status == 0
    answer = place.studio("git", "check-message", str(place.write("message", "feat: done")))
    assert answer.status == 3
    assert "commitizen says:" in answer.err


def test_a_message_that_is_not_there(place: Place) -> None:
    answer = place.studio("git", "check-message", "gone")
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)


def test_a_small_commit_is_not_commented_on(place: Place, repo: Repo) -> None:
    place.notebook("notebooks/a.ipynb", *["x"] * 30)
    repo.git("add", "--all")
    answer = place.studio("git", "check-increment")
    assert (answer.status, answer.out, answer.err) == (0, "", "")


def test_a_large_commit_is_warned_of_and_made(place: Place, repo: Repo) -> None:
    for name in "abcd":
        place.notebook(f"notebooks/{name}.ipynb", *["x"] * 8)
    repo.git("add", "--all")
    answer = place.studio("git", "check-increment")
    assert (answer.status, answer.out) == (0, "")
    assert answer.err == (
        "This commit changes 4 notebooks (increments.notebooks in studio.toml is 3) and 32 cells (increments.cells is "
        "30): more than is easily reviewed. It is made all the same. Next: git reset --soft HEAD^, then: "
        "studio git split\n"
    )
    found = place.studio("git", "check-increment", "--json").json
    assert set(found) == {"notebooks", "cells", "limits", "warning"}
    assert (found["notebooks"], found["cells"], found["limits"]) == (4, 32, {"notebooks": 3, "cells": 30})


def test_only_what_is_staged_counts_and_only_what_is_no_output(place: Place, repo: Repo) -> None:
    place.write("studio.toml", "version = 1\n[increments]\nnotebooks = 1\ncells = 1\n")
    path = place.notebook("notebooks/a.ipynb", "x", "y")
    repo.commit()
    value = notebook("x", "y2")
    value["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    path.write_text(json.dumps(value))
    place.notebook("notebooks/b.ipynb", "not staged")
    repo.git("add", "notebooks/a.ipynb")
    found = place.studio("git", "check-increment", "--json").json
    assert (found["notebooks"], found["cells"], found["warning"]) == (1, 1, "")


def test_a_hook_that_only_warns_is_not_stopped_by_broken_files(place: Place, repo: Repo) -> None:
    place.write("studio.toml", "version = [")
    place.write("notebooks/a.ipynb", "{")
    repo.git("add", "--all")
    assert place.studio("git", "check-increment").status == 0


@pytest.mark.parametrize("command", ["setup", "split", "check-increment", "check-released"])
def test_without_a_repository_one_sentence_says_so(place: Place, command: str) -> None:
    answer = place.studio("git", command)
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert "is in no git repository. Next: git init" in answer.err


@pytest.mark.parametrize("command", ["setup", "split", "check-increment", "check-released"])
def test_without_git_one_sentence_says_so(place: Place, tmp_path: Path, command: str) -> None:
    answer = place.studio("git", command, environment={"PATH": str(tmp_path)})
    assert (answer.status, answer.err) == (
        2,
        "Error: git is not installed, or the shell does not find it. Next: install git.\n",
    )


@pytest.mark.parametrize("command", ["setup", "split", "check-increment", "check-released"])
def test_a_bare_repository_has_nothing_to_work_on(place: Place, command: str) -> None:
    Repo(place.root).git("init", "--quiet", "--bare", ".")
    answer = place.studio("git", command)
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert "bare repository" in answer.err


@pytest.mark.parametrize("command", ["setup", "check-increment", "check-released"])
def test_before_the_first_commit_the_hooks_have_nothing_against_it(place: Place, command: str) -> None:
    repository(place).git("add", "--all")
    assert place.studio("git", command).status == 0
