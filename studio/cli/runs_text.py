"""Runs as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.cli.output import program, seconds, short, table

if TYPE_CHECKING:
    from studio.core.workspace import Workspace
    from studio.pipelines.records import RunRecord, StepRecord, Unreadable
    from studio.workflows.run_pipeline import RunResult


def runs_table(runs: Sequence[RunRecord], unreadable: Sequence[Unreadable]) -> str:
    """One line a run, newest first; what cannot be read is named below."""
    if not runs and not unreadable:
        return "No run yet. Next: studio run PIPELINE (studio pipelines list names them)"
    rows = [(run.id, run.pipeline, run.status, counts(run), _local(run.started), seconds(run.seconds)) for run in runs]
    lines = [table(["RUN", "PIPELINE", "STATUS", "STEPS", "STARTED (UTC)", "TIME"], rows)]
    lines += [f"{item.run} cannot be read: {item.reason}" for item in unreadable]
    return "\n".join(lines)


def run_text(workspace: Workspace, run: RunRecord) -> str:
    """One run with its steps; a failed one with its reason and the next commands."""
    head = [f"run {run.id} of {run.pipeline}: {run.status}, {counts(run)}, {seconds(run.seconds)}".rstrip(", ")]
    if run.given:
        head.append("parameters: " + ", ".join(f"{name}={short(value)}" for name, value in run.given.items()))
    head += [_continued(ending) for ending in run.earlier]
    rows = [
        (step.key, step.status, seconds(step.seconds), (step.verdict or {}).get("reason", ""))
        for step in run.steps.values()
    ]
    parts = ["\n".join(head), table(["STEP", "STATUS", "TIME", "WHY"], rows)]
    measures = [(step.key, name, value) for step in run.steps.values() for name, value in step.metrics.items()]
    if measures:
        parts.append(table(["STEP", "METRIC", "VALUE"], [(key, name, _number(value)) for key, name, value in measures]))
    parts += [failure_text(run, step) for step in run.steps.values() if step.error]
    folder = workspace.runs / run.id / "steps"
    if folder.is_dir():
        parts.append(f"executed notebooks: {workspace.shown(folder)}")
    return "\n\n".join(parts)


def run_summary(result: RunResult) -> str:
    """What a person wants to know when a run has come to its end."""
    run = result.record
    parts = [f"run {run.id} of {run.pipeline}: {run.status}, {counts(run)}, {seconds(run.seconds)}"]
    parts += [failure_text(run, step) for step in run.steps.values() if step.error]
    studio = program()
    if run.status == "completed":
        parts += _measures(run)
        parts.append(
            "\n".join(
                [
                    "Where to look",
                    f"  steps and metrics      {studio} runs show {run.id}",
                    f"  an executed notebook   {studio} runs open {run.id} STEP",
                    f"  in MLflow              {_mlflow_command(result.tracking_uri, studio)}",
                ]
            )
        )
    elif run.status == "killed":
        parts.append(f"Go on with:  {studio} runs resume {run.id}")
    parts += [f"Not everything could be recorded: {problem}" for problem in result.problems]
    return "\n\n".join(parts)


def failure_text(run: RunRecord, step: StepRecord) -> str:
    """Notebook, cell, error and parameters of a failed step, and the two commands that help."""
    error = step.error or {}
    if error.get("kind") == "cancelled":
        return f"{step.key} was interrupted."
    place = f"{step.notebook}, cell {error['cell'] + 1}" if error.get("cell") is not None else step.notebook
    lines = [f"{step.key} failed: {error.get('message', '')}", f"  notebook    {place}"]
    source = str(error.get("source") or "").splitlines()
    lines += [("  cell        " if index == 0 else "              ") + line for index, line in enumerate(source)]
    evalue = " ".join(str(error.get("evalue", "")).split())
    if error.get("ename") and not (evalue and evalue in " ".join(str(error.get("message", "")).split())):
        lines.append(f"  error       {error['ename']}: {short(evalue, 400)}")
    if step.values:
        shown = ", ".join(f"{name}={short(value)}" for name, value in step.values.items())
        lines.append(f"  parameters  {shown}")
    lines += [
        f"  open it     {program()} runs open {run.id} {_quoted(step.key)}",
        f"  go on       {program()} runs resume {run.id}",
    ]
    return "\n".join(lines)


def why_text(run: RunRecord, steps: Sequence[StepRecord]) -> str:
    """For each step what decided, with the differences."""
    lines = [f"run {run.id} of {run.pipeline}", *(_continued(ending) for ending in run.earlier)]
    for step in steps:
        verdict = step.verdict or {}
        lines.append(f"{step.key}: {step.status}; {verdict.get('reason', 'it was never reached')}")
        changes = verdict.get("changes", [])
        if len(changes) > 1:  # a single one is the reason itself
            lines += [f"    {change['kind']}: {change['detail']}" for change in changes]
        if step.reused_from and step.reused_from not in verdict.get("reason", ""):
            lines.append(f"    the results are those of run {step.reused_from}")
    return "\n".join(lines)


def counts(run: RunRecord) -> str:
    """``3 run, 4 reused`` and, where there are any, ``1 failed``."""
    words = {"completed": "run", "reused": "reused", "failed": "failed", "killed": "killed", "not run": "not run"}
    statuses = [step.status for step in run.steps.values()]
    return ", ".join(f"{statuses.count(status)} {word}" for status, word in words.items() if status in statuses)


def _quoted(key: str) -> str:
    return f"'{key}'" if "[" in key else key


def _local(moment: str | None) -> str:
    return moment[:19].replace("T", " ") if moment else ""


def _mlflow_command(uri: str, studio: str) -> str:
    mlflow = studio.removesuffix("studio") + "mlflow"
    return f"{mlflow} ui --backend-store-uri {uri}" if "://" in uri and not uri.startswith("http") else uri


def _continued(ending: Mapping[str, Any]) -> str:
    """How the run had ended before it was continued."""
    how = "had been killed" if ending["status"] == "killed" else "had failed"
    steps = ", ".join(f"{step['key']} ({step['status']})" for step in ending.get("unfinished", []))
    return f"continued after it {how} at {_local(ending['ended'])}{f': {steps}' if steps else ''}"


def _measures(run: RunRecord) -> list[str]:
    """One line for each step that logged metrics."""
    rows = [
        (f"  {step.key}", ", ".join(f"{name} {_number(value)}" for name, value in step.metrics.items()))
        for step in run.steps.values()
        if step.metrics
    ]
    return ["Metrics\n" + table(["", ""], rows).partition("\n")[2]] if rows else []


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
