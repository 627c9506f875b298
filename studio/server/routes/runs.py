"""Runs: pages of the list, one run live, the executed notebook and the logs of a step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue

from studio.core.workspace import working_in
from studio.server.place import Place
from studio.server.routing import Model, Routes

if TYPE_CHECKING:
    from studio.pipelines.run_record import StepRecord
    from studio.workflows.live_run import LiveRun, RunWatch

routes = Routes("runs")


class RunsQuery(Model):
    """A page of runs, newest first."""

    pipeline: str = ""
    """Only the runs of this pipeline, or of this notebook, by its path in the workspace."""
    before: str = ""
    """Only runs older than this one (its identifier)."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class Row(Model):
    """One run in the list."""

    run: str
    pipeline: str
    name: str
    status: str
    started: str | None
    seconds: float | None
    environment: str
    actor: str
    counts: dict[str, int]
    problem: str
    """Why its record cannot be read."""


class Runs(Model):
    """A page."""

    runs: list[Row]
    total: int
    more: bool


class RunQuery(Model):
    """Which run: an identifier, the start of one, or "last"."""

    run: str


class StepError(Model):
    """How a step failed."""

    kind: str
    message: str
    ename: str
    evalue: str
    traceback: list[str]
    """With terminal colours taken out."""
    cell: int | None
    """From 0, in the notebook's source."""
    cell_id: str
    source: str


class StepRun(Model):
    """One step of a run."""

    key: str
    name: str
    part: str
    status: str
    attempt: int
    started: str | None
    ended: str | None
    seconds: float | None
    done: int
    total: int
    """Cells finished and cells in all, while it runs and this is known; else 0."""
    notebook: str
    lab_path: str | None
    executed: str | None
    """The executed notebook as `Executed.path`; None where there is none (yet)."""
    values: dict[str, JsonValue]
    metrics: dict[str, JsonValue]
    outputs: list[str]
    reason: str
    """Why it ran or was reused."""
    reused_from: str | None
    mlflow: str | None
    """Address of its MLflow run in the MLflow UI behind Jupyter."""
    error: StepError | None


class Run(Model):
    """One run."""

    run: str
    pipeline: str
    name: str
    status: str
    started: str | None
    ended: str | None
    seconds: float | None
    environment: str
    actor: str
    given: dict[str, str]
    counts: dict[str, int]
    mlflow: str | None
    activity: str
    """The activity that drives it from here and can be stopped; "" where it was started elsewhere."""
    steps: list[StepRun]
    gates: list[dict[str, Any]]


class ExecutedQuery(Model):
    """Which step of which run: the step's key, or its name."""

    run: str
    step: str


class Executed(Model):
    """A step's executed notebook, and the cell to show.

    It lies under .studio/, which Jupyter does not show, and showing hidden files would open much else. So it is no file
    to Jupyter: ``runs/document`` gives its content, and JupyterLab shows it through a read-only drive named `DRIVE`
    (an ``IDrive`` of the extension whose ``get`` asks ``runs/document``), where nobody can edit what once ran.
    """

    path: str
    """On that drive: ``studio-run:RUN/STEP.ipynb``; what stands between the colon and ``.ipynb`` is run and key."""
    run: str
    step: str
    """The step's key."""
    status: str
    cell: int | None
    """Index from 0 of the failed cell in the executed notebook; None where nothing failed."""
    cell_id: str


class ExecutedDocument(Model):
    """The content of an executed notebook, as Jupyter's contents API would give it."""

    name: str
    path: str
    content: dict[str, Any]
    """The notebook in nbformat 4, as it was executed."""
    modified: str
    size: int


class LogQuery(Model):
    """The text outputs of a step's executed notebook, cell by cell."""

    run: str
    step: str


class Log(Model):
    """What the step printed."""

    text: str
    cut: bool


DRIVE = "studio-run"
MLFLOW = "mlflow"
"""Where MLflow's pages are, behind Jupyter's address: the name under which jupyter-server-proxy knows them."""
_LOOK_EVERY = 0.25


@routes.get()
def page(place: Place, asked: RunsQuery) -> Runs:
    """A page of runs; only these are read."""
    from studio.workflows.live_run import page_of_runs

    del place
    found = page_of_runs(asked.pipeline, asked.before, asked.limit)
    rows = [
        Row(
            run=head.run,
            pipeline=head.pipeline,
            name=head.name,
            status=head.status,
            started=head.started,
            seconds=head.seconds,
            environment=head.environment,
            actor=head.actor,
            counts=head.counts or {},
            problem=head.problem,
        )
        for head in found.heads
    ]
    return Runs(runs=rows, total=found.total, more=found.more)


@routes.get("run")
def run(place: Place, asked: RunQuery) -> Run:
    """One run as it stands."""
    from studio.workflows.live_run import look_at_run

    return _run(place, look_at_run(asked.run))


