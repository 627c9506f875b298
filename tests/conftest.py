"""What every test may use: an environment free of the caller's, notebooks from a few lines, workspaces in a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
Notebook = Callable[..., dict[str, Any]]
settings.register_profile("studio", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("studio")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the caller's reaches a test, and nothing leaves the machine."""
    for name in list(os.environ):
        if name.startswith(("STUDIO_", "MLFLOW_", "JUPYTER_", "IPYTHON")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


def notebook(*cells: tuple[str, str] | str, **metadata: Any) -> dict[str, Any]:
    """A notebook of code cells, each a source or a pair of (tag, source); the tag ``markdown`` makes a text cell."""
    built: list[dict[str, Any]] = []
    for number, cell in enumerate(cells):
        tag, source = cell if isinstance(cell, tuple) else ("", cell)
        common = {
            "id": f"cell-{number}",
            "metadata": {"tags": [tag]} if tag and tag != "markdown" else {},
            "source": source,
        }
        if tag == "markdown":
            built.append({"cell_type": "markdown", **common})
        else:
            built.append({"cell_type": "code", **common, "execution_count": None, "outputs": []})
    return {"cells": built, "metadata": METADATA | metadata, "nbformat": 4, "nbformat_minor": 5}


@dataclass(frozen=True)
class Place:
    """A workspace under test, with what a person at its shell would do."""

    root: Path

    def write(self, path: str, content: str | dict[str, Any]) -> Path:
        """Write a text, or a notebook as JSON."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
        return target

    def notebook(self, path: str, *cells: tuple[str, str] | str) -> Path:
        """Write a notebook of these cells."""
        return self.write(path, notebook(*cells))

    def studio(self, *words: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> Answer:
        """Run the command line in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "studio.cli", *words],
            cwd=cwd or self.root,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=240,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.out)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty workspace."""
    made = Place(tmp_path / "workspace")
    made.write("studio.toml", 'version = 1\n\n[project]\nname = "test"\n')
    made.write("pipelines/catalog.yml", "version: 1\ndatasets: {}\n")
    return made
