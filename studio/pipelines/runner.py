"""Runs a plan: starts each step when what it needs is there, reuses what has not changed, stops cleanly.

One thread decides (this one); steps run in threads of their own, each with a kernel of its own;
what is recorded in MLflow is written by another thread while the next notebook already runs.
The run's record on disk is the truth about success, and is saved at each turn.
"""

from __future__ import annotations

import queue
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from studio.core import clock
from studio.core.environment import environment_digest
from studio.core.errors import StudioError
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.data.snapshots import SnapshotStore
from studio.pipelines import events
from studio.pipelines.cache import ReuseIndex, Verdict
from studio.pipelines.execution import Cancellation, Outcome
from studio.pipelines.failures import as_record
from studio.pipelines.inputs import Inputs
from studio.pipelines.plan import Plan, PlannedStep
from studio.pipelines.records import RunRecord, RunStore, StepRecord
from studio.pipelines.stepping import Attempt, Surroundings, attempt_step
from studio.pipelines.trail import Trail

_LONGEST_PAUSE = 86_400.0


class RunStopped(StudioError):
    """Something outside the notebooks (a full disk, say) stopped a run; what its steps had completed is kept."""

    def __init__(self, run: str, error: StudioError) -> None:
        fact = str(error).partition(" Next: ")[0]
        super().__init__(f"Run {run} stopped: {fact} Next: mend that, then go on with studio runs resume {run}")


@dataclass(frozen=True)
class RunOptions:
    """How a plan is to be run.

    Attributes
    ----------
    jobs : int
        How many independent steps may run at the same time.
    force : frozenset of str
        Keys of the steps that run even when nothing changed.
    only : frozenset of str or None
        Keys of the steps to run; the others are left out and their latest snapshots are used.
    done : mapping
        Steps of this very run that ended well before it was continued; where they still hold, they stay as they are.
    """

    jobs: int = 1
    force: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    done: Mapping[str, StepRecord] = field(default_factory=dict)


@dataclass
class _Finished:
    """What a step's thread hands back."""

    step: PlannedStep
    record: StepRecord
    attempt: Attempt


