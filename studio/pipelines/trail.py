"""The run as MLflow sees it: a parent run, a nested one per attempt at a step, written beside the work.

What a notebook needs before it starts (its run's id) is made at once; what follows a step (inputs,
artifacts, its status) is written by one background thread while the next notebook already runs.
A tracking store that fails then costs the record there, not the work: the problem is kept and told.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
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
from studio.tracking import outbox
from studio.tracking.inputs import DatasetInput
from studio.tracking.runs import Tracker

STATUS: dict[str, Literal["FINISHED", "FAILED", "KILLED"]] = {
    "completed": "FINISHED",
    "failed": "FAILED",
    "killed": "KILLED",
}


class Trail:
    """Writes one run's trail; nothing is opened (and mlflow is not imported) before a step really runs."""

    def __init__(self, workspace: Workspace, plan: Plan, record: RunRecord) -> None:
        self._workspace = workspace
        self._plan = plan
        self._record = record
        self._opening = threading.Lock()
        self._tracker: Tracker | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="trail")
        self._pending: list[Future[bool]] = []
        self._revision: Revision | None = None
        self._secrets = frozenset(_secret_values(plan))
        self.problems: list[str] = []

    def begin_step(self, step: PlannedStep, record: StepRecord) -> Mapping[str, str]:
        """Open the MLflow run of an attempt; the environment that lets the notebook's kernel log to it."""
        tracker = self._open()
        assert self._record.mlflow_run_id is not None
        record.mlflow_run_id = tracker.begin_step(
            self._record.mlflow_run_id,
            step.key,
            tags=self._tags()
            | {
                "studio.step": step.key,
                "studio.notebook": step.document.path,
                "studio.fingerprint": step.fingerprint.digest,
                "studio.reuse": "false",
                "studio.reason": str((record.verdict or {}).get("reason", "")),
            },
            params={name: _text(value) for name, value in step.schema.as_json(step.values).items()},
            attempt=record.attempt,
        )
        return tracker.kernel_environment(record.mlflow_run_id)

    def end_step(self, step: PlannedStep, record: StepRecord, attempt: Attempt) -> None:
        """Hand what an attempt left to the writer."""
        run_id = record.mlflow_run_id
        if run_id is not None:
            self._later(lambda: self._write_step(step, run_id, attempt))

    def end(self, status: str) -> None:
        """Write everything, end the parent run; afterwards nothing is pending.

        Steps that were reused are written by a process of its own after this one has answered: when
        nothing ran, importing mlflow would be most of what the command does.
        """
        if self._tracker is not None:
            self._later(lambda: self._write_run(status))
        for future in self._pending:
            future.result()
        self._writer.shutdown()
        if any(step.status == "reused" for step in self._record.steps.values()):
            outbox.put(self._workspace, self._reused(status), redact=self._secrets)
            outbox.flush_in_background(self._workspace)

    def _open(self) -> Tracker:
        with self._opening:
            if self._tracker is None:
                tracker = Tracker(self._workspace, redact=self._secrets)
                if self._record.mlflow_run_id is None:
                    self._record.mlflow_run_id = tracker.begin_pipeline(
                        self._plan.pipeline, self._record.id, tags=self._tags(), params=dict(self._record.given)
                    )
                else:
                    tracker.reopen(self._record.mlflow_run_id)
                self._tracker = tracker
            return self._tracker

    def _tags(self) -> dict[str, str]:
        if self._revision is None:
            self._revision = revision(self._workspace.root)
        return {
            "studio.run": self._record.id,
            "studio.pipeline": self._plan.pipeline,
            "studio.environment": "dev",
            "studio.environment_lock": environment_digest(),
            "studio.git.commit": self._revision.commit,
            "studio.git.dirty": str(self._revision.dirty).lower(),
        }

    def _reused(self, status: str) -> dict[str, Any]:
        steps = [
            {
                "key": step.key,
                "attempt": step.attempt or 1,
                "status": "FINISHED",
                "started": self._record.ended,
                "ended": self._record.ended,
                "params": {name: _text(value) for name, value in step.values.items()},
                "tags": {
                    "studio.reuse": "true",
                    "studio.reused_from": step.reused_from or "",
                    "studio.reused_mlflow_run": step.mlflow_run_id or "",
                    "studio.fingerprint": step.fingerprint,
                    "studio.notebook": step.notebook,
                },
            }
            for step in self._record.steps.values()
            if step.status == "reused"
        ]
        return {
            "run": self._record.id,
            "pipeline": self._plan.pipeline,
            "status": STATUS[status],
            "started": self._record.started,
            "ended": self._record.ended,
            "tags": self._tags(),
            "params": dict(self._record.given),
            "steps": steps,
        }

    def _later(self, write: Callable[[], None]) -> None:
        self._pending.append(self._writer.submit(self._guarded, write))

    def _guarded(self, write: Callable[[], None]) -> bool:
        """Whether `write` went well; what went wrong is kept, because the work itself is done and must not be lost."""
        try:
            write()
        except StudioError as error:
            self.problems.append(str(error))
        except Exception as error:  # noqa: BLE001 - a library's failure to write the trail is told, not raised
            self.problems.append(f"{type(error).__name__}: {error}")
        else:
            return True
        return False

    def _write_step(self, step: PlannedStep, run_id: str, attempt: Attempt) -> None:
        assert self._tracker is not None
        self._tracker.log_inputs(run_id, [_dataset(event) for event in attempt.loaded])
        if attempt.outputs:
            self._tracker.set_tags(run_id, {"studio.outputs": json.dumps(attempt.outputs, sort_keys=True)})
        artifacts: dict[str, Any] = {}
        if attempt.executed.is_file():
            page = attempt.executed.with_suffix(".html")
            artifacts["notebook/executed.ipynb"] = attempt.executed
            if self._guarded(lambda: write_page(attempt.executed, page, f"{step.key} · {self._record.id}")):
                artifacts["notebook/executed.html"] = page
        failure = attempt.outcome.failure
        if failure is not None:
            artifacts["failure.txt"] = "\n".join([failure.message, *failure.traceback])
        self._tracker.log_artifacts(run_id, artifacts)
        killed = failure is not None and failure.kind == "cancelled"
        self._tracker.end(run_id, "FINISHED" if attempt.outcome.ok else "KILLED" if killed else "FAILED")

    def _write_run(self, status: str) -> None:
        assert self._tracker is not None
        assert self._record.mlflow_run_id is not None
        self._tracker.log_artifacts(
            self._record.mlflow_run_id,
            {
                "plan.json": json.dumps(plan_as_dict(self._plan), indent=1, ensure_ascii=False),
                "environment.lock": environment_lock(),
            },
        )
        self._tracker.end(self._record.mlflow_run_id, STATUS[status])


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


def _secret_values(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        for name, parameter in step.schema.parameters.items():
            value = os.environ.get(str(step.values.get(name))) if parameter.secret else None
            if value:
                yield value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
