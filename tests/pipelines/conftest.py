"""Executing a few cells in a real kernel, and looking at what came of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from studio.pipelines.executing import execute
from studio.pipelines.execution import Cancellation, Limits, Outcome


def document(*cells: str | tuple[str, str], **metadata: Any) -> dict[str, Any]:
    """A notebook as plain data; a pair is (tag, source); ``injected-parameters`` has no place in the original."""
    built, original = [], 0
    for number, cell in enumerate(cells):
        tag, source = cell if isinstance(cell, tuple) else ("", cell)
        own: dict[str, Any] = {"tags": [tag]} if tag else {}
        if tag != "injected-parameters":
            own["studio"] = {"cell": original}
            original += 1
        common = {"id": f"c{number}", "metadata": own, "source": source}
        built.append({"cell_type": "code", "execution_count": None, "outputs": [], **common})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": built, "metadata": {"kernelspec": kernel, **metadata}, "nbformat": 4, "nbformat_minor": 5}


@dataclass
class Executed:
    """An outcome and the notebook that it left."""

    outcome: Outcome
    path: Path
    told: list[tuple[int, int]] = field(default_factory=list)

    @property
    def document(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return content

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        outputs: list[dict[str, Any]] = self.document["cells"][cell]["outputs"]
        return outputs

    def text(self, cell: int, name: str = "stdout") -> str:
        return "".join("".join(output["text"]) for output in self.outputs(cell) if output.get("name") == name)


Execute = Callable[..., Executed]


@pytest.fixture
def run(tmp_path: Path) -> Execute:
    """``run(cell, …, limits=…, cancellation=…, environment=…, notebook=…)``."""

    def run(*cells: str | tuple[str, str], **given: Any) -> Executed:
        folder = tmp_path / "notebooks"
        folder.mkdir(exist_ok=True)
        told: list[tuple[int, int]] = []
        path = given.get("output", tmp_path / "executed.ipynb")
        outcome = execute(
            given.get("notebook") or document(*cells),
            output=path,
            folder=given.get("folder", folder),
            environment={"STUDIO_RUN": "test-run", **given.get("environment", {})},
            limits=given.get("limits", Limits(timeout=120)),
            cancellation=given.get("cancellation") or Cancellation(),
            on_cell=given.get("on_cell") or (lambda done, of: told.append((done, of))),
        )
        return Executed(outcome, path, told)

    return run
