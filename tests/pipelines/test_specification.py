from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import BadInput, Problems
from studio.core.identifiers import is_name
from studio.core.workspace import Workspace
from studio.pipelines.specification import (
    Retries,
    list_pipelines,
    pipeline_of_notebook,
    read_pipeline,
    schema,
)
from tests.conftest import Place

FULL = """\
version: 1
description: From raw data to a model.
inputs:
  source: {contract: telco_customers}
parameters: {seed: 7}
steps:
  ingest: {notebook: notebooks/ingest.ipynb}
  train:
    notebook: notebooks/train.ipynb
    parameters: {folds: 5}
    matrix: {model: [logistic, forest]}
    retries: {limit: 2, delay: 5, factor: 3}
    timeout: 30m
    cell_timeout: 90s
    after: [ingest]
"""


@pytest.fixture
def workspace(place: Place) -> Workspace:
    return Workspace(place.root)


def problems(place: Place, text: str) -> list[str]:
    place.write("pipelines/p.yml", text)
    with pytest.raises(Problems) as caught:
        read_pipeline(Workspace(place.root), "p")
    return [str(problem) for problem in caught.value.problems]


def test_a_full_file(place: Place, workspace: Workspace) -> None:
    place.write("pipelines/churn.yml", FULL)
    pipeline = read_pipeline(workspace, "churn")
    assert pipeline.name == "churn"
    assert pipeline.shown == "pipelines/churn.yml"
    assert pipeline.description == "From raw data to a model."
    assert pipeline.inputs["source"].contract == "telco_customers"
    assert pipeline.parameters == {"seed": 7}
    assert list(pipeline.steps) == ["ingest", "train"]
    train = pipeline.steps["train"]
    assert (train.timeout, train.cell_timeout) == (1800.0, 90.0)
    assert train.retries == Retries(limit=2, delay=5.0, factor=3.0)
    assert train.matrix == {"model": ["logistic", "forest"]}
    assert train.after == ["ingest"]
    assert pipeline.document.line(("steps", "train", "matrix")) == 11
    assert pipeline.notebook is None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1800", 1800.0), ("0.5", 0.5), ("90s", 90.0), ("30m", 1800.0), ("2h", 7200.0), ("1.5h", 5400.0)],
)
def test_durations(place: Place, workspace: Workspace, written: str, seconds: float) -> None:
    place.write("pipelines/p.yml", f"version: 1\nsteps:\n  a: {{notebook: a.ipynb, timeout: {written}}}\n")
    assert read_pipeline(workspace, "p").steps["a"].timeout == seconds


@pytest.mark.parametrize("written", ["true", "soon", "30 days", "-1", "0", "0s", "[1]", ".inf", "1:30"])
def test_impossible_durations(place: Place, written: str) -> None:
    (found,) = problems(place, f"version: 1\nsteps:\n  a:\n    notebook: a.ipynb\n    timeout: {written}\n")
    assert found.startswith("pipelines/p.yml:5: steps.a.timeout")


def test_plain_retries(place: Place, workspace: Workspace) -> None:
    place.write("pipelines/p.yml", "version: 1\nsteps:\n  a: {notebook: a.ipynb, retries: 2}\n")
    assert read_pipeline(workspace, "p").steps["a"].retries == Retries(limit=2)


@pytest.mark.parametrize(
    "written", ["true", "-1", "101", "often", "{limit: 1.5}", "{limit: 1, factor: 0.5}", "{delay: -1}"]
)
def test_impossible_retries(place: Place, written: str) -> None:
    (found,) = problems(place, f"version: 1\nsteps:\n  a:\n    notebook: a.ipynb\n    retries: {written}\n")
    assert found.startswith("pipelines/p.yml:5: steps.a.retries")


