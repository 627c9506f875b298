from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from studio.core import environment


@pytest.fixture(autouse=True)
def forget() -> None:
    environment.environment_lock.cache_clear()


def test_it_names_interpreter_and_distributions() -> None:
    lines = environment.environment_lock().splitlines()
    assert lines == sorted(lines)
    assert f"pydantic=={version('pydantic')}" in lines
    assert any(line.startswith("python==3.") for line in lines)


def test_its_digest_changes_with_a_distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = environment.environment_digest()
    added = tmp_path / "site-packages"
    (added / "Some.Thing-1.2.dist-info").mkdir(parents=True)
    (added / "elsewhere.py").touch()
    monkeypatch.setattr(sys, "path", [*sys.path, str(added), str(added)])
    assert environment.environment_digest() == before, "read once for each process"
    environment.environment_lock.cache_clear()
    assert "some-thing==1.2" in environment.environment_lock().splitlines()
    assert environment.environment_digest() != before
