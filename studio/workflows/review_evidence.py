"""The evidence for one content: its part of the test report, the run that measured it, and the executed notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from studio.core.errors import BadInput
from studio.core.report import Report
from studio.core.workspace import Workspace
from studio.notebooks.document import NotebookDocument, parse_notebook
from studio.pipelines.plan import make_plan
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord, StepRecord
from studio.pipelines.specification import list_pipelines, read_pipeline
from studio.workflows import submissions
from studio.workflows.climb_ladder import Climbed
from studio.workflows.content_states import Content
from studio.workflows.keep_tests import about

_LOOKED_THROUGH = 100


@dataclass(frozen=True)
class Evidence:
    """What speaks for a content.

    Attributes
    ----------
    content : Content
        The content.
    text : str
        The file as it was tested.
    report : Report
        The cases that are about it.
    metrics : mapping
        What the latest run of exactly this content measured.
    run : str
        That run.
    sampled : bool
        Whether it is the run on samples, because no other has completed.
    executed : str or None
        The executed notebook.
    """

    content: Content
    text: str
    report: Report
    metrics: Mapping[str, float]
    run: str
    sampled: bool
    executed: str | None

    @property
    def document(self) -> NotebookDocument | None:
        """The executed notebook, read."""
        return None if self.executed is None else parse_notebook(self.executed, self.content.subject)

    def files(self) -> dict[str, str | bytes]:
        """What is kept of it, by file name."""
        report = json.dumps(self.report.as_dict(), indent=1, ensure_ascii=False, default=str) + "\n"
        found: dict[str, str | bytes] = {submissions.REPORT: report, submissions.JUNIT: self.report.to_junit()}
        found[submissions.DECLARATION if self.content.is_pipeline else submissions.NOTEBOOK] = self.text
        if self.executed is not None:
            found[submissions.EXECUTED] = self.executed
        return found


def gather_evidence(workspace: Workspace, content: Content, climbed: Climbed) -> Evidence:
    """The evidence for `content` after a climb of the ladder."""
    pipelines = [read_pipeline(workspace, name) for name in list_pipelines(workspace)] if content.is_pipeline else []
    report = about(workspace, content, climbed.report, pipelines)
    record, steps, sampled = _run_of(workspace, content, climbed)
    executed = None
    if not content.is_pipeline and steps:
        path = workspace.root / (steps[0].executed_notebook or "")
        executed = path.read_text(encoding="utf-8") if path.is_file() else None
    return Evidence(
        content=content,
        text=(workspace.root / content.subject).read_text(encoding="utf-8"),
        report=report,
        metrics=_metrics(steps),
        run=record.id if record else "",
        sampled=sampled,
        executed=executed,
    )


def _run_of(
    workspace: Workspace, content: Content, climbed: Climbed
) -> tuple[RunRecord | None, list[StepRecord], bool]:
    """The newest run of exactly this content, else the run on samples.

    A pipeline's run is one of its notebooks as they are now, with the values that its file gives now.
    """
    climbs = [functional.result.record for functional in climbed.functional.values() if functional.result is not None]
    now = {step.notebook: step.fingerprint for record in climbs for step in record.steps.values() if step.fingerprint}
    runs, _ = RunStore(workspace).list(limit=_LOOKED_THROUGH)
    declared = _declared_values(workspace, content)
    for run in runs:
        steps = _steps(run, content)
        same = all(now.get(step.notebook, step.fingerprint) == step.fingerprint for step in steps)
        same = same and (declared is None or {step.key: step.values for step in steps} == declared)
        if run.status == "completed" and steps and same:
            return run, steps, False
    for record in climbs:
        steps = _steps(record, content)
        if steps:
            return record, steps, True
    return None, [], False


def _declared_values(workspace: Workspace, content: Content) -> dict[str, dict[str, Any]] | None:
    """For a pipeline the values that each step would have now; None for a notebook, whose values are given to it."""
    if not content.is_pipeline:
        return None
    try:
        pipeline = read_pipeline(workspace, PurePosixPath(content.subject).stem)
        plan = make_plan(workspace, pipeline, {}, base=workspace.root)
    except BadInput:  # it cannot run without values from the command line, so no run is of the file alone
        return {}
    return {step.key: step.json_values for step in plan.steps}


def _steps(run: RunRecord, content: Content) -> list[StepRecord]:
    done = [step for step in run.steps.values() if step.status in ("completed", "reused")]
    if content.is_pipeline:
        return done if f"pipelines/{run.pipeline}.yml" == content.subject else []
    return [
        step for step in done if step.notebook == content.subject and step.fingerprint == content.fingerprint.digest
    ]


def _metrics(steps: list[StepRecord]) -> dict[str, float]:
    found: dict[str, float] = {}
    several = len(steps) > 1
    for step in steps:
        for name, value in step.metrics.items():
            if isinstance(value, int | float):
                found[f"{step.key}.{name}" if several else name] = float(value)
    return found
