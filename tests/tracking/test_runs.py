"""Runs, on the default store; test_servers repeats the core of it on a real server."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.tracking import outbox
from studio.tracking.client import StoreUnavailable, TrackingFailed
from studio.tracking.inputs import DatasetInput
from studio.tracking.runs import RunGone, Tracker


@pytest.fixture
def tracker(workspace):
    return Tracker(workspace)


def get(tracker, identity):
    return tracker._open().get_run(identity)


def artifact(tracker, identity, path) -> str:
    folder = get(tracker, identity).info.artifact_uri.removeprefix("file://")
    return (Path(folder) / path).read_text(encoding="utf-8")


def test_a_pipeline_run_with_a_step(tracker):
    parent = tracker.begin_pipeline("churn", "r1", tags={"studio.git": "abc"}, params={"seed": 7, "on": True})
    step = tracker.begin_step(parent, "train[model=forest]", tags={"x": "y"}, params={"model": "forest"})
    tracker.log_metrics(step, {"auc": 0.9, "loss": math.nan})
    tracker.end(step, "FINISHED")
    tracker.end(parent, "FINISHED")
    run, nested = get(tracker, parent), get(tracker, step)
    assert run.data.params == {"seed": "7", "on": "true"}
    assert run.data.tags["studio.git"] == "abc"
    assert run.info.run_name == "churn r1"
    assert (nested.data.tags["mlflow.parentRunId"], nested.info.run_name) == (parent, "train[model=forest]")
    assert (nested.data.tags["studio.run"], nested.data.tags["studio.step"]) == ("r1", "train[model=forest]")
    assert (nested.info.status, run.info.status) == ("FINISHED", "FINISHED")
    assert tracker.metrics(step)["auc"] == 0.9
    assert [child.info.run_id for child in tracker.children(parent)] == [step]
    assert tracker._open().get_experiment(run.info.experiment_id).name == "test/churn"


def test_each_attempt_is_a_run_with_parameters_of_its_own(tracker):
    parent = tracker.begin_pipeline("churn", "r1")
    first = tracker.begin_step(parent, "train", params={"depth": 3})
    tracker.end(first, "FAILED")
    second = tracker.begin_step(parent, "train", params={"depth": 4}, attempt=2)
    assert get(tracker, first).data.params == {"depth": "3"}
    assert get(tracker, second).data.params == {"depth": "4"}
    assert get(tracker, second).info.run_name == "train (attempt 2)"
    assert get(tracker, second).data.tags["studio.attempt"] == "2"


def test_datasets(tracker):
    step = tracker.begin_pipeline("churn", "r1")
    given = [DatasetInput("a", "d" * 64, "/x", 3, [("n", "int64")]), DatasetInput("b", "e" * 64)]
    tracker.log_inputs(step, given)
    tracker.log_inputs(step, given)
    tracker.log_inputs(step, [])
    recorded = get(tracker, step).inputs.dataset_inputs
    assert sorted(item.dataset.name for item in recorded) == ["a", "b"]


def test_values_beyond_the_limits_are_whole_in_an_artifact(tracker):
    long = {"long": "é" * 7000, "what?": [1, 2], "plain": "x"}
    run = tracker.begin_pipeline("churn", "r1", params=long, tags={"long": "t" * 9000})
    kept = get(tracker, run).data
    assert len(kept.params["long"]) == 6000
    assert kept.params["long"].endswith("[cut]")
    assert kept.params["plain"] == "x"
    assert len(kept.tags["long"]) == 8000
    assert json.loads(artifact(tracker, run, "parameters.json")) == long


def test_many_of_everything(tracker):
    run = tracker.begin_pipeline("churn", "r1", params={f"p{n}": "é" * 5000 for n in range(250)})
    tracker.set_tags(run, {f"t{n}": n for n in range(250)})
    tracker.log_metrics(run, {f"m{n}": n for n in range(2500)})
    kept = get(tracker, run).data
    assert (len(kept.params), len(kept.metrics)) == (250, 2500)
    assert kept.tags["t249"] == "249"


def test_hostile_names_and_values_arrive(tracker):
    params = {"größe": "q\"u'o\nte\\", "a?b": "../x", "nul": "a\x00b", "lone": "\ud800", "big": 10**400}
    run = tracker.begin_pipeline("churn", "r1", params=params, tags={"a[b]": "'; DROP TABLE runs; --"})
    kept = get(tracker, run).data
    assert kept.params["größe"] == "q\"u'o\nte\\"
    assert kept.params["big"] == str(10**400)
    assert len(kept.params) == len(params)
    assert "'; DROP TABLE runs; --" in kept.tags.values()


def test_artifacts(tracker, tmp_path):
    page = tmp_path / "other name.html"
    page.write_text("<p>é</p>", encoding="utf-8")
    run = tracker.begin_pipeline("churn", "r1")
    tracker.log_artifacts(run, {"executed/train.html": page, "plan.json": "{}"})
    tracker.log_artifacts(run, {})
    assert artifact(tracker, run, "executed/train.html") == "<p>é</p>"
    assert artifact(tracker, run, "plan.json") == "{}"


def test_secrets_reach_nothing(workspace, tmp_path):
    tracker = Tracker(workspace, redact={"hunter2", 'q"uote'})
    page = tmp_path / "p.html"
    page.write_text("say hunter2", encoding="utf-8")
    run = tracker.begin_pipeline(
        "churn",
        "r1",
        params={"p": "x hunter2", "nested": {"a": 'q"uote'}, "long": "hunter2" * 1000},
        tags={"error": "no hunter2"},
    )
    step = tracker.begin_step(run, "step hunter2", params={"hunter2": 1})
    tracker.set_tags(step, {"hunter2": "hunter2"})
    tracker.log_metrics(step, {"hunter2": 1})
    tracker.log_inputs(step, [DatasetInput("d", "x", "https://me:hunter2@host")])
    tracker.log_artifacts(step, {"p.html": page, "notebook.ipynb": json.dumps({"text": ['q"uote', "hunter2"]})})
    tracker._open().search_runs(["1"])
    for path in workspace.state.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"hunter2" not in content, path
            assert b'q"uote' not in content, path
            assert b'q\\"uote' not in content, path


def test_times_may_be_given(tracker):
    begun, ended = datetime(2026, 3, 3, 9, tzinfo=UTC), datetime(2026, 3, 3, 10, tzinfo=UTC)
    run = tracker.begin_pipeline("churn", "r1", started=begun)
    tracker.end(run, "KILLED", ended=ended)
    info = get(tracker, run).info
    assert (info.start_time, info.end_time, info.status) == (1772528400000, 1772532000000, "KILLED")


def test_runs_that_nobody_ended_end_with_their_parent(tracker):
    parent = tracker.begin_pipeline("churn", "r1")
    done = tracker.begin_step(parent, "a")
    tracker.end(done, "FINISHED")
    left = tracker.begin_step(parent, "b")
    inner = tracker.begin_step(left, "c")
    tracker.end(parent, "KILLED")
    assert [get(tracker, run).info.status for run in (parent, done, left, inner)] == [
        "KILLED", "FINISHED", "KILLED", "KILLED",
    ]  # fmt: skip


def test_a_run_is_reopened_by_another_tracker(tracker, workspace):
    run = tracker.begin_pipeline("churn", "r1")
    tracker.end(run, "FAILED")
    again = Tracker(workspace)
    again.reopen(run)
    assert get(again, run).info.status == "RUNNING"
    step = again.begin_step(run, "late")
    assert get(again, step).data.tags["studio.run"] == "r1"


def test_a_run_that_is_gone_is_told(tracker):
    run = tracker.begin_pipeline("churn", "r1")
    tracker._open().delete_run(run)
    fresh = Tracker(tracker.workspace)
    for identity in (run, "0" * 32, "no id: '"):
        with pytest.raises(RunGone, match="is not in sqlite:"):
            fresh.reopen(identity)


def test_a_run_is_found_by_its_own_id(tracker):
    run = tracker.begin_pipeline("churn", "r1")
    tracker.begin_step(run, "a")
    assert tracker.find("churn", "r1") == run
    assert tracker.find("churn", "r2") is None
    assert tracker.find("other", "r1") is None


def test_changing_a_parameter_is_refused_in_one_sentence(tracker):
    run = tracker.begin_pipeline("churn", "r1", params={"a": 1})
    tracker.log_params(run, {"a": 1})
    with pytest.raises(TrackingFailed, match="failed while recording parameters"):
        tracker.log_params(run, {"a": 2})


def test_a_deleted_experiment_is_told_with_the_command(tracker):
    run = tracker.begin_pipeline("churn", "r1")
    experiment = get(tracker, run).info.experiment_id
    tracker._open().delete_experiment(experiment)
    with pytest.raises(TrackingFailed, match=f"mlflow experiments restore -x {experiment}"):
        Tracker(tracker.workspace).begin_pipeline("churn", "r2")


def test_the_environment_of_a_kernel(tracker, workspace):
    run = tracker.begin_pipeline("churn", "r1")
    step = tracker.begin_step(run, "a")
    for one in (tracker, Tracker(workspace)):
        environment = one.kernel_environment(step)
        assert environment["MLFLOW_RUN_ID"] == step
        assert environment["MLFLOW_TRACKING_URI"] == f"sqlite:///{workspace.root}/.studio/mlflow.db"
        assert environment["MLFLOW_EXPERIMENT_NAME"] == "test/churn"
        assert environment["MLFLOW_DISABLE_TELEMETRY"] == environment["DO_NOT_TRACK"] == "true"
        assert json.loads(environment["MLFLOW_RUN_CONTEXT"]) == {"mlflow.parentRunId": step}


def test_many_threads_share_a_tracker(tracker):
    parent = tracker.begin_pipeline("churn", "r1")

    def one(number: int) -> None:
        step = tracker.begin_step(parent, f"s{number}", params={"n": number})
        tracker.log_inputs(step, [DatasetInput("same", "d" * 64), DatasetInput(f"own{number}", "e" * 64)])
        tracker.log_metrics(step, {"n": number})
        tracker.end(step, "FINISHED")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(16)))
    children = tracker.children(parent)
    assert len(children) == 16
    assert all(len(child.inputs.dataset_inputs) == 2 for child in children)
    assert sorted(child.data.metrics["n"] for child in children) == list(range(16))


def test_a_waiting_record_goes_first(workspace):
    outbox.put(workspace, {"run": "r0", "pipeline": "churn", "status": "FINISHED"})
    tracker = Tracker(workspace)
    run = tracker.begin_pipeline("churn", "r1")
    assert tracker.find("churn", "r0")
    assert run == tracker.find("churn", "r1")
    assert outbox.waiting(workspace) == []


def test_making_a_tracker_imports_nothing(workspace, python):
    done = python(
        """
        import sys
        from pathlib import Path
        from studio.core.workspace import Workspace
        from studio.tracking.runs import Tracker
        Tracker(Workspace(Path(sys.argv[1])))
        print([name for name in ("mlflow", "sqlalchemy", "pandas", "numpy") if name in sys.modules])
        """,
        str(workspace.root),
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_every_error_is_one_of_ours():
    assert all(issubclass(error, StudioError) for error in (RunGone, TrackingFailed, StoreUnavailable))
