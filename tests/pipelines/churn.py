"""A small pipeline with a diamond and a fan-out, and a planner for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from studio.core.errors import Problems
from studio.core.workspace import Workspace
from studio.pipelines.plan import Plan, PlannedStep, make_plan
from studio.pipelines.specification import read_pipeline
from tests.conftest import Place

CATALOG = """\
version: 1
datasets:
  telco: {location: data/telco.csv}
  customers: {}
  spending: {}
  support: {}
  scores: {contract: scores}
  report: {}
"""
CONTRACT = "version: 1\ncolumns:\n  score: {dtype: float64}\n"
PIPELINE = """\
version: 1
parameters: {seed: 7}
steps:
  ingest: {notebook: notebooks/ingest.ipynb}
  spending: {notebook: notebooks/spending.ipynb}
  support: {notebook: notebooks/support.ipynb}
  train:
    notebook: notebooks/train.ipynb
    parameters: {folds: 5}
    matrix: {model: [logistic, forest, boosting]}
    retries: {limit: 2, delay: 5}
    timeout: 30m
  evaluate: {notebook: notebooks/evaluate.ipynb, after: [ingest]}
"""
TRAIN = """\
folds: int = 3  # how many
model: str = "logistic"  # which kind
seed: int = 1  # of the random numbers
"""


def make_churn(place: Place) -> Workspace:
    """Write the workspace."""
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/contracts/scores.yml", CONTRACT)
    place.write("pipelines/churn.yml", PIPELINE)
    place.write("data/telco.csv", "a\n1\n")
    write_notebook(place, "ingest", "", loads=["telco"], saves=["customers"])
    write_notebook(place, "spending", "", loads=["customers"], saves=["spending"])
    write_notebook(place, "support", "seed: int = 1  # of it", loads=["customers"], saves=["support"])
    write_notebook(place, "train", TRAIN, loads=["spending", "support"], saves=["scores"])
    write_notebook(place, "evaluate", "limit: float = 0.5  # of it", loads=["scores"], saves=["report"])
    return Workspace(place.root)


def write_notebook(
    place: Place, name: str, parameters: str, *more: str, loads: list[str] | None = None, saves: list[str] | None = None
) -> None:
    """Write a notebook that loads and saves these datasets."""
    cells: list[tuple[str, str] | str] = ["import studio"]
    cells += [("parameters", parameters)] if parameters else []
    cells += [f"{dataset} = studio.load('{dataset}')" for dataset in loads or ()]
    cells += more
    cells += [f"studio.save('{dataset}', frame)" for dataset in saves or ()]
    place.notebook(f"notebooks/{name}.ipynb", *cells)


def plan(
    place: Place, given: Mapping[str, str] | None = None, *, name: str = "churn", base: Path | None = None
) -> Plan:
    """The plan of a pipeline of the workspace."""
    workspace = Workspace(place.root)
    return make_plan(workspace, read_pipeline(workspace, name), given, base=base or place.root)


def planned(place: Place, key: str, given: Mapping[str, str] | None = None) -> PlannedStep:
    """One step of the plan."""
    return next(step for step in plan(place, given).steps if step.key == key)


def problems(place: Place, given: Mapping[str, str] | None = None, *, base: Path | None = None) -> list[str]:
    """What is wrong with the plan."""
    with pytest.raises(Problems) as caught:
        plan(place, given, base=base)
    return [str(problem) for problem in caught.value.problems]


def with_steps(place: Place, steps: str, rest: str = "") -> None:
    """Write the pipeline with these steps."""
    place.write("pipelines/churn.yml", f"version: 1\n{rest}steps:\n{steps}")
