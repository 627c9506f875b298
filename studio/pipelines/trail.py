"""The run as MLflow sees it: a parent run, a nested one per attempt at a step, written beside the work.

What a notebook needs before it starts (its run's id) is made at once; what follows a step (inputs,
artifacts, its status) is written by one background thread while the next notebook already runs.
A tracking store that fails then costs the record there, not the work: the problem is kept and told,
later steps are recorded in the embedded store, and how the run ended waits in the outbox.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from studio.core.environment import environment_digest, environment_lock
from studio.core.errors import StudioError
from studio.core.git import Revision, revision
from studio.core.workspace import Workspace
from studio.notebooks.html import write_page
from studio.pipelines.graph import plan_as_dict
from studio.pipelines.plan import Plan, PlannedStep
from studio.pipelines.records import RunRecord, StepRecord
from studio.pipelines.stepping import Attempt
from studio.tracking import discretion, outbox
from studio.tracking.inputs import DatasetInput
from studio.tracking.redaction import Redaction
from studio.tracking.runs import RunGone, Tracker
from studio.tracking.store import spare_workspace

STATUS: dict[str, Literal["FINISHED", "FAILED", "KILLED"]] = {
    "completed": "FINISHED",
    "failed": "FAILED",
    "killed": "KILLED",
}


@dataclass(frozen=True)
class _Book:
    """A store, and the run's parent run in it."""

    tracker: Tracker
    parent: str


