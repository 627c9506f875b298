from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from studio.core.errors import Problems
from studio.notebooks.parameters import read_parameters
from studio.notebooks.secrets import SecretReference

IMPORTS = """\
import datetime as dt
import typing as t
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Literal, Optional
import annotated_types
from annotated_types import Ge, Interval, Len
import pydantic
from pydantic import Field, SecretStr
import studio
from studio import secret as hidden
"""


def read(notebooks, source, *before):
    return read_parameters(notebooks.with_parameters(source, IMPORTS, *before)).parameters


def one(notebooks, line):
    (parameter,) = read(notebooks, line).values()
    return parameter


def refused(notebooks, source):
    with pytest.raises(Problems) as caught:
        read(notebooks, source)
    return caught.value.problems


@pytest.mark.parametrize(
    ("line", "annotation", "default"),
    [
        ("x: int = 24", "int", 24),
        ("x: int = -24", "int", -24),
        ("x: int = +24", "int", 24),
        ("x: int = 1_000", "int", 1000),
        (f"x: int = {10**400}", "int", 10**400),
        ("x: float = 0.5", "float", 0.5),
        ("x: float = 1", "float", 1.0),
        ("x: float = float('inf')", "float", math.inf),
        ("x: float = -float('inf')", "float", -math.inf),
        ("x: bool = True", "bool", True),
        ("x: str = 'a # b'", "str", "a # b"),
        ("x: str = 'a' 'b'", "str", "ab"),
        ("x: date = date(2024, 1, 31)", "date", date(2024, 1, 31)),
        ("x: dt.date = dt.date(2024, month=1, day=31)", "date", date(2024, 1, 31)),
        ("x: date = date.fromisoformat('2024-01-31')", "date", date(2024, 1, 31)),
        ("x: datetime = datetime(2024, 1, 31, 8, 30)", "datetime", datetime(2024, 1, 31, 8, 30)),
        ("x: dt.datetime = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)", "datetime", datetime(2024, 1, 1, tzinfo=UTC)),
        ("x: datetime = datetime(2024, 1, 31, tzinfo=UTC)", "datetime", datetime(2024, 1, 31, tzinfo=UTC)),
        (
            "x: datetime = datetime(2024, 1, 31, tzinfo=timezone(timedelta(hours=2)))",
            "datetime",
            datetime(2024, 1, 31, tzinfo=timezone(timedelta(hours=2))),
        ),
        ("x: Path = Path('a', 'b.csv')", "Path", Path("a/b.csv")),
        ("x: Literal['a', 2, True] = 2", "Literal['a', 2, True]", 2),
        ("x: t.Literal['a', None] = None", "Literal['a'] | None", None),
        ("x: Optional[int] = None", "int | None", None),
        ("x: t.Optional[int] = 3", "int | None", 3),
        ("x: int | None = None", "int | None", None),
        ("x: None | int = 3", "int | None", 3),
        ("x: t.Union[int, None] = 3", "int | None", 3),
        ("x: 'int | None' = 3", "int | None", 3),
        ("x: list[int] = [1, 2]", "list[int]", [1, 2]),
        ("x: t.List[str | None] = ['a', None]", "list[str | None]", ["a", None]),
        ("x: list = [1, 'a', None, [True]]", "list", [1, "a", None, [True]]),
        ("x: dict[str, float] = {'a': 1}", "dict[str, float]", {"a": 1.0}),
        ("x: dict[int, list[date]] = {1: [date(2024, 1, 31)]}", "dict[int, list[date]]", {1: [date(2024, 1, 31)]}),
        ("x: dict = {'a': [1]}", "dict", {"a": [1]}),
        ("x: dict[str, t.Any] = {'a': [1]}", "dict", {"a": [1]}),
        ("x: Annotated[int, Ge(1)] = 2", "Annotated[int, Ge(1)]", 2),
        ("x: Annotated[int, annotated_types.Ge(1)] = 2", "Annotated[int, Ge(1)]", 2),
        ("x: Annotated[int, Ge(ge=1)] = 2", "Annotated[int, Ge(1)]", 2),
        ("x: Annotated[int, Field(ge=1, lt=5)] = 2", "Annotated[int, Ge(1), Lt(5)]", 2),
        ("x: Annotated[int, pydantic.Field(multiple_of=2)] = 2", "Annotated[int, MultipleOf(2)]", 2),
        ("x: Annotated[float, Interval(ge=0, lt=1)] = 0.5", "Annotated[float, Ge(0), Lt(1)]", 0.5),
        ("x: Annotated[int | None, Ge(1)] = None", "Annotated[int, Ge(1)] | None", None),
        ("x: Annotated[int, Ge(1)] | None = None", "Annotated[int, Ge(1)] | None", None),
        ("x: Annotated[list[str], Len(1, 3)] = ['a']", "Annotated[list[str], MinLen(1), MaxLen(3)]", ["a"]),
        (
            "x: Annotated[date, Ge(date(2024, 1, 1))] = date(2024, 1, 2)",
            "Annotated[date, Ge(date(2024, 1, 1))]",
            date(2024, 1, 2),
        ),
        ("x: list[Annotated[int, Ge(0)]] = [0]", "list[Annotated[int, Ge(0)]]", [0]),
        ("x: SecretStr = studio.secret('TOKEN')", "SecretStr", SecretReference("TOKEN")),
        ("x: pydantic.SecretStr | None = None", "SecretStr | None", None),
        ("x: SecretStr = hidden('TOKEN')", "SecretStr", SecretReference("TOKEN")),
    ],
)  # fmt: skip
def test_a_type_and_its_default_are_read(notebooks, line, annotation, default):
    parameter = one(notebooks, line)
    assert parameter.annotation == annotation
    assert (parameter.default, type(parameter.default)) == (default, type(default))
    assert not parameter.required


