"""A repository is set up for notebooks, and back again, without a trace and without harm to what is there."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from studio.workflows.git.setup import check_git, remove_git, set_up_git
from tests.conftest import Place, notebook
from tests.repositories import Repo, isolate, repository

OWN = """\
# ours
minimum_pre_commit_version: '3.0'
repos:
  - repo: local
    hooks:
      # says hello
      - id: hello
        name: hello
        entry: echo hello
        language: system
        verbose: true

fail_fast: true
"""


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path / "home")


@pytest.fixture
def repo(place: Place) -> Repo:
    place.write(".gitignore", ".studio/\n")
    made = repository(place)
    made.commit()
    return made


def states(place: Place, option: str = "", *, cwd: Path | None = None) -> dict[str, str]:
    """What the command does, by subject; in this process, because a test does it often."""
    act = {"": set_up_git, "--check": check_git, "--remove": remove_git}[option]
    with contextlib.chdir(cwd or place.root):
        return {item.subject: item.state for item in act().items}


def everything(top: Path) -> dict[str, bytes]:
    """All files that a person or git reads: not objects, logs and samples."""
    return {
        str(path.relative_to(top)): path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file()
        and not {"objects", "logs", "index", "COMMIT_EDITMSG", "ORIG_HEAD"} & set(path.relative_to(top).parts)
    }


def executed(source: str = "x = 1") -> dict[str, object]:
    value = notebook(source)
    value["cells"][0] |= {
        "execution_count": 1,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["secret\n"]}],
    }
    return value


def test_set_up_twice_and_taken_away(place: Place, repo: Repo) -> None:
    before = everything(repo.top)
    assert set(states(place, "--check").values()) == {"missing"}
    assert everything(repo.top) == before
    assert set(states(place).values()) == {"added"}
    after = everything(repo.top)
    assert set(states(place).values()) == {"present"}
    assert set(states(place, "--check").values()) == {"present"}
    assert everything(repo.top) == after
    assert set(states(place, "--remove").values()) == {"removed"}
    assert everything(repo.top) == before
    assert states(place, "--remove") == {}


def test_the_command_says_what_it_did(place: Place, repo: Repo) -> None:
    answer = place.studio("git", "setup", "--check", "--json")
    assert (answer.status, answer.json["missing"]) == (1, len(answer.json["items"]))
    assert set(answer.json) == {"repository", "items", "missing"}
    assert set(answer.json["items"][0]) == {"subject", "state", "detail", "next"}
    first, second = place.studio("git", "setup"), place.studio("git", "setup")
    assert (first.status, second.status) == (0, 0)
    assert "added       .gitattributes: *.ipynb diff=jupyternotebook" in first.out
    assert second.out.endswith("Everything is set up.\n")
    assert place.studio("git", "setup", "--check").status == 0


def test_outputs_stay_in_the_working_tree_and_out_of_commits(place: Place, repo: Repo) -> None:
    states(place)
    path = place.write("notebooks/näher dran.ipynb", executed())
    kept = path.read_bytes()
    repo.commit()
    assert "secret" not in repo.git("show", "HEAD:notebooks/näher dran.ipynb").out
    assert path.read_bytes() == kept
    assert repo.git("status", "--porcelain").out == ""


def test_a_broken_notebook_is_committed_as_it_is_and_told(place: Place, repo: Repo) -> None:
    states(place)
    place.write("notebooks/broken.ipynb", "{ not json")
    assert "notebooks/broken.ipynb is committed with its outputs" in repo.git("add", "--all").err
    assert repo.git("show", ":notebooks/broken.ipynb").out == "{ not json"


@pytest.mark.slow
def test_a_commit_of_something_else_leaves_the_outputs_of_unstaged_notebooks(place: Place, repo: Repo) -> None:
    states(place)
    path = place.write("notebooks/a.ipynb", notebook("x = 1"))
    repo.commit()
    path.write_text(json.dumps(executed("x = 2"), indent=1))
    kept = path.read_bytes()
    place.write("other.txt", "text")
    repo.git("add", "other.txt")
    said = repo.git("commit", "-m", "docs: something else").err
    assert "Stashing" in said  # pre-commit set the notebook aside, and put it back
    assert path.read_bytes() == kept


@pytest.mark.heavy
def test_git_diff_and_merge_go_through_nbdime(place: Place, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    states(place)
    monkeypatch.setenv("PATH", f"{Path(shutil.which('git') or '').parent}:/usr/bin:/bin")  # no .venv/bin
    path = place.write("notebooks/a.ipynb", notebook("a = 1", "b = 1", "c = 1"))
    repo.commit()
    path.write_text(json.dumps(notebook("a = 2", "b = 1", "c = 1"), indent=1))
    shown = repo.git("diff").out
    assert "nbdiff" in shown
    assert "cells/0/source" in shown
    repo.git("switch", "-qc", "other")
    repo.commit("feat: theirs")
    repo.git("switch", "-q", "main")
    value = executed("a = 1")
    value["cells"] = notebook("a = 1", "b = 1", "c = 3")["cells"]
    path.write_text(json.dumps(value))
    repo.commit("feat: ours")
    repo.git("merge", "-q", "-m", "Merge other", "other")
    merged = json.loads(path.read_text())
    assert ["".join(cell["source"]) for cell in merged["cells"]] == ["a = 2", "b = 1", "c = 3"]


@pytest.mark.slow
def test_what_is_there_is_respected(place: Place, repo: Repo) -> None:
    place.write(".gitattributes", "*.ipynb filter=theirs\n*.png binary")
    place.write(".pre-commit-config.yaml", OWN)
    hook = place.write(".git/hooks/pre-commit", "#!/bin/sh\necho their hook >&2\n")
    hook.chmod(0o755)
    repo.git("config", "diff.jupyternotebook.command", "git-nbdiffdriver diff")
    repo.git("add", "--all")
    repo.git("commit", "-qm", "feat: ours", "--no-verify")
    before = everything(repo.top)
    found = states(place)
    assert {name for name, state in found.items() if state == "kept"} == {
        "diff.jupyternotebook.command",
        "*.ipynb filter",
    }
    attributes = (repo.top / ".gitattributes").read_text()
    assert attributes.startswith("*.ipynb filter=theirs\n*.png binary\n")
    assert attributes.endswith("*.ipynb diff=jupyternotebook merge=jupyternotebook\n")
    config = (repo.top / ".pre-commit-config.yaml").read_text()
    assert [line for line in config.splitlines() if line in OWN.splitlines()][:2] == OWN.splitlines()[:2]
    assert yaml.safe_load(config)["fail_fast"] is True
    repo.git("add", "--all")
    said = repo.git("commit", "-m", "feat: all of it")
    assert "their hook" in said.err + said.out
    assert "hello" in said.err + said.out
    repo.git("reset", "-q", "HEAD^")
    states(place, "--remove")
    assert everything(repo.top) == before


@pytest.mark.parametrize(
    "text", ["repos: []\n", "repos: [{repo: meta, hooks: [{id: identity}]}]\n", "repos: {\n", "[]"]
)
def test_a_configuration_that_cannot_be_added_to_is_told(place: Place, repo: Repo, text: str) -> None:
    path = place.write(".pre-commit-config.yaml", text)
    answer = place.studio("git", "setup")
    assert path.read_text() == text
    assert "- id: studio-check-message" in answer.out


@pytest.mark.parametrize(
    "text",
    [
        "repos:\n- repo: meta\n  hooks:\n  - id: identity",
        "repos:\n  - repo: meta\n    hooks: [{id: identity}]\n# the end\n",
        "repos:\r\n  - repo: meta\r\n    hooks:\r\n      - id: identity\r\n",
        "repos:\n  - repo: local\n    hooks:\n      - id: a\n        name: a\n        language: system\n"
        "        entry: |\n          echo a\n\n\nexclude: x\n",
    ],
)
def test_a_configuration_is_added_to_without_harm(place: Place, repo: Repo, text: str) -> None:
    path = repo.top / ".pre-commit-config.yaml"
    path.write_bytes(text.encode())
    assert states(place)[".pre-commit-config.yaml"] == "added"
    before, after = yaml.safe_load(text), yaml.safe_load(path.read_bytes())
    assert after["repos"][:-1] == before["repos"]
    assert {key: value for key, value in after.items() if key != "repos"} == {
        key: value for key, value in before.items() if key != "repos"
    }
    states(place, "--remove")
    assert path.read_bytes() == text.encode()


def test_what_was_changed_since_is_left_to_its_owner(place: Place, repo: Repo) -> None:
    states(place)
    repo.git("config", "diff.jupyternotebook.command", "mine")
    (repo.top / ".gitattributes").write_text("*.ipynb -text\n")
    found = states(place, "--remove")
    assert found["diff.jupyternotebook.command"] == "kept"
    assert found[".gitattributes"] == "kept"
    assert repo.git("config", "diff.jupyternotebook.command").out.strip() == "mine"


def test_an_interpreter_that_moved_is_named_anew(place: Place, repo: Repo) -> None:
    states(place)
    repo.git("config", "studio.python", "/gone/python")
    repo.git("config", "filter.studio-outputs.clean", "/gone/python -m studio.notebooks.clean_filter %f")
    assert states(place, "--check")["studio.python"] == "missing"
    assert states(place)["studio.python"] == "added"
    assert repo.git("config", "studio.python").out.strip() == sys.executable


def test_a_folder_of_hooks_of_ones_own_is_told(place: Place, repo: Repo) -> None:
    repo.git("config", "core.hooksPath", ".hooks")
    answer = place.studio("git", "setup")
    assert answer.status == 1
    assert "core.hooksPath is .hooks" in answer.out
    place.write(".hooks/pre-commit", "#!/bin/sh\npre-commit run --hook-stage pre-commit\n")
    place.write(".hooks/commit-msg", '#!/bin/sh\npre-commit run --hook-stage commit-msg --commit-msg-filename "$1"\n')
    assert states(place, "--check")["hook commit-msg"] == "present"


@pytest.mark.slow
def test_a_working_tree_beside(place: Place, repo: Repo, tmp_path: Path) -> None:
    states(place)
    repo.commit("build: set up")
    repo.git("worktree", "add", "-q", str(tmp_path / "beside dräußen"), "-b", "beside")
    beside = Repo(tmp_path / "beside dräußen")
    assert set(states(place, "--check", cwd=beside.top).values()) == {"present"}
    (beside.top / "a.ipynb").write_text(json.dumps(executed()))
    beside.git("add", "a.ipynb")
    assert beside.git("commit", "-m", "no kind", status=None).status == 1
    beside.git("commit", "-m", "feat: a kind")
    assert "secret" not in beside.git("show", "HEAD:a.ipynb").out


@pytest.mark.slow
def test_a_workspace_below_the_top(place: Place, tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.git("init", "-q")
    states(place)
    assert (place.root / ".gitattributes").exists()
    assert (tmp_path / ".pre-commit-config.yaml").exists()
    place.write("notebooks/a.ipynb", executed())
    repo.git("add", "workspace", ".pre-commit-config.yaml")
    repo.git("commit", "-m", "feat: all")
    assert "secret" not in repo.git("show", "HEAD:workspace/notebooks/a.ipynb").out


def test_outputs_in_old_commits_are_told(place: Place, repo: Repo) -> None:
    place.write("notebooks/a.ipynb", executed())
    repo.commit()
    assert "1 notebook is committed with outputs" in place.studio("git", "setup").out


def test_check_and_remove_exclude_each_other(place: Place, repo: Repo) -> None:
    answer = place.studio("git", "setup", "--check", "--remove")
    assert answer.status == 2
    assert "cannot be given together" in answer.err
