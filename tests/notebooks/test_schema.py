from __future__ import annotations

import json
import math
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from pydantic import ValidationError

from studio.core.errors import BadInput, Problems
from studio.notebooks.parameters import read_parameters
from studio.notebooks.secrets import SecretReference

IMPORTS = """\
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from annotated_types import Ge, Gt, Interval, Len, Lt, MultipleOf, MinLen
from pydantic import SecretStr
import studio
"""
BASE = Path("/data/here")


@pytest.fixture
def schema_of(notebooks):
    return lambda source: read_parameters(notebooks.with_parameters(source, IMPORTS))


@pytest.fixture
def convert(schema_of):
    def convert_one(annotation, value, strings=True):
        schema = schema_of(f"x: {annotation}")
        return schema.convert({"x": value}, base=BASE, strings=strings)["x"]

    return convert_one


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        ("int", "12", 12),
        ("int", "-12", -12),
        ("int", "+12", 12),
        ("int", "0", 0),
        pytest.param("int", "9" * 4300, 10**4300 - 1, id="longest"),
        ("int | None", "null", None),
        ("float", "48", 48.0),
        ("float", "-.5e-3", -0.0005),
        ("float", "1.", 1.0),
        ("float", "inf", math.inf),
        ("float", "-Infinity", -math.inf),
        ("bool", "true", True),
        ("bool", "FALSE", False),
        ("str", "012", "012"),
        ("str", " a\n\t'\"\\ ", " a\n\t'\"\\ "),
        ("str", "null", "null"),
        ("str", "", ""),
        ("str | None", "null", None),
        ("str | None", "None", "None"),
        ("str", "__import__('os').system('true')", "__import__('os').system('true')"),
        ("str", "日本語 😀 \u2028", "日本語 😀 \u2028"),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("datetime", "2024-02-29T08:30", datetime(2024, 2, 29, 8, 30)),
        ("datetime", "2024-02-29 08:30:01.5", datetime(2024, 2, 29, 8, 30, 1, 500_000)),
        ("datetime", "2024-02-29", datetime(2024, 2, 29)),
        ("datetime", "2024-02-29T08:30:00+02:00", datetime(2024, 2, 29, 8, 30, tzinfo=timezone(timedelta(hours=2)))),
        ("Path", "a/b.csv", Path("/data/here/a/b.csv")),
        ("Path", "../b.csv", Path("/data/b.csv")),
        ("Path", "/elsewhere/b.csv", Path("/elsewhere/b.csv")),
        ("list[Path]", '["a"]', [Path("/data/here/a")]),
        ("Literal['1', 1]", "1", "1"),
        ("Literal['a', 1, True]", "1", 1),
        ("Literal['a', 1, True]", "true", True),
        ("Literal['null'] | None", "null", "null"),
        ("list[str]", '["a","b"]', ["a", "b"]),
        ("list[float]", "[1, 2.5, NaN]", [1.0, 2.5, math.nan]),
        ("list[date]", '["2024-01-01"]', [date(2024, 1, 1)]),
        ("dict[int, str]", '{"1": "a"}', {1: "a"}),
        ("dict[date, int]", '{"2024-01-01": 1}', {date(2024, 1, 1): 1}),
        ("dict", '{"a": {"b": [1, null, true, 1.5]}}', {"a": {"b": [1, None, True, 1.5]}}),
        ("list", "[[1]]", [[1]]),
        ("Annotated[float, MultipleOf(0.1)]", "0.3", 0.3),
        ("SecretStr", "TOKEN", SecretReference("TOKEN")),
    ],
)  # fmt: skip
def test_texts_are_converted_by_type(convert, annotation, text, value):
    found = convert(annotation, text)
    assert repr(found) == repr(value)