@pytest.mark.parametrize(
    ("line", "annotation"),
    [
        ("x = 1", "int"),
        ("x = -1.5", "float"),
        ("x = float('nan')", "float"),
        ("x = True", "bool"),
        ("x = ''", "str"),
        ("x = date(2024, 1, 1)", "date"),
        ("x = datetime(2024, 1, 1)", "datetime"),
        ("x = Path('a')", "Path"),
        ("x = studio.secret('A')", "SecretStr"),
        ("x = []", "list"),
        ("x = [1, 2]", "list[int]"),
        ("x = [1, 2.5]", "list[float]"),
        ("x = [1, None]", "list"),
        ("x = [1, True]", "list"),
        ("x = {}", "dict"),
        ("x = {'a': 1}", "dict[str, int]"),
        ("x = {1: [1.5]}", "dict[int, list[float]]"),
    ],
)
def test_a_plain_assignment_has_the_type_of_its_literal(notebooks, line, annotation):
    assert one(notebooks, line).annotation == annotation


@pytest.mark.parametrize("line", ["x: int", "x: SecretStr", "x: SecretStr = SecretStr('')", "x = SecretStr('')"])
def test_without_a_default_a_value_must_be_given(notebooks, line):
    assert one(notebooks, line).required


def test_comments_are_help_even_beside_hashes_in_texts(notebooks):
    found = read(
        notebooks,
        '"""A text is fine."""\n'
        "# so is a comment\n"
        'a: str = "# no help"  # help # of a\n'
        "b: str = '''\n# none\n'''  #: help of b\n"
        "c: dict[str, int] = {  # help of c\n    'x': 1,\n}\n"
        "d: list[int] = [\n    1,  # inner\n]  # help of d\n"
        "e: int = 1  # noqa: E501\n"
        "f: Annotated[int, Field(description='help of f')] = 1\n"
        "g: Annotated[int, 'help of g'] = 1\n"
        "h: int = 1; i: int = 2  # both\n",
    )
    helps = {name: parameter.help for name, parameter in found.items()}
    assert helps == {
        "a": "help # of a", "b": "help of b", "c": "help of c", "d": "help of d", "e": "", "f": "help of f",
        "g": "help of g", "h": "both", "i": "both",
    }  # fmt: skip
    assert [parameter.line for parameter in found.values()] == [3, 4, 7, 10, 13, 14, 15, 16, 16]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("x: complex = 1", "The type complex is not allowed. Allowed: int, float"),
        ("x: int | str = 1", "The type int | str is not allowed"),
        ("x: tuple[int, int] = 1", "The type tuple[int, int] is not allowed"),
        ("x: np.int64 = 1", "'np' must be imported in an earlier cell"),
        ("x: Optional = 1", "The type Optional is not allowed"),
        ("x: None = None", "is not allowed"),
        ("x: list[int, int] = []", "is not allowed"),
        ("x: __import__('os').system('true') = 1", "is not allowed"),
        ("x: 'int if True else str' = 1", "is not allowed"),
        ("x: '' = 1", "is not allowed"),
        ("x: Literal[()] = 1", "The type Literal[()] is not allowed"),
        ("x: Literal[1.5] = 1", "A Literal's values can be"),
        ("x: dict[float, int] = {}", "keys of a dict parameter"),
        ("x: list[SecretStr] = []", "A secret cannot stand inside"),
        ("x: Annotated[int] = 1", "is not allowed"),
        ("x: Annotated[int, Foo(1)] = 1", "Foo(1) is no bound"),
        ("x: Annotated[int, Ge] = 1", "Ge is no bound"),
        ("x: Annotated[int, Ge(1, 2)] = 1", "more arguments"),
        ("x: Annotated[int, Ge(gt=1)] = 1", "'gt' is no bound here"),
        ("x: Annotated[int, Ge(y)] = 1", "y is no plain value"),
        ("x: Annotated[int, Ge('a')] = 1", "cannot apply to int"),
        ("x: Annotated[int, Ge(float('nan'))] = 1", "cannot apply to int"),
        ("x: Annotated[str, Ge(1)] = ''", "cannot apply to str"),
        ("x: Annotated[SecretStr, Len(1)]", "cannot apply to SecretStr"),
        ("x: Annotated[int, Field(3)] = 1", "default stands after '='"),
        ("x: Annotated[int, Field(pattern='a')] = 1", "'pattern' is no bound here"),
        ("x: int = 'a'", "The default does not fit its type: 'a' does not fit int"),
        ("x: int = True", "True does not fit int"),
        ("x: int = 1.0", "1.0 does not fit int"),
        ("x: int = None", "None does not fit int"),
        ("x: bool = 1", "1 does not fit bool"),
        ("x: date = '2024-01-01'", "does not fit date"),
        ("x: date = datetime(2024, 1, 1)", "does not fit date"),
        ("x: Path = 'a'", "does not fit Path"),
        ("x: list[int] = [1, 'a']", "Item 2: 'a' does not fit int"),
        ("x: dict[str, int] = {'a': 'b'}", "Key 'a': 'b' does not fit int"),
        ("x: Literal['a'] = 'b'", "Allowed: 'a'"),
        ("x: Literal[1] = True", "Allowed: 1"),
        ("x: Annotated[int, Ge(2)] = 1", "must be at least 2"),
        ("x: date = date(2024, 13, 1)", "is not possible"),
        ("x: int = SecretStr('')", "no default for this type"),
        ("x: str = studio.secret('A')", "does not fit str"),
        ("x: SecretStr = studio.secret('a b')", "takes the name of an environment variable"),
        ("x: SecretStr = studio.secret(name)", "name is no plain value"),
        ("x = None", "says no type"),
        ("x = (1, 2)", "(1, 2) is no plain value"),
        ("x = {1, 2}", "is no plain value"),
        ("x = b'a'", "is no plain value"),
        ("x = ...", "is no plain value"),
        ("x = f'{1}'", "is no plain value"),
        ("x = 60 * 60", "60 * 60 is no plain value"),
        ("x = [*y]", "is no plain value"),
        ("x = {**y}", "is no plain value"),
        ("x = {'a': 1, 'a': 2}", "stands twice in the dict"),
        ("x = {True: 1}", "keys of a dict must be"),
        ("x = open('a')", "is no plain value"),
        ("x = Path('a\\0')", "NUL"),
        ("x = Path.home()", "is no plain value"),
        ("x = '\\ud800'", "half a character"),
        ("x = 0x" + "f" * 5000, "more than 4300 digits"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(notebooks, line, sentence):
    (problem,) = refused(notebooks, "ok: int = 1\n" + line)
    assert problem.path == "notebooks/a.ipynb"
    assert problem.field == "cell 2, line 2: x"
    assert sentence in problem.message
    assert "Next: " in problem.message


@pytest.mark.parametrize("default", ["SecretStr('hunter2')", "SecretStr('hun' + 'ter2')", "SecretStr(f'hunter2')"])
def test_a_secret_in_a_notebook_is_refused_and_not_repeated(notebooks, default):
    (problem,) = refused(notebooks, f"x: SecretStr = {default}")
    assert "A secret must not stand in a notebook" in problem.message
    assert "hun" not in str(problem)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("import os", "An import"),
        ("from os import path", "An import"),
        ("print(1)", "A call"),
        ("1 + 1", "An expression"),
        ("if True:\n    a = 1", "A condition"),
        ("for a in []:\n    pass", "A loop"),
        ("def f(): ...", "A function"),
        ("a, b = 1, 2", "An assignment to something other than one name"),
        ("a = b = 1", "An assignment to something other than one name"),
        ("a.b = 1", "An assignment to something other than one name"),
        ("a.b: int = 1", "An assignment to something other than one name"),
        ("(a): int = 1", "An assignment to something other than one name"),
        ("ok += 1", "An augmented assignment"),
        ("del ok", "A del"),
        ("global ok", "A statement"),
    ],
)
def test_a_cell_that_is_not_plain_assignments_is_refused_with_its_line(notebooks, line, what):
    (problem,) = refused(notebooks, "ok: int = 1\n" + line)
    assert problem.field == "cell 2, line 2"
    assert problem.message.startswith(f"{what} stands here.")


