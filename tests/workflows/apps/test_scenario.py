"""A scenario from what may be chosen to what came of it, with the policy in between."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import Missing, Problems
from studio.core.locks import try_lock
from studio.core.workspace import Workspace
from studio.pipelines.plan import make_plan
from studio.pipelines.specification import read_pipeline
from studio.workflows import activities
from studio.workflows.apps import door
from studio.workflows.apps.scenario import Desk, find_choice, form_of, list_choices, read_result, start_scenario
from studio.workflows.apps.scenario.desk import Told
from studio.workflows.apps.scenario.starting import NoLongerAsSeen, NotForYou, under_way
from tests.workflows.apps.approved import approved_team, edit
from tests.workflows.reviewing import Team

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return approved_team(tmp_path_factory.mktemp("approved") / "workspace")


@pytest.fixture
def team(approved: Team, tmp_path: Path) -> Team:
    return approved.copy(tmp_path / "workspace")


@pytest.fixture
def dora(team: Team) -> Iterator[Workspace]:
    """The workspace, as the analyst sees it."""
    with team.acting("dora"):
        yield Workspace(team.root)


def by_name(workspace: Workspace) -> dict[str, Any]:
    return {choice.name: choice for choice in list_choices(workspace)}


def ended(workspace: Workspace, activity: str) -> list[dict[str, Any]]:
    return list(Desk(workspace).watch(activity))


class TestChoices:
    def test_what_is_approved_may_be_run(self, dora: Workspace) -> None:
        found = by_name(dora)
        assert set(found) == {"total", "notebooks/alone.ipynb"}, "a step is reached through its pipeline"
        total = found["total"]
        assert (total.available, total.title, total.description) == (True, "Total", "Numbers, and their sum.")
        assert set(total.fingerprints) == {"pipelines/total.yml", "notebooks/make.ipynb", "notebooks/sum.ipynb"}
        assert (found["notebooks/alone.ipynb"].available, found["notebooks/alone.ipynb"].title) == (True, "Alone")

    def test_what_was_changed_says_so_in_plain_words(self, team: Team, dora: Workspace) -> None:
        edit(team.place, "notebooks/sum.ipynb", "time.sleep(wait)", "time.sleep(2 * wait)")
        total = by_name(dora)["total"]
        assert total.problem == "It was changed after it had been approved, and has to be approved again."
        assert total.owners.startswith("notebooks/sum.ipynb: notebooks/sum.ipynb changed since its approval")
        assert list_choices(dora)[-1].name == "total", "what may not be run stands last"

    def test_what_waits_for_its_review(self, team: Team, dora: Workspace) -> None:
        edit(team.place, "notebooks/alone.ipynb", "depth: int = 2", "depth: int = 3")
        team.submit("notebooks/alone.ipynb")
        alone = by_name(dora)["notebooks/alone.ipynb"]
        assert alone.problem == "It waits for somebody to review and approve it."

    def test_what_was_never_approved_and_what_was_taken_back(self, team: Team, dora: Workspace) -> None:
        team.place.write("pipelines/new.yml", "version: 1\nsteps:\n  a: {notebook: notebooks/alone.ipynb}\n")
        team.decide("revoke", "notebooks/sum.ipynb")
        found = by_name(dora)
        assert found["new"].problem == "It has not been approved yet."
        assert found["total"].problem == "Its approval was taken back."

    def test_an_approval_that_somebody_edited(self, team: Team, dora: Workspace) -> None:
        edit(team.place, "pipelines/approvals/notebooks/sum.json", "because", "becausE")
        assert by_name(dora)["total"].problem.startswith("Its approval does not hold")

    def test_other_programs_than_those_that_were_approved(
        self, dora: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("studio.workflows.content_states.environment_digest", lambda: "0" * 64)
        assert by_name(dora)["total"].problem.startswith("The programs that it uses were changed")

    def test_what_cannot_be_read(self, team: Team, dora: Workspace) -> None:
        team.place.write("pipelines/torn.yml", "version: 1\nsteps: {}\n")
        team.place.write("notebooks/alone.ipynb", "{")
        found = by_name(dora)
        assert found["torn"].problem.startswith("It cannot be read at the moment")
        assert "pipelines/torn.yml" in found["torn"].owners
        assert found["notebooks/alone.ipynb"].problem.startswith("It cannot be read at the moment")
        assert found["total"].available

    def test_one_that_is_not_there(self, dora: Workspace) -> None:
        with pytest.raises(Missing, match="Did you mean 'total'"):
            find_choice(dora, "totel")


class TestForm:
    def test_a_pipelines_values_are_the_defaults(self, dora: Workspace) -> None:
        form = form_of(dora, "total")
        found = {name: (one.default, one.help) for name, one in form.schema.parameters.items()}
        assert found["count"] == (4, "how many numbers are made")
        assert found["wait"] == (0.0, "seconds to wait")
        assert (form.labels, form.fixed, form.missing) == ({}, (), ())

    def test_steps_that_disagree_have_fields_of_their_own(self, team: Team, dora: Workspace) -> None:
        edit(team.place, "pipelines/total.yml", "{notebook: notebooks/sum.ipynb}", SECOND)
        form = form_of(dora, "total")
        assert {name: one.default for name, one in form.schema.parameters.items() if "wait" in name} == {
            "sum.wait": 0.0,
            "more.wait": 0.5,
        }
        assert form.labels == {"sum.wait": "Wait (sum)", "more.wait": "Wait (more)"}

    def test_files_and_secrets_are_not_chosen_on_a_page(self, team: Team, dora: Workspace) -> None:
        parameters = "depth: int = 2\nsource: Path | None = None\nkey: SecretStr | None = None\nmust: Path"
        edit(team.place, "notebooks/alone.ipynb", "depth: int = 2", parameters)
        imports = "from pathlib import Path\nfrom pydantic import SecretStr"
        edit(team.place, "notebooks/alone.ipynb", "# Alone", f"# Alone\n{imports}")
        form = form_of(dora, "notebooks/alone.ipynb")
        assert list(form.schema.parameters) == ["depth"]
        assert (form.fixed, form.missing) == (("Source", "Key", "Must"), ("Must",))

    def test_a_matrix_is_not_a_field(self, team: Team, dora: Workspace) -> None:
        matrix = "{notebook: notebooks/sum.ipynb, matrix: {wait: [0.0, 0.1]}}"
        edit(team.place, "pipelines/total.yml", "{notebook: notebooks/sum.ipynb}", matrix)
        assert "wait" not in form_of(dora, "total").schema.parameters

    def test_beside_a_matrix_the_other_steps_have_fields_of_their_own(self, team: Team, dora: Workspace) -> None:
        matrix = SECOND.replace("sum.ipynb}", "sum.ipynb, matrix: {wait: [0.0, 0.1]}}", 1)
        edit(team.place, "pipelines/total.yml", "{notebook: notebooks/sum.ipynb}", matrix)
        form = form_of(dora, "total")
        assert [name for name in form.schema.parameters if "wait" in name] == ["more.wait"]
        assert form.labels == {"more.wait": "Wait (more)"}
        values = {name: str(one.default) for name, one in form.schema.parameters.items()}
        plan = make_plan(dora, read_pipeline(dora, "total"), values, base=dora.root)
        assert {step.name for step in plan.steps} == {"make", "sum", "more"}


SECOND = """{notebook: notebooks/sum.ipynb}
  more: {notebook: notebooks/sum.ipynb, parameters: {wait: 0.5}}"""


class TestPolicy:
    def test_somebody_without_a_role_is_refused_and_the_ledger_knows(self, team: Team) -> None:
        with team.acting("emil"):
            workspace = Workspace(team.root)
            with pytest.raises(NotForYou, match="do not let emil run scenarios") as caught:
                start_scenario(workspace, find_choice(workspace, "total"), {})
        assert caught.value.exit_status == 3
        (event,) = team.events("run refused")
        assert (event.actor, event.subject, event.environment) == ("emil", "pipelines/total.yml", "scenario")
        assert event.details["rules"] == ["role"]
        assert activities.latest(workspace) == []

    def test_what_changed_since_it_was_chosen_is_not_started(self, team: Team, dora: Workspace) -> None:
        choice = find_choice(dora, "total")
        edit(team.place, "notebooks/sum.ipynb", "time.sleep(wait)", "time.sleep(2 * wait)")
        with pytest.raises(NoLongerAsSeen, match="is not as it was when you chose it") as caught:
            start_scenario(dora, choice, {})
        assert "It was changed after it had been approved" in str(caught.value)
        assert team.events("run refused")[-1].details["rules"] == ["approval"]

    def test_other_approved_content_is_not_what_was_chosen(self, team: Team, dora: Workspace) -> None:
        choice = find_choice(dora, "notebooks/alone.ipynb")
        edit(team.place, "notebooks/alone.ipynb", "depth: int = 2", "depth: int = 3")
        team.commit("feat: deeper")
        team.submit("notebooks/alone.ipynb")
        team.decide("approve", "notebooks/alone.ipynb")
        assert find_choice(dora, "notebooks/alone.ipynb").available
        with pytest.raises(NoLongerAsSeen, match="and it was approved again"):
            start_scenario(dora, choice, {})

    def test_content_that_changes_after_the_look_is_refused_by_the_run(self, team: Team, dora: Workspace) -> None:
        def late(workspace: Workspace, kind: str, request: Any) -> str:
            edit(team.place, "notebooks/sum.ipynb", "time.sleep(wait)", "time.sleep(2 * wait)")
            return door.launch(workspace, kind, request)

        started = start_scenario(dora, find_choice(dora, "total"), {}, launch=late)
        last = ended(dora, started.activity)[-1]
        assert (last["status"], last["run"]) == ("refused", "")
        assert last["text"] == "It was not started: the rules of this project do not allow it now."
        log = (team.root / ".studio/apps/log").read_text()
        assert f"error {last['number']} in scenario (activity {started.activity})" in log
        assert "notebooks/sum.ipynb changed since its approval" in log

    def test_where_nobody_is_declared_everybody_may(self, team: Team) -> None:
        settings = team.root / "studio.toml"
        settings.write_text('version = 1\n\n[project]\nname = "open"\n')
        with team.acting("guest@example.org"):
            workspace = Workspace(team.root)
            asked: list[Any] = []
            start_scenario(
                workspace, find_choice(workspace, "total"), {}, launch=lambda *given: asked.append(given) or "1"
            )
        assert asked[0][2] == {"name": "total", "values": {}, "environment": "scenario"}


class TestDesk:
    def test_the_whole_way(self, team: Team, dora: Workspace) -> None:
        desk = Desk(dora)
        assert [choice["name"] for choice in desk.choices()] == ["notebooks/alone.ipynb", "total"]
        schema, labels, note = desk.form("total")
        assert (set(schema.parameters), labels, note) == ({"count", "step", "wait", "fail"}, {}, "")
        first = list(desk.watch(desk.start("total", {})))
        assert first[-1]["status"] == "completed", first[-1]
        assert [round(one["share"], 3) for one in first] == sorted(round(one["share"], 3) for one in first)
        second = list(desk.watch(desk.start("total", {"count": "5"})))[-1]
        assert second["status"] == "completed"
        (before,) = desk.earlier("total", before=second["run"])
        assert before["run"] == first[-1]["run"]

        result = desk.result(second["run"], before["run"])
        assert result["actor"] == "dora"
        assert result["given"] == ["Count: 5"]
        assert result["sentences"] == ["Total sum is 10, 4 more than in the earlier scenario."]
        changed = [(row["name"], row["now"], row["earlier"]) for row in result["values"] if row["words"]]
        assert changed == [("Count", "5", "4")]
        assert result["data"][0].startswith("Numbers: 5 rows, of ")
        kinds = [(one["kind"], one["caption"]) for one in result["exhibits"]]
        assert kinds == [
            ("figure", "The picture (sum)"),
            ("table", "The picture (sum)"),
            ("table", "Make numbers (make)"),
        ]
        assert result["exhibits"][0]["image"].startswith("data:image/png;base64,iVBOR")
        assert result["exhibits"][1]["table"]["body"] == [["them"]]
        assert "script" not in str(result)
        alone = desk.result(second["run"])
        assert alone["sentences"] == ["Total sum is 10."]

        record = activities.latest(dora)[0]
        assert record.title == "run total in scenario"
        accepted = team.events("run accepted")[-1]
        assert (accepted.actor, accepted.environment) == ("dora", "scenario")
        assert accepted.details["parameters"] == {"count": "5"}
        assert _tags(team.root, second["run"])["studio.actor"] == "dora"

    def test_a_step_that_fails_is_told_without_its_words(self, team: Team, dora: Workspace) -> None:
        desk = Desk(dora)
        last = list(desk.watch(desk.start("total", {"fail": "true"})))[-1]
        assert (last["status"], last["text"]) == ("failed", "It ended before it was done.")
        assert "secret of the engineers" not in str(last)
        log = (team.root / ".studio/apps/log").read_text()
        assert f"error {last['number']} in scenario (run {last['run']})" in log
        assert read_result(dora, last["run"]).failed == "sum"

    def test_a_scenario_is_stopped(self, team: Team, dora: Workspace) -> None:
        desk = Desk(dora)
        desk.choices()
        activity = desk.start("total", {"wait": "60"})
        (going,) = desk.under_way()
        assert (going["activity"], going["name"], going["title"]) == (activity, "total", "Total")
        for known in desk.watch(activity):
            if "sum" in known["text"]:
                desk.stop(activity)
        assert known["status"] == "stopped"
        assert known["text"] == "It was stopped before it was done."
        assert desk.under_way() == []

    def test_errors_are_told_without_commands(self, team: Team, dora: Workspace) -> None:
        desk = Desk(dora)
        with pytest.raises(Told, match="There is no scenario 'x'"):
            desk.form("x")
        edit(team.place, "notebooks/alone.ipynb", "depth: int = 2", "depth: int = 3")
        with pytest.raises(Told, match=r"Alone cannot be run\. It was changed after") as caught:
            desk.form("notebooks/alone.ipynb")
        assert "studio " not in str(caught.value)

    def test_a_value_that_does_not_fit_starts_nothing(self, dora: Workspace) -> None:
        with pytest.raises(Problems, match="count"):
            start_scenario(dora, find_choice(dora, "total"), {"count": "many"})
        assert activities.latest(dora) == []


def test_what_goes_on_is_a_scenario_by_where_it_runs(dora: Workspace) -> None:
    """Whatever its title says: a pipeline may be called so."""
    held = []
    for second, (name, environment) in enumerate([("what in scenario", "dev"), ("total", "scenario")]):
        folder = dora.root / f".studio/activities/20260101-00000{second}-aaaaaa"
        folder.mkdir(parents=True)
        asked = {"id": folder.name, "kind": "run", "title": f"run {name}", "names": [name]}
        asked |= {"started": "2026-01-01T00:00:00Z", "request": {"name": name, "environment": environment}}
        (folder / "request.json").write_text(json.dumps(asked))
        taken = try_lock(folder / "lock")
        assert taken is not None
        held.append(taken)
    assert [one.name for one in under_way(dora)] == ["total"]
    for descriptor in held:
        os.close(descriptor)


def test_the_door_starts_scenarios_and_nothing_else(team: Team, dora: Workspace) -> None:
    assert b"An app may start scenarios" in door.answer(dora, b'{"kind": "run", "request": {"name": "total"}}')
    assert b"An app may start scenarios" in door.answer(dora, b'{"kind": "test", "request": {"names": ["total"]}}')
    assert b"cannot be read" in door.answer(dora, b"{")
    assert b"cannot be read" in door.answer(dora, b'{"kind": 1}')
    assert activities.latest(dora) == []


def test_a_door_that_nobody_opens(dora: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(door.VARIABLE, str(tmp_path / "nobody"))
    with pytest.raises(door.NobodyThere, match="Next: open the page again"):
        door.launch(dora, "run", {})
    assert os.environ[door.VARIABLE]


def _tags(root: Path, run: str) -> dict[str, str]:
    from studio.pipelines.records import RunStore
    from studio.tracking.client import open_client
    from studio.tracking.store import tracking_uri

    workspace = Workspace(root)
    found = open_client(tracking_uri(workspace)).get_run(str(RunStore(workspace).read(run).mlflow_run_id))
    return dict(found.data.tags)
