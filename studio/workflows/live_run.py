"""A run as it stands now, and again whenever something changed: its record, and how far the cells of its steps are.

The record is the truth, whoever started the run. Cells are told by the activity that drives it from here, where one
does; a run that was started in a shell shows its steps only.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from studio.core.errors import Missing
from studio.core.workspace import Workspace, find_workspace
from studio.notebooks.document import is_notebook
from studio.pipelines.records import FILE, RunStore
from studio.pipelines.run_heads import RunPage
from studio.pipelines.run_record import RunRecord
from studio.pipelines.specification import list_pipelines, name_of_notebook, pipeline_of_notebook
from studio.workflows.activities import Activity, Tail, latest, tail_of

_LOOK_FOR_ACTIVITY = 1.0
_LOOK_FOR_LIFE = 2.0
_MOST_ACTIVITIES = 50


@dataclass(frozen=True)
class LiveRun:
    """A run as it stands.

    Attributes
    ----------
    workspace : Workspace
        Where.
    record : RunRecord
        The run.
    activity : str
        The activity that drives it and can be stopped; "" where none does.
    cells : mapping
        For steps that run: how many cells have finished, and of how many.
    """

    workspace: Workspace
    record: RunRecord
    activity: str = ""
    cells: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.record.status != "running"


def page_of_runs(pipeline: str, before: str, limit: int) -> RunPage:
    """Up to `limit` runs that are older than the run `before`, newest first.

    Of all, of one pipeline by its name, or of one notebook by its path in the workspace.

    Raises
    ------
    Missing
        When there is neither a run nor a file of it.
    """
    from studio.core.identifiers import suggest

    workspace = find_workspace()
    name = name_of_notebook(pipeline) if is_notebook(pipeline) else pipeline
    page = RunStore(workspace).page(pipeline=name, before=before, limit=limit)
    if page.total:
        return page
    if is_notebook(pipeline):
        pipeline_of_notebook(workspace, pipeline)  # which says that there is none
    elif pipeline and pipeline not in (known := list_pipelines(workspace)):
        raise Missing(f"There is no pipeline {pipeline[:100]!r}, and no run of one. {suggest(pipeline, known)}")
    return page


def look_at_run(name: str) -> LiveRun:
    """The run `name`: an identifier, the unique start of one, or "last".

    Raises
    ------
    BadInput
        When there is none (Missing), several begin so, or its record cannot be read.
    """
    return RunWatch(name).now


class RunWatch:
    """Looks at one run again and again.

    Parameters
    ----------
    name : str
        As for `look_at_run`, which raises the same.

    Attributes
    ----------
    now : LiveRun
        The run as it was last seen.
    """

    def __init__(self, name: str) -> None:
        self._workspace = find_workspace()
        self._store = RunStore(self._workspace)
        self._tail: Tail | None = None
        self._activity = ""
        self._cells: dict[str, tuple[int, int]] = {}
        self._looked_for_activity = float("-inf")
        record = self._store.read(name)
        self._path = self._workspace.runs / record.id / FILE
        self._seen = _state(self._path)
        self._looked_for_life = time.monotonic()
        self.now = self._seen_as(record)

    def look(self) -> bool:
        """Whether something changed; `now` is then as it stands."""
        before, state, at = self.now, _state(self._path), time.monotonic()
        record = before.record
        if state != self._seen or at - self._looked_for_life >= _LOOK_FOR_LIFE:
            self._seen, self._looked_for_life = state, at
            record = self._store.read(record.id)  # where nothing was written its runner may have died
        self.now = self._seen_as(record)
        return self.now != before

    def _seen_as(self, record: RunRecord) -> LiveRun:
        if record.status != "running":
            return LiveRun(self._workspace, record)
        self._follow(record)
        running = {key: step for key, step in record.steps.items() if step.status == "running"}
        cells = {key: self._cells[key] for key in running if key in self._cells}
        return LiveRun(self._workspace, record, self._activity, cells)

    def _follow(self, record: RunRecord) -> None:
        now = time.monotonic()
        if self._tail is None and now - self._looked_for_activity >= _LOOK_FOR_ACTIVITY:
            self._looked_for_activity = now
            driving = driver_of(self._workspace, record.id)
            if driving is not None:
                self._activity, self._tail = driving.id, tail_of(self._workspace, driving.id)
        if self._tail is None:
            return
        try:
            told = self._tail.new()
        except Missing:  # its folder was damaged meanwhile; the run is told without its cells
            self._activity, self._tail, self._cells = "", None, {}
            return
        for event in told:
            if event.kind == "step started":
                self._cells.pop(event.step, None)
            elif event.kind == "cell":
                self._cells[event.step] = (event.done, event.total)
        if self._tail.ended:
            self._activity, self._tail, self._cells = "", None, {}


def driver_of(workspace: Workspace, run: str) -> Activity | None:
    """The living activity that drives `run`; None where it was started elsewhere."""
    return next((one for one in latest(workspace, _MOST_ACTIVITIES) if one.alive and one.run == run), None)


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
