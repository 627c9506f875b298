"""pyproject.toml says what is needed; requirements.lock, environment.yml and this very environment say the same."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pins(lock: str) -> list[Requirement]:
    return [Requirement(line.removesuffix("\\").strip()) for line in lock.splitlines() if re.match(r"[a-z0-9]", line)]


def version(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    return specifier.version


def test_conda_users_get_the_same(root: Path, manifest: dict[str, Any], requirements: list[str]) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    python, pip, packages = environment["dependencies"]
    assert python == f"python{manifest['project']['requires-python']}"
    assert pip == "pip"
    assert packages["pip"] == [*requirements, "-e ."]


def test_every_requirement_is_locked(pins: list[Requirement], requirements: list[str]) -> None:
    locked: dict[str, list[str]] = {}
    for pin in pins:
        locked.setdefault(canonicalize_name(pin.name), []).append(version(pin))
    for requirement in map(Requirement, requirements):
        found = locked.get(canonicalize_name(requirement.name), [])
        assert found, f"requirements.lock lacks {requirement}; next: make lock"
        assert all(Version(item) in requirement.specifier for item in found), f"{requirement}: {found}; next: make lock"


def test_every_pin_has_a_hash_and_no_address(lock: str, pins: list[Requirement]) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", lock)
    assert len(entries) == len(pins) + 1
    assert all("--hash=sha256:" in entry for entry in entries[1:])
    assert "://" not in lock
    assert not re.search(r"^\s*-(?!-hash=)", lock, re.MULTILINE)


def test_what_is_installed_is_what_is_locked(pins: list[Requirement]) -> None:
    installed = {canonicalize_name(item.name): item.version for item in distributions()}
    wanted = {canonicalize_name(pin.name): version(pin) for pin in pins if not pin.marker or pin.marker.evaluate()}
    different = {name: (installed.get(name), pin) for name, pin in wanted.items() if installed.get(name) != pin}
    assert not different, f"installed, locked: {different}; next: make set-up"