class Trail:
    """Writes one run's trail; nothing is opened (and mlflow is not imported) before a step really runs."""

    def __init__(self, workspace: Workspace, plan: Plan, record: RunRecord) -> None:
        self._workspace = workspace
        self._plan = plan
        self._record = record
        self._opening = threading.Lock()
        self._main: _Book | None = None
        self._spare: _Book | None = None
        self._books: dict[str, _Book] = {}  # by the MLflow run id of a step
        self._lost = False  # whether something could not be written where it belongs
        self._resumed = any(step.attempt for step in record.steps.values())
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="trail")
        self._pending: list[Future[bool]] = []
        self._revision: Revision | None = None
        self._variables = frozenset(_secret_variables(plan))
        self._secrets = frozenset(value for name in self._variables if (value := os.environ.get(name)))
        self.redaction = Redaction(self._secrets)
        self.problems: list[str] = []

    def begin_step(self, step: PlannedStep, record: StepRecord) -> Mapping[str, str]:
        """Open the MLflow run of an attempt; the environment that lets the notebook's kernel log to it.

        Raises
        ------
        StoreUnavailable, TrackingFailed
            When the store fails before anything has run.
        """
        main = self._open()
        try:
            return self._begin(main, step, record)
        except StudioError as error:
            self._lose(error)
        try:
            return self._begin(self._open_spare(main), step, record)
        except StudioError as error:
            self._lose(error)
            record.mlflow_run_id = None
            return {}

    def end_step(self, step: PlannedStep, record: StepRecord, attempt: Attempt) -> None:
        """Hand what an attempt left to the writer."""
        run_id = record.mlflow_run_id
        if run_id is not None:
            self._later(lambda: self._write_step(self._books[run_id].tracker, step, run_id, attempt))

    def metrics(self, record: StepRecord) -> dict[str, Any]:
        """The metrics that a step's notebook logged; none where they cannot be read, which is told."""
        found: dict[str, float] = {}
        run_id = record.mlflow_run_id
        if run_id is not None:
            self._guarded(lambda: found.update(self._books[run_id].tracker.metrics(run_id)))
        return {name: value if math.isfinite(value) else str(value) for name, value in sorted(found.items())}

    def end(self, status: str) -> None:
        """Write everything, end the parent run; afterwards nothing is pending.

        Steps that were reused are written by a process of its own after this one has answered: when
        nothing ran, importing mlflow would be most of what the command does.
        """
        for book in (self._main, self._spare):
            if book is not None:
                self._later(lambda book=book: self._write_run(book, status))  # type: ignore[misc]
        for future in self._pending:
            future.result()
        self._writer.shutdown()
        late = [step for step in self._record.steps.values() if step.status == "reused" or (self._lost and step.ended)]
        if late or self._lost:
            self._guarded(lambda: self._leave(status, late))

    def _leave(self, status: str, late: list[StepRecord]) -> None:
        outbox.put(self._workspace, self._late(status, late), redact=self._secrets)
        outbox.flush_in_background(self._workspace)

    def _open(self) -> _Book:
        with self._opening:
            if self._main is None:
                tracker = Tracker(self._workspace, redact=self._secrets)
                known = self._record.mlflow_run_id
                if known is None and self._resumed:  # its runner was killed before it could write that down
                    known = tracker.find(self._plan.pipeline, self._record.id)
                known = self._reopened(tracker, known) or self._begin_run(tracker)
                self._record.mlflow_run_id = known
                self._main = _Book(tracker, known)
            return self._main

    def _reopened(self, tracker: Tracker, known: str | None) -> str | None:
        if known is not None:
            try:
                tracker.reopen(known)
            except RunGone:  # somebody deleted it there; the run itself can go on
                return None
        return known

    def _open_spare(self, main: _Book) -> _Book:
        """The embedded store, for the rest of a run whose own store is gone."""
        with self._opening:
            if self._spare is None:
                tracker = Tracker(spare_workspace(self._workspace), redact=self._secrets, flush_outbox=False)
                if tracker.uri == main.tracker.uri:
                    return main
                self._spare = _Book(tracker, self._begin_run(tracker))
                self.problems.append(f"What followed is recorded in {tracker.uri}")
            return self._spare

    def _begin_run(self, tracker: Tracker) -> str:
        return tracker.begin_pipeline(
            self._plan.pipeline, self._record.id, tags=self._tags(), params=dict(self._record.given)
        )

    def _begin(self, book: _Book, step: PlannedStep, record: StepRecord) -> Mapping[str, str]:
        book.tracker.reach()
        run_id = book.tracker.begin_step(
            book.parent,
            step.key,
            tags=self._tags()
            | {
                "studio.step": step.key,
                "studio.notebook": step.document.path,
                "studio.fingerprint": step.fingerprint.digest,
                "studio.reuse": "false",
                "studio.reason": str((record.verdict or {}).get("reason", "")),
            },
            params=_params(step.json_values),
            attempt=record.attempt,
        )
        self._books[run_id] = book
        record.mlflow_run_id = run_id
        return {
            **book.tracker.kernel_environment(run_id),
            discretion.VARIABLE: ",".join(sorted(self._variables)),
        }

    def _tags(self) -> dict[str, str]:
        if self._revision is None:
            self._revision = revision(self._workspace.root)
        tags = {
            "studio.run": self._record.id,
            "studio.pipeline": self._plan.pipeline,
            "studio.environment": self._record.environment,
            "studio.environment_lock": environment_digest(),
            "studio.git.commit": self._revision.commit,
            "studio.git.dirty": str(self._revision.dirty).lower(),
        }
        return tags | ({"studio.actor": self._record.actor} if self._record.actor else {})

    def _late(self, status: str, steps: list[StepRecord]) -> dict[str, Any]:
        """The run for the outbox, with those of its steps that are not written yet."""
        return {
            "run": self._record.id,
            "pipeline": self._plan.pipeline,
            "status": STATUS[status],
            "started": self._record.started,
            "ended": self._record.ended,
            "tags": self._tags(),
            "params": dict(self._record.given),
            "steps": [self._late_step(step) for step in steps],
        }

    def _late_step(self, step: StepRecord) -> dict[str, Any]:
        reused = step.status == "reused"
        tags = {
            **self._tags(),
            "studio.reuse": str(reused).lower(),
            "studio.reason": str((step.verdict or {}).get("reason", "")),
            "studio.fingerprint": step.fingerprint,
            "studio.notebook": step.notebook,
        }
        if reused:
            tags |= {
                "studio.reused_from": step.reused_from or "",
                "studio.reused_mlflow_run": step.mlflow_run_id or "",
            }
        return {
            "key": step.key,
            "attempt": step.attempt or 1,
            "status": STATUS.get(step.status, "FINISHED"),
            "started": self._record.ended if reused else step.started,
            "ended": self._record.ended if reused else step.ended,
            "params": _params(step.values),
            "metrics": {name: value for name, value in step.metrics.items() if not isinstance(value, str)},
            "tags": tags,
        }

    def _later(self, write: Callable[[], None]) -> None:
        self._pending.append(self._writer.submit(self._guarded, write))

    def _guarded(self, write: Callable[[], None]) -> bool:
        """Whether `write` went well; what went wrong is kept, because the work itself is done and must not be lost."""
        try:
            write()
        except StudioError as error:
            self._lose(error)
        except Exception as error:  # noqa: BLE001 - a library's failure to write the trail is told, not raised
            self.problems.append(self.redaction.text(f"{type(error).__name__}: {error}"))
        else:
            return True
        return False

    def _lose(self, error: StudioError) -> None:
        self._lost = True
        message = self.redaction.text(str(error))
        if message not in self.problems:
            self.problems.append(message)

    def _write_step(self, tracker: Tracker, step: PlannedStep, run_id: str, attempt: Attempt) -> None:
        tracker.reach()
        tracker.log_inputs(run_id, [_dataset(event) for event in attempt.loaded])
        if attempt.outputs:
            tracker.set_tags(run_id, {"studio.outputs": json.dumps(attempt.outputs, sort_keys=True)})
        artifacts: dict[str, Any] = {}
        if attempt.executed.is_file():
            page = attempt.executed.with_suffix(".html")
            artifacts["notebook/executed.ipynb"] = attempt.executed
            if self._guarded(lambda: write_page(attempt.executed, page, f"{step.key} · {self._record.id}")):
                artifacts["notebook/executed.html"] = page
        failure = attempt.outcome.failure
        if failure is not None:
            artifacts["failure.txt"] = "\n".join([failure.message, *failure.traceback])
        tracker.log_artifacts(run_id, artifacts)
        killed = failure is not None and failure.kind == "cancelled"
        tracker.end(run_id, "FINISHED" if attempt.outcome.ok else "KILLED" if killed else "FAILED")

    def _write_run(self, book: _Book, status: str) -> None:
        book.tracker.reach()
        book.tracker.log_artifacts(
            book.parent,
            {
                "plan.json": json.dumps(plan_as_dict(self._plan), indent=1, ensure_ascii=False),
                "environment.lock": environment_lock(),
            },
        )
        book.tracker.end(book.parent, STATUS[status])


def _dataset(event: Mapping[str, Any]) -> DatasetInput:
    name = event["dataset"] + (f"[{event['part']}]" if event.get("part") else "")
    return DatasetInput(
        name=name,
        digest=event["digest"],
        source=event.get("location") or f"snapshot:{event['dataset']}",
        rows=event["rows"],
        columns=tuple((column, kind) for column, kind in event["columns"]),
        context="step",
    )


def _secret_variables(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        for name, parameter in step.schema.parameters.items():
            value = step.json_values.get(name) if parameter.secret else None
            if isinstance(value, dict):
                yield value["secret"]


def _params(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in values.items()
    }
