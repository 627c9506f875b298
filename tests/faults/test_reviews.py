"""Attempts to run in prod what was not tested, reviewed and approved, or to have the ledger tell it otherwise."""

from __future__ import annotations

import json
import os
import py_compile
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.errors import BadInput, Refused, StudioError
from tests.workflows.reviewing import APPROVAL, NOTEBOOK, Team, new_team

pytestmark = pytest.mark.heavy
LIBRARY = "notebooks/lib.py"


@pytest.fixture(scope="module")
def submitted_once(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Content with a module beside it, submitted by Anna."""
    team = new_team(tmp_path_factory.mktemp("submitted") / "workspace")
    team.place.write(".gitignore", ".studio/\n__pycache__/\n")
    team.place.write(LIBRARY, "TEN = 10\n")
    team.edit(4, "+ 10", "+ TEN")
    team.edit(3, "numbers =", "from lib import TEN\n\nnumbers =")
    team.commit("feat: a library")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        assert team.submit().exit_status == 0
    return team


@pytest.fixture(scope="module")
def approved_once(submitted_once: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """The same, approved by Bob and committed."""
    team = submitted_once.copy(tmp_path_factory.mktemp("approved") / "workspace")
    team.decide("approve")
    team.commit("chore: approvals", who="bob")
    return team


@pytest.fixture
def submitted(submitted_once: Team, tmp_path: Path) -> Team:
    return submitted_once.copy(tmp_path / "workspace")


@pytest.fixture
def approved(approved_once: Team, tmp_path: Path) -> Team:
    return approved_once.copy(tmp_path / "workspace")


def refusal(call: Callable[[], object]) -> str:
    """What the refusal of `call` says."""
    with pytest.raises(Refused) as caught:
        call()
    return str(caught.value)


# What runs is what is committed


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_is_told_to_overlook_are_no_clean_tree(approved: Team, mark: str) -> None:
    approved.git("update-index", mark, "studio.toml")
    path = approved.root / "studio.toml"
    path.write_text(path.read_text().replace('roles = ["data scientist"]', 'roles = ["owner"]'))
    told = refusal(lambda: approved.run(who="anna"))
    assert "clean tree: git was told to overlook changes of studio.toml" in told
    assert not approved.events("run accepted")


@pytest.mark.parametrize("variables", [("GIT_DIR", "GIT_WORK_TREE"), ("GIT_INDEX_FILE",), ("GIT_DIR",)])
def test_variables_cannot_point_git_at_a_cleaner_repository(
    approved: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: tuple[str, ...]
) -> None:
    other = approved.copy(tmp_path / "other").root
    values = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git" / "index"),
    }
    approved.place.write("data.csv", "a\n1\n")
    approved.git("add", "data.csv")
    for name in variables:
        monkeypatch.setenv(name, values[name])
    assert "clean tree" in refusal(approved.run)


def test_a_replaced_commit_does_not_make_a_tree_clean(approved: Team) -> None:
    before = approved.git("rev-parse", "HEAD").strip()
    approved.place.write("data.csv", "a\n1\n")
    approved.commit("feat: data")
    after = approved.git("rev-parse", "HEAD").strip()
    approved.git("reset", "-q", "--soft", before)
    approved.git("replace", before, after)
    assert approved.git("status", "--porcelain") == "", "git itself is fooled"
    assert "clean tree" in refusal(approved.run)


def test_a_filter_does_not_hide_that_the_commit_holds_something_else(approved: Team) -> None:
    approved.place.write("studio.toml", (approved.root / "studio.toml").read_text() + "\n# mine\n")
    approved.git("config", "filter.lie.clean", "git cat-file blob HEAD:studio.toml")
    approved.place.write(".git/info/attributes", "studio.toml filter=lie\n")
    approved.git("add", "studio.toml")
    assert approved.git("status", "--porcelain") == "", "git itself is fooled"
    assert "studio.toml is not in the last commit as it lies here" in refusal(approved.run)


def test_an_ignored_module_is_no_part_of_a_commit(submitted: Team) -> None:
    submitted.git("rm", "-q", "--cached", LIBRARY)
    submitted.place.write(".gitignore", ".studio/\n__pycache__/\nlib.py\n")
    submitted.commit("chore: ignored")
    assert LIBRARY in refusal(lambda: submitted.decide("approve", NOTEBOOK))


def test_samples_are_not_run_in_prod(approved: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_SAMPLED", "1")
    monkeypatch.setenv("STUDIO_WORKSPACE", str(approved.root))
    assert "samples: " in refusal(approved.run)


@pytest.mark.parametrize("mode", ["UNCHECKED_HASH", "TIMESTAMP"])
def test_compiled_code_does_not_run_in_a_modules_place(approved: Team, mode: str) -> None:
    source = approved.root / LIBRARY
    right, state = source.read_text(), source.stat()
    source.write_text("1/0     \n"[: len(right)].ljust(len(right), "#"))
    os.utime(source, ns=(state.st_atime_ns, state.st_mtime_ns))
    py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode[mode], doraise=True)
    source.write_text(right)
    os.utime(source, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert approved.run().exit_status == 0


# Who approves


def test_rules_that_only_lie_here_approve_nothing(submitted: Team) -> None:
    submitted.place.write(LIBRARY, "TEN = 11\n")
    submitted.commit("feat: eleven", who="bob")
    submitted.submit()
    path = submitted.root / "studio.toml"
    before = path.read_text()
    path.write_text(before + "\n[[policy.approvals]]\nown_changes = true\n")
    assert "studio.toml has changes that are not committed" in refusal(lambda: submitted.decide("approve"))
    submitted.git("update-index", "--assume-unchanged", "studio.toml")
    assert "studio.toml has changes that are not committed" in refusal(lambda: submitted.decide("approve"))
    submitted.git("update-index", "--no-assume-unchanged", "studio.toml")
    path.write_text(before)
    assert "own changes" in refusal(lambda: submitted.decide("approve"))


def test_who_wrote_a_contract_or_the_catalog_wrote_the_content(tmp_path: Path) -> None:
    from studio.core.workspace import Workspace
    from studio.notebooks.fingerprint import Fingerprint, Part
    from studio.workflows.content_states import Content, files_of

    team = new_team(tmp_path / "workspace")
    entry = "  sales: {location: data/sales.csv, contract: sales_rules}\n"
    team.place.write("pipelines/contracts/sales_rules.yml", "version: 1\ncolumns:\n  a: {type: int64}\n")
    team.place.write("pipelines/catalog.yml", f"version: 1\ndatasets:\n{entry}")
    parts = (
        Part("cell", "cell 1 (code)", "0"),
        Part("contract", "contract of sales", "0"),
        Part("contract", "contract inputs", "0"),
        Part("dataset", "dataset sales", "0"),
        Part("module", "module notebooks/lib.py", "0"),
    )
    found = files_of(Workspace(team.root), Content("pipelines/total.yml", Fingerprint("p1:0", parts), {}))
    assert found == [
        "pipelines/total.yml",
        "notebooks/lib.py",
        "pipelines/contracts/sales_rules.yml",
        "pipelines/contracts/inputs.yml",
        "pipelines/catalog.yml",
    ]


def test_a_clone_without_its_past_approves_nothing(submitted: Team) -> None:
    submitted.git("commit", "-q", "--allow-empty", "-m", "chore: later")
    (submitted.root / ".git/shallow").write_text(submitted.git("rev-parse", "HEAD"))
    assert "git fetch --unshallow" in refusal(lambda: submitted.decide("approve"))


def test_grafts_do_not_take_authors_away(submitted: Team) -> None:
    submitted.place.write(LIBRARY, "TEN = 11\n")
    submitted.commit("feat: eleven", who="bob")
    submitted.submit(NOTEBOOK)
    submitted.git("commit", "-q", "--allow-empty", "-m", "chore: later")
    head, *_, first = submitted.git("rev-list", "HEAD").split()
    submitted.place.write(".git/info/grafts", f"{head} {first}\n")
    assert "own changes" in refusal(lambda: submitted.decide("approve", NOTEBOOK))


def test_what_was_revoked_is_not_approved_again_on_the_same_submission(approved: Team) -> None:
    approved.decide("revoke", message="a leak")
    assert "was revoked by bob" in refusal(lambda: approved.decide("approve", who="carla"))
    approved.submit()
    approved.decide("approve", who="carla")
    assert approved.status().approvers == ("carla",)


@pytest.mark.parametrize("name", ["packet.html", "packet.json", "notebook.ipynb"])
def test_what_the_reviewer_reads_is_what_was_submitted(submitted: Team, name: str) -> None:
    from studio.workflows.review_show import show_submission

    for path in (submitted.root / ".studio/reviews").glob(f"*/{name}"):
        path.write_text("nothing changed")
    with submitted.acting("bob"), pytest.raises(StudioError, match=f"a {name} that was changed after"):
        show_submission(NOTEBOOK)
    with pytest.raises(StudioError, match="changed after"):
        submitted.decide("approve", NOTEBOOK)


@pytest.mark.parametrize(
    ("message", "told"),
    [("x" * 20_001, "20,000 are allowed"), ("a\x1b[2Jb", "U\\+001B"), ("a\u202eb", "U\\+202E"), ("\udcff", "U\\+DCFF")],
    ids=["long", "escape", "direction", "torn"],
)
def test_a_message_is_text_that_shows_what_it_is(submitted: Team, message: str, told: str) -> None:
    from studio.workflows.review_comment import comment

    before = len(submitted.events())
    for verb in ("approve", "reject"):
        with pytest.raises(BadInput, match=told):
            submitted.decide(verb, message=message)
    with submitted.acting("bob"), pytest.raises(BadInput, match=told):
        comment(NOTEBOOK, None, message, submitted.root)
    with pytest.raises(BadInput, match=told):
        submitted.submit(message=message)
    assert len(submitted.events()) == before


def test_a_terminal_is_told_nothing_that_it_would_obey(submitted: Team) -> None:
    from studio.core.workspace import find_workspace
    from studio.ledger.ledger import open_ledger

    event = submitted.events("submitted")[0]
    ledger = open_ledger(find_workspace(submitted.root))
    details = {"submission": event.details["submission"], "message": "no\x1b[2J", "fingerprint": "f1:0"}
    ledger.append("rejected", actor="mal\x1blory", subject=event.subject, details=details)
    for words in (("review", "list", "--all"), ("review", "approve", "total"), ("ledger", "show")):
        answer = submitted.place.studio(*words, environment={"STUDIO_ACTOR": "bob"})
        assert "\x1b" not in answer.out + answer.err


# Submitting


def test_content_that_changes_while_its_evidence_is_gathered_is_not_submitted(
    approved: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.workflows import review_submit

    gather = review_submit.gather_evidence

    def slowly(*given: object) -> object:
        found = gather(*given)  # type: ignore[arg-type]
        approved.place.write(LIBRARY, "TEN = 99\n")
        return found

    approved.place.write(LIBRARY, "TEN = 12\n")
    approved.commit("feat: twelve")
    monkeypatch.setattr(review_submit, "gather_evidence", slowly)
    before = len(approved.events("submitted"))
    assert "changed while the tests ran" in refusal(lambda: approved.submit(NOTEBOOK))
    assert len(approved.events("submitted")) == before


# The file and the ledger


def test_a_ledger_that_takes_nothing_leaves_no_approval(submitted: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.ledger.ledger import Ledger

    def refuse(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Ledger, "append", refuse)
    with pytest.raises(KeyboardInterrupt):
        submitted.decide("approve", NOTEBOOK)
    assert not (submitted.root / APPROVAL).exists()


def test_a_disk_that_takes_nothing_is_told_to_the_ledger(submitted: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.core.files import CannotWrite
    from studio.notebooks import approval_writing

    def full(path: Path, *_: object, **__: object) -> None:
        raise CannotWrite(path, OSError(28, "No space left on device"))

    with monkeypatch.context() as patch:
        patch.setattr(approval_writing, "write_json", full)
        with pytest.raises(CannotWrite):
            submitted.decide("approve", NOTEBOOK)
    assert [event.kind for event in submitted.events("approved", "revoked")] == ["approved", "revoked"]
    assert submitted.status().status == "draft"
    submitted.decide("approve", NOTEBOOK)
    assert submitted.status().status == "approved"


def test_nothing_runs_on_a_ledger_whose_end_was_changed(approved: Team) -> None:
    with sqlite3.connect(approved.root / ".studio/ledger.db") as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE ledger_events SET actor = 'carla' WHERE kind = 'approved'")
    connection.close()
    with pytest.raises(StudioError, match=r"was changed\. Next: studio ledger verify"):
        approved.run()
    assert not approved.events("run accepted")


def test_the_ledger_tells_what_was_asked_for_and_under_which_rules(approved: Team) -> None:
    from studio.workflows.run_pipeline import RunRequest, run_pipeline

    with approved.acting("bob"):
        request = RunRequest("total", base=approved.root, environment="prod", given={"count": "9"}, force=True)
        assert run_pipeline(request, lambda _: None).exit_status == 0
    (accepted,) = approved.events("run accepted")
    assert accepted.details["parameters"] == {"count": "9"}
    assert accepted.details["force"] is True
    one = approved.events("approved")[0].details["governing"]
    assert accepted.details["governing"] == one == approved.events("submitted")[0].details["governing"]
    path = approved.root / "studio.toml"
    path.write_text(path.read_text() + '\n[environments.prod]\nrequires = ["clean tree"]\nroles = ["ML engineer"]\n')
    approved.commit("chore: fewer demands")
    assert approved.run().exit_status == 0
    assert approved.events("run accepted")[-1].details["governing"] != one


def test_a_module_that_changes_while_it_runs_is_told(approved: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.pipelines.runner import Runner

    run = Runner.run

    def meanwhile(self: Runner) -> object:
        approved.place.write(LIBRARY, "TEN = 99\n")
        return run(self)

    monkeypatch.setattr(Runner, "run", meanwhile)
    with pytest.raises(StudioError, match="changed while it ran"):
        approved.run()
    (ended,) = approved.events("run ended")
    assert NOTEBOOK in ended.details["changed"]


def test_a_run_whose_end_could_not_be_told_is_told_later(approved: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from studio.ledger.errors import LedgerUnavailable
    from studio.ledger.ledger import Ledger
    from studio.workflows import run_endings

    append = Ledger.append

    def down(self: Ledger, kind: str, **given: object) -> object:
        if kind == "run ended":
            raise LedgerUnavailable("ledger", "the server is gone", "wait")
        return append(self, kind, **given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", down)
        with pytest.raises(LedgerUnavailable):
            approved.run()
    (accepted,) = approved.events("run accepted")
    assert not approved.events("run ended")
    monkeypatch.setattr(run_endings, "GRACE", timedelta(0))
    approved.run()
    late, own = approved.events("run ended")
    assert (late.details["run"], late.details["status"], late.details["told_late"]) == (
        accepted.details["run"],
        "completed",
        True,
    )
    assert own.details["run"] != late.details["run"]


def test_tests_count_with_the_configuration_they_ran_under(approved: Team) -> None:
    path = approved.root / "studio.toml"
    path.write_text(path.read_text() + '\n[environments.staging]\nrequires = ["tests"]\n')
    assert approved.run("staging").exit_status == 0
    approved.place.write("conftest.py", "def pytest_runtest_makereport(item, call):\n    call.excinfo = None\n")
    assert "tests: no passed test report" in refusal(lambda: approved.run("staging"))


def test_an_approval_that_the_teams_ledger_does_not_know_was_forged(
    approved: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.workflows import content_states

    ids = frozenset(event.details["approval"] for event in approved.events("approved"))
    monkeypatch.setattr(content_states, "known_approvals", lambda _: ids)
    assert approved.status().status == "approved"
    content = json.loads((approved.root / APPROVAL).read_text())
    monkeypatch.setattr(content_states, "known_approvals", lambda _: ids - {one["id"] for one in content["approvals"]})
    state = approved.status()
    assert (state.status, "knows of no approval" in state.reasons[0]) == ("invalid", True)


def test_a_submission_from_a_meddled_ledger_leads_nowhere(submitted: Team) -> None:
    from studio.core.workspace import find_workspace
    from studio.workflows.submissions import read_submission

    event = submitted.events("submitted")[0]
    event.details["submission"] = os.fspath(Path("..") / ".." / "notebooks")
    with pytest.raises(StudioError, match="no name that a submission can have"):
        read_submission(find_workspace(submitted.root), event)
