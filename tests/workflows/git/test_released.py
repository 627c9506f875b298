"""On a protected branch nothing that is released changes without an approval."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.git import open_repository
from studio.core.workspace import Workspace
from studio.governance.people import Actor
from studio.notebooks.approval_file import Evidence
from studio.notebooks.approval_writing import Reviewed, revoke_approval, write_approval
from studio.pipelines.specification import read_pipeline
from studio.workflows.content_states import contents
from studio.workflows.git.released import NotReleasable, refuse_unapproved
from tests.conftest import Place, notebook
from tests.repositories import Repo, isolate, repository

MODULE = "def double(x):\n    return 2 * x\n"
CONTRACT = "version: 1\ncolumns:\n  x: {dtype: int64}\n"
REVIEWER = Actor(name="Bo", emails=("bo@example.org",), roles=frozenset({"ML engineer"}), known=True)


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path / "home")


@pytest.fixture
def repo(place: Place) -> Repo:
    """A repository in which the pipeline `p` is released: its file and its notebook are approved."""
    place.write(".gitignore", ".studio/\n")
    place.write("pipelines/catalog.yml", "version: 1\ndatasets:\n  made: {contract: made}\n")
    place.write("pipelines/contracts/made.yml", CONTRACT)
    place.write("pipelines/p.yml", "version: 1\nsteps:\n  a: {notebook: notebooks/a.ipynb}\n")
    place.write("notebooks/own.py", MODULE)
    cells = ("import own, studio\nimport pandas as pd", ("parameters", "x: int = 1  # one"), "studio.save('made', f())")
    place.notebook("notebooks/a.ipynb", *cells)
    place.notebook("notebooks/free.ipynb", "anything")
    made = repository(place)
    made.commit("feat: all")
    approve(place)
    made.commit("chore: approvals")
    return made


def approve(place: Place) -> None:
    workspace = Workspace(place.root)
    for content in contents(workspace, read_pipeline(workspace, "p")):
        evidence = Evidence(submission="s", contracts=dict(content.contracts))
        write_approval(workspace, content.subject, Reviewed(content.fingerprint, evidence), reviewer=REVIEWER)


def change_code(place: Place) -> None:
    cells = ("import own, studio\nimport pandas as pd", ("parameters", "x: int = 1  # one"), "studio.save('made', g())")
    place.notebook("notebooks/a.ipynb", *cells)


CHANGES = {
    "code": (change_code, "notebooks/a.ipynb of the pipeline p"),
    "module": (lambda place: place.write("notebooks/own.py", MODULE + "double(1)\n"), "notebooks/a.ipynb"),
    "contract": (
        lambda place: place.write("pipelines/contracts/made.yml", CONTRACT.replace("int64", "float64")),
        "notebooks/a.ipynb",
    ),
    "pipeline": (
        lambda place: place.write(
            "pipelines/p.yml", "version: 1\nsteps:\n  a: {notebook: notebooks/a.ipynb, timeout: 5}\n"
        ),
        "pipelines/p.yml of the pipeline p",
    ),
    "broken": (lambda place: place.write("notebooks/a.ipynb", "{"), "notebooks/a.ipynb"),
    "gone": (lambda place: (place.root / "notebooks/a.ipynb").unlink(), "notebooks/a.ipynb"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_an_unapproved_change_is_refused_with_the_next_command(place: Place, repo: Repo, kind: str) -> None:
    change, named = CHANGES[kind]
    change(place)
    refuse_unapproved(open_repository(repo.top))  # nothing is staged yet
    repo.git("add", "--all")
    with pytest.raises(NotReleasable) as refused:
        refuse_unapproved(open_repository(repo.top))
    assert named in str(refused.value)
    assert "nothing was committed on main. Next: git switch -c NAME, commit there, then: studio review submit" in str(
        refused.value
    )
    repo.git("switch", "--quiet", "--create", "work")
    refuse_unapproved(open_repository(repo.top))


def test_the_command_refuses_with_its_own_status(place: Place, repo: Repo) -> None:
    change_code(place)
    repo.git("add", "--all")
    answer = place.studio("git", "check-released")
    assert (answer.status, len(answer.err.splitlines())) == (3, 1)


def test_the_staged_content_counts_and_not_the_working_tree(place: Place, repo: Repo) -> None:
    change_code(place)
    repo.git("add", "--all")
    repo.git("restore", "--source=HEAD", "--worktree", "notebooks/a.ipynb")
    with pytest.raises(NotReleasable):
        refuse_unapproved(open_repository(repo.top))


def test_a_change_with_its_approval_passes(place: Place, repo: Repo) -> None:
    change_code(place)
    approve(place)
    repo.git("add", "--all")
    refuse_unapproved(open_repository(repo.top))


def test_a_revoked_approval_is_none(place: Place, repo: Repo) -> None:
    change_code(place)
    approve(place)
    revoke_approval(Workspace(place.root), "notebooks/a.ipynb", by=REVIEWER)
    repo.git("add", "--all")
    with pytest.raises(NotReleasable):
        refuse_unapproved(open_repository(repo.top))


def test_what_does_not_change_what_runs_passes(place: Place, repo: Repo) -> None:
    cells = ("import own, studio\nimport pandas as pd", ("parameters", "x: int = 1  # one"), "studio.save('made', f())")
    value = notebook(*cells, ("markdown", "# A title"))
    value["cells"][0]["execution_count"] = 5
    place.write("notebooks/a.ipynb", value)
    place.write("pipelines/p.yml", "# a comment\nversion: 1\nsteps:\n  a: {notebook: notebooks/a.ipynb}\n")
    place.notebook("notebooks/free.ipynb", "something else")
    repo.git("add", "--all")
    refuse_unapproved(open_repository(repo.top))


def test_a_pipeline_that_is_not_released_is_free(place: Place, repo: Repo) -> None:
    (place.root / "pipelines/approvals/pipelines/p.json").unlink()
    repo.commit("chore: no longer released")
    change_code(place)
    repo.git("add", "--all")
    refuse_unapproved(open_repository(repo.top))


def test_the_protected_branches_can_be_named(place: Place, repo: Repo) -> None:
    change_code(place)
    repo.git("add", "--all")
    repo.git("config", "--add", "studio.protectedBranch", "release")
    refuse_unapproved(open_repository(repo.top))
    repo.git("switch", "--quiet", "--create", "release")
    with pytest.raises(NotReleasable):
        refuse_unapproved(open_repository(repo.top))


def test_a_detached_head_is_no_branch(place: Place, repo: Repo) -> None:
    repo.git("switch", "--quiet", "--detach")
    change_code(place)
    repo.git("add", "--all")
    refuse_unapproved(open_repository(repo.top))


def test_a_split_is_held_to_it_too(place: Place, repo: Repo) -> None:
    change_code(place)
    before = repo.git("rev-parse", "HEAD").out
    answer = place.studio("git", "split", "--apply")
    assert answer.status == 3
    assert repo.git("rev-parse", "HEAD").out == before
    assert repo.git("diff", "--cached").out == ""


@pytest.mark.slow
def test_the_hooks_are_called_by_git(place: Place, repo: Repo) -> None:
    place.studio("git", "setup")
    repo.commit("build: hooks")
    change_code(place)
    for name in "bcde":
        place.notebook(f"notebooks/{name}.ipynb", "x")
    repo.git("add", "--all")
    refused = repo.git("commit", "-m", "feat: on main", status=None)
    assert refused.status == 1
    assert "notebooks/a.ipynb of the pipeline p is released" in refused.err
    repo.git("switch", "--quiet", "--create", "work")
    said = repo.git("commit", "-m", "feat: on a branch").err
    assert "This commit changes 5 notebooks" in said