@routes.stream("events")
async def events(place: Place, asked: RunQuery) -> AsyncIterator[Run]:
    """The whole run, and again whenever something changed, to its end."""
    watch = await asyncio.to_thread(_watch, place, asked.run)
    yield await asyncio.to_thread(_run, place, watch.now)
    while not watch.now.over:
        await asyncio.sleep(_LOOK_EVERY)
        if await asyncio.to_thread(watch.look):
            yield await asyncio.to_thread(_run, place, watch.now)


@routes.get("executed")
def executed(place: Place, asked: ExecutedQuery) -> Executed:
    """Where a step's executed notebook is shown, and which of its cells failed."""
    from studio.workflows.executed_step import find_executed

    del place
    found = find_executed(asked.run, asked.step)
    cell = found.failed_cell
    return Executed(
        path=_on_drive(found.record.id, found.step),
        run=found.record.id,
        step=found.step.key,
        status=found.step.status,
        cell=cell,
        cell_id="" if cell is None else str(found.content["cells"][cell].get("id", "")),
    )


@routes.get("document")
def document(place: Place, asked: ExecutedQuery) -> ExecutedDocument:
    """The executed notebook itself."""
    from datetime import UTC, datetime

    from studio.core import clock
    from studio.workflows.executed_step import find_executed

    del place
    found = find_executed(asked.run, asked.step)
    state = found.path.stat()
    return ExecutedDocument(
        name=f"{found.step.key}.ipynb",
        path=_on_drive(found.record.id, found.step),
        content=dict(found.content),
        modified=clock.to_text(datetime.fromtimestamp(state.st_mtime, UTC)),
        size=state.st_size,
    )


@routes.get("log")
def log(place: Place, asked: LogQuery) -> Log:
    """What a step printed."""
    from studio.workflows.executed_step import printed

    del place
    text, cut = printed(asked.run, asked.step)
    return Log(text=text, cut=cut)


def _watch(place: Place, name: str) -> RunWatch:
    from studio.workflows.live_run import RunWatch

    with working_in(place.root):
        return RunWatch(name)


def _run(place: Place, live: LiveRun) -> Run:
    record = live.record
    mlflow = _mlflow(place, live)
    return Run(
        run=record.id,
        pipeline=record.pipeline,
        name=record.name,
        status=record.status,
        started=record.started,
        ended=record.ended,
        seconds=record.seconds,
        environment=record.environment,
        actor=record.actor,
        given=record.given,
        counts=record.counts(),
        mlflow=f"{mlflow}{record.mlflow_run_id}" if record.mlflow_run_id else None,
        activity=live.activity,
        steps=[_step(place, live, step, mlflow) for step in record.steps.values()],
        gates=record.gates,
    )


def _step(place: Place, live: LiveRun, step: StepRecord, mlflow: str) -> StepRun:
    from studio.workflows.executed_step import executed_path

    done, total = live.cells.get(step.key, (0, 0))
    outputs = [f"{name}[{part}]" if part else name for name, parts in step.outputs.items() for part in parts]
    kept = executed_path(live.workspace, live.record, step)
    return StepRun(
        key=step.key,
        name=step.name,
        part=step.part,
        status=step.status,
        attempt=step.attempt,
        started=step.started,
        ended=step.ended,
        seconds=step.seconds,
        done=done,
        total=total,
        notebook=step.notebook,
        lab_path=place.lab_path(step.notebook),
        executed=None if kept is None else _on_drive(live.record.id, step),
        values=step.values,
        metrics=step.metrics,
        outputs=outputs,
        reason=str((step.verdict or {}).get("reason", "")),
        reused_from=step.reused_from,
        mlflow=f"{mlflow}{step.mlflow_run_id}" if step.mlflow_run_id else None,
        error=None if step.error is None else _error(live, step),
    )


def _error(live: LiveRun, step: StepRecord) -> StepError:
    from studio.notebooks.review.output_text import plain
    from studio.workflows.executed_step import failed_cell_id

    told = step.error or {}
    lines = told.get("traceback")
    texts = {key: str(told.get(key) or "") for key in ("kind", "message", "ename", "evalue", "source")}
    return StepError(
        **texts,
        traceback=plain(lines, 100_000, "\n").split("\n") if lines else [],
        cell=told.get("cell"),
        cell_id=failed_cell_id(live.workspace, live.record, step),
    )


def _on_drive(run: str, step: StepRecord) -> str:
    return f"{DRIVE}:{run}/{step.key}.ipynb"


def _mlflow(place: Place, live: LiveRun) -> str:
    """What stands before an MLflow run's id: the page of MLflow's own server, or of the one behind Jupyter."""
    from studio.tracking.store import is_server, tracking_uri

    uri = tracking_uri(live.workspace)
    return f"{uri if is_server(uri) else f'{place.base_url}{MLFLOW}'}/#/runs/"
