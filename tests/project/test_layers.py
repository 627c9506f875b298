"""The contracts of import-linter hold, and a planted violation of each is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copied(root: Path, tmp_path: Path) -> Path:
    """Just the rooms, with the contracts of the repository."""
    shutil.copy(root / "pyproject.toml", tmp_path)
    for package in (root / "studio").glob("*/__init__.py"):
        room = tmp_path / "studio" / package.parent.name
        room.mkdir(parents=True)
        (room / "__init__.py").touch()
    (tmp_path / "studio" / "__init__.py").touch()
    return tmp_path


def test_the_contracts_hold(root: Path) -> None:
    done = lint(root)
    assert done.returncode == 0, done.stdout


def test_a_copy_without_violation_passes(copied: Path) -> None:
    done = lint(copied)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("room", "line", "found"),
    [
        ("core", "import studio.cli", "studio.core is not allowed to import studio.cli"),
        ("tracking", "import studio.pipelines", "studio.tracking is not allowed to import studio.pipelines"),
        ("notebooks", "import studio.data", "studio.notebooks is not allowed to import studio.data"),
        (
            "pipelines",
            "def f():\n    import studio.workflows",
            "studio.pipelines is not allowed to import studio.workflows",
        ),
        (
            "pipelines",
            "def f():\n    from mlflow import log_metric",
            "studio.pipelines.planted -> mlflow ",
        ),
        ("core", "import mlflow.tracking", "studio.core.planted -> mlflow "),
        ("notebooks", "import pandera.pandas", "studio.notebooks.planted -> pandera "),
        ("workflows", "from papermill import execute", "studio.workflows.planted -> papermill "),
    ],
)
def test_an_import_upwards_sideways_or_of_a_reserved_library_fails(
    copied: Path, room: str, line: str, found: str
) -> None:
    (copied / "studio" / room / "planted.py").write_text(line + "\n", encoding="utf-8")
    done = lint(copied)
    assert done.returncode == 1
    assert found in " ".join(done.stdout.split()), done.stdout


def test_a_room_that_is_not_on_the_map_fails(copied: Path) -> None:
    (copied / "studio" / "kitchen").mkdir()
    (copied / "studio" / "kitchen" / "__init__.py").touch()
    done = lint(copied)
    assert done.returncode == 1
    assert "kitchen" in done.stdout


def test_every_room_that_exists_is_no_longer_in_parentheses(root: Path, manifest: dict[str, Any]) -> None:
    rooms = {path.parent.name for path in (root / "studio").glob("*/__init__.py")}
    layers = manifest["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {room.strip() for layer in layers for room in layer.split("|")}
    assert {room for room in named if not room.startswith("(")} == rooms
