"""The gates of a pipeline, judged on the latest run of exactly this content; without one, tried out on samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from studio.core.errors import BadInput
from studio.core.report import Case, Report
from studio.core.workspace import Workspace
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord
from studio.pipelines.specification import Pipeline
from studio.workflows.attach_report import attach_report
from studio.workflows.content_states import contents


def gate_cases(workspace: Workspace, pipeline: Pipeline, on_samples: RunRecord | None) -> Iterator[Case]:
    """The gates' cases; none where the pipeline declares no gates.

    The report is attached to the MLflow run that was judged.
    """
    if not pipeline.gates:
        return
    from studio.pipelines.gates.judging import judge

    record = latest_run(workspace, pipeline)
    if record is not None:
        cases = judge(workspace, pipeline, record)
        if record.mlflow_run_id is not None:
            attach_report(workspace, record.mlflow_run_id, Report.of(cases), "gates")
        yield from cases
    elif on_samples is not None and on_samples.status == "completed":
        yield from judge(replace(workspace, sampled=True), pipeline, on_samples, thresholds=False)
    else:
        yield Case(
            "model",
            pipeline.shown,
            "gates",
            "skipped",
            message=f"No run of this content has completed. Next: studio run {pipeline.name}",
        )


def latest_run(workspace: Workspace, pipeline: Pipeline) -> RunRecord | None:
    """The newest completed run of the pipeline whose notebooks were what they are now; None where there is none."""
    try:
        now = {content.subject: content.fingerprint.digest for content in contents(workspace, pipeline)}
    except BadInput:  # the functional run has told it
        return None
    now.pop(pipeline.shown, None)
    runs, _ = RunStore(workspace).list(pipeline=pipeline.name, limit=50)
    return next((run for run in runs if run.status == "completed" and _same_content(run, now)), None)


def _same_content(run: RunRecord, now: dict[str, str]) -> bool:
    then = {step.notebook: step.fingerprint for step in run.steps.values() if step.status in ("completed", "reused")}
    return now == then