class Runner:
    """Runs one plan once; see `run`."""

    def __init__(
        self,
        workspace: Workspace,
        plan: Plan,
        record: RunRecord,
        store: RunStore,
        options: RunOptions,
        listener: events.Listener,
    ) -> None:
        self._workspace = workspace
        self._plan = plan
        self._record = record
        self._store = store
        self._options = options
        self._listener = listener
        self._telling = threading.Lock()
        self._saving = threading.Lock()
        self._index = ReuseIndex(workspace)
        self._environment = environment_digest()
        self._trail = Trail(workspace, plan, record)
        self._cancellation = Cancellation()
        self._surroundings = Surroundings(workspace, record.id, self._trail.redaction, self._cancellation)
        self._inbox: queue.SimpleQueue[_Finished | BaseException | None] = queue.SimpleQueue()
        self._inputs = Inputs(workspace, plan)
        self._failed = False

    def cancel(self) -> None:
        """Stop: kernels and their children are ended, the run is marked killed. Safe where a signal is received."""
        self._cancellation.cancel()
        self._inbox.put(None)

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong beside the work: what could not be recorded in MLflow, or shown."""
        return tuple(self._trail.problems)

    def run(self) -> RunRecord:
        """Run all steps to their end and return the run's record; never raises for what a notebook does."""
        started = time.monotonic()
        self._tell(
            events.RunStarted(self._record.id, self._plan.pipeline, tuple(step.key for step in self._plan.steps))
        )
        try:
            with ThreadPoolExecutor(self._options.jobs, thread_name_prefix="step") as pool:
                try:
                    self._schedule(pool)
                except BaseException:
                    self._cancellation.cancel()  # before the pool waits for its threads
                    raise
        except CannotWrite as error:
            self._give_up(started)
            raise RunStopped(self._record.id, error) from error
        except BaseException:
            self._give_up(started)
            raise
        try:
            self._finish(self._status(), started)
        except CannotWrite as error:
            raise RunStopped(self._record.id, error) from error
        return self._record

    def _status(self) -> str:
        if self._failed:
            return "killed" if self._cancellation.cancelled else "failed"
        unfinished = any(step.status in ("waiting", "running") for step in self._record.steps.values())
        return "killed" if self._cancellation.cancelled and unfinished else "completed"

    def _give_up(self, started: float) -> None:
        """Record what can be recorded of a run that something else than a notebook stopped."""
        try:
            while not self._inbox.empty():
                finished = self._inbox.get()
                if isinstance(finished, _Finished):
                    self._conclude(finished)
            self._finish("failed", started)
        except CannotWrite as error:  # whoever looks next finds the run without a runner, and settles it
            self._trail.problems.append(str(error))

    def _schedule(self, pool: ThreadPoolExecutor) -> None:
        waiting = {step.key: len(self._needs(step)) for step in self._plan.steps}
        followers: dict[str, list[PlannedStep]] = {step.key: [] for step in self._plan.steps}
        for step in self._plan.steps:
            for need in self._needs(step):
                followers[need].append(step)
        ready = deque(step for step in self._plan.steps if not waiting[step.key])
        active = 0
        while True:
            while ready and active < self._options.jobs and not self._stopping:
                step = ready.popleft()
                if self._begin(step, pool):
                    active += 1
                else:
                    ready.extend(_released(step, followers, waiting))
            if not active:
                return
            finished = self._inbox.get()
            if finished is None:
                continue
            if isinstance(finished, BaseException):
                raise finished
            active -= 1
            if self._conclude(finished):
                ready.extend(_released(finished.step, followers, waiting))

    @property
    def _stopping(self) -> bool:
        return self._failed or self._cancellation.cancelled

    def _needs(self, step: PlannedStep) -> tuple[str, ...]:
        return step.needs if self._options.only is None else tuple(n for n in step.needs if n in self._options.only)

    def _begin(self, step: PlannedStep, pool: ThreadPoolExecutor) -> bool:
        """Start `step` in a thread, or settle it at once (reused, left out); whether it was started."""
        record = self._record.steps[step.key]
        if self._options.only is not None and step.key not in self._options.only:
            record.status = "not run"
            record.verdict = Verdict(False, "left out by --only").as_dict()
            self._tell(events.StepFinished(step.key, "not run", 0.0, "left out"))
            return False
        inputs = self._inputs.of(step)
        record.inputs = inputs
        verdict = self._index.decide(self._plan.pipeline, step, inputs, self._environment)
        if step.key in self._options.force:
            verdict = verdict.forced()
        record.verdict = verdict.as_dict()
        if verdict.reuse and verdict.record is not None:
            self._reuse(record, verdict)
            return False
        record.status, record.started = "running", clock.to_text(clock.now())
        record.attempt += 1
        self._save()
        pool.submit(self._work, step, record, verdict)
        return True

    def _reuse(self, record: StepRecord, verdict: Verdict) -> None:
        earlier = verdict.record
        assert earlier is not None
        here = self._options.done.get(record.key)
        if here is not None and here.cache_key == earlier.cache_key:
            self._record.steps[record.key] = here
            self._inputs.publish(here.outputs)
            self._tell(events.StepFinished(record.key, "reused", 0.0, "completed before the run was continued"))
            return
        record.status = "reused"
        record.reused_from = earlier.reused_from or earlier.run
        record.outputs = earlier.outputs
        record.mlflow_run_id = earlier.mlflow_run_id
        record.executed_notebook = earlier.executed_notebook
        record.cache_key = earlier.cache_key
        record.metrics = earlier.metrics
        self._inputs.publish(record.outputs)
        self._tell(events.StepFinished(record.key, "reused", 0.0, verdict.reason))

    def _work(self, step: PlannedStep, record: StepRecord, verdict: Verdict) -> None:
        try:
            self._inbox.put(self._attempts(step, record, verdict))
        except BaseException as error:  # noqa: BLE001 - handed to the deciding thread, which raises it
            self._inbox.put(error)

    def _attempts(self, step: PlannedStep, record: StepRecord, verdict: Verdict) -> _Finished:
        first = record.attempt
        for tried in range(step.retries.limit + 1):
            record.attempt = first + tried
            if tried:
                self._save()
            self._tell(events.StepStarted(step.key, record.attempt, verdict.reason))
            environment = self._trail.begin_step(step, record)
            began = time.monotonic()
            attempt = attempt_step(
                self._surroundings, step, record.attempt, record.inputs or {}, environment, self._cell_listener(step)
            )
            record.seconds = time.monotonic() - began
            record.executed_notebook = self._workspace.shown(attempt.executed)
            record.metrics = self._trail.metrics(record)
            self._trail.end_step(step, record, attempt)
            if (
                attempt.outcome.ok
                or tried == step.retries.limit
                or not self._again(step, record, attempt.outcome, tried)
            ):
                break
        return _Finished(step, record, attempt)

    def _again(self, step: PlannedStep, record: StepRecord, outcome: Outcome, tried: int) -> bool:
        """Wait for the next attempt; False when the run is being stopped."""
        if self._stopping:
            return False
        delay = min(step.retries.delay * step.retries.factor**tried, _LONGEST_PAUSE)
        reason = outcome.failure.message if outcome.failure else ""
        self._tell(events.StepDelayed(step.key, record.attempt, delay, reason))
        woken, _, _ = select.select([self._cancellation], [], [], delay)
        return not woken

    def _conclude(self, finished: _Finished) -> bool:
        """Record how a step ended; whether the steps after it may start."""
        step, record, attempt = finished.step, finished.record, finished.attempt
        record.ended = clock.to_text(clock.now())
        outcome = attempt.outcome
        if outcome.ok:
            record.status, record.error, record.outputs = "completed", None, attempt.outputs
            self._inputs.publish(record.outputs)
            self._index.remember(self._plan.pipeline, step, record)
        else:
            killed = outcome.failure is not None and outcome.failure.kind == "cancelled"
            record.status = "killed" if killed else "failed"
            record.error = as_record(outcome.failure)
            self._failed = True
        self._save()
        reason = outcome.failure.message if outcome.failure else ""
        self._tell(events.StepFinished(step.key, record.status, record.seconds or 0.0, reason))
        return outcome.ok

    def _point(self) -> None:
        """Make the latest snapshot of each dataset that is whole the one of this run, also where it was reused."""
        done = {key for key, record in self._record.steps.items() if record.status in ("completed", "reused")}
        for name, writers in self._plan.writers.items():
            saved = self._inputs.saved(name)
            if saved and done.issuperset(writers):
                SnapshotStore(self._workspace).point(name, saved)

    def _finish(self, status: str, started: float) -> None:
        for record in self._record.steps.values():
            if record.status in ("waiting", "running"):
                record.status = "killed" if record.status == "running" else "not run"
                if record.status == "not run":
                    self._tell(events.StepFinished(record.key, "not run", 0.0, ""))
        self._record.status = status
        self._record.ended = clock.to_text(clock.now())
        before = sum(item.get("seconds") or 0.0 for item in self._record.earlier)
        self._record.seconds = before + time.monotonic() - started
        self._save()  # how the run ended is true whatever happens to what follows
        try:
            self._point()
        except StudioError as error:
            self._trail.problems.append(str(error))
        self._trail.end(status)
        self._save()
        self._tell(events.RunFinished(self._record.id, status, self._record.seconds))

    def _cell_listener(self, step: PlannedStep) -> Callable[[int, int], None]:
        return lambda done, total: self._tell(events.CellFinished(step.key, done, total))

    def _tell(self, event: events.Event) -> None:
        with self._telling:
            try:
                self._listener(event)
            except Exception as error:  # noqa: BLE001 - a display that broke must not cost the run
                self._trail.problems.append(f"The progress could not be shown: {type(error).__name__}: {error}")
                self._listener = _silent

    def _save(self) -> None:
        with self._saving:
            self._store.save(self._record)


def _silent(_: events.Event) -> None:
    """Show nothing any more."""


def _released(step: PlannedStep, followers: dict[str, list[PlannedStep]], waiting: dict[str, int]) -> list[PlannedStep]:
    free = []
    for follower in followers[step.key]:
        waiting[follower.key] -= 1
        if not waiting[follower.key]:
            free.append(follower)
    return free