@pytest.mark.parametrize("source", ["x = (", "x: int = ", "%time x = 1", "!ls", "x?", "  x = 1", "x = '\x00'"])
def test_a_cell_that_is_not_python_is_refused(notebooks, source):
    (problem,) = refused(notebooks, source)
    assert problem.field.startswith("cell 2")
    assert "This is not plain Python" in problem.message


def test_names_that_stand_twice_or_are_pythons_own_are_refused(notebooks):
    first, second = refused(notebooks, "a = 1\na = 2\n__import__ = 3")
    assert (first.field, second.field) == ("cell 2, line 2: a", "cell 2, line 3: __import__")
    assert "first on line 1" in first.message


def test_all_problems_are_told_at_once(notebooks):
    assert len(refused(notebooks, "a: int = ''\nimport os\nb: foo = 1\nc = None")) == 4


def test_two_parameters_cells_are_refused(notebooks):
    cell = notebooks.cell("a = 1", "parameters")
    with pytest.raises(Problems, match="cell 2: There are two parameters cells: cell 1 is the first"):
        read_parameters(notebooks.document(cell, cell))


def test_without_a_parameters_cell_there_are_no_parameters(notebooks):
    schema = read_parameters(notebooks.document("a = 1", notebooks.cell("a = 1", "parameters", "scratch")))
    assert (dict(schema.parameters), schema.cell) == ({}, None)


