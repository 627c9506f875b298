"""A working change becomes commits that add up to it exactly, or everything stays as it was."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import BadInput
from studio.core.git import Repository
from studio.workflows.git import split
from studio.workflows.git.groups import group_of
from studio.workflows.git.split import NotSplit, Split, apply_split, propose_split
from tests.conftest import Place, notebook
from tests.notebooks.test_increments import notebooks, written
from tests.repositories import Repo, isolate, repository


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path / "home")


@pytest.fixture
def repo(place: Place) -> Repo:
    place.write(".gitignore", ".studio/\n")
    made = repository(place)
    place.notebook("notebooks/a.ipynb", "import x", ("parameters", "a = 1"), ("test", "def test_a(): ..."), "use(a)")
    place.write("churn/features.py", "x = 1\n")
    made.commit()
    return made


def work(place: Place) -> None:
    """What lies about after a long day."""
    value = notebook("import x", ("parameters", "a = 2"), ("test", "def test_a(): 1"), "use(a) + 1", "more")
    value["cells"][0] |= {
        "execution_count": 1,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}],
    }
    place.write("notebooks/a.ipynb", json.dumps(value, indent=1))
    place.notebook("notebooks/new näher.ipynb", "y = 1")
    place.write("churn/features.py", "x = 2\n")
    place.write("churn/more.py", "y = 2\n")
    place.write("pipelines/catalog.yml", "version: 1\ndatasets: {}\n# more\n")
    place.write("pipelines/p.yml", "version: 1\nsteps: {a: {notebook: notebooks/a.ipynb}}\n")
    place.write("docs/a page.md", "text\n")
    place.write("[odd]*.bin", "odd")


def state(repo: Repo) -> dict[str, bytes]:
    """The working tree with its index and branch."""
    files = {
        str(path): path.read_bytes() for path in repo.top.rglob("*") if path.is_file() and ".git" not in path.parts
    }
    names = ("index", "HEAD", "refs/heads/main")
    return files | {
        name: (repo.top / ".git" / name).read_bytes() for name in names if (repo.top / ".git" / name).exists()
    }


def whole(repo: Repo, split: Split) -> None:
    """The commits end at the working change, and the tree was left alone."""
    assert repo.git("diff", "HEAD").out == ""
    assert repo.git("diff", "--cached", "HEAD").out == ""
    assert repo.git("status", "--porcelain").out == ""
    assert repo.git("rev-parse", "HEAD^{tree}").out.strip() == split.tree


MESSAGES = [
    "feat(data): change catalog.yml",
    "feat(modules): change the modules",
    "chore(a): refresh outputs and metadata",
    "feat(a): change the parameters in 1 cell",
    "test(a): change the tests in 1 cell",
    "feat(a): change the code in 2 cells",
    "feat(new-näher): add new näher.ipynb",
    "feat(pipelines): add p.yml",
    "docs: add a page.md",
    "chore: add [odd]*.bin",
]


def test_the_groups_come_in_the_order_of_a_review(place: Place, repo: Repo) -> None:
    work(place)
    before = state(repo)
    split = propose_split(repo.top)
    assert state(repo) == before
    assert [proposal.message for proposal in split.proposals] == MESSAGES
    made = apply_split(repo.top)
    assert repo.subjects(split.base) == MESSAGES
    assert [proposal.commit for proposal in made.proposals][-1] == repo.git("rev-parse", "HEAD").out.strip()
    whole(repo, made)


def test_the_printed_commands_make_the_same_commits(place: Place, repo: Repo, tmp_path: Path) -> None:
    work(place)
    repo.git("add", "churn")
    split = propose_split(repo.top)
    copy = Repo(tmp_path / "copy")
    shutil.copytree(repo.top, copy.top)
    assert split.before == "git reset --quiet"
    script = "\n".join([split.before, *(command for proposal in split.proposals for command in proposal.commands)])
    subprocess.run(["sh", "-euc", script], cwd=copy.top, check=True, capture_output=True, timeout=120)
    assert copy.subjects(split.base) == MESSAGES
    whole(copy, split)


def test_every_message_is_conventional(place: Place, repo: Repo) -> None:
    work(place)
    (repo.top / "notebooks/a (copy) 2.ipynb").write_text(json.dumps(notebook("z")))
    apply_split(repo.top)
    # As a program of its own: to import commitizen silences every logger that is there already.
    command = [sys.executable, "-m", "commitizen", "check", "--rev-range", "HEAD~5..HEAD"]
    done = subprocess.run(command, cwd=repo.top, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_before_the_first_commit(place: Place) -> None:
    repo = repository(place)
    place.notebook("notebooks/a.ipynb", "x")
    split = apply_split(repo.top)
    assert repo.subjects() == ["build: add studio.toml", "feat(data): add catalog.yml", "feat(a): add a.ipynb"]
    whole(repo, split)


def test_staged_unstaged_removed_and_renamed_paths(place: Place, repo: Repo) -> None:
    place.write("churn/features.py", "x = 2\n")
    repo.git("add", "--all")
    place.write("churn/features.py", "x = 3\n")
    repo.git("mv", "notebooks/a.ipynb", "notebooks/b.ipynb")
    place.write("staged.txt", "gone again")
    repo.git("add", "staged.txt")
    (repo.top / "staged.txt").unlink()
    (repo.top / "link").symlink_to("churn")
    split = apply_split(repo.top)
    assert repo.subjects(split.base) == [
        "feat(modules): change features.py",
        "refactor(a): remove a.ipynb",
        "feat(b): add b.ipynb",
        "chore: add link",
    ]
    whole(repo, split)


def test_nothing_to_split(place: Place, repo: Repo) -> None:
    assert apply_split(repo.top).proposals == ()
    assert place.studio("git", "split").out == "Nothing differs from the last commit.\n"


def test_a_broken_notebook_is_taken_as_a_whole(place: Place, repo: Repo) -> None:
    place.write("notebooks/a.ipynb", "{")
    (proposal,) = propose_split(repo.top).proposals
    assert proposal.reason.startswith("It is taken as a whole, because the notebook cannot be read")
    whole(repo, apply_split(repo.top))


def test_a_detached_head(place: Place, repo: Repo) -> None:
    repo.git("switch", "--quiet", "--detach")
    work(place)
    whole(repo, apply_split(repo.top))


@pytest.mark.parametrize("setting", ["true", "input"])
def test_line_endings_that_git_converts(place: Place, repo: Repo, setting: str) -> None:
    repo.git("config", "core.autocrlf", setting)
    text = json.dumps(notebook("import x", ("parameters", "a = 5"), ("test", "def test_a(): ..."), "b"), indent=1)
    (repo.top / "notebooks/a.ipynb").write_bytes((text + "\n").replace("\n", "\r\n").encode())
    (repo.top / "churn/features.py").write_bytes(b"x = 1\r\ny = 2\r\n")
    split = apply_split(repo.top)
    assert [proposal.message for proposal in split.proposals][-1] == "feat(a): change the code in 1 cell"
    whole(repo, split)


def test_a_working_tree_beside(place: Place, repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", str(tmp_path / "be side"), "-b", "beside")
    beside = Repo(tmp_path / "be side")
    work(Place(beside.top))
    whole(beside, apply_split(beside.top / "notebooks"))
    assert repo.git("status", "--porcelain").out == ""


def merging(repo: Repo) -> None:
    repo.git("switch", "-qc", "other")
    (repo.top / "churn/features.py").write_text("x = 8\n")
    repo.commit("feat: theirs")
    repo.git("switch", "-q", "main")
    (repo.top / "churn/features.py").write_text("x = 9\n")
    repo.commit("feat: ours")
    assert repo.git("merge", "other", status=None).status


def embedding(repo: Repo) -> None:
    inner = Repo(repo.top / "inner")
    inner.top.mkdir()
    inner.git("init", "-q")
    (inner.top / "file").write_text("x")
    inner.commit()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(merging, "A merge is in progress"), (embedding, "inner is a git repository of its own")],
)
def test_states_in_which_nothing_is_split(place: Place, repo: Repo, spoil: object, said: str) -> None:
    assert callable(spoil)
    spoil(repo)
    before = state(repo)
    for act in (propose_split, apply_split):
        with pytest.raises(BadInput, match=said):
            act(repo.top)
    assert state(repo) == before


def test_a_submodule_that_moved_on(place: Place, repo: Repo, tmp_path: Path) -> None:
    library = Repo(tmp_path / "library")
    library.top.mkdir()
    library.git("init", "-q")
    library.commit()
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.top), "library")
    repo.commit("build: a library")
    Repo(repo.top / "library").commit("feat: further")
    split = apply_split(repo.top)
    assert [proposal.message for proposal in split.proposals] == ["chore: change library"]
    whole(repo, split)


@pytest.mark.parametrize("call", ["commit-tree", "update-index", "update-ref"])
def test_a_failure_leaves_everything_as_it_was(
    place: Place, repo: Repo, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(place)
    repo.git("add", "churn/more.py")
    before = state(repo)
    run = Repository.run
    calls = []

    def failing(self: Repository, *words: str, **more: object) -> bytes:
        if words[0] == call:
            calls.append(words)
            if call != "commit-tree" or len(calls) == 3:
                words = ("no-such-command",)
        return run(self, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Repository, "run", failing)
    with pytest.raises(NotSplit, match="No commit was made, and everything is as it was"):
        apply_split(repo.top)
    assert calls
    assert state(repo) == before


def test_commits_that_do_not_add_up_are_not_made(place: Place, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    work(place)
    before = state(repo)
    group = split.group_changes
    monkeypatch.setattr(split, "group_changes", lambda *words: list(group(*words))[:-1])
    with pytest.raises(NotSplit, match="do not add up"):
        apply_split(repo.top)
    assert state(repo) == before


def test_an_index_that_somebody_else_holds(place: Place, repo: Repo) -> None:
    work(place)
    place.write(".git/index.lock", "")
    before = state(repo)
    with pytest.raises(NotSplit, match=r"index\.lock"):
        apply_split(repo.top)
    assert state(repo) == before


def test_nobody_knows_who_commits(place: Place, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    repo.git("config", "user.useConfigOnly", "true")
    work(place)
    answer = place.studio("git", "split", "--apply")
    assert (answer.status, len(answer.err.splitlines())) == (1, 1)
    assert "git does not know who you are. Next: git config user.name NAME" in answer.err


def test_the_commands_output(place: Place, repo: Repo) -> None:
    work(place)
    proposed = place.studio("git", "split", "--json").json
    assert set(proposed) == {"top", "base", "tree", "before", "proposals"}
    assert set(proposed["proposals"][0]) == {"message", "reason", "changes", "commands", "commit"}
    assert set(proposed["proposals"][0]["changes"][0]) == {"path", "action", "cells", "object"}
    text = place.studio("git", "split", cwd=repo.top / "notebooks").out
    assert "4. feat(a): change the parameters in 1 cell" in text
    assert "cell 2 changed" in text
    assert f"The commands are typed in {repo.top}" in text
    applied = place.studio("git", "split", "--apply").out
    assert (
        f"10 commits were made. To take them back, and keep the change: git reset --soft {proposed['base'][:10]}"
        in applied
    )


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("pipelines/catalog.yml", "data"),
        ("sub/pipelines/contracts/a.yml", "data"),
        ("pipelines/approvals/notebooks/a.json", "approvals"),
        ("pipelines/approvals/pipelines/a.json", "approvals"),
        ("data/load.py", "modules"),
        ("data/people.csv", "data"),
        ("tests/test_a.py", "tests"),
        (".github/workflows/studio.yml", "setup"),
        ("studio.toml", "setup"),
        ("notebooks/readme.md", "docs"),
        ("a/b.ipynb", "notebooks"),
        ("new\nline.bin", "rest"),
    ],
)
def test_the_group_of_a_path(path: str, group: str) -> None:
    assert group_of(path) == group


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(pairs=st.lists(notebooks(), min_size=1, max_size=2), staged=st.booleans(), indent=st.sampled_from([1, 2]))
def test_random_edits_of_random_notebooks(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[dict, dict]], staged: bool, indent: int
) -> None:
    repo = Repo(tmp_path_factory.mktemp("split"))
    repo.git("init", "-q")
    for number, (old, _) in enumerate(pairs):
        (repo.top / f"n {number}.ipynb").write_bytes(written(old))
    repo.commit()
    for number, (_, new) in enumerate(pairs):
        (repo.top / f"n {number}.ipynb").write_bytes(written(new, indent))
        if staged:
            repo.git("add", f"n {number}.ipynb")
    split = apply_split(repo.top)
    whole(repo, split)
    for proposal in split.proposals:
        for content in proposal.contents:
            text = repo.git("cat-file", "blob", f"{proposal.commit}:{content.path}").out
            nbformat.validate(json.loads(text))
    with contextlib.suppress(OSError):
        shutil.rmtree(repo.top)
    assert "GIT_INDEX_FILE" not in os.environ
