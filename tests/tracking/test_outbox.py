"""Runs recorded later, exactly once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from studio.core.locks import try_lock
from studio.tracking import outbox
from studio.tracking.client import StoreUnavailable, TrackingFailed
from studio.tracking.inputs import DatasetInput
from studio.tracking.runs import Tracker
from tests import servers

INPUT = DatasetInput("a", "d" * 64, "/x", 3, [("n", "int64")]).as_dict()
RECORD = {
    "run": "r1",
    "pipeline": "churn",
    "status": "FINISHED",
    "started": "2026-03-03T09:00:00.000Z",
    "ended": "2026-03-03T10:00:00.000Z",
    "tags": {"studio.reuse": "all"},
    "params": {"seed": 7},
    "artifacts": {"plan.json": "{}"},
    "steps": [
        {"key": "a", "params": {"x": "y"}, "metrics": {"auc": 0.5}, "inputs": [INPUT]},
        {"key": "b", "attempt": 2, "status": "FAILED", "artifacts": {"why.txt": "reused"}},
    ],
}


def check(workspace, run="r1") -> None:
    tracker = Tracker(workspace)
    parent = tracker.find("churn", run)
    assert parent is not None
    data = tracker._open().get_run(parent)
    assert (data.info.start_time, data.info.end_time) == (1772528400000, 1772532000000)
    assert (data.data.params, data.info.status) == ({"seed": "7"}, "FINISHED")
    steps = {run.data.tags["studio.step"]: run for run in tracker.children(parent)}
    assert len(tracker.children(parent)) == 2
    assert steps["a"].data.params == {"x": "y"}
    assert steps["a"].data.metrics == {"auc": 0.5}
    assert len(steps["a"].inputs.dataset_inputs) == 1
    assert (steps["b"].info.status, steps["b"].data.tags["studio.attempt"]) == ("FAILED", "2")
    experiment = data.info.experiment_id
    assert len(tracker._open().search_runs([experiment], f"tags.`studio.run` = '{run}'")) == 3


def test_put_needs_no_mlflow(workspace, python):
    done = python(
        """
        import json, sys
        from pathlib import Path
        from studio.core.workspace import Workspace
        from studio.tracking import outbox
        outbox.put(Workspace(Path(sys.argv[1])), json.loads(sys.argv[2]), redact=["7"])
        print([name for name in ("mlflow", "sqlalchemy", "pandas", "numpy") if name in sys.modules])
        """,
        str(workspace.root),
        json.dumps(RECORD),
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert [path.name for path in outbox.waiting(workspace)] == ["r1.json"]


def test_secrets_do_not_wait_on_the_disk(workspace):
    path = outbox.put(workspace, RECORD | {"params": {"p": "hunter2", "q": ["hunter2"]}}, redact={"hunter2"})
    assert "hunter2" not in path.read_text(encoding="utf-8")


def test_flushing_logs_and_removes(workspace):
    assert outbox.flush(workspace) == 0
    outbox.put(workspace, RECORD)
    outbox.put(workspace, RECORD | {"run": "r2"})
    assert outbox.flush(workspace) == 2
    assert outbox.flush(workspace) == 0
    assert outbox.waiting(workspace) == []
    check(workspace)
    check(workspace, "r2")


def test_flushing_the_same_again_logs_nothing_twice(workspace):
    for _ in range(2):
        outbox.put(workspace, RECORD)
        assert outbox.flush(workspace) == 1
    check(workspace)


@pytest.mark.parametrize("calls", range(1, 14))
def test_what_a_broken_flush_left_is_completed(workspace, monkeypatch, calls):
    """Break after each call to the store in turn, as a kill would, then flush again."""
    outbox.put(workspace, RECORD)
    native = Tracker._call
    left = iter(range(calls))

    class Killed(BaseException):
        pass

    def call(self, doing, what):
        if next(left, None) is None:
            raise Killed
        return native(self, doing, what)

    monkeypatch.setattr(Tracker, "_call", call)
    with pytest.raises(Killed):
        outbox.flush(workspace)
    monkeypatch.setattr(Tracker, "_call", native)
    assert outbox.flush(workspace) == 1
    check(workspace)


def test_a_record_that_cannot_be_logged_blocks_no_other(workspace):
    outbox.put(workspace, RECORD | {"run": "a1", "params": {"x": 1}})
    (outbox.folder(workspace) / "b1.json").write_text("no json", encoding="utf-8")
    (outbox.folder(workspace) / "b2.json").write_text('{"version": 99}', encoding="utf-8")
    (outbox.folder(workspace) / "b3.json").write_text('{"version": 1, "run": 3}', encoding="utf-8")
    outbox.put(workspace, RECORD)
    assert outbox.flush(workspace) == 2
    outbox.put(workspace, RECORD | {"run": "a1", "params": {"x": 2}})
    assert outbox.flush(workspace) == 0
    failed = outbox.folder(workspace) / "failed"
    assert sorted(path.name for path in failed.glob("*.json")) == ["a1.json", "b1.json", "b2.json", "b3.json"]
    assert "recording parameters" in (failed / "a1.txt").read_text(encoding="utf-8")
    assert "cannot be read as JSON" in (failed / "b1.txt").read_text(encoding="utf-8")
    assert outbox.waiting(workspace) == []


def test_everything_waits_while_the_store_is_away(make_workspace):
    made = make_workspace(uri=f"http://127.0.0.1:{servers.free_port()}")
    outbox.put(made, RECORD)
    with pytest.raises(StoreUnavailable):
        outbox.flush(made)
    assert len(outbox.waiting(made)) == 1


def test_a_tracker_does_not_wait_for_another_flush(workspace):
    outbox.put(workspace, RECORD)
    held = try_lock(outbox.folder(workspace) / "lock")
    assert held is not None
    try:
        assert outbox.flush_with(Tracker(workspace)) == 0
        assert len(outbox.waiting(workspace)) == 1
    finally:
        os.close(held)


def test_a_detached_process_flushes(workspace):
    Tracker(workspace).begin_pipeline("other", "r0")
    outbox.put(workspace, RECORD)
    begun = time.monotonic()
    number = outbox.flush_in_background(workspace)
    assert time.monotonic() - begun < 1
    os.waitpid(number, 0)
    assert (outbox.folder(workspace) / "flush.log").read_text(encoding="utf-8") == ""
    assert outbox.waiting(workspace) == []
    check(workspace)


@pytest.mark.slow
def test_two_processes_flush_at_once(workspace):
    for number in range(6):
        outbox.put(workspace, RECORD | {"run": f"r{number}"})
    words = [sys.executable, "-P", "-m", "studio.tracking.outbox", str(workspace.root)]
    for flushing in [subprocess.Popen(words) for _ in range(3)]:
        assert flushing.wait(120) == 0
    for number in range(6):
        check(workspace, f"r{number}")


def test_a_refusal_is_no_unavailability():
    assert not issubclass(TrackingFailed, StoreUnavailable)


def test_a_record_that_was_replaced_while_it_was_logged_is_logged_again(workspace, monkeypatch):
    outbox.put(workspace, RECORD)
    native = outbox._log

    def log_slowly(tracker, content):
        native(tracker, content)
        monkeypatch.setattr(outbox, "_log", native)
        outbox.put(workspace, RECORD | {"steps": [*RECORD["steps"], {"key": "c"}]})

    monkeypatch.setattr(outbox, "_log", log_slowly)
    outbox.flush(workspace)
    assert len(outbox.waiting(workspace)) == 1
    outbox.flush(workspace)
    assert outbox.waiting(workspace) == []
    tracker = Tracker(workspace)
    nested = tracker.children(tracker.find("churn", "r1"))
    assert sorted(run.data.tags["studio.step"] for run in nested) == ["a", "b", "c"]
