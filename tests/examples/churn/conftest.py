"""The example's own modules, importable as its notebooks import them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "notebooks" / "churn"
MODULES = ("charts", "company", "simulator", "trusted")


@pytest.fixture(scope="session")
def simulator() -> Iterator[ModuleType]:
    """`notebooks/churn/simulator.py`, found as a kernel finds it: by the notebook's folder."""
    sys.path.insert(0, str(FOLDER))
    try:
        import simulator  # type: ignore[import-not-found]

        yield simulator
    finally:
        sys.path.remove(str(FOLDER))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="session")
def film(simulator: ModuleType) -> object:
    """Two and a half years of the company as it is by default."""
    return simulator.simulate(5_000, 30)
