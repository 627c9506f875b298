"""MLflow imported silently, with nothing leaving the machine, and its failures told in sentences."""

from __future__ import annotations

import pytest

from studio.tracking.client import TrackingFailed, calling, reason_of
from studio.tracking.runs import Tracker
from studio.tracking.store import prepare_store, tracking_uri

WATCHED = """
import os, socket, sys
for name in ("PYTEST_CURRENT_TEST", "CI", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
    os.environ.pop(name, None)
asked = []
def refuse(*words, **named):
    asked.append(words)
    raise OSError("no network in this test")
socket.getaddrinfo = refuse
socket.socket.connect = refuse
import warnings
warnings.simplefilter("error")
from pathlib import Path
from studio.core.workspace import Workspace
from studio.tracking.runs import Tracker
tracker = Tracker(Workspace(Path(sys.argv[1])))
run = tracker.begin_pipeline("churn", "r1", params={"a": 1})
tracker.log_metrics(run, {"a": 1})
tracker.log_artifacts(run, {"a.txt": "x"})
tracker.end(run, "FINISHED")
from mlflow.telemetry.client import get_telemetry_client
assert get_telemetry_client() is None
import time
time.sleep(0.5)
assert not asked, asked
"""


def test_nothing_is_printed_warned_or_sent(workspace, python):
    done = python(WATCHED, str(workspace.root))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_kernel_sends_nothing_either(workspace, python):
    tracker = Tracker(workspace)
    run = tracker.begin_pipeline("churn", "r1")
    done = python(
        """
        import os, socket
        os.environ.pop("PYTEST_CURRENT_TEST", None)
        os.environ.pop("CI", None)
        asked = []
        socket.getaddrinfo = lambda *words, **named: asked.append(words)
        import mlflow
        mlflow.log_metric("x", 1)
        from mlflow.telemetry.client import get_telemetry_client
        assert get_telemetry_client() is None
        assert not asked, asked
        """,
        environment=tracker.kernel_environment(run),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_locked_database_is_tried_again(workspace):
    from mlflow.exceptions import MlflowException

    prepare_store(workspace)
    answers = iter(["(sqlite3.OperationalError) database is locked", "UNIQUE constraint failed: datasets.name", ""])

    def call(client):
        if reason := next(answers):
            raise MlflowException(reason)
        return "done"

    assert calling(tracking_uri(workspace), "trying", call) == "done"


def test_another_refusal_is_not(workspace):
    from mlflow.exceptions import MlflowException

    prepare_store(workspace)
    calls = []

    def call(client):
        calls.append(1)
        raise MlflowException("no such thing.\nmore words")

    with pytest.raises(TrackingFailed, match=r"failed while trying: no such thing\. Next: ") as caught:
        calling(tracking_uri(workspace), "trying", call)
    assert len(calls) == 1
    assert caught.value.code == "INTERNAL_ERROR"


def test_a_disk_that_fails_is_told(workspace):
    prepare_store(workspace)

    def call(client):
        raise OSError(28, "No space left on device")

    with pytest.raises(TrackingFailed, match="No space left on device"):
        calling(tracking_uri(workspace), "keeping artifacts", call)


def test_reasons_are_short_and_without_passwords():
    uri = "postgresql://me:sesame@host/x"
    assert reason_of(ValueError("cannot reach me:sesame@host.\nand more"), uri) == "cannot reach me:***@host"
    assert reason_of(ValueError(), uri) == "ValueError"
    assert len(reason_of(ValueError("x" * 1000), uri)) == 500
