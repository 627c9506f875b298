"""Run a pipeline or a notebook, and continue a run that failed or was killed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from studio.core import clock
from studio.core.errors import BadInput
from studio.core.identifiers import new_run_id, suggest
from studio.core.readiness import check_state
from studio.core.report import Case, Report
from studio.core.workspace import Workspace, find_workspace
from studio.pipelines import events
from studio.pipelines.plan import Plan, make_plan
from studio.pipelines.records import RunRecord, RunStore, StillRunning
from studio.pipelines.runner import Runner, RunOptions
from studio.pipelines.specification import Pipeline
from studio.tracking.store import ready_store, tracking_uri
from studio.workflows.check_inputs import check_inputs
from studio.workflows.choose_pipeline import choose_pipeline
from studio.workflows.upkeep import settle_runs

if TYPE_CHECKING:
    from studio.workflows.guard_run import Admission


class AlreadyComplete(BadInput):
    """A run that came to its end cannot be continued."""

    def __init__(self, run: str, name: str) -> None:
        super().__init__(f"Run {run} is complete, nothing is left to do. Next: studio run {name}")


@dataclass(frozen=True)
class RunRequest:
    """What a person asked for.

    Attributes
    ----------
    name : str
        A pipeline's name, or the path of a notebook.
    given : mapping
        Parameter values as typed: ``name`` or ``step.name`` -> text.
    base : Path
        The folder against which relative paths among the values are taken.
    jobs : int or None
        Steps at the same time; None: as studio.toml says.
    force : bool
        Run every step, reuse none.
    start : str or None
        A step that runs again with all that follows from it.
    only : str or None
        The one step to run, on the latest snapshots.
    through : str or None
        A step that runs with all that it needs, and nothing else.
    environment : str
        The environment to run in, whose rules have to hold.
    """

    name: str
    given: Mapping[str, str] = field(default_factory=dict)
    base: Path = field(default_factory=Path.cwd)
    jobs: int | None = None
    force: bool = False
    start: str | None = None
    only: str | None = None
    through: str | None = None
    environment: str = "dev"


@dataclass(frozen=True)
class RunResult:
    """How a run ended, and where its parts are."""

    workspace: Workspace
    plan: Plan
    record: RunRecord
    tracking_uri: str
    problems: tuple[str, ...]
    interrupted_by: int | None

    @property
    def exit_status(self) -> int:
        """0 completed, 1 failed (a step or a gate), 128 + the signal's number when a signal ended it."""
        if self.interrupted_by is not None:
            return 128 + self.interrupted_by
        return 0 if self.record.status == "completed" and not self.failed_gates else 1

    @property
    def gates(self) -> tuple[Case, ...]:
        """The gates that were judged at the run's end."""
        return tuple(Case.from_dict(case) for case in self.record.gates)

    @property
    def failed_gates(self) -> tuple[Case, ...]:
        """Those of them that do not hold."""
        return tuple(case for case in self.gates if not case.ok)

    def as_dict(self) -> dict[str, Any]:
        """The run's record with stable keys, for ``--json``."""
        return {**self.record.as_dict(), "tracking_uri": self.tracking_uri, "problems": list(self.problems)}


def run_pipeline(request: RunRequest, listener: events.Listener) -> RunResult:
    """Run what was asked for.

    Raises
    ------
    BadInput, Problems
        When anything that was given or declared is wrong; nothing has been started then.
    RunRefused
        When a rule of the environment does not hold; nothing has been started then.
    """
    workspace = find_workspace()
    pipeline = choose_pipeline(workspace, request.name, request.base)
    return start_run(workspace, pipeline, request, listener)


def start_run(workspace: Workspace, pipeline: Pipeline, request: RunRequest, listener: events.Listener) -> RunResult:
    """`run_pipeline` for a pipeline at hand."""
    store = RunStore(workspace)
    settle_runs(workspace, store)
    plan = make_plan(workspace, pipeline, request.given, base=request.base)
    options = _options(workspace, plan, request)
    admission = _admit(workspace, pipeline, plan, request.environment)
    check_inputs(workspace, plan, options.only)
    check_state(workspace)
    ready_store(workspace)
    record = store.create(_new_record(plan, request, admission))
    return _run(_Start(workspace, pipeline, plan, admission), record, store, options, listener)


