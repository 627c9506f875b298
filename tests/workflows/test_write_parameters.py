"""Values written into a parameters cell: only the values change, and what stands there then means what was asked."""

from __future__ import annotations

from typing import Any

import pytest

from studio.core.errors import BadInput, Problems
from studio.core.workspace import Workspace
from studio.notebooks.document import read_notebook
from studio.notebooks.parameters import read_parameters
from studio.workflows.write_parameters import write_parameters
from tests.conftest import Place

IMPORTS = """\
import datetime as dt
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import SecretStr

import studio
"""
SOURCE = '''\
# What this notebook can be asked for.
horizon: Annotated[int, Ge(1)] = 24  # hours to look ahead
rate:float=0.5# not pretty, and nobody asked to make it so
name: str = 'Ünïcode'; kind: Literal["a", "b"] = "a"  # two on a line
start: date = date(2024, 1, 1)
moment: dt.datetime = dt.datetime(2024, 1, 1)  # when
source: Path = Path("data/a.csv")
token: SecretStr = studio.secret("TOKEN")
limit: int | None = None
names: list[str] = [
    "a",  # the first
    "b",
]
weights: dict[str, float] = {"a": 0.5}
needed: int  # has no default
loose = 3
"""A text that is none of them."""
'''


@pytest.fixture
def workspace(place: Place) -> Workspace:
    place.notebook("notebooks/a.ipynb", IMPORTS, ("parameters", SOURCE), "print(horizon)")
    return Workspace(place.root)


def written(workspace: Workspace, source: str = SOURCE, /, **values: Any) -> str:
    return write_parameters(workspace, "notebooks/a.ipynb", source, values)


@pytest.mark.parametrize(
    ("name", "value", "old", "new"),
    [
        ("horizon", 48, "Ge(1)] = 24  #", "Ge(1)] = 48  #"),
        ("rate", 1, "rate:float=0.5#", "rate:float=1.0#"),
        ("rate", {"float": "nan"}, "rate:float=0.5#", 'rate:float=float("nan")#'),
        ("name", "it's", "'Ünïcode'", '"it\'s"'),
        ("name", 'say "no"', "'Ünïcode'", "'say \"no\"'"),
        ("name", "a\nb\\", "'Ünïcode'", '"a\\nb\\\\"'),
        ("kind", "b", '= "a"  # two', '= "b"  # two'),
        ("start", "2025-02-03", "= date(2024, 1, 1)", "= date(2025, 2, 3)"),
        ("moment", "2025-02-03T04:05", "dt.datetime(2024, 1, 1)  #", "dt.datetime(2025, 2, 3, 4, 5)  #"),
        (
            "moment",
            "2025-02-03T04:05:06+01:00",
            "dt.datetime(2024, 1, 1)  #",
            'dt.datetime.fromisoformat("2025-02-03T04:05:06+01:00")  #',
        ),
        ("source", "data/ü b.csv", 'Path("data/a.csv")', 'Path("data/ü b.csv")'),
        ("token", {"secret": "OTHER"}, '"TOKEN"', '"OTHER"'),
        ("token", "OTHER", '"TOKEN"', '"OTHER"'),
        ("limit", 3, "| None = None", "| None = 3"),
        ("weights", {"b": 1, "c": 0.25}, '{"a": 0.5}', '{"b": 1.0, "c": 0.25}'),
        ("names", ["x"], '[\n    "a",  # the first\n    "b",\n]', '[\n    "x",\n]'),
        ("names", [], '[\n    "a",  # the first\n    "b",\n]', "[]"),
        ("needed", 7, "needed: int  #", "needed: int = 7  #"),
        ("loose", 4, "loose = 3", "loose = 4"),
    ],
)
def test_one_value_changes_and_nothing_beside_it(
    workspace: Workspace, place: Place, name: str, value: Any, old: str, new: str
) -> None:
    found = written(workspace, **{name: value})
    assert old in SOURCE
    assert found == SOURCE.replace(old, new, 1)
    assert written(workspace, found, **{name: value}) == found, "what stands there already is left as it is"
    place.notebook("notebooks/a.ipynb", IMPORTS, ("parameters", found), "print(horizon)")
    read_parameters(read_notebook(workspace, "notebooks/a.ipynb"))


