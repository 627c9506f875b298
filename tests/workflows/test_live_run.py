"""A run as it stands, also where the activity that drives it cannot be read any more."""

from __future__ import annotations

import json
import os

from studio.core.locks import try_lock
from studio.core.workspace import Workspace, working_in
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord
from studio.workflows.activities.events import FILE, EventWriter
from studio.workflows.activities.records import LOCK, home
from studio.workflows.activities.requests import REQUEST
from studio.workflows.live_run import RunWatch
from tests.conftest import Place


def test_events_that_cannot_be_read_any_more_cost_the_cells_and_not_the_run(place: Place) -> None:
    workspace = Workspace(place.root)
    record = RunRecord(id="20260101-000000-bbbbbb", pipeline="it", name="it", started="2026-01-01T00:00:00.000Z")
    RunStore(workspace).create(record)
    folder = home(workspace) / "20260101-000000-cccccc"
    held = try_lock(folder / LOCK)
    assert held is not None
    asked = {"id": folder.name, "kind": "run", "title": "run it", "names": ["it"], "started": record.started}
    (folder / REQUEST).write_text(json.dumps(asked), encoding="utf-8")
    EventWriter(folder / FILE).tell("run", run=record.id)
    with working_in(place.root):
        watch = RunWatch(record.id)
        assert watch.now.activity == folder.name
        with (folder / FILE).open("ab") as file:
            file.write(b"[]\n")
        assert watch.look()
        assert (watch.now.record.status, watch.now.activity) == ("running", "")
    os.close(held)