@pytest.mark.parametrize(
    ("annotation", "text", "sentence"),
    [
        ("int", "012", "'012' does not fit int. Write a whole number without leading zeros"),
        ("int", "1_000", "does not fit int"),
        ("int", "1.0", "does not fit int"),
        ("int", " 1", "does not fit int"),
        ("int", "1\n", "does not fit int"),
        ("int", "", "does not fit int"),
        ("int", "٣", "does not fit int"),
        ("int", "0x10", "does not fit int"),
        ("int", "true", "does not fit int"),
        ("int", "null", "does not fit int"),
        ("int", "9" * 4301, "4301 digits"),
        ("float", "1_0.0", "does not fit float"),
        ("float", "1,5", "does not fit float"),
        ("float", "1e999", "too large for a float"),
        ("float", "", "does not fit float"),
        ("bool", "1", "'1' does not fit bool. Write true or false"),
        ("bool", "yes", "does not fit bool"),
        ("date", "20240101", "does not fit date"),
        ("date", "2024-W01-1", "does not fit date"),
        ("date", "2024-02-30", "is no date"),
        ("date", "2024-01-01T00:00", "does not fit date"),
        ("datetime", "2024-01-01T25:00", "is no date and time"),
        ("datetime", "yesterday", "does not fit datetime"),
        ("datetime", "2024-01-01T00:00:00+01:00:30", "does not fit datetime"),
        ("Path", "", "The path is empty"),
        ("Path", "a\x00b", "NUL"),
        ("Literal['a', 1]", "b", "Allowed: 'a', 1"),
        ("list[str]", "a,b", "is not JSON"),
        ("list[str]", '{"a": 1}', "does not fit list[str]"),
        ("list[int]", '[1, "2"]', "Item 2: '2' does not fit int"),
        ("list[int]", "[1.0]", "Item 1: 1.0 does not fit int"),
        ("list[float]", "[1e999]", "too large"),
        ("dict[str, int]", '{"a": 1, "a": 2}', "stands twice"),
        ("dict[int, int]", '{"1": 1, "+1": 2}', "stands twice"),
        ("dict[str, int]", "[1]", "does not fit dict[str, int]"),
        ("dict", '{"a": "\\ud800"}', "half a character"),
        ("list", "[" * 100_000, "nested too deeply"),
        ("Annotated[int, Ge(1)]", "0", "0 is not allowed: it must be at least 1"),
        ("Annotated[float, Interval(gt=0, le=1)]", "nan", "must be more than 0"),
        ("Annotated[float, Lt(1)]", "1", "must be less than 1"),
        ("Annotated[int, MultipleOf(5)]", "12", "must be a multiple of 5"),
        ("Annotated[float, MultipleOf(5)]", "inf", "must be a multiple of 5"),
        ("Annotated[str, Len(2, 3)]", "abcd", "length of at most 3"),
        ("Annotated[list[int], MinLen(1)]", "[]", "length of at least 1"),
        ("Annotated[datetime, Gt(datetime(2024, 1, 1))]", "2024-02-01T00:00:00Z", "cannot be compared"),
        ("str", "\udcff", "not valid UTF-8"),
    ],
)
def test_texts_that_do_not_fit_are_refused(convert, annotation, text, sentence):
    with pytest.raises(Problems) as caught:
        convert(annotation, text)
    (problem,) = caught.value.problems
    assert (problem.path, problem.field) == ("notebooks/a.ipynb", "x")
    assert sentence in problem.message


@pytest.mark.parametrize("strings", [True, False])
@pytest.mark.parametrize("value", ["hunter2!", "pa ss", ""])
def test_what_may_be_a_secret_is_not_repeated(convert, value, strings):
    with pytest.raises(Problems) as caught:
        convert("SecretStr", value, strings=strings)
    assert not value or value not in str(caught.value)
    assert "never the secret itself" in str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "given", "value"),
    [
        ("int", 3, 3),
        ("float", 3, 3.0),
        ("float", {"float": "-inf"}, -math.inf),
        ("date", "2024-01-01", date(2024, 1, 1)),
        ("date", date(2024, 1, 1), date(2024, 1, 1)),
        ("datetime", "2024-01-01T00:00:00", datetime(2024, 1, 1)),
        ("Path", "a", Path("/data/here/a")),
        ("Path", PurePosixPath("a"), Path("/data/here/a")),
        ("SecretStr", "TOKEN", SecretReference("TOKEN")),
        ("SecretStr", {"secret": "TOKEN"}, SecretReference("TOKEN")),
        ("dict[int, int]", {"1": 2}, {1: 2}),
        ("dict[int, int]", {1: 2}, {1: 2}),
        ("int | None", None, None),
        ("list", [{"float": "nan"}], [math.nan]),
    ],
)
def test_data_that_fits_is_taken(convert, annotation, given, value):
    assert repr(convert(annotation, given, strings=False)) == repr(value)


class Sly(str):
    def __repr__(self):
        return "__import__('os')"


class SlyInt(int):
    pass


