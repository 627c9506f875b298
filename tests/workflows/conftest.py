"""Workspaces that several tests look at are made before each test cleans its environment; so it is done here, once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def no_settings_of_the_caller() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("STUDIO_", "MLFLOW_", "JUPYTER_", "IPYTHON")):
                patch.delenv(name)
        yield
