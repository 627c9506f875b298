"""Runs: pages of the list, one run live, the executed notebook and the logs of a step."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from studio.server.routing import Model, Routes

routes = Routes("runs")


class RunsQuery(Model):
    """A page of runs, newest first."""

    pipeline: str = ""
    before: str = ""
    """Only runs older than this one (its identifier)."""
    limit: int = 100


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
    """The executed notebook, as Jupyter calls it."""
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
    """Which step of which run."""

    run: str
    step: str


class Executed(Model):
    """The executed notebook, copied to where Jupyter can open it, and the cell to show."""

    path: str
    cell: int | None
    """Index from 0 of the failed cell in the executed notebook; None where nothing failed."""
    source_path: str | None
    """The notebook to mend, as Jupyter calls it."""
    source_cell: int | None
    """Index from 0 of the failed cell there."""


class LogQuery(Model):
    """The text outputs of a step's executed notebook, cell by cell."""

    run: str
    step: str


class Log(Model):
    """What the step printed."""

    text: str
    cut: bool


# get "" RunsQuery -> Runs;  get "run" RunQuery -> Run
# stream "events" RunQuery -> Run   (the whole run, again whenever something changed; ends with the run)
# get "executed" ExecutedQuery -> Executed;  get "log" LogQuery -> Log
