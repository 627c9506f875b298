"""A small workspace to work in, and the run context that the runner would set."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from studio.core.workspace import Workspace

CONTEXT = ("STUDIO_WORKSPACE", "STUDIO_RUN", "STUDIO_STEP", "STUDIO_PART", "STUDIO_INPUTS", "STUDIO_RECORD")


@pytest.fixture(autouse=True)
def no_context(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CONTEXT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "project"
    (root / "pipelines" / "contracts").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "studio.toml").write_text('version = 1\n[project]\nname = "trial"\n', encoding="utf-8")
    return Workspace(root)


@pytest.fixture
def catalog(workspace: Workspace) -> Callable[[str], None]:
    def write(entries: str) -> None:
        workspace.catalog.write_text(f"version: 1\ndatasets:\n{entries}", encoding="utf-8")

    return write


@pytest.fixture
def contract(workspace: Workspace) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = workspace.contracts / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


class RunContext:
    """What the runner puts into a kernel's environment, and what it reads afterwards."""

    def __init__(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.workspace = workspace
        self.monkeypatch = monkeypatch
        self.folder = folder
        self.record = folder / "record.jsonl"

    def __call__(self, inputs: Mapping[str, Any] | None = None, *, step: str = "step", part: str = "") -> RunContext:
        path = self.folder / "inputs.json"
        path.write_text(json.dumps(inputs or {}), encoding="utf-8")
        values = (str(self.workspace.root), "20260303-093000-1f9c4a", step, part, str(path), str(self.record))
        for name, value in zip(CONTEXT, values, strict=True):
            self.monkeypatch.setenv(name, value)
        return self

    def leave(self) -> None:
        for name in CONTEXT[1:]:
            self.monkeypatch.delenv(name)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.record.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def in_run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunContext:
    folder = tmp_path / "run"
    folder.mkdir()
    return RunContext(workspace, monkeypatch, folder)
