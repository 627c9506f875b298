from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from studio.core.workspace import Workspace
from studio.pipelines.form import Field, fields_of, form_schema
from studio.pipelines.plan import make_plan, survey
from studio.pipelines.specification import read_pipeline
from tests.conftest import Place, notebook


def form(place: Place, file: str, **notebooks: str) -> list[Field]:
    for name, parameters in notebooks.items():
        place.write(f"notebooks/{name}.ipynb", notebook("from pathlib import Path", ("parameters", parameters)))
    place.write("pipelines/it.yml", f"version: 1\n{file}")
    workspace = Workspace(place.root)
    pipeline = read_pipeline(workspace, "it")
    return fields_of(pipeline, survey(workspace, pipeline).facts, workspace.root)


def steps(*names: str, **more: str) -> str:
    lines = ["steps:"]
    for name in names:
        lines += [f"  {name}:", f"    notebook: notebooks/{name}.ipynb"]
        lines += [f"    {more[name]}"] if name in more else []
    return "\n".join(lines) + "\n"


def told(fields: list[Field]) -> dict[str, tuple[tuple[str, ...], Any, bool]]:
    return {field.name: (field.steps, field.written, field.given) for field in fields}


def test_what_all_steps_agree_about_is_one_field(place: Place) -> None:
    found = form(place, steps("a", "b"), a="seed: int = 7\nx: str = 'x'", b="seed: int = 7  # of random numbers")
    assert told(found) == {"seed": (("a", "b"), 7, False), "x": (("a",), "x", False)}
    assert found[0].parameter.help == "of random numbers"


@pytest.mark.parametrize("other", ["seed: int = 8", "seed: float = 7", "seed: int"])
def test_what_they_disagree_about_has_a_field_for_each(place: Place, other: str) -> None:
    found = form(place, steps("a", "b"), a="seed: int = 7", b=other)
    assert [field.name for field in found] == ["a.seed", "b.seed"]


def test_the_file_settles_it(place: Place) -> None:
    given = "parameters: {seed: 3}\n" + steps("a", "b", "c", c="parameters: {seed: 5}")
    found = form(place, given, a="seed: int = 7", b="seed: int", c="seed: int = 7")
    assert told(found) == {"a.seed": (("a",), 3, True), "b.seed": (("b",), 3, True), "c.seed": (("c",), 5, True)}
    assert not any(field.required for field in found)
    found = form(place, "parameters: {seed: 3}\n" + steps("a", "b"), a="seed: int = 7", b="seed: int")
    assert told(found) == {"seed": (("a", "b"), 3, True)}


def test_what_a_step_fans_out_over_is_not_given(place: Place) -> None:
    matrix = steps("a", "b", b="matrix: {model: [x, y]}")
    found = form(place, matrix, a="model: str = 'x'", b="model: str = 'x'\nseed: int = 1")
    assert told(found) == {"a.model": (("a",), "x", False), "seed": (("b",), 1, False)}


def test_every_field_can_be_given(place: Place) -> None:
    """A run takes the names of the form, and what the form shows is what a run uses."""
    given = "parameters: {seed: 3}\n" + steps("a", "b", b="matrix: {model: [x, y]}")
    found = form(
        place, given, a="seed: int = 7\nmodel: str = 'x'\nn: int = 1", b="seed: int = 7\nmodel: str\nn: int = 2"
    )
    workspace = Workspace(place.root)
    pipeline = read_pipeline(workspace, "it")
    plain = make_plan(workspace, pipeline, {}, base=workspace.root)
    texts = {field.name: str(field.written) for field in found}
    filled = make_plan(workspace, pipeline, texts, base=workspace.root)
    assert [step.values for step in plain.steps] == [step.values for step in filled.steps]


def test_the_schema_of_the_form(place: Place) -> None:
    place.write("data/a.csv", "a\n")
    given = "parameters: {data: data/a.csv}\n" + steps("a")
    found = form(
        place, given, a="data: Path | None = None\nwanted: int  # how many\nfree: dict = {}\nfast: bool = True"
    )
    schema = form_schema(found)
    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == ["data", "wanted", "free", "fast"]
    assert schema["properties"]["data"]["default"] == "data/a.csv"
    assert schema["properties"]["wanted"] == {"type": "integer", "title": "wanted", "description": "how many"}
    assert schema["required"] == ["wanted"]
    check = Draft202012Validator(schema)
    assert check.is_valid({"wanted": 3, "free": {"any": ["thing"]}})
    assert not check.is_valid({"wanted": 3, "other": 1})
    assert form_schema([])["properties"] == {}


def test_secrets_show_their_variable(place: Place) -> None:
    source = "from pydantic import SecretStr"
    place.write("notebooks/a.ipynb", notebook(source, ("parameters", "key: SecretStr\nother: SecretStr")))
    place.write("pipelines/it.yml", "version: 1\n" + steps("a", a="parameters: {key: TOKEN}"))
    workspace = Workspace(place.root)
    pipeline = read_pipeline(workspace, "it")
    found = fields_of(pipeline, survey(workspace, pipeline).facts, workspace.root)
    assert [(field.name, field.written, field.parameter.secret, field.required) for field in found] == [
        ("key", "TOKEN", True, False),
        ("other", None, True, True),
    ]
    assert form_schema(found)["properties"]["key"]["default"] == "TOKEN"


def test_a_value_that_does_not_fit_is_not_shown_as_one(place: Place) -> None:
    found = form(place, steps("a", a="parameters: {seed: seven}"), a="seed: int = 7")
    assert told(found) == {"seed": (("a",), 7, False)}