def test_all_misfits_at_once(place: Place) -> None:
    found = problems(
        place,
        "version: 2\nstep: {}\nsteps:\n  Bad Name: {notebook: a.ipynb}\n  a: {notebok: a.ipynb}\n"
        "  b: {notebook: b.ipynb, matrix: {x: []}}\n",
    )
    text = "\n".join(found)
    assert "pipelines/p.yml:1: version" in text
    assert "pipelines/p.yml:2: step: There is no key 'step' here. Did you mean 'steps'?" in text
    assert "pipelines/p.yml:4: steps.Bad Name" in text
    assert "pipelines/p.yml:5: steps.a.notebok: There is no key 'notebok' here. Did you mean 'notebook'?" in text
    assert "pipelines/p.yml:5: steps.a.notebook: The key 'notebook' is missing" in text
    assert "pipelines/p.yml:6: steps.b.matrix.x" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 1\nsteps:\n\ta: {notebook: a.ipynb}\n", "tab"),
        ("version: 1\nsteps:\n  a: {notebook: a.ipynb}\n  a: {notebook: b.ipynb}\n", "twice"),
        ("version: 1\nsteps: &all\n  a: {notebook: a.ipynb}\nmore: *all\n", "anchors"),
        ("version: 1\nsteps: {}\n", "steps"),
        ("- 1\n", "Found"),
        ("", "missing"),
    ],
)
def test_wrong_yaml(place: Place, text: str, words: str) -> None:
    assert any(words in problem for problem in problems(place, text))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("chrun", "Did you mean 'churn'"),
        ("catalog", "no pipeline 'catalog'"),
        ("churn.yml", "Next: use churn"),
        ("../churn", "no pipeline"),
        ("old", "rename it to old.yml"),
    ],
)
def test_no_such_pipeline(place: Place, workspace: Workspace, name: str, words: str) -> None:
    place.write("pipelines/churn.yml", FULL)
    place.write("pipelines/old.yaml", FULL)
    with pytest.raises(BadInput, match=words.replace(".", r"\.")):
        read_pipeline(workspace, name)


def test_listing(place: Place, workspace: Workspace) -> None:
    for name in ("b.yml", "a.yml", "Not A Name.yml", "c.yaml"):
        place.write(f"pipelines/{name}", FULL)
    assert list_pipelines(workspace) == ["a", "b"]


def test_a_pipeline_file_outside_the_workspace(place: Place, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.yml").write_text(FULL)
    (place.root / "pipelines" / "linked.yml").symlink_to(tmp_path / "elsewhere.yml")
    with pytest.raises(BadInput, match="outside"):
        read_pipeline(workspace, "linked")


def test_one_notebook_as_a_pipeline(place: Place, workspace: Workspace) -> None:
    place.notebook("notebooks/churn/train.ipynb", "x = 1")
    for path in ("notebooks/churn/train.ipynb", place.root / "notebooks/churn/train.ipynb"):
        pipeline = pipeline_of_notebook(workspace, path)
        assert pipeline.name == "notebooks-churn-train"
        assert pipeline.notebook == "notebooks/churn/train.ipynb"
        assert {name: step.notebook for name, step in pipeline.steps.items()} == {
            "train": "notebooks/churn/train.ipynb"
        }
    with pytest.raises(BadInput, match="does not exist"):
        pipeline_of_notebook(workspace, "notebooks/no.ipynb")
    with pytest.raises(BadInput, match="outside"):
        pipeline_of_notebook(workspace, "../x.ipynb")


def test_notebooks_of_any_name_have_different_pipelines(place: Place, workspace: Workspace) -> None:
    paths = [
        "notebooks/a-b.ipynb",
        "notebooks/a/b.ipynb",
        "notebooks/Ä.ipynb",
        "notebooks/A.ipynb",
        f"notebooks/{'x' * 90}.ipynb",
    ]
    for path in paths:
        place.notebook(path, "x = 1")
    pipelines = [pipeline_of_notebook(workspace, path) for path in paths]
    names = {pipeline.name for pipeline in pipelines}
    assert len(names) == len(paths)
    assert all(map(is_name, names))
    assert all(is_name(step) for pipeline in pipelines for step in pipeline.steps)


def test_the_schema_for_editors() -> None:
    found: dict[str, Any] = schema()
    assert found["$schema"].startswith("https://json-schema.org/draft/2020-12")
    step = found["$defs"]["Step"]["properties"]
    assert all("description" in key for key in step.values())
    assert {"type": "integer", "minimum": 0, "maximum": 100} in step["retries"]["anyOf"]
