"""A report of tests or gates attached to the MLflow run that it speaks of."""

from __future__ import annotations

import json

from studio.core.report import Report
from studio.core.workspace import Workspace
from studio.tracking.runs import Tracker


def attach_report(workspace: Workspace, mlflow_run_id: str, report: Report, name: str) -> None:
    """Write ``<name>/report.json`` and ``<name>/junit.xml`` into the run's artifacts, and the verdict into its tags.

    Raises
    ------
    StudioError
        When the store cannot be reached or refuses.
    """
    tracker = Tracker(workspace)
    text = json.dumps(report.as_dict(), indent=1, ensure_ascii=False, default=str)
    tracker.log_artifacts(mlflow_run_id, {f"{name}/report.json": text, f"{name}/junit.xml": report.to_junit()})
    verdict = "passed" if report.ok else "failed"
    told = report.summary()
    tracker.set_tags(mlflow_run_id, {f"studio.{name}": f"{verdict}: {told}" if told else verdict})
