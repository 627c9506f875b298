"""The plain way, for comparison: a loop over papermill in one process, with the same records in MLflow."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import mlflow
import nbformat
import papermill
from nbconvert import HTMLExporter


def main(root: Path) -> None:
    """Run all notebooks of `root` in the order of their names."""
    mlflow.set_tracking_uri(f"sqlite:///{root}/loop.db")
    mlflow.set_experiment("loop")
    client = mlflow.MlflowClient()
    os.environ["MLFLOW_TRACKING_URI"] = mlflow.get_tracking_uri()
    parameters = {"rows": 1000, "factor": 1.5}
    with mlflow.start_run(run_name="loop") as parent:
        for path in sorted((root / "notebooks").glob("*.ipynb")):
            run = client.create_run(parent.info.experiment_id, tags={"mlflow.parentRunId": parent.info.run_id})
            for name, value in parameters.items():
                client.log_param(run.info.run_id, name, value)
            os.environ["MLFLOW_RUN_ID"] = run.info.run_id
            output = root / "executed" / path.name
            output.parent.mkdir(exist_ok=True)
            papermill.execute_notebook(str(path), str(output), parameters, progress_bar=False)
            page, _ = HTMLExporter().from_notebook_node(nbformat.read(output, 4))
            output.with_suffix(".html").write_text(page)
            for artifact in (output, output.with_suffix(".html")):
                client.log_artifact(run.info.run_id, str(artifact))
            client.set_terminated(run.info.run_id)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
