"""What needs whom, and what happened: told from a ledger and runs as they lie in a workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from studio.core.report import Case
from studio.core.workspace import working_in
from studio.ledger.ledger import open_ledger
from studio.server.place import Place as Root
from studio.server.routes import home as routes
from tests.server.test_runs import fake
from tests.workflows.reviewing import NOTEBOOK, Team, new_team


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return new_team(tmp_path / "workspace")


@contextmanager
def acting(team: Team, who: str) -> Iterator[Root]:
    with pytest.MonkeyPatch.context() as patch, working_in(team.root):
        patch.setenv("STUDIO_ACTOR", who)
        patch.chdir("/")
        yield Root(team.root)


def look(team: Team, who: str = "bob") -> routes.Home:
    with acting(team, who) as root:
        return routes.home(root)


def tell(team: Team, kind: str, actor: str, submission: str = "s1", subject: str = NOTEBOOK, **details: Any) -> None:
    from studio.core.workspace import Workspace

    open_ledger(Workspace(team.root)).append(
        kind, actor=actor, subject=subject, details={"submission": submission, **details}
    )


def needs(team: Team, who: str) -> list[tuple[str, str]]:
    return [(need.kind, need.text) for need in look(team, who).needs]


def test_nothing_yet(team: Team) -> None:
    assert look(team) == routes.Home(needs=[], happened=[], running=[])
    assert not (team.root / ".studio").exists(), "looking makes nothing"


def test_a_review_waits_for_those_who_may_give_it(team: Team) -> None:
    tell(team, "submitted", "anna", ok=True, message="more features")
    (need,) = look(team).needs
    assert (need.kind, need.title, need.text) == ("review", NOTEBOOK, "anna submitted it for review: more features")
    assert (need.submission, need.path) == ("s1", NOTEBOOK)
    assert needs(team, "carla") == needs(team, "bob")
    assert needs(team, "anna") == []  # she is its author, and no reviewer
    tell(team, "submitted", "bob", "s2", ok=True)  # takes its place, and is bob's own
    assert needs(team, "bob") == []
    assert needs(team, "carla") == [("review", "bob submitted it for review.")]
    tell(team, "approved", "carla", "s2", message="")
    assert needs(team, "carla") == []


def add_rule(team: Team, rule: str) -> None:
    with (team.root / "studio.toml").open("a") as file:
        file.write(f'\n[[policy.approvals]]\nnotebooks = ["**"]\n{rule}\n')


def test_own_submissions_wait_for_their_author_where_the_policy_lets_them_approve(team: Team) -> None:
    tell(team, "submitted", "bob", ok=True)
    assert needs(team, "bob") == []
    add_rule(team, "own_changes = true")
    assert needs(team, "bob") == [("review", "bob submitted it for review.")]


@pytest.mark.slow
def test_who_approved_need_not_do_it_again(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    add_rule(team, "needed = 2")
    team.commit("chore: two reviewers", who="carla")
    team.submit(NOTEBOOK)
    assert [kind for kind, _ in needs(team, "bob")] == ["review"]
    team.decide("approve", NOTEBOOK)
    assert needs(team, "bob") == []
    assert [kind for kind, _ in needs(team, "carla")] == ["review"]
    (file,) = (team.root / "pipelines/approvals").rglob("*.json")
    kept = file.read_text()
    file.unlink()  # as where it was never committed: the approval does not count, whatever the ledger tells of it
    assert [kind for kind, _ in needs(team, "bob")] == ["review"]
    file.write_text(kept[:100])
    assert {kind for kind, _ in needs(team, "carla")} == {"review", "lapsed"}


def test_what_came_back_to_its_author(team: Team) -> None:
    tell(team, "submitted", "anna", ok=True)
    tell(team, "rejected", "bob", message="explain the ten")
    assert needs(team, "anna") == [("returned", "bob rejected it: explain the ten")]
    assert needs(team, "bob") == []
    tell(team, "submitted", "anna", "s2", ok=False)
    assert needs(team, "anna") == [("returned", "Its tests failed, so nobody can approve it.")]
    assert needs(team, "bob") == []
    tell(team, "submitted", "anna", "s3", ok=True)
    assert needs(team, "anna") == []


def test_a_pipeline_that_cannot_be_read_needs_somebody(team: Team) -> None:
    team.place.write("pipelines/broken.yml", "version: 1\nstesp: {}\n")
    (need,) = look(team).needs
    assert (need.kind, need.title, need.pipeline) == ("problem", "broken", "broken")
    assert "stesp" in need.text


def test_the_latest_run_of_a_pipeline_failed(team: Team) -> None:
    from studio.core.workspace import Workspace

    workspace = Workspace(team.root)

    def run(identifier: str, status: str, pipeline: str = "total", gates: Any = (), **step: Any) -> None:
        record = fake(workspace, identifier, status=status, **step)
        steps = record.pop("steps")  # they stand last
        record |= {"status": status, "pipeline": pipeline, "name": pipeline, "gates": list(gates), "steps": steps}
        (workspace.runs / identifier / "run.json").write_text(json.dumps(record, separators=(",", ":")))

    run("20260101-000000-aaaaaa", "failed", error={"kind": "error", "message": "ValueError: no"})
    (need,) = look(team).needs
    assert (need.kind, need.title, need.text) == ("failed run", "total", "it: ValueError: no")
    assert (need.run, need.pipeline, need.path) == ("20260101-000000-aaaaaa", "total", None)
    run("20260102-000000-aaaaaa", "killed", "other")  # a pipeline that is not here any more
    run("20260103-000000-aaaaaa", "killed")
    assert needs(team, "anna") == [("failed run", "Its latest run was killed.")]
    gates = [Case("model", "total", name, status).as_dict() for name, status in (("auc", "failed"), ("n", "passed"))]
    run("20260104-000000-aaaaaa", "completed", gates=gates)
    assert needs(team, "anna") == [("failed run", "It completed, but gates do not hold: auc.")]
    run("20260105-000000-aaaaaa", "completed")
    assert needs(team, "anna") == []


def test_what_happened(team: Team) -> None:
    from studio.core.workspace import Workspace

    workspace = Workspace(team.root)
    fake(workspace)
    tell(team, "submitted", "anna", ok=True, message="please")
    tell(team, "run accepted", "bob", subject="pipelines/it.yml", run="20260101-000000-aaaaaa")
    tell(team, "run ended", "bob", subject="pipelines/it.yml", run="20250101-000000-aaaaaa", status="completed")
    found = [(one.kind, one.text, one.run, one.subject) for one in look(team).happened]
    assert found == [
        (
            "run ended",
            "Run 20250101-000000-aaaaaa of pipelines/it.yml in : completed.",
            "20250101-000000-aaaaaa",
            "pipelines/it.yml",
        ),
        ("submitted", f"anna submitted {NOTEBOOK} for review: please", "", NOTEBOOK),
        ("run", "Run of it: completed (1 run).", "20260101-000000-aaaaaa", "pipelines/it.yml"),
    ]
    for number in range(60):
        tell(team, "commented", "bob", text=str(number))
    happened = look(team).happened
    assert len(happened) == 50
    assert happened[0].text.endswith(": 59")
    assert [one.time for one in happened] == sorted((one.time for one in happened), reverse=True)


def test_runs_that_go_on(team: Team) -> None:
    from studio.core.workspace import Workspace
    from studio.pipelines.records import RunStore
    from studio.pipelines.run_record import RunRecord

    store = RunStore(Workspace(team.root))
    record = RunRecord("20260101-000000-bbbbbb", "total", "total", started="2026-01-01T00:00:00.000Z")
    with store.holding(store.create(record)):
        found = look(team)
    assert found.running == [record.id]
    assert [one.text for one in found.happened] == ["Run of total: goes on."]


def test_a_part_that_cannot_be_read_costs_itself_alone(team: Team) -> None:
    from studio.core.workspace import Workspace

    fake(Workspace(team.root))
    team.place.write(".studio/ledger.db", "no database at all, and long enough to be looked at\n" * 100)
    found = look(team)
    assert [(need.kind, need.title) for need in found.needs] == [("problem", "Reviews")]
    assert "ledger" in found.needs[0].text
    assert [one.kind for one in found.happened] == ["run"]


@pytest.mark.slow
def test_an_approval_lapses_and_waits_again(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    team.submit()
    team.decide("approve")
    team.commit("chore: approvals", who="bob")
    assert needs(team, "anna") == []
    team.edit(4, "+ 10", "+ 11")
    (need,) = look(team, "anna").needs
    assert (need.kind, need.title, need.path) == ("lapsed", NOTEBOOK, NOTEBOOK)
    assert "cell 4 (code)" in need.text
    assert need.text.endswith(f"Next: studio review submit {NOTEBOOK}")
    team.edit(4, "+ 11", "+ 10")
    assert needs(team, "anna") == []
    team.edit(4, "+ 10", "+ 11")
    team.commit("fix: eleven")
    team.submit(NOTEBOOK)
    assert needs(team, "anna") == []
    assert [kind for kind, _ in needs(team, "bob")] == ["review"]
    team.decide("reject", NOTEBOOK)
    assert [kind for kind, _ in needs(team, "anna")] == ["returned", "lapsed"]
    (team.root / NOTEBOOK).unlink()
    assert [kind for kind, _ in needs(team, "anna")] == ["returned"]