def test_a_notebook_in_another_language_is_told(notebooks):
    kernel = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    with pytest.raises(Problems, match="in r cannot be read"):
        read_parameters(notebooks.document(notebooks.cell("a <- 1", "parameters"), metadata=kernel))


def test_names_mean_what_the_imports_before_say(notebooks):
    for before, line in [
        ("from mine import date", "x: date = 1"),
        ("import mine as datetime", "x: datetime.date = 1"),
        ("from mine import Path", "x = Path('a')"),
    ]:
        with pytest.raises(Problems):
            read(notebooks, line, before)
    scratch = notebooks.cell("from mine import date", "scratch")
    assert read(notebooks, "x: date = date(2024, 1, 1)", scratch)["x"].annotation == "date"


def test_very_deep_nesting_is_told(notebooks):
    assert "nested" in refused(notebooks, "x: " + "int | " * 5000 + "None = 1")[0].message
    assert "nested" in refused(notebooks, "x = " + "[" * 150 + "-" * 3000 + "1" + "]" * 150)[0].message


def test_secret_and_path_are_told_of_a_parameter(notebooks):
    found = read(notebooks, "a: SecretStr | None = None\nb: Path | None = None\nc: list[Path] = []\nd: int = 1")
    assert [parameter.secret for parameter in found.values()] == [True, False, False, False]
    assert [parameter.is_path for parameter in found.values()] == [False, True, False, False]
