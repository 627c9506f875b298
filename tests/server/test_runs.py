from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import BadInput, Missing
from studio.core.workspace import Workspace, working_in
from studio.pipelines.records import RunStore
from studio.pipelines.run_heads import pipeline_of
from studio.pipelines.specification import pipeline_of_notebook
from studio.server.place import Place as Root
from studio.server.routes import runs as routes
from tests.conftest import Place, notebook

PARAMETERS = ("parameters", "limit: int = 1  # of it")
CELLS = (
    PARAMETERS,
    ("scratch", "1 / 0"),
    'print("\\x1b[31mred\\x1b[0m")',
    ("test", "def test_it():\n    assert limit"),
    "if limit > 1:\n    raise ValueError('too much')",
    "limit",
)


@pytest.fixture
def root(place: Place) -> Iterator[Root]:
    place.write("notebooks/it.ipynb", notebook(*CELLS))
    place.write("pipelines/it.yml", "version: 1\nsteps:\n  it: {notebook: notebooks/it.ipynb}\n")
    with working_in(place.root):
        yield Root(place.root)


def run(place: Root, **given: str) -> routes.Run:
    from studio.workflows.run_pipeline import RunRequest, run_pipeline

    result = run_pipeline(RunRequest("it", given, place.root), lambda _: None)
    return routes.run(place, routes.RunQuery(run=result.record.id))


def step_query(found: routes.Run, step: str = "it") -> routes.ExecutedQuery:
    return routes.ExecutedQuery(run=found.run, step=step)


@pytest.mark.slow
def test_a_run_and_its_failing_cell(root: Root, place: Place) -> None:
    found = run(root, limit="2")
    assert (found.pipeline, found.status, found.given, found.counts) == ("it", "failed", {"limit": "2"}, {"failed": 1})
    (step,) = found.steps
    assert step.error is not None
    assert (step.error.ename, step.error.evalue, step.error.cell) == ("ValueError", "too much", 4)
    assert step.error.cell_id == "cell-4"
    assert step.error.traceback
    assert not any("\x1b" in line for line in step.error.traceback)
    assert step.lab_path == "notebooks/it.ipynb"
    assert step.executed == f"studio-run:{found.run}/it.ipynb"
    assert step.mlflow == f"/mlflow/#/runs/{step.mlflow.rpartition('/')[2]}" if step.mlflow else False

    executed = routes.executed(root, step_query(found))
    content = routes.document(root, step_query(found)).content
    assert executed.cell is not None
    assert content["cells"][executed.cell]["id"] == "cell-4" == executed.cell_id
    assert executed.cell == 3  # the values that were given come in, scratch and tests stay out
    assert executed.path == step.executed

    log = routes.log(root, routes.LogQuery(run=found.run, step="it"))
    assert log.text.startswith("── cell 3 ──\nred\n")
    assert "── cell 5 ──" in log.text
    assert "ValueError: too much" in log.text
    assert (log.cut, "\x1b" in log.text) == (False, False)

    page = routes.page(root, routes.RunsQuery())
    assert [(row.run, row.status, row.problem) for row in page.runs] == [(found.run, "failed", "")]


def fake(workspace: Workspace, identifier: str = "20260101-000000-aaaaaa", **step: Any) -> dict[str, Any]:
    """A run's record as it lies on the disk, with one step."""
    told = {"key": "it", "name": "it", "run": identifier, "status": "completed", "attempt": 1, **step}
    times = {"started": "2026-01-01T00:00:00.000Z", "ended": "2026-01-01T00:00:01.000Z", "seconds": 1.0}
    record = {"format": 1, "run": identifier, "pipeline": "it", "name": "it", "status": "completed", **times}
    record |= {"environment": "dev", "actor": "", "counts": {"completed": 1}, "steps": [told]}
    folder = workspace.runs / identifier
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(record, separators=(",", ":")))
    return record


def left(workspace: Workspace, content: Any, identifier: str = "20260101-000000-aaaaaa") -> Path:
    """An executed notebook of that step."""
    path = workspace.runs / identifier / "steps" / "it" / "attempt-1" / "executed.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_what_a_step_printed_is_bounded(root: Root) -> None:
    workspace = root.workspace
    fake(workspace)
    content = notebook(*(["x"] * 30))
    for cell in content["cells"]:
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "y" * 150_000}]
    left(workspace, content)
    log = routes.log(root, routes.LogQuery(run="last", step="it"))
    assert log.cut
    assert 1_000_000 < len(log.text) < 1_100_000


