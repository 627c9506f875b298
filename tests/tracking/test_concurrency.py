"""Many processes on one SQLite store: the first use of all at once, and writers that are killed."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from studio.tracking.runs import Tracker

pytestmark = pytest.mark.heavy

WRITER = """
import sys
from pathlib import Path
from studio.core.workspace import Workspace
from studio.tracking.inputs import DatasetInput
from studio.tracking.runs import Tracker
import mlflow, mlflow.store.tracking.sqlalchemy_store
tracker = Tracker(Workspace(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    run = tracker.begin_pipeline("churn", f"{sys.argv[2]}-{number}", params={"n": number})
    step = tracker.begin_step(run, "a", params={"n": number})
    tracker.log_inputs(step, [DatasetInput("same", f"{number:064x}")])
    tracker.log_metrics(step, {"n": number})
    tracker.end(step, "FINISHED")
    tracker.end(run, "FINISHED")
"""


def start(root, name: str, runs: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", WRITER, str(root), name, str(runs)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def release(writers) -> None:
    for writer in writers:
        assert writer.stdout.readline() == "ready\n", writer.communicate()
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()


def test_first_use_by_many_processes_loses_nothing(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # no template either
    writers = [start(workspace.root, str(number), 25) for number in range(8)]
    release(writers)
    for writer in writers:
        _, err = writer.communicate(timeout=240)
        assert (writer.returncode, err) == (0, "")
    tracker = Tracker(workspace)
    runs = tracker._search([tracker._experiment("test/churn")], "")
    assert len(runs) == 8 * 25 * 2
    assert {run.info.status for run in runs} == {"FINISHED"}
    steps = [run for run in runs if "studio.step" in run.data.tags]
    assert len(steps) == 200
    assert all(len(run.inputs.dataset_inputs) == 1 and "n" in run.data.metrics for run in steps)


def test_killed_writers_leave_an_intact_database(workspace):
    Tracker(workspace).begin_pipeline("churn", "before")
    moments = random.Random(7)
    for trial in range(3):
        writers = [start(workspace.root, f"{trial}.{number}", 10_000) for number in range(3)]
        release(writers)
        for writer in writers:
            time.sleep(moments.uniform(0.1, 0.6))
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
        connection = sqlite3.connect(workspace.state / "mlflow.db")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
    tracker = Tracker(workspace)
    left = tracker._search([tracker._experiment("test/churn")], "attributes.status = 'RUNNING'")
    for run in left:
        tracker.end(run.info.run_id, "KILLED")
    assert tracker.begin_pipeline("churn", "after")
    assert len(left) > 1