def test_several_at_once(workspace: Workspace) -> None:
    found = written(workspace, horizon=2, loose=9, name="b", kind="b")
    expected = SOURCE.replace("= 24", "= 2").replace("loose = 3", "loose = 9")
    assert found == expected.replace("'Ünïcode'", '"b"').replace('= "a"  # two', '= "b"  # two')


def test_values_that_are_there_already_change_nothing(workspace: Workspace) -> None:
    same = {"horizon": 24, "names": ["a", "b"], "start": "2024-01-01", "limit": None, "rate": "0.5"}
    assert written(workspace, **same) == SOURCE
    assert written(workspace) == SOURCE


def test_the_source_that_is_not_saved_yet_counts(workspace: Workspace) -> None:
    assert written(workspace, "other: int = 1  # new", other=2) == "other: int = 2  # new"


def test_a_long_list_goes_over_lines(workspace: Workspace) -> None:
    names = [f"a long name of number {number}" for number in range(8)]
    source = 'names: list[str] = ["a"]  # of them'
    found = written(workspace, source, names=names)
    assert found.splitlines()[0] == "names: list[str] = ["
    assert found.splitlines()[-1] == "]  # of them"
    assert found.count("\n") == 9


def test_wrong_values_are_all_told_with_a_sentence_each(workspace: Workspace) -> None:
    with pytest.raises(Problems) as raised:
        written(workspace, horizon=0, rate="fast", kind="c", names="a", nmae="x", start="2024-02-30", needed=None)
    told = {problem.field: problem.message for problem in raised.value.problems}
    assert set(told) == {"horizon", "rate", "kind", "names", "nmae", "start", "needed"}
    assert "Did you mean 'name'?" in told["nmae"]
    assert "Allowed: 'a', 'b'" in told["kind"]
    assert all(message.endswith((".", "?")) for message in told.values())


def test_a_secret_itself_is_not_repeated(workspace: Workspace) -> None:
    with pytest.raises(Problems) as raised:
        written(workspace, token="hunter2 !")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "value",
    ["'; import os; os.system('x')  #", '"""', "\\", "{x}", "a\u2028b", "__import__('os')", "\x00", "\U0001d4b3"],
)
def test_a_text_is_a_text_whatever_it_says(workspace: Workspace, place: Place, value: str) -> None:
    found = written(workspace, name=value)
    place.notebook("notebooks/a.ipynb", IMPORTS, ("parameters", found), "print(horizon)")
    schema = read_parameters(read_notebook(workspace, "notebooks/a.ipynb"))
    assert schema.parameters["name"].default == value
    assert schema.parameters["horizon"].default == 24
    assert len(schema.parameters) == 13


def test_a_value_that_needs_a_name_which_nobody_imported(workspace: Workspace, place: Place) -> None:
    place.notebook("notebooks/a.ipynb", ("parameters", 'token: "SecretStr" = ""'))
    place.notebook(
        "notebooks/a.ipynb", "from pydantic import SecretStr", ("parameters", "token: SecretStr  # of the warehouse")
    )
    with pytest.raises(BadInput, match=r"no cell above imports it\. Next: write in a cell above: import studio"):
        written(workspace, "token: SecretStr  # of the warehouse", token="TOKEN")


def test_a_cell_that_cannot_be_read_is_told(workspace: Workspace) -> None:
    with pytest.raises(Problems, match="This is not plain Python"):
        written(workspace, "horizon: int = (", horizon=1)
    with pytest.raises(Problems, match="A parameters cell holds nothing but"):
        written(workspace, "for x in y: pass", horizon=1)


def test_a_notebook_without_a_saved_parameters_cell(workspace: Workspace, place: Place) -> None:
    place.notebook("notebooks/a.ipynb", IMPORTS, "print(1)")
    assert written(workspace, "start: date = date(2024, 1, 1)", start="2024-01-02") == "start: date = date(2024, 1, 2)"