def resume_run(name: str, jobs: int | None, listener: events.Listener) -> RunResult:
    """Continue run `name` (an identifier, the unique start of one, or "last") at its first unfinished step.

    The steps that it completed are kept as long as nothing that they depend on has changed since.

    Raises
    ------
    BadInput, Problems
        When there is no such run, it is still running or has nothing left to do, or its plan can no longer be made.
    """
    workspace = find_workspace()
    store = RunStore(workspace)
    settle_runs(workspace, store)
    record = store.read(name)
    if record.status == "running":
        raise StillRunning(record.id)
    if record.status == "completed":
        raise AlreadyComplete(record.id, record.name)
    pipeline = choose_pipeline(workspace, record.name, Path(record.base))
    request = RunRequest(
        name=record.name,
        given=record.given,
        base=Path(record.base),
        jobs=jobs,
        force=record.force,
        start=record.start,
        only=record.only,
        environment=record.environment,
    )
    plan = make_plan(workspace, pipeline, request.given, base=request.base)
    done = {key: step for key, step in record.steps.items() if step.status in ("completed", "reused")}
    options = _options(workspace, plan, request)
    options = replace(options, force=options.force - done.keys(), done=done)
    admission = _admit(workspace, pipeline, plan, request.environment)
    check_inputs(workspace, plan, options.only)
    check_state(workspace)
    ready_store(workspace)
    record = store.reopen(record, plan.steps)
    return _run(_Start(workspace, pipeline, plan, admission), record, store, options, listener)


@dataclass(frozen=True)
class _Start:
    """What a run starts from."""

    workspace: Workspace
    pipeline: Pipeline
    plan: Plan
    admission: Admission | None


def _new_record(plan: Plan, request: RunRequest, admission: Admission | None) -> RunRecord:
    record = RunRecord(
        id=new_run_id(),
        pipeline=plan.pipeline,
        name=request.name,
        given=dict(request.given),
        base=str(request.base),
        force=request.force,
        start=request.start,
        only=request.only,
        started=clock.to_text(clock.now()),
        environment=request.environment,
        actor=admission.actor.name if admission else "",
    )
    return record.awaiting(plan.steps)


def _options(workspace: Workspace, plan: Plan, request: RunRequest) -> RunOptions:
    if request.start is not None and request.only is not None:
        raise BadInput("--from and --only contradict each other. Next: give one of the two.")
    keys = [step.key for step in plan.steps]
    force = frozenset(keys) if request.force else frozenset()
    if request.start is not None:
        force |= _after(plan, _named(plan, request.start, "--from"))
    only = None if request.only is None else frozenset(_named(plan, request.only, "--only"))
    if request.through is not None:
        only = _before(plan, _named(plan, request.through, "through"))
    return RunOptions(jobs=request.jobs or workspace.settings.running.jobs, force=force, only=only)


def _named(plan: Plan, name: str, option: str) -> set[str]:
    found = {step.key for step in plan.steps if name in (step.name, step.key)}
    if not found:
        known = {step.name for step in plan.steps}
        raise BadInput(f"{option} {name}: the pipeline {plan.pipeline} has no such step. {suggest(name, known)}")
    return found


def _before(plan: Plan, last: set[str]) -> frozenset[str]:
    reached = set(last)
    for step in reversed(plan.steps):
        if step.key in reached:
            reached.update(step.needs)
    return frozenset(reached)


def _after(plan: Plan, first: set[str]) -> frozenset[str]:
    reached = set(first)
    for step in plan.steps:  # in topological order, so one pass is enough
        if reached.intersection(step.needs):
            reached.add(step.key)
    return frozenset(reached)


def _run(
    start: _Start, record: RunRecord, store: RunStore, options: RunOptions, listener: events.Listener
) -> RunResult:
    runner = Runner(start.workspace, start.plan, record, store, options, listener)
    with store.holding(record), _signals(runner) as caught:
        if start.admission is not None:
            start.admission.accepted(record)
        try:
            record = runner.run()
            _judge(start, record, store)
        finally:
            if start.admission is not None:
                start.admission.ended(record)
    return RunResult(
        workspace=start.workspace,
        plan=start.plan,
        record=record,
        tracking_uri=tracking_uri(start.workspace),
        problems=runner.problems,
        interrupted_by=caught[0] if caught else None,
    )


def _admit(workspace: Workspace, pipeline: Pipeline, plan: Plan, environment: str) -> Admission | None:
    """The admission to a guarded environment; an unguarded one costs neither the ledger nor its imports."""
    if not workspace.settings.environment(environment).guarded:
        return None
    from studio.workflows.guard_run import admit

    return admit(workspace, pipeline, plan, environment)


def _judge(start: _Start, record: RunRecord, store: RunStore) -> None:
    """Judge the pipeline's gates where the environment demands them, and keep what came of it with the run."""
    if start.admission is None or "gates" not in start.admission.rules.requires or record.status != "completed":
        return
    from studio.pipelines.gates.judging import judge
    from studio.workflows.attach_report import attach_report

    cases = judge(start.workspace, start.pipeline, record)
    record.gates = [case.as_dict() for case in cases]
    store.save(record)
    if record.mlflow_run_id is not None and cases:
        attach_report(start.workspace, record.mlflow_run_id, Report.of(cases), "gates")


@contextmanager
def _signals(runner: Runner) -> Iterator[list[int]]:
    """SIGINT, SIGTERM and SIGHUP stop the runner while the block lasts; the numbers of those that came."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        caught.append(number)
        runner.cancel()

    numbers = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if os.name == "posix" else [])
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield caught
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
