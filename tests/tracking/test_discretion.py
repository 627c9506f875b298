"""What a notebook itself sends to MLflow: a real process, real MLflow, and no secret in the store."""

from __future__ import annotations

from pathlib import Path

from studio.tracking import discretion
from studio.tracking.runs import Tracker

SCRIPT = """
import os
from studio.tracking import adopt
adopt.install(os.environ["MLFLOW_RUN_ID"])
import mlflow
value = os.environ["KEY"]
mlflow.log_param("plain", value)
mlflow.log_param("number", 3)
mlflow.log_params({"listed": [value, 1], "other": "kept"})
mlflow.set_tag("said", f"it is {value}")
mlflow.set_tags({value: "the name"})
mlflow.log_metric(f"of {value}", 2.0)
mlflow.log_metrics({f"and {value}": 3.0})
mlflow.start_run(run_name="own")
mlflow.end_run()
with mlflow.start_run(run_name=f"run of {value}", tags={"t": value}):
    mlflow.log_param("nested", value)
"""


def test_secrets_are_replaced_before_they_are_sent(workspace, python):
    tracker = Tracker(workspace)
    run = tracker.begin_step(tracker.begin_pipeline("churn", "r1"), "train")
    environment = {**tracker.kernel_environment(run), "KEY": "hush-hush-4711", discretion.VARIABLE: "UNSET,KEY"}
    done = python(SCRIPT, environment=environment)
    assert done.returncode == 0, done.stderr
    data = tracker._open().get_run(run).data
    assert data.params == {"plain": "***", "number": "3", "listed": "['***', 1]", "other": "kept"}
    assert data.tags["said"] == "it is ***"
    assert data.tags["redacted"] == "the name"
    assert data.metrics == {"of redacted": 2.0, "and redacted": 3.0}
    (nested,) = tracker.children(run)
    assert nested.info.run_name == "run of ***"
    assert (nested.data.tags["t"], nested.data.params) == ("***", {"nested": "***"})
    for file in Path(workspace.state).rglob("*"):
        assert not file.is_file() or b"hush-hush" not in file.read_bytes(), file


def test_without_secrets_mlflow_is_left_as_it_is(monkeypatch):
    monkeypatch.setenv(discretion.VARIABLE, "")
    assert discretion.secret_values() == frozenset()
    discretion.guard()
    from mlflow.tracking._tracking_service.client import TrackingServiceClient

    assert not hasattr(TrackingServiceClient.set_tag, "__wrapped__")
