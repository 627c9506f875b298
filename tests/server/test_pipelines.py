from __future__ import annotations

from collections.abc import Iterator

import pytest

from studio.core.errors import BadInput, Missing
from studio.core.workspace import working_in
from studio.server.place import Place as Root
from studio.server.routes import pipelines as routes
from tests.conftest import Place
from tests.pipelines.churn import PIPELINE, make_churn


@pytest.fixture
def root(place: Place) -> Iterator[Root]:
    make_churn(place)
    with working_in(place.root):
        yield Root(place.root)


def look(root: Root, name: str = "churn", *, verdicts: bool = True) -> routes.Pipeline:
    return routes.pipeline(root, routes.PipelineQuery(name=name, verdicts=verdicts))


def test_the_list_with_latest_runs(root: Root, place: Place) -> None:
    from tests.server.test_runs import fake

    place.write("pipelines/broken.yml", "version: 1\nstep: {}\n")
    place.write("pipelines/it.yml", "version: 1\ndescription: more\nsteps:\n  it: {notebook: notebooks/it.ipynb}\n")
    fake(root.workspace)
    broken, churn, it = routes.list_(root).pipelines
    assert (broken.name, broken.steps, broken.last_status) == ("broken", 0, "")
    assert "There is no key 'step' here" in broken.problem
    assert (churn.name, churn.steps, churn.problem, churn.last_status) == ("churn", 5, "", "")
    assert (it.description, it.last_status) == ("more", "completed")
    assert it.last_started == "2026-01-01T00:00:00.000Z"


def test_a_whole_pipeline(root: Root) -> None:
    found = look(root)
    assert (found.problem, found.problems) == ("", [])
    assert (found.path, found.sources, found.schedule) == ("pipelines/churn.yml", ["telco"], None)
    assert [step.key for step in found.steps] == [
        "ingest",
        "spending",
        "support",
        "train[model=logistic]",
        "train[model=forest]",
        "train[model=boosting]",
        "evaluate",
    ]
    train = found.steps[3]
    assert (train.name, train.part, train.needs) == ("train", "model=logistic", ["spending", "support"])
    assert (train.loads, train.saves) == (["spending", "support"], ["scores"])
    assert train.values == {"folds": 5, "model": "logistic", "seed": 7}
    assert train.lab_path == "notebooks/train.ipynb"
    assert train.verdict is not None
    assert (train.verdict.reuse, train.verdict.undecided) == (False, False)
    assert found.steps[0].verdict == routes.Verdict(reuse=False, undecided=False, reason="it has not completed before")
    assert {field.name: field.steps for field in found.fields} == {
        "seed": ["support", "train"],
        "folds": ["train"],
        "limit": ["evaluate"],
    }
    assert list(found.json_schema["properties"]) == ["seed", "folds", "limit"]
    assert found.state == "draft"
    assert set(found.states.values()) == {"draft"}
    assert "notebooks/train.ipynb" in found.states
    assert look(root, verdicts=False).steps[0].verdict is None


def test_what_jupyter_does_not_show_has_no_path(root: Root, place: Place) -> None:
    found = routes.pipeline(Root(place.root / "notebooks"), routes.PipelineQuery(name="churn"))
    assert (found.path, found.steps[0].lab_path) == (None, "ingest.ipynb")


def test_a_notebook_that_jupyter_does_not_show_is_not_looked_at(root: Root, place: Place) -> None:
    place.notebook("private/p.ipynb", "1")
    place.notebook("private/P.IPYNB", "1")
    below = Root(place.root / "notebooks")
    for name in ("private/p.ipynb", "private/P.IPYNB", "notebooks/../private/p.ipynb", str(place.root / "private/p")):
        with pytest.raises(BadInput, match="outside of the folder that Jupyter shows"):
            look(below, name)
    assert look(below, "notebooks/train.ipynb").steps[0].lab_path == "train.ipynb"
    with pytest.raises(Missing, match="There is no pipeline 'Churn'"):
        look(below, "Churn")


def test_a_broken_file_says_where(root: Root, place: Place) -> None:
    place.write("pipelines/churn.yml", PIPELINE.replace("timeout", "timeot"))
    found = look(root)
    assert "There is no key 'timeot' here. Did you mean 'timeout'?" in found.problem
    (wrong,) = found.problems
    assert (wrong.path, wrong.line, wrong.field) == ("pipelines/churn.yml", 12, "steps.train.timeot")
    assert (found.steps, found.fields, found.path) == ([], [], "pipelines/churn.yml")


def test_a_missing_notebook_leaves_the_rest(root: Root, place: Place) -> None:
    (place.root / "notebooks/support.ipynb").unlink()
    found = look(root)
    assert "notebooks/support.ipynb does not exist" in found.problem
    assert [step.name for step in found.steps] == ["ingest", "spending", "support", "train", "evaluate"]
    train = found.steps[3]
    assert (train.needs, train.verdict, train.values) == (["spending"], None, {})
    assert "notebooks/support.ipynb" not in found.states
    assert found.state == ""
    assert "folds" in [field.name for field in found.fields]


