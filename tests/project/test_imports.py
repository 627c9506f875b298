"""What is imported is declared, and what is heavy is imported only when it is used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEAVY = ("mlflow", "pandas", "pandera", "papermill", "nbformat", "nbconvert", "sklearn", "matplotlib", "jupytext")
# These subclass what papermill offers, and are themselves imported only within functions.
ADAPTERS = (
    "studio.pipelines.engine",
    "studio.pipelines.client",
    # And these what Voila offers; only the program that serves apps imports them.
    "studio.server.apps.answers",
    "studio.server.apps.application",
    "studio.server.apps.kernels",
    "studio.server.apps.pages",
    "studio.server.apps.rendering",
    "studio.server.apps.websocket",
    # And this one what Jupyter's server offers, which has loaded all of it by then.
    "studio.server.extension",
)
LOAD_ALL = f"""
import importlib, json, pkgutil, sys
import studio
for module in pkgutil.walk_packages(studio.__path__, "studio."):
    if not module.name.endswith("__main__") and module.name not in {ADAPTERS}:
        importlib.import_module(module.name)
print(json.dumps([name for name in sys.argv[1:] if name in sys.modules]))
"""


def imported(source: str) -> set[str]:
    """The top names of every absolute import, within functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_what_studio_imports_is_declared(root: Path, requirements: list[str]) -> None:
    declared = {canonicalize_name(Requirement(item).name) for item in requirements}
    owners = packages_distributions()
    missing = []
    for path in sorted((root / "studio").rglob("*.py")):
        for name in imported(path.read_text(encoding="utf-8")) - {*sys.stdlib_module_names, "studio"}:
            if not declared.intersection(map(canonicalize_name, owners.get(name, []))):
                missing.append(f"{path.relative_to(root)}: {name}")
    assert not missing


def test_no_module_loads_a_heavy_library_when_it_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD_ALL, *HEAVY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("module", "allowed"),
    [("studio", r"studio|importlib"), ("studio.core", r"studio|importlib")],
)
def test_the_doorway_loads_next_to_nothing(module: str, allowed: str) -> None:
    program = f"import sys; before = set(sys.modules); import {module}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    outside = {name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert all(re.fullmatch(rf"({allowed})(\..*)?", name) for name in outside)
