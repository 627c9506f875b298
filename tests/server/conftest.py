"""A Jupyter server on a small workspace, one a module."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conftest import Place
from tests.server.asking import Client, jupyter_server_at

SETTINGS = """version = 1

[project]
name = "small"

[people.anna]
name = "Anna Berger"
emails = ["anna@example.org"]
roles = ["data scientist"]

[people.bob]
emails = ["bob@example.org"]
roles = ["analyst"]
"""
CATALOG = """version: 1
datasets:
  numbers: {description: one row is one number}
"""
PIPELINE = """version: 1
steps:
  make: {notebook: notebooks/make.ipynb}
  sum: {notebook: notebooks/sum.ipynb}
"""


def small_workspace(place: Place) -> Place:
    """A workspace of one pipeline with two steps."""
    place.write("studio.toml", SETTINGS)
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/small.yml", PIPELINE)
    place.notebook(
        "notebooks/make.ipynb",
        ("markdown", "# Some numbers"),
        "import pandas as pd\n\nimport studio",
        ("parameters", "count: int = 3  # how many numbers are made"),
        'studio.save("numbers", pd.DataFrame({"number": range(count)}))',
    )
    place.notebook(
        "notebooks/sum.ipynb",
        ("markdown", "# Their sum"),
        "import time\n\nimport studio",
        ("parameters", "wait: float = 0.0  # seconds to wait before the sum"),
        'frame = studio.load("numbers")\ntime.sleep(wait)\ntotal = int(frame["number"].sum())',
        ("test", "def test_total():\n    assert total >= 0\n\n\ndef test_again():\n    assert wait >= 0"),
    )
    return place


@pytest.fixture(scope="module", autouse=True)
def no_settings_of_the_caller() -> Iterator[None]:
    """What a module makes once is made before each test cleans its environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("STUDIO_", "MLFLOW_", "JUPYTER_", "IPYTHON")):
                patch.delenv(name)
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        yield


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The small workspace."""
    return small_workspace(Place(tmp_path_factory.mktemp("small") / "workspace"))


@pytest.fixture(scope="module")
def anna(small: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Anna, a data scientist, before a Jupyter server on the small workspace."""
    with jupyter_server_at(small.root, tmp_path_factory.mktemp("anna"), actor="anna") as client:
        yield client
