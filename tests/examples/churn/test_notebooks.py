"""The churn notebooks as files: readable, typed, explained, without outputs; and run by hand, tests and all."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.data.catalog import read_catalog
from studio.notebooks.checks import check_notebook
from studio.notebooks.document import read_notebook
from studio.notebooks.parameters import read_parameters
from studio.pipelines.plan import make_plan
from studio.pipelines.specification import read_pipeline

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "notebooks" / "churn"
IN_ORDER = ("ingest", "prepare", "features", "train", "evaluate", "register")

RUN = """
import sys, nbformat
from nbclient import NotebookClient
name, output = sys.argv[1:]
notebook = nbformat.read(f"{name}.ipynb", 4)
notebook.cells.append(nbformat.v4.new_code_cell(
    "def call(test):\\n"
    "    marks = [mark for mark in getattr(test, 'pytestmark', []) if mark.name == 'parametrize']\\n"
    "    for value in marks[0].args[1] if marks else [None]:\\n"
    "        test(**({marks[0].args[0]: value} if marks else {}))\\n"
    "tests = [value for name, value in list(globals().items()) if name.startswith('test_') and callable(value)]\\n"
    "print(len([call(test) for test in tests]), 'tests passed')"
))
try:
    NotebookClient(notebook, timeout=240, kernel_name="python3").execute()
finally:
    nbformat.write(notebook, output)
"""


def test_there_is_nothing_else_in_the_folder() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(IN_ORDER)


@pytest.mark.parametrize("name", IN_ORDER)
def test_the_file_is_clean(name: str) -> None:
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert all(re.fullmatch(r"[a-z][a-z-]+", cell["id"]) for cell in notebook["cells"])


@pytest.mark.parametrize("name", IN_ORDER)
def test_the_notebook_explains_itself(name: str) -> None:
    document = read_notebook(Workspace(ROOT), f"notebooks/churn/{name}.ipynb")
    assert document.notes == ()
    assert document.cells[0].type == "markdown"
    assert document.cells[0].source.startswith("# Churn ")
    assert sum(cell.type == "markdown" for cell in document.cells) >= 4


@pytest.mark.parametrize("name", IN_ORDER)
def test_the_notebook_has_tests(name: str) -> None:
    document = read_notebook(Workspace(ROOT), f"notebooks/churn/{name}.ipynb")
    sources = [cell.source for cell in document.cells_tagged("test")]
    assert sources
    assert all(re.search(r"^def test_", source, re.MULTILINE) for source in sources)


@pytest.mark.parametrize("name", IN_ORDER)
def test_every_parameter_says_what_it_means(name: str) -> None:
    schema = read_parameters(read_notebook(Workspace(ROOT), f"notebooks/churn/{name}.ipynb"))
    assert all(parameter.help for parameter in schema.parameters.values())


def test_the_source_is_a_file_or_nothing() -> None:
    schema = read_parameters(read_notebook(Workspace(ROOT), "notebooks/churn/ingest.ipynb"))
    assert schema.parameters["source"].is_path
    assert schema.parameters["source"].default is None
    assert list(schema.parameters)[-1] == "seed"


@pytest.mark.heavy
def test_the_notebooks_run_by_hand_in_order_and_pass_their_tests(tmp_path: Path) -> None:
    for name in ("notebooks", "pipelines"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        )
    shutil.copy(ROOT / "studio.toml", tmp_path)
    environment = {
        **os.environ,
        "STUDIO_WORKSPACE": str(tmp_path),
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
    }
    for name in IN_ORDER:
        output = tmp_path / f"{name}.executed.ipynb"
        done = subprocess.run(
            [sys.executable, "-c", RUN, name, str(output)],
            cwd=tmp_path / "notebooks" / "churn",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        said = json.loads(output.read_text(encoding="utf-8"))["cells"][-1]["outputs"][0]["text"]
        assert re.fullmatch(r"[1-9]\d* tests passed", "".join(said).strip())


@pytest.mark.parametrize("name", IN_ORDER)
def test_nothing_is_found_wrong_without_running(name: str) -> None:
    workspace = Workspace(ROOT)
    known = read_catalog(workspace).datasets
    assert check_notebook(workspace, f"notebooks/churn/{name}.ipynb", known_datasets=known) == []


def test_the_order_follows_from_the_data() -> None:
    workspace = Workspace(ROOT)
    plan = make_plan(workspace, read_pipeline(workspace, "churn"), base=ROOT)
    trains = tuple(f"train[model={kind}]" for kind in ("logistic", "forest", "boosting"))
    assert [step.key for step in plan.steps] == ["ingest", "prepare", "features", *trains, "evaluate", "register"]
    needs = {step.key: step.needs for step in plan.steps}
    assert all(needs[train] == ("features",) for train in trains)
    assert set(trains) <= set(needs["evaluate"])
    assert {name for step in plan.steps for name in step.saves} == set(read_catalog(workspace).datasets)


def test_a_given_file_is_checked_before_anything_starts(tmp_path: Path) -> None:
    workspace = Workspace(ROOT)
    file = tmp_path / "customers.csv"
    file.touch()
    plan = make_plan(workspace, read_pipeline(workspace, "churn"), {"source": str(file)}, base=ROOT)
    assert [(planned.step, planned.path, planned.contract) for planned in plan.inputs] == [
        ("ingest", file, "telco_customers")
    ]


@pytest.mark.parametrize(
    "given", [{"price_rise": "-0.1"}, {"customers": "10"}, {"train.model": "oracle"}, {"campaign_share": "1.5"}]
)
def test_values_out_of_bounds_are_refused(given: dict[str, str]) -> None:
    workspace = Workspace(ROOT)
    with pytest.raises(BadInput):
        make_plan(workspace, read_pipeline(workspace, "churn"), given, base=ROOT)
