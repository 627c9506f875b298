"""Which cells a test needs: enough of them always, and no more than can be told."""

from __future__ import annotations

import pytest

from studio.notebooks.testing.slices import Slices
from tests.notebooks.conftest import Notebooks, make_cell


def needed(*cells: str, tags: str = "", whole: bool = False) -> list[int]:
    """Numbers (from 0) of the cells above that the last of `cells`, a test cell, needs."""
    made = [make_cell(source) for source in cells[:-1]]
    document = Notebooks.document(*made, make_cell(cells[-1], "test"))
    return sorted(Slices(document, whole=whole).needed(len(cells) - 1))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["a = 1", "b = 2", "assert a"], [0]),
        (["a = 1", "b = a", "c = 3", "def test(): assert b"], [0, 1]),
        (["def f(): return g()", "def g(): return 1", "h = 1", "def test(): assert f()"], [0, 1]),
        (["a = 1", "def test():\n    a = 2\n    assert a"], []),
        (["a = 1", "def test(a): assert a"], [0]),  # as it may be a fixture by that name
        (["import pandas as pd", "frame = pd.DataFrame()", "x = 1", "def test(): assert frame.empty"], [0, 1]),
        (
            ["if True:\n    a = 1", "for b in range(3):\n    pass", "with open('x') as c: pass", "def test(): a, b, c"],
            [0, 1, 2],
        ),
        (["x = [n := 1]", "def test(): n"], [0]),
        (["def f():\n    global a\n    a = 1", "f()", "def test(): a"], [0, 1]),
        (["a = 1", "%time b = a", "c = 2", "def test(): b"], [0, 1]),
    ],
)
def test_names_are_followed_to_the_cells_that_bind_them(cells: list[str], expected: list[int]) -> None:
    assert needed(*cells) == expected


@pytest.mark.parametrize(
    "change",
    [
        "a[0] = 1",
        "a.b = 1",
        "del a[0]",
        "a += [1]",
        "a.dropna(inplace=True)",
        "change(a)",
        "b = a.pop()",
        "fitted = a.fit(1)",
        "for x in y:\n    a.append(x)",
        "np.random.seed(1)\na.x()",
        "b = a.drop(1, inplace=True)",
    ],
)
def test_a_cell_that_may_change_a_value_is_needed(change: str) -> None:
    assert 1 in needed("a = []", change, "z = 1", "def test(): assert a")


def test_the_state_of_random_numbers_counts() -> None:
    assert 1 in needed("import numpy as np", "np.random.seed(1)", "def test(): np.random.rand()")


def test_a_function_that_changes_a_value_counts_where_it_is_called() -> None:
    cells = ("seen = {}", "def note(x):\n    seen[x] = 1", "n = note(1)", "m = 2", "def test(): assert seen")
    assert needed(*cells) == [0, 1, 2]


@pytest.mark.parametrize(
    "look", ["a.head()", "print(a)", "a.describe().round(2)", "len(a)", "b = a.mean()", "c = np.mean(a)", "a"]
)
def test_a_cell_that_only_looks_is_not_needed(look: str) -> None:
    assert needed("import numpy as np\na = 1", look, "def test(): assert a") == [0]


@pytest.mark.parametrize(
    "source", ["exec('b = 1')", "globals()['b'] = 1", "%run other.py", "!touch b", "import __main__"]
)
def test_what_cannot_be_read_makes_everything_above_it_needed(source: str) -> None:
    assert needed("a = 1", source, "c = 1", "def test(): pass") == [0, 1]


def test_a_test_that_cannot_be_read_needs_everything() -> None:
    assert needed("a = 1", "b = 1", "def test(): assert eval('a')") == [0, 1]


@pytest.mark.parametrize("source", ["from math import *", "%matplotlib inline", "%load_ext autoreload"])
def test_what_sets_up_the_session_is_always_needed(source: str) -> None:
    assert needed("a = 1", source, "def test(): pass") == [1]


def test_names_in_queries_are_seen() -> None:
    assert needed("limit = 3", "n = 1", "def test(frame): frame.query('x > @limit')") == [0]


def test_parameters_are_always_there_and_scratch_never() -> None:
    document = Notebooks.document(
        make_cell("n: int = 1", "parameters"),
        make_cell("a = 1", "scratch"),
        make_cell("a = 2", "skip-execution"),
        make_cell("def test(): a", "test"),
    )
    assert Slices(document).needed(3) == {0}


def test_only_cells_above_count_and_test_cells_give_fixtures() -> None:
    document = Notebooks.document(
        make_cell("@pytest.fixture\ndef shop(): return a", "test"),
        make_cell("def helper(): pass", "test"),
        make_cell("@pytest.fixture(autouse=True)\ndef always(): pass", "test"),
        "b = 1",
        make_cell("def test(shop): pass", "test"),
        "a = 1",
    )
    assert Slices(document).needed(4) == {0, 2}


def test_a_whole_run_needs_everything_above() -> None:
    assert needed("a = 1", "b = 1", "def test(): pass", whole=True) == [0, 1]


def test_two_tests_of_a_cell_need_their_own() -> None:
    document = Notebooks.document(
        "a = 1",
        "b = 1",
        "c = 1",
        make_cell("def helper(): return b\ndef test_a(): a\ndef test_b(x=c): helper()", "test"),
    )
    slices = Slices(document)
    assert slices.needed(3) == {0, 1, 2}
    assert slices.needed_to_load(3) == {2}
    assert slices.needed_by(3, "test_a") == {0, 2}
    assert slices.needed_by(3, "test_b[1]") == {1, 2}


def test_functions_with_contracts_are_found() -> None:
    document = Notebooks.document(
        "import studio\nfrom studio import contract",
        "scale = 2\n@studio.contract(takes='orders', gives='totals')\ndef total(orders): return orders * scale",
        "@contract('orders')\ndef count(orders): return 1",
        "@other.contract(takes='orders')\ndef no(orders): pass",
    )
    slices = Slices(document)
    assert [(found.name, found.cell, found.takes, found.gives) for found in slices.contracted] == [
        ("total", 1, "orders", "totals"),
        ("count", 2, "orders", None),
    ]
    assert slices.needed_for(slices.contracted[0]) == {0, 1}
