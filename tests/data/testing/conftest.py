"""A workspace with one contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.workspace import Workspace
from studio.data.contracts import Contract, read_contract

Write = Callable[..., Contract]


@pytest.fixture
def write(workspace: Workspace, contract: Callable[[str, str], Path]) -> Write:
    """Write a contract of these columns, and read it."""

    def written(columns: str, name: str = "orders", more: str = "") -> Contract:
        contract(name, f"version: 1\n{more}\ncolumns:\n{columns}")
        return read_contract(workspace, name)

    return written
