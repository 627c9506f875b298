"""A pipeline's functional test: its whole graph on sample data, in a state apart, and a look at what it made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from studio.core.errors import Problems, StudioError
from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.data.snapshots import SnapshotStore
from studio.pipelines import events
from studio.pipelines.run_record import StepRecord
from studio.pipelines.specification import Pipeline
from studio.workflows.run_pipeline import RunRequest, RunResult, start_run

NOT_STARTED = "runs on samples"
_STATUS = {"completed": "passed", "reused": "passed", "failed": "failed", "killed": "error", "not run": "error"}


class Stopped(KeyboardInterrupt):
    """A signal came; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


@dataclass(frozen=True)
class FunctionalRun:
    """What came of it: the run (None where none could be started) and a case for each step and each dataset."""

    result: RunResult | None
    cases: tuple[Case, ...]


def run_on_samples(
    workspace: Workspace,
    pipeline: Pipeline,
    listener: events.Listener,
    *,
    through: str | None = None,
    jobs: int | None = None,
) -> FunctionalRun:
    """Run `pipeline` on the samples of its sources, with the values of its ``sample:`` section.

    Parameters
    ----------
    workspace : Workspace
        The workspace; its real snapshots, runs and MLflow store are not touched.
    pipeline : Pipeline
        What to run.
    listener : events.Listener
        Told what happens.
    through : str, optional
        A step that is run with all that it needs, and nothing else.
    jobs : int, optional
        Steps at the same time.

    Raises
    ------
    Stopped
        When a signal ended the run: what was interrupted has found nothing out.
    """
    sampled = replace(workspace, sampled=True)
    request = RunRequest(
        name=pipeline.notebook or pipeline.name, base=workspace.root, through=through, jobs=jobs, environment="dev"
    )
    subject = pipeline.notebook or pipeline.shown
    try:
        result = start_run(sampled, pipeline.on_samples(), request, listener)
    except StudioError as error:
        return FunctionalRun(None, (not_started(subject, error),))
    if result.interrupted_by is not None:
        raise Stopped(result.interrupted_by)
    cases = [_step_case(subject, step) for step in result.record.steps.values() if not _left_out(step)]
    cases += _dataset_cases(sampled, subject, result)
    return FunctionalRun(result, tuple(cases))


def not_started(subject: str, error: StudioError) -> Case:
    """The case of a pipeline that cannot be run at all."""
    problems = error.problems if isinstance(error, Problems) else ()
    message = str(problems[0]) if problems else str(error)
    if len(problems) > 1:
        message = f"{len(problems)} problems; the first: {message}"
    return Case("pipeline", subject, NOT_STARTED, "error", message=message, detail=str(error))


def _left_out(step: StepRecord) -> bool:
    return step.status == "not run" and (step.verdict or {}).get("reason") == "left out by --only"


def _step_case(subject: str, step: StepRecord) -> Case:
    error = step.error or {}
    index = error.get("cell")
    message = str(error.get("message", ""))
    if step.status == "not run":
        message = "It was not run, because a step before it failed."
    elif index is not None:
        message = f"{step.notebook}: {message}"
    return Case(
        rung="pipeline",
        subject=subject,
        name=f"step {step.key}",
        status=_STATUS.get(step.status, "error"),  # type: ignore[arg-type]
        seconds=step.seconds or 0.0,
        message=message,
        detail="\n".join(error.get("traceback", ())),
        values={"notebook": step.notebook, "reused": step.status == "reused"}
        | ({"cell": index + 1} if index is not None else {}),
    )


def _dataset_cases(sampled: Workspace, subject: str, result: RunResult) -> Iterator[Case]:
    """Each dataset of a step that ran: kept, and not empty (its contract was checked when it was saved)."""
    store = SnapshotStore(sampled)
    done = {key for key, step in result.record.steps.items() if step.status in ("completed", "reused")}
    for name, writers in result.plan.writers.items():
        if not done.issuperset(writers):
            continue
        parts = store.latest(name)
        rows = sum(snapshot.rows for snapshot in parts.values())
        message = "" if rows else f"The dataset {name!r} has no rows when the pipeline runs on samples."
        yield Case(
            "pipeline",
            subject,
            f"dataset {name}",
            "passed" if rows else "failed",
            message=message,
            values={"rows": rows, "parts": len(parts)},
        )