def test_a_value_that_does_not_fit_leaves_the_graph(root: Root, place: Place) -> None:
    place.write("pipelines/churn.yml", PIPELINE.replace("folds: 5", "folds: five"))
    found = look(root)
    assert found.problems[0].path == "pipelines/churn.yml"
    assert [step.needs for step in found.steps if step.name == "evaluate"] == [["ingest", "train"]]


def test_a_circle(root: Root, place: Place) -> None:
    place.write("pipelines/churn.yml", PIPELINE.replace("ingest: {", "ingest: {after: [evaluate], "))
    found = look(root)
    assert found.problem
    assert {step.name for step in found.steps} == {"ingest", "spending", "support", "train", "evaluate"}


def test_a_value_that_a_run_must_be_given_is_asked_for(root: Root, place: Place) -> None:
    place.notebook("notebooks/ingest.ipynb", ("parameters", "day: str  # which"), *saving("telco", "customers"))
    found = look(root)
    assert found.problem == ""
    assert next((field.name, field.required) for field in found.fields) == ("day", True)
    assert found.json_schema["required"] == ["day"]
    assert [step.name for step in found.steps] == ["ingest", "spending", "support", "train", "evaluate"]


def saving(loads: str, saves: str) -> list[str]:
    return [f'import studio\nframe = studio.load("{loads}")', f'studio.save("{saves}", frame)']


def test_a_source_that_is_gone(root: Root, place: Place) -> None:
    (place.root / "data/telco.csv").unlink()
    found = look(root)
    assert "data/telco.csv" in found.problem
    assert len(found.steps) == 7
    assert found.steps[0].verdict is None
    assert look(root, verdicts=False).problem == ""


def test_a_ledger_that_is_damaged_costs_the_approvals_alone(root: Root, place: Place) -> None:
    place.write(".studio/ledger.db", "no database at all, and long enough to be looked at\n" * 100)
    found = look(root)
    assert "ledger" in found.problem
    assert (len(found.steps), found.states) == (7, {})


def test_a_schedule(root: Root, place: Place) -> None:
    place.write("pipelines/churn.yml", PIPELINE + "schedule: {cron: 30 6 * * mon, timezone: Europe/Berlin}\n")
    schedule = look(root).schedule
    assert schedule is not None
    assert (schedule.cron, schedule.timezone, schedule.environment) == ("30 6 * * mon", "Europe/Berlin", "dev")
    assert schedule.next is not None


def test_names_that_are_none(root: Root) -> None:
    for name in ("other", "", "catalog", "notebooks/none.ipynb"):
        with pytest.raises(Missing):
            look(root, name)
    for name in ("../churn", "../../etc/passwd.ipynb", "/etc/passwd.ipynb"):
        with pytest.raises(BadInput, match="outside the workspace"):
            look(root, name)


def test_a_notebook_is_a_pipeline_of_one_step(root: Root) -> None:
    found = look(root, "notebooks/train.ipynb")
    assert (found.path, found.state, [step.notebook for step in found.steps]) == (None, "", ["notebooks/train.ipynb"])
    assert found.states == {"notebooks/train.ipynb": "draft"}


def test_what_is_submitted_waits(root: Root, place: Place) -> None:
    from studio.ledger.ledger import open_ledger
    from studio.workflows.content_states import contents_named

    (content,) = contents_named(root.workspace, ["notebooks/train.ipynb"], place.root)
    details = {"submission": "20260101-000000-aaaaaa", "fingerprint": content.fingerprint.digest, "ok": True}
    open_ledger(root.workspace).append("submitted", actor="anna", subject=content.subject, details=details)
    assert look(root).states["notebooks/train.ipynb"] == "submitted"
    open_ledger(root.workspace).append("rejected", actor="bob", subject=content.subject, details=details)
    assert look(root).states["notebooks/train.ipynb"] == "draft"


def test_notebooks_become_steps(root: Root, place: Place) -> None:
    place.notebook("notebooks/more.ipynb", "1")
    written = routes.add(root, routes.AddStep(pipeline="churn", notebook="notebooks/more.ipynb"))
    assert written == routes.Written(path="pipelines/churn.yml", pipeline="churn")
    assert "more" in [step.name for step in look(root).steps]
    below = Root(place.root / "notebooks")  # where Jupyter was started in a folder of the workspace
    written = routes.new(below, routes.NewPipeline(name="fresh", notebooks=["more.ipynb"], description="more"))
    assert written == routes.Written(path="pipelines/fresh.yml", pipeline="fresh")
    assert look(root, "fresh").description == "more"
    with pytest.raises(BadInput, match="outside"):
        routes.add(below, routes.AddStep(pipeline="churn", notebook="../more.ipynb"))
