"""Workspaces made for measuring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

SIX = 6
_METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def notebook(*cells: tuple[str, str] | str) -> dict[str, Any]:
    """A notebook of code cells, each a source or a pair of tag and source."""
    built = []
    for number, cell in enumerate(cells):
        tag, source = cell if isinstance(cell, tuple) else ("", cell)
        built.append(
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {"tags": [tag]} if tag else {},
                "source": source,
                "execution_count": None,
                "outputs": [],
            }
        )
    return {"cells": built, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}


def six_steps(root: Path) -> Path:
    """Six small independent steps: each imports pandas and MLflow, computes a little and logs a metric."""
    folder = root / "notebooks"
    folder.mkdir(parents=True)
    (root / "pipelines").mkdir()
    (root / "studio.toml").write_text('version = 1\n[project]\nname = "bench"\n')
    (root / "pipelines" / "catalog.yml").write_text("version: 1\ndatasets: {}\n")
    steps = []
    for number in range(SIX):
        content = notebook(
            ("parameters", "rows: int = 1000  # how many rows\nfactor: float = 1.5  # what they are multiplied by"),
            "import mlflow\nimport pandas as pd",
            f"frame = pd.DataFrame({{'x': range(rows)}})\nresult = float((frame['x'] * factor + {number}).mean())",
            "mlflow.log_metric('result', result)\nframe.describe()",
        )
        (folder / f"step{number}.ipynb").write_text(json.dumps(content, indent=1))
        steps.append(f"  step{number}: {{notebook: notebooks/step{number}.ipynb}}\n")
    (root / "pipelines" / "six.yml").write_text("version: 1\nsteps:\n" + "".join(steps))
    return root


def make_wide_workspace(root: Path, steps: int) -> Path:
    """A pipeline of `steps` steps, all completed: the run that fills the reuse index starts no kernel."""
    (root / "notebooks").mkdir(parents=True)
    (root / "pipelines").mkdir()
    (root / "studio.toml").write_text('version = 1\n[project]\nname = "bench"\n')
    (root / "pipelines" / "catalog.yml").write_text("version: 1\ndatasets: {}\n")
    content = notebook(("parameters", "number: int = 0  # which one"), "print(number)")
    (root / "notebooks" / "wide.ipynb").write_text(json.dumps(content, indent=1))
    numbers = ", ".join(map(str, range(steps)))
    (root / "pipelines" / "wide.yml").write_text(
        "version: 1\nsteps:\n  wide:\n    notebook: notebooks/wide.ipynb\n    matrix: {number: [" + numbers + "]}\n"
    )
    _complete(root, "wide")
    return root


def _complete(root: Path, pipeline: str) -> None:
    from studio.pipelines import runner
    from studio.pipelines.execution import Outcome
    from studio.pipelines.stepping import Attempt
    from studio.workflows.run_pipeline import RunRequest, run_pipeline

    done = Attempt(Outcome(ok=True, failure=None, cells_done=1, seconds=0.0, exit_code=0), root / "none.ipynb")
    with (
        patch.dict("os.environ", {"STUDIO_WORKSPACE": str(root)}),
        patch.object(runner, "attempt_step", lambda *arguments: done),
        patch.object(runner.Trail, "begin_step", lambda *arguments: {}),
        patch.object(runner.Trail, "end_step", lambda *arguments: None),
    ):
        result = run_pipeline(RunRequest(name=pipeline, base=root), lambda event: None)
    if result.record.status != "completed":
        raise RuntimeError(f"the wide pipeline could not be filled: {result.record.status}")