@pytest.mark.parametrize(
    ("annotation", "given"),
    [
        ("int", True),
        ("int", "48"),
        ("int", 48.0),
        ("int", SlyInt(1)),
        pytest.param("int", 10**4300, id="longest"),
        ("float", "0.5"),
        ("float", True),
        ("float", 10**400),
        ("float", {"float": "x"}),
        ("bool", 1),
        ("bool", "true"),
        ("str", 12),
        pytest.param("str", 10**5000, id="long"),
        ("str", None),
        ("str", Sly("a")),
        ("str", "\ud800"),
        ("date", datetime(2024, 1, 1)),
        ("datetime", date(2024, 1, 1)),
        ("datetime", datetime(2024, 1, 1, tzinfo=timezone(timedelta(seconds=1)))),
        ("Path", 1),
        ("Path", Sly("a")),
        ("SecretStr", 1),
        ("Literal[1]", True),
        ("list[int]", (1,)),
        ("list[int]", "[1]"),
        ("dict[str, int]", [("a", 1)]),
        ("dict[str, int]", {1: 1}),
        ("dict", {1: 1}),
        ("list", [Sly("a")]),
        ("list", [b"a"]),
        ("list", [{1, 2}]),
        ("list", [object()]),
        ("int", b"1"),
    ],
)
def test_data_of_another_type_is_refused(convert, annotation, given):
    with pytest.raises(Problems):
        convert(annotation, given, strings=False)


def test_data_nested_too_deeply_is_refused(convert):
    deep: list = []
    for _ in range(sys.getrecursionlimit()):
        deep = [deep]
    with pytest.raises(Problems, match="nested too deeply"):
        convert("list", deep, strings=False)


def test_all_problems_are_told_at_once_with_the_nearest_name(schema_of):
    schema = schema_of("horizon: int = 1\nrate: float = 0.5")
    with pytest.raises(Problems) as caught:
        schema.convert({"horizn": "1", "rate": "x", "horizon": "x"}, base=BASE, strings=True)
    assert [problem.field for problem in caught.value.problems] == ["horizn", "horizon", "rate"]
    assert "Did you mean 'horizon'?" in str(caught.value)


def test_a_notebook_without_parameters_cell_takes_no_values(notebooks):
    schema = read_parameters(notebooks.document("a = 1"))
    assert schema.convert({}, base=BASE, strings=True) == {}
    with pytest.raises(BadInput, match="has no cell tagged 'parameters', so it cannot take 'x'"):
        schema.convert({"x": "1"}, base=BASE, strings=True)


def test_paths_lose_their_dots_only_where_that_is_the_same_file(schema_of, tmp_path):
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    schema = schema_of("x: Path = Path('a')")
    found = schema.convert({"x": "link/../a"}, base=tmp_path, strings=True)["x"]
    assert found == tmp_path / "link" / ".." / "a"
    found = schema.convert({"x": "real/../a"}, base=tmp_path, strings=True)["x"]
    assert found == tmp_path / "a"


def test_values_are_completed_by_defaults_in_declared_order(schema_of):
    schema = schema_of("a: int = 1\nb: int\nc: float = 2")
    assert list(schema.complete({"c": 0.5, "b": 7}).items()) == [("a", 1), ("b", 7), ("c", 0.5)]
    with pytest.raises(Problems, match="b: The parameter has no default and was given no value"):
        schema.complete({})


def test_only_what_differs_from_the_defaults_needs_to_be_handed_over(schema_of):
    schema = schema_of(
        "a: float = 1\nb: float = float('nan')\nc: int\nd: Literal[1, True] = 1\ne: SecretStr = studio.secret('A')"
    )
    same = {"a": 1.0, "b": math.nan, "c": 3, "d": 1, "e": SecretReference("A")}
    assert schema.differing(same) == {"c": 3}
    other = {"a": 1.5, "b": 0.0, "c": 3, "d": True, "e": SecretReference("B")}
    assert schema.differing(other) == other


