"""The repository itself as the thing under test."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """The content of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def requirements(manifest: dict[str, Any]) -> list[str]:
    """Every requirement that pyproject.toml states, with its extras and groups."""
    extras = manifest["project"]["optional-dependencies"].values()
    groups = manifest["dependency-groups"].values()
    return manifest["project"]["dependencies"] + [item for items in (*extras, *groups) for item in items]


def listed(*options: str) -> list[Path]:
    """The files that git lists."""
    command = ["git", "ls-files", "-z", "--cached", *options]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [path for name in sorted(set(names)) if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """The files that are committed, or will be with the next commit."""
    return listed()


@pytest.fixture(scope="session")
def present() -> list[Path]:
    """The files that are not ignored."""
    return listed("--others", "--exclude-standard")
