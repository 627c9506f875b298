"""Who counts as an author, by real repositories: renames, merges, rebases, shallow clones, and none at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from studio.core.workspace import Workspace
from studio.governance.authorship import Authors, NoHistory, authors_since
from studio.governance.people import stranger
from tests.conftest import Place

TRAIN, LIB = "notebooks/train.ipynb", "notebooks/lib.py"
ASKING = stranger("asking@x")


class History:
    """A repository with people in it."""

    def __init__(self, top: Path, inner: str = "") -> None:
        self.top = top
        self.place = Place(top / inner)
        top.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.place.write("studio.toml", "version = 1\n")
        self.lines = [f"x{number} = {number}" for number in range(30)]
        self.edit("ann@x", 0)

    def git(self, *words: str, who: str = "root@x", **more: str) -> str:
        identity = ["-c", f"user.email={who}", "-c", "user.name=N", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", "-C", str(self.top), *identity, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, who: str, message: str = "m", *, author: str = "") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, *(["--author", f"N <{author}>"] if author else []), who=who)
        return self.git("rev-parse", "HEAD")

    def edit(self, who: str, line: int, **more: str) -> str:
        self.lines[line] += "0"
        self.write()
        return self.commit(who, **more)

    def write(self, path: str = TRAIN) -> None:
        self.place.notebook(path, *self.lines)

    def authors(self, commit: str | None = None, *files: str, **more: object) -> Authors:
        workspace = Workspace(self.place.root)
        return authors_since(workspace, files or (TRAIN,), commit, actor=ASKING, **more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "r")


def test_all_of_the_history_or_since_a_commit(history: History) -> None:
    approved = history.edit("ben@x", 1)
    history.edit("Cat@X", 2)
    history.place.write("other.txt", "x")
    history.commit("dan@x")
    assert history.authors() == Authors(frozenset({"ann@x", "ben@x", "cat@x"}))
    assert history.authors(approved) == Authors(frozenset({"cat@x"}))
    assert history.authors(history.git("rev-parse", "HEAD")) == Authors(frozenset())
    assert history.authors(approved[:12]) == Authors(frozenset({"cat@x"}))
    assert history.authors(approved, submitters=["dan", "Eve@x"]).addresses == {"cat@x", "dan", "eve@x"}


def test_authors_committers_and_co_authors(history: History) -> None:
    approved = history.git("rev-parse", "HEAD")
    message = "m\n\ntext\n\nCo-authored-by: Dan <dan@x>\nco-Authored-By: E <Eve@x>\n"
    history.edit("committer@x", 1, author="author@x", message=message)
    assert history.authors(approved).addresses == {"committer@x", "author@x", "dan@x", "eve@x"}


def test_a_mailmap_adds_addresses_and_hides_none(history: History) -> None:
    approved = history.git("rev-parse", "HEAD")
    history.edit("old@x", 1, message="m\n\nCo-authored-by: D <dan-old@x>")
    history.place.write(".mailmap", "Ann <new@x> <old@x>\nDan <dan@x> <dan-old@x>\n")
    assert history.authors(approved).addresses == {"old@x", "new@x", "dan-old@x", "dan@x"}


def test_what_is_not_committed_is_the_change_of_who_asks(history: History) -> None:
    head = history.git("rev-parse", "HEAD")
    history.lines[3] += "5"
    history.write()
    found = history.authors(head)
    assert found.addresses == {"asking@x"}
    assert found.notes == ("Changes that are not committed count as asking@x's.",)
    history.git("add", "-A")
    assert history.authors(head).addresses == {"asking@x"}
    history.git("update-index", "--assume-unchanged", TRAIN)
    assert history.authors(head).addresses == {"asking@x"}


@pytest.mark.parametrize("ignored", [False, True])
def test_a_module_that_is_not_tracked(history: History, ignored: bool) -> None:
    if ignored:
        history.place.write(".gitignore", "lib.py\n")
    head = history.commit("ann@x") if ignored else history.git("rev-parse", "HEAD")
    history.place.write(LIB, "x = 1\n")
    assert history.authors(head, TRAIN, LIB).addresses == {"asking@x"}


def test_the_modules_of_a_notebook_count_where_they_are_named(history: History) -> None:
    history.place.write(LIB, "x = 1\n")
    approved = history.commit("ann@x")
    history.place.write(LIB, "x = 2\n")
    history.commit("ben@x")
    assert history.authors(approved, TRAIN, LIB).addresses == {"ben@x"}
    assert history.authors(approved).addresses == set()


def test_without_a_name_the_current_actor_asks(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.git("config", "user.email", "Here@x")
    history.place.write(LIB, "x = 1\n")
    assert authors_since(Workspace(history.place.root), (LIB,), None).addresses == {"here@x"}


def test_renames_are_followed(history: History) -> None:
    history.git("mv", TRAIN, "notebooks/middle.ipynb")
    history.commit("ben@x")
    history.write("notebooks/middle.ipynb")
    history.git("mv", "notebooks/middle.ipynb", "new name.ipynb")
    approved = history.commit("cat@x")
    assert history.authors(None, "new name.ipynb").addresses == {"ann@x", "ben@x", "cat@x"}
    assert history.authors(approved, "new name.ipynb").addresses == set()


def test_both_sides_of_a_merge_and_who_merged_them(history: History) -> None:
    approved = history.git("rev-parse", "HEAD")
    history.git("checkout", "-q", "-b", "side")
    history.edit("ben@x", 1)
    history.git("checkout", "-q", "main")
    history.lines[1] = history.lines[1][:-1]
    history.edit("cat@x", 28)
    history.git("merge", "-q", "--no-edit", "side", who="merger@x")
    assert history.authors(approved).addresses == {"ben@x", "cat@x", "merger@x"}


def test_who_merges_another_change_is_no_author(history: History) -> None:
    approved = history.git("rev-parse", "HEAD")
    history.git("checkout", "-q", "-b", "side")
    history.edit("ben@x", 1)
    history.git("checkout", "-q", "main")
    history.place.write("other.txt", "x")
    history.commit("cat@x")
    history.git("merge", "-q", "--no-edit", "side", who="merger@x")
    assert history.authors(approved).addresses == {"ben@x"}


def test_a_change_that_hides_in_a_merge(history: History) -> None:
    approved = history.git("rev-parse", "HEAD")
    history.git("checkout", "-q", "-b", "side")
    history.place.write("other.txt", "x")
    history.commit("ben@x")
    history.git("checkout", "-q", "main")
    history.place.write("third.txt", "x")
    history.commit("cat@x")
    history.git("merge", "-q", "--no-commit", "side", who="evil@x")
    history.edit("evil@x", 5)
    assert history.authors(approved).addresses == {"evil@x"}


def test_a_rename_on_a_side_that_is_merged(history: History) -> None:
    history.git("checkout", "-q", "-b", "side")
    history.git("mv", TRAIN, "notebooks/fit.ipynb")
    history.commit("ben@x")
    history.git("checkout", "-q", "main")
    history.edit("cat@x", 8)
    history.git("merge", "-q", "--no-edit", "side", who="merger@x")
    assert history.authors(None, "notebooks/fit.ipynb").addresses >= {"ann@x", "ben@x", "cat@x"}


def test_a_rebase_that_rewrites_authors(history: History) -> None:
    history.edit("ben@x", 1)
    approved = history.edit("cat@x", 2)
    environment = "git commit -q --amend --no-edit --reset-author"
    history.git("rebase", "-q", "--root", "--exec", environment, who="friend@x")
    found = history.authors(approved, submitters=["ben"])
    assert found.addresses == {"friend@x", "ben"}
    assert found.notes[0].startswith(f"The commit {approved[:12]} of the last approval is not part of this history")


@pytest.mark.parametrize("commit", ["0" * 40, "HEAD", "--all", "no such", "abc\n"])
def test_a_commit_that_is_none(history: History, commit: str) -> None:
    found = history.authors(commit)
    assert found.addresses == {"ann@x"}
    assert len(found.notes) == 1


def test_a_shallow_clone_says_what_it_lacks(history: History, tmp_path: Path) -> None:
    approved = history.edit("ben@x", 1)
    history.edit("cat@x", 2)
    history.edit("dan@x", 3)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "2", f"file://{history.top}", str(clone)], check=True)
    found = authors_since(Workspace(clone), (TRAIN,), approved, actor=ASKING, submitters=["eve"])
    assert found.addresses == {"cat@x", "dan@x", "eve"}
    assert "is not part of this history" in found.notes[0]
    assert "git fetch --unshallow" in found.notes[1]


def test_no_repository_or_no_git(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(place.root)
    for _ in range(2):
        found = authors_since(workspace, (TRAIN,), "0" * 40, actor=ASKING, submitters=["Ann@x"])
        assert found.addresses == {"ann@x"}
        assert found.notes == ("There is no git repository here, so only who submitted is known.",)
        monkeypatch.setenv("PATH", "/nowhere")


def test_a_repository_without_a_commit(place: Place) -> None:
    subprocess.run(["git", "init", "-q", str(place.root)], check=True)
    found = authors_since(Workspace(place.root), (TRAIN,), None, actor=ASKING, submitters=["Ann@x"])
    assert found.addresses == {"ann@x", "asking@x"}


def test_a_repository_that_cannot_be_read_is_not_taken_for_none(history: History) -> None:
    (history.top / ".git/HEAD").write_text("ref: refs/heads/main\n")
    head = history.git("rev-parse", "HEAD")
    objects = history.top / ".git/objects" / head[:2] / head[2:]
    objects.chmod(0o644)
    objects.write_bytes(b"broken")
    with pytest.raises(NoHistory, match="Next: "):
        history.authors()


def test_a_workspace_inside_a_repository(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "solutions/churn")
    approved = history.edit("ben@x", 1)
    (history.top / "solutions" / "elsewhere").mkdir()
    history.git("mv", f"solutions/churn/{TRAIN}", "solutions/elsewhere/x.ipynb")
    history.commit("cat@x")
    history.git("mv", "solutions/elsewhere/x.ipynb", f"solutions/churn/{TRAIN}")
    history.commit("dan@x")
    assert history.authors().addresses == {"ann@x", "ben@x", "cat@x", "dan@x"}
    assert history.authors(approved).addresses == {"cat@x", "dan@x"}
    assert history.authors(history.git("rev-parse", "HEAD")).notes == ()


def test_what_the_readers_configuration_says_changes_nothing(history: History) -> None:
    history.edit("ben@x", 1)
    history.git("replace", "--graft", "HEAD")
    for key in ("log.showSignature", "log.follow", "diff.noprefix", "core.quotePath"):
        history.git("config", key, "true")
    history.git("config", "diff.renames", "false")
    history.git("config", "log.mailmap", "false")
    assert history.authors().addresses == {"ann@x", "ben@x"}
