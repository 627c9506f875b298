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
from typing import Any

from studio.core import clock
from studio.core.errors import BadInput
from studio.core.identifiers import new_run_id, suggest
from studio.core.readiness import check_state
from studio.core.workspace import Workspace, find_workspace
from studio.pipelines import events
from studio.pipelines.plan import Plan, make_plan
from studio.pipelines.records import RunRecord, RunStore, StillRunning
from studio.pipelines.runner import Runner, RunOptions
from studio.tracking.store import ready_store, tracking_uri
from studio.workflows.check_inputs import check_inputs
from studio.workflows.choose_pipeline import choose_pipeline
from studio.workflows.upkeep import settle_runs


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
    """

    name: str
    given: Mapping[str, str] = field(default_factory=dict)
    base: Path = field(default_factory=Path.cwd)
    jobs: int | None = None
    force: bool = False
    start: str | None = None
    only: str | None = None


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
        """0 completed, 1 failed, 128 + the signal's number when a signal ended it."""
        if self.interrupted_by is not None:
            return 128 + self.interrupted_by
        return 0 if self.record.status == "completed" else 1

    def as_dict(self) -> dict[str, Any]:
        """The run's record with stable keys, for ``--json``."""
        return {**self.record.as_dict(), "tracking_uri": self.tracking_uri, "problems": list(self.problems)}


def run_pipeline(request: RunRequest, listener: events.Listener) -> RunResult:
    """Run what was asked for.

    Raises
    ------
    BadInput, Problems
        When anything that was given or declared is wrong; nothing has been started then.
    """
    workspace = find_workspace()
    store = RunStore(workspace)
    settle_runs(workspace, store)
    plan = make_plan(
        workspace, choose_pipeline(workspace, request.name, request.base), request.given, base=request.base
    )
    options = _options(workspace, plan, request)
    check_inputs(workspace, plan, options.only)
    check_state(workspace)
    ready_store(workspace)
    record = store.create(_new_record(plan, request))
    return _run(workspace, plan, record, store, options, listener)


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
        raise BadInput(f"Run {record.id} is complete, nothing is left to do. Next: studio run {record.name}")
    request = RunRequest(
        name=record.name,
        given=record.given,
        base=Path(record.base),
        jobs=jobs,
        force=record.force,
        start=record.start,
        only=record.only,
    )
    plan = make_plan(
        workspace, choose_pipeline(workspace, request.name, request.base), request.given, base=request.base
    )
    done = {key: step for key, step in record.steps.items() if step.status in ("completed", "reused")}
    options = _options(workspace, plan, request)
    options = replace(options, force=options.force - done.keys(), done=done)
    check_inputs(workspace, plan, options.only)
    check_state(workspace)
    ready_store(workspace)
    return _run(workspace, plan, store.reopen(record, plan.steps), store, options, listener)


def _new_record(plan: Plan, request: RunRequest) -> RunRecord:
    return RunRecord.new(
        id=new_run_id(),
        pipeline=plan.pipeline,
        name=request.name,
        given=dict(request.given),
        base=str(request.base),
        force=request.force,
        start=request.start,
        only=request.only,
        steps=plan.steps,
        started=clock.to_text(clock.now()),
    )


def _options(workspace: Workspace, plan: Plan, request: RunRequest) -> RunOptions:
    if request.start is not None and request.only is not None:
        raise BadInput("--from and --only contradict each other. Next: give one of the two.")
    keys = [step.key for step in plan.steps]
    force = frozenset(keys) if request.force else frozenset()
    if request.start is not None:
        force |= _after(plan, _named(plan, request.start, "--from"))
    only = None if request.only is None else frozenset(_named(plan, request.only, "--only"))
    return RunOptions(jobs=request.jobs or workspace.settings.running.jobs, force=force, only=only)


def _named(plan: Plan, name: str, option: str) -> set[str]:
    found = {step.key for step in plan.steps if name in (step.name, step.key)}
    if not found:
        known = {step.name for step in plan.steps}
        raise BadInput(f"{option} {name}: the pipeline {plan.pipeline} has no such step. {suggest(name, known)}")
    return found


def _after(plan: Plan, first: set[str]) -> frozenset[str]:
    reached = set(first)
    for step in plan.steps:  # in topological order, so one pass is enough
        if reached.intersection(step.needs):
            reached.add(step.key)
    return frozenset(reached)


def _run(
    workspace: Workspace,
    plan: Plan,
    record: RunRecord,
    store: RunStore,
    options: RunOptions,
    listener: events.Listener,
) -> RunResult:
    runner = Runner(workspace, plan, record, store, options, listener)
    with store.holding(record), _signals(runner) as caught:
        record = runner.run()
    return RunResult(
        workspace=workspace,
        plan=plan,
        record=record,
        tracking_uri=tracking_uri(workspace),
        problems=runner.problems,
        interrupted_by=caught[0] if caught else None,
    )


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