@pytest.mark.parametrize("content", ["", "{}", '{"cells": 1}', '{"cells": [1]}', '{"cells": [{}]}', "[]"])
def test_a_damaged_executed_notebook_says_so(root: Root, content: str) -> None:
    fake(root.workspace)
    left(root.workspace, content)
    for ask in (routes.executed, routes.document):
        with pytest.raises(BadInput, match=r"Next: run the pipeline from it again"):
            ask(root, routes.ExecutedQuery(run="last", step="it"))


@pytest.mark.parametrize("named", ["../../../etc/passwd", "/etc/passwd", "notebooks/it.ipynb", ".studio/ledger.db"])
def test_a_record_cannot_name_files_elsewhere(root: Root, named: str) -> None:
    fake(root.workspace, executed_notebook=named, attempt=0)
    assert routes.run(root, routes.RunQuery(run="last")).steps[0].executed is None
    with pytest.raises(Missing, match="has no executed notebook"):
        routes.document(root, routes.ExecutedQuery(run="last", step="it"))


def test_a_step_that_was_killed_shows_how_far_it_was_saved(root: Root) -> None:
    fake(root.workspace, status="killed", error={"kind": "killed", "cell": None, "message": "It died."})
    left(root.workspace, notebook("1", "2"))
    executed = routes.executed(root, routes.ExecutedQuery(run="last", step="it"))
    assert (executed.cell, executed.status) == (None, "killed")


def test_what_is_not_there(root: Root) -> None:
    with pytest.raises(Missing, match="no run yet"):
        routes.run(root, routes.RunQuery(run="last"))
    fake(root.workspace)
    with pytest.raises(Missing, match="no run 'nothing'"):
        routes.run(root, routes.RunQuery(run="nothing"))
    with pytest.raises(Missing, match="no step 'train'"):
        routes.executed(root, routes.ExecutedQuery(run="last", step="train"))
    with pytest.raises(Missing, match="no pipeline 'other'"):
        routes.page(root, routes.RunsQuery(pipeline="other"))
    assert routes.page(root, routes.RunsQuery(pipeline="it")).total == 1


def test_names_beyond_reason_are_missing_and_told_in_short(root: Root) -> None:
    run(root)
    for name in ("9" * 300, "9" * 100_000, "\u0663" * 200, "9\0"):
        with pytest.raises(Missing, match="There is no run") as caught:
            routes.run(root, routes.RunQuery(run=name))
        assert len(str(caught.value)) < 400
    (row,) = routes.page(root, routes.RunsQuery()).runs
    for call in (
        lambda: routes.executed(root, routes.ExecutedQuery(run=row.run, step="s" * 100_000)),
        lambda: routes.page(root, routes.RunsQuery(pipeline="p" * 100_000)),
    ):
        with pytest.raises(BadInput) as refused:
            call()
        assert len(str(refused.value)) < 400


def test_the_runs_of_a_notebook_are_asked_for_by_its_path(root: Root, place: Place) -> None:
    place.write("notebooks/it.py", "# %%\n1\n")
    for path, made_up in (("notebooks/it.ipynb", "notebooks-it"), ("notebooks/it.py", None)):
        assert routes.page(root, routes.RunsQuery(pipeline=path)).total == 0
        name = made_up or pipeline_of_notebook(root.workspace, path).name
        record = fake(root.workspace)
        record |= {"pipeline": name, "name": path, "steps": record.pop("steps")}
        file = root.workspace.runs / record["run"] / "run.json"
        file.write_text(json.dumps(record, separators=(",", ":")))
        pipeline_of.cache_clear()
        assert [row.name for row in routes.page(root, routes.RunsQuery(pipeline=path)).runs] == [path]
    with pytest.raises(Missing, match=r"notebooks/gone\.md does not exist"):
        routes.page(root, routes.RunsQuery(pipeline="notebooks/gone.md"))


