"""The same against PostgreSQL, as a store of its own and behind a real `mlflow server`."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from studio.tracking import outbox
from studio.tracking.client import StoreUnavailable
from studio.tracking.inputs import DatasetInput
from studio.tracking.runs import RunGone, Tracker
from studio.tracking.store import prepare_store
from tests import servers

pytestmark = [pytest.mark.postgres, pytest.mark.heavy]

FIRST_USE = """
import sys, time
from pathlib import Path
from studio.core.workspace import Workspace
from studio.tracking.client import open_client
from studio.tracking.runs import Tracker
import mlflow, mlflow.store.tracking.sqlalchemy_store
tracker = Tracker(Workspace(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    run = tracker.begin_pipeline("churn", f"{sys.argv[2]}-{number}")
    tracker.end(run, "FINISHED")
"""


def together(root, processes: int, runs: int) -> None:
    """Let several processes use one fresh store for the first time in the same moment."""
    words = [sys.executable, "-c", FIRST_USE, str(root)]
    writers = [
        subprocess.Popen(
            [*words, str(number), str(runs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n", writer.communicate()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, err = writer.communicate(timeout=200)
        assert (writer.returncode, err) == (0, "")


def everything(tracker: Tracker, tmp_path) -> tuple[str, str]:
    """One run with all that a pipeline run records, checked by reading it back."""
    page = tmp_path / "p.html"
    page.write_text("say hunter2 é", encoding="utf-8")
    params = {"seed": 7, "long": "é" * 7000, "größe": 'q"u\no', **{f"p{n}": "é" * 5000 for n in range(150)}}
    parent = tracker.begin_pipeline("churn", "r1", params=params, tags={"note": "hunter2", "nul": "a\x00b"})
    step = tracker.begin_step(parent, "train[model=forest]", params={"model": "forest"}, attempt=2)
    tracker.log_inputs(step, [DatasetInput("a", "d" * 64, "/x", 3, [("n", "int64")])])
    tracker.log_metrics(step, {f"m{n}": n / 7 for n in range(1500)})
    tracker.log_artifacts(step, {"executed/train.html": page, "plan.json": "{}"})
    tracker.end(step, "FINISHED")
    tracker.end(parent, "FAILED")
    client = tracker._open()
    run, nested = client.get_run(parent), client.get_run(step)
    assert (run.info.status, nested.info.status) == ("FAILED", "FINISHED")
    assert run.data.params["größe"] == 'q"u\no'
    assert len(run.data.params) == 153
    assert run.data.tags["note"] == "***"
    assert nested.data.metrics["m1499"] == 1499 / 7
    assert [item.dataset.name for item in nested.inputs.dataset_inputs] == ["a"]
    assert sorted(file.path for file in client.list_artifacts(step)) == ["executed", "plan.json"]
    page = Path(client.download_artifacts(step, "executed/train.html", str(tmp_path)))
    assert page.read_text(encoding="utf-8") == "say *** é"
    whole = Path(client.download_artifacts(parent, "parameters.json", str(tmp_path)))
    assert json.loads(whole.read_text(encoding="utf-8")) == params
    assert tracker.find("churn", "r1") == parent
    with pytest.raises(RunGone):
        Tracker(tracker.workspace).reopen("0" * 32)
    return parent, step


def test_a_database_of_its_own(make_workspace, database, tmp_path):
    tracker = Tracker(make_workspace(uri=database), redact={"hunter2"})
    everything(tracker, tmp_path)
    assert tracker.kernel_environment(tracker.find("churn", "r1") or "")["MLFLOW_TRACKING_URI"].startswith(
        "postgresql+psycopg://"
    )


def test_a_wrong_password_is_told_without_it(make_workspace, database):
    made = make_workspace(uri=database.replace(servers.QUOTED, "sesame"))
    with pytest.raises(StoreUnavailable, match="password authentication failed") as caught:
        prepare_store(made)
    assert "sesame" not in str(caught.value)


def test_a_schema_of_another_mlflow_is_told_with_the_command(make_workspace, database, python):
    import psycopg

    made = make_workspace(uri=database)
    prepare_store(made)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'fromthefuture'")
    done = python(
        """
        import sys
        from pathlib import Path
        from studio.core.workspace import Workspace
        from studio.tracking.client import StoreUnavailable
        from studio.tracking.runs import Tracker
        try:
            Tracker(Workspace(Path(sys.argv[1]))).begin_pipeline("churn", "r1")
        except StoreUnavailable as error:
            print(error)
        """,
        str(made.root),
    )
    assert "out-of-date database schema" in done.stdout
    assert "mlflow db upgrade postgresql" in done.stdout
    assert servers.QUOTED not in done.stdout
    assert (done.stderr, done.returncode) == ("", 0)


def test_many_processes_use_a_fresh_database_first(make_workspace, database):
    made = make_workspace(uri=database)
    together(made.root, 4, 10)
    tracker = Tracker(made)
    assert all(tracker.find("churn", f"{process}-{run}") for process in range(4) for run in range(10))


def test_a_real_server(make_workspace, server, tmp_path, capfd):
    tracker = Tracker(make_workspace(uri=server), redact={"hunter2"})
    everything(tracker, tmp_path)
    assert capfd.readouterr() == ("", "")


def test_threads_on_a_real_server(make_workspace, server):
    tracker = Tracker(make_workspace(uri=server))
    parent = tracker.begin_pipeline("threads", "r1")

    def one(number: int) -> None:
        step = tracker.begin_step(parent, f"s{number}")
        tracker.log_inputs(step, [DatasetInput("same", "d" * 64)])
        tracker.end(step, "FINISHED")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    children = tracker.children(parent)
    assert len(children) == 24
    assert all(len(child.inputs.dataset_inputs) == 1 for child in children)


def test_a_kernel_logs_to_the_server(make_workspace, server, python):
    tracker = Tracker(make_workspace(uri=server))
    run = tracker.begin_pipeline("kernel", "r1")
    done = python(
        """
        import os
        from studio.tracking import adopt
        adopt.install(os.environ["MLFLOW_RUN_ID"])
        import mlflow
        mlflow.log_metric("auc", 0.5)
        mlflow.log_text("hello", "note.txt")
        """,
        environment=tracker.kernel_environment(run),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert tracker.metrics(run) == {"auc": 0.5}
    assert [file.path for file in tracker._open().list_artifacts(run)] == ["note.txt"]
    assert tracker._open().get_run(run).info.status == "RUNNING"


def test_the_outbox_reaches_the_server(make_workspace, server):
    made = make_workspace(uri=server)
    outbox.put(made, {"run": "late", "pipeline": "outbox", "status": "FINISHED", "steps": [{"key": "a"}]})
    assert outbox.flush(made) == 1
    tracker = Tracker(made)
    assert len(tracker.children(tracker.find("outbox", "late") or "")) == 1
