"""The gates of a pipeline, judged on the latest run of exactly this content; without one, tried out on samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from studio.core.errors import BadInput
from studio.core.report import Case, Report
from studio.core.workspace import Workspace
from studio.pipelines.gates import judge
from studio.pipelines.plan import Plan, make_plan
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord
from studio.pipelines.specification import Pipeline
from studio.workflows.attach_report import attach_report


def gate_cases(workspace: Workspace, pipeline: Pipeline, on_samples: RunRecord | None) -> Iterator[Case]:
    """The gates' cases; none where the pipeline declares no gates.

    The report is attached to the MLflow run that was judged.
    """
    if not pipeline.file.gates:
        return
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
        plan = make_plan(workspace, pipeline, {}, base=workspace.root)
    except BadInput:  # the functional run has told it
        return None
    runs, _ = RunStore(workspace).list(pipeline=pipeline.name, limit=50)
    return next((run for run in runs if run.status == "completed" and _same_content(run, plan)), None)


def _same_content(run: RunRecord, plan: Plan) -> bool:
    now = {step.document.path: step.fingerprint.digest for step in plan.steps}
    then = {step.notebook: step.fingerprint for step in run.steps.values() if step.status in ("completed", "reused")}
    return now == then