def test_mlflow_of_its_own_server(root: Root, place: Place) -> None:
    record = fake(root.workspace, mlflow_run_id="abc")
    place.write("studio.toml", 'version = 1\n[tracking]\nuri = "https://mlflow.example.org/"\n')
    found = routes.run(root, routes.RunQuery(run=record["run"]))
    assert found.steps[0].mlflow == "https://mlflow.example.org/#/runs/abc"


def test_a_run_is_watched_until_it_ends(root: Root) -> None:
    from studio.pipelines.run_record import RunRecord, StepRecord

    workspace = root.workspace
    store = RunStore(workspace)
    record = RunRecord(id="20260101-000000-bbbbbb", pipeline="it", name="it", started="2026-01-01T00:00:00.000Z")
    record.steps = {"it": StepRecord(key="it", name="it", run=record.id)}
    store.create(record)

    def go_on(status: str) -> None:
        record.steps["it"].status = status
        record.status = "completed" if status == "completed" else "running"
        store.save(record)

    async def watch() -> list[tuple[str, str]]:
        seen = []
        async for found in routes.events(root, routes.RunQuery(run=record.id)):
            seen.append((found.status, found.steps[0].status))
            if len(seen) <= 2:
                status = ("running", "completed")[len(seen) - 1]
                threading.Timer(0.4, go_on, [status]).start()
        return seen

    with store.holding(record):
        seen = asyncio.run(asyncio.wait_for(watch(), 30))
    assert seen == [("running", "waiting"), ("running", "running"), ("completed", "completed")]


def test_a_watched_run_whose_runner_dies_is_killed(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.pipelines.run_record import RunRecord, StepRecord
    from studio.workflows import live_run

    monkeypatch.setattr(live_run, "_LOOK_FOR_LIFE", 0.1)
    store = RunStore(root.workspace)
    record = RunRecord(id="20260101-000000-bbbbbb", pipeline="it", name="it", started="2026-01-01T00:00:00.000Z")
    record.steps = {"it": StepRecord(key="it", name="it", run=record.id, status="running", attempt=1)}
    store.create(record)

    async def watch() -> list[str]:
        seen = []
        async for found in routes.events(root, routes.RunQuery(run=record.id)):
            seen.append(found.status)
            store._release(record.id)  # as when its process is killed: the lock is free, and nothing is written
        return seen

    assert asyncio.run(asyncio.wait_for(watch(), 30)) == ["running", "killed"]


def test_a_run_that_is_not_there_is_not_watched(root: Root) -> None:
    async def watch() -> None:
        async for _ in routes.events(root, routes.RunQuery(run="nothing")):
            pass

    with pytest.raises(Missing):
        asyncio.run(watch())


def test_how_far_the_cells_are(root: Root) -> None:
    """Told by the activity that drives the run, of steps that run and of nothing else."""
    from studio.core.locks import try_lock
    from studio.pipelines.run_record import RunRecord, StepRecord
    from studio.workflows.activities.events import EventWriter

    workspace = root.workspace
    store = RunStore(workspace)
    record = RunRecord(id="20260101-000000-bbbbbb", pipeline="it", name="it", started="2026-01-01T00:00:00.000Z")
    record.steps = {
        key: StepRecord(key=key, name=key, run=record.id, status=status, attempt=1)
        for key, status in (("it", "running"), ("done", "completed"), ("again", "running"))
    }
    store.create(record)
    folder = workspace.root / ".studio/activities/20260101-000000-cccccc"
    folder.mkdir(parents=True)
    asked = {"id": folder.name, "kind": "run", "title": "run it", "names": ["it"], "started": "2026-01-01T00:00:00Z"}
    (folder / "request.json").write_text(json.dumps(asked))
    held = try_lock(folder / "lock")
    assert held is not None
    told = EventWriter(folder / "events.jsonl")
    told.tell("run", run=record.id)
    for step in ("it", "done", "again"):
        told.tell("cell", step=step, done=3, total=4)
    told.tell("step started", step="again", attempt=2)
    found = routes.run(root, routes.RunQuery(run=record.id))
    assert found.activity == folder.name
    assert {step.key: (step.done, step.total) for step in found.steps} == {
        "it": (3, 4),
        "done": (0, 0),
        "again": (0, 0),
    }
    told.tell("ended", status="completed")
    assert routes.run(root, routes.RunQuery(run=record.id)).activity == ""