def test_values_are_rendered_one_a_line_and_need_no_name(schema_of, monkeypatch):
    monkeypatch.setenv("TOKEN", "hunter2")
    schema = schema_of(
        "a: str\nb: float\nc: list[date]\nd: dict[int, Path]\ne: SecretStr\nf: datetime\n"
        "g: float\nh: int | None\ni: float"
    )
    values = {
        "f": datetime(2024, 1, 1, 1, 2, 3, 4, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        "a": "'\"\\\n\r\x00\u2028é😀",
        "b": math.nan,
        "c": [date(2024, 1, 1)],
        "d": {1: Path("a'b")},
        "e": SecretReference("TOKEN"),
        "g": -math.inf,
        "h": None,
        "i": math.inf,
    }
    source = schema.render(values)
    assert "hunter2" not in source
    assert [line.partition(" = ")[0] for line in source.split("\n")] == list("abcdefghi")
    scope: dict = {"date": None, "Path": None, "float": None, "studio": None, "datetime": None}
    exec(source, scope)
    assert scope["e"].get_secret_value() == "hunter2"
    assert math.isnan(scope["b"])
    assert {k: scope[k] for k in "acdfghi"} == {k: values[k] for k in "acdfghi"}
    assert scope["date"] is None


def test_nothing_but_parameters_and_plain_values_is_rendered(schema_of):
    schema = schema_of("a: str")
    with pytest.raises(ValueError, match="no parameter"):
        schema.render({"a = 1; b": 1})
    for value in (Sly("a"), SlyInt(1), b"a", (1,), {1}, [Sly("a")], {Sly("a"): 1}, object()):
        with pytest.raises(TypeError):
            schema.render({"a": value})


def test_values_have_one_json_form_that_is_taken_back(schema_of):
    schema = schema_of("a: date\nb: float\nc: Path\nd: SecretStr\ne: dict[date, list[datetime]]\nf: list")
    values = {
        "a": date(2024, 1, 1),
        "b": math.inf,
        "c": Path("/a"),
        "d": SecretReference("A"),
        "e": {date(2024, 1, 1): [datetime(2024, 1, 1)]},
        "f": [1, None, "a"],
    }
    found = schema.as_json(values)
    assert found == {
        "a": "2024-01-01",
        "b": {"float": "inf"},
        "c": "/a",
        "d": {"secret": "A"},
        "e": {"2024-01-01": ["2024-01-01T00:00:00"]},
        "f": [1, None, "a"],
    }
    assert schema.convert(json.loads(json.dumps(found)), base=BASE, strings=False) == values
    with pytest.raises(TypeError):
        schema.as_json({"a": object()})


def test_the_json_schema_says_types_bounds_defaults_and_help(schema_of):
    schema = schema_of(
        "horizon: Annotated[int, Ge(1)] = 24  # hours\n"
        "rate: Annotated[float, Lt(1)] | None = None\n"
        "token: SecretStr = studio.secret('TOKEN')\n"
        "since: date = date(2024, 1, 1)\n"
        "level: float = float('nan')\n"
        "kind: Literal['a', 'b']\n"
        "schema: str = 'x'\n"
        "_odd: str = 'x'\n"
        "model_kind: str = 'x'\n"
    ).json_schema()
    assert json.dumps(schema, allow_nan=False)
    properties = schema["properties"]
    assert properties["horizon"] == {
        "title": "horizon", "description": "hours", "type": "integer", "minimum": 1, "default": 24,
    }  # fmt: skip
    assert properties["rate"]["anyOf"] == [{"type": "number", "exclusiveMaximum": 1}, {"type": "null"}]
    assert properties["token"]["format"] == "environment-variable"
    assert properties["token"]["default"] == "TOKEN"
    assert (properties["since"]["format"], properties["since"]["default"]) == ("date", "2024-01-01")
    assert "default" not in properties["level"]
    assert properties["kind"]["enum"] == ["a", "b"]
    assert schema["required"] == ["kind"]
    assert schema["additionalProperties"] is False
    assert {"schema", "_odd", "model_kind"} <= set(properties)


def test_the_model_takes_json_and_refuses_the_rest(schema_of):
    schema = schema_of("a: int = 1\nb: date\nc: SecretStr | None = None\nd: dict[int, float] = {}\nmodel_x: str = ''")
    model = schema.model
    assert schema.model is model
    found = model.model_validate_json(
        '{"b": "2024-01-01", "c": {"secret": "A"}, "d": {"1": {"float": "inf"}}, "model_x": "y"}'
    )
    assert found.model_dump(by_alias=True) == {
        "a": 1, "b": date(2024, 1, 1), "c": "A", "d": {1: math.inf}, "model_x": "y",
    }  # fmt: skip
    for bad in ('{"b": "2024-01-01", "e": 1}', '{"b": "2024-01-01", "a": "1"}', '{"b": "2024-01-01", "a": true}', "{}"):
        with pytest.raises(ValidationError):
            model.model_validate_json(bad)
