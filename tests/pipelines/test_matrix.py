from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import BadInput
from studio.pipelines.matrix import LARGEST, LONGEST_PART, Combination, combinations, step_key

keys = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


def grid(**lists: list[Any]) -> dict[str, list[tuple[Any, Any]]]:
    return {key: [(value, value) for value in values] for key, values in lists.items()}


def part_name(values: dict[str, Any]) -> str:
    (found,) = combinations({key: [(value, value)] for key, value in values.items()})
    return found.part


def test_the_first_key_varies_slowest_and_names_are_sorted_by_key() -> None:
    found = combinations(grid(model=["logistic", "forest"], folds=[3, 5]))
    assert [item.part for item in found] == [
        "folds=3,model=logistic",
        "folds=5,model=logistic",
        "folds=3,model=forest",
        "folds=5,model=forest",
    ]
    assert found[1].values == {"model": "logistic", "folds": 5}


def test_no_grid_is_one_nameless_combination() -> None:
    assert combinations({}) == (Combination("", {}),)
    assert step_key("train", "") == "train"
    assert step_key("train", "model=a") == "train[model=a]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a,b=c", "a%2Cb%3Dc"),
        ("two\nlines", "two%0Alines"),
        ("../up", "..%2Fup"),
        ("100%", "100%25"),
        ("x]", "x%5D"),
        ("tilde~", "tilde%7E"),
        ("über", "%C3%BCber"),
        ("", ""),
        (True, "true"),
        (None, "null"),
        (0.1, "0.1"),
        (-3, "-3"),
        ([1, 2], "%5B1%2C2%5D"),
    ],
)
def test_values_in_names(value: Any, text: str) -> None:
    assert part_name({"k": value}) == f"k={text}"


@given(st.dictionaries(keys, scalars, min_size=1, max_size=5))
def test_names_are_safe_and_bounded(values: dict[str, Any]) -> None:
    name = part_name(values)
    assert re.fullmatch(r"[A-Za-z0-9_.+,=%~-]+", name)
    assert len(name) <= LONGEST_PART


@given(st.dictionaries(keys, st.text(max_size=12), min_size=1, max_size=3))
def test_a_short_name_can_be_read_back(values: dict[str, str]) -> None:
    name = part_name(values)
    if "~" not in name:
        assert {k: unquote(v) for k, _, v in (item.partition("=") for item in name.split(","))} == values


@given(
    st.dictionaries(keys, st.text(), min_size=1, max_size=3), st.dictionaries(keys, st.text(), min_size=1, max_size=3)
)
def test_different_texts_have_different_names(one: dict[str, str], other: dict[str, str]) -> None:
    assert (part_name(one) == part_name(other)) == (one == other)


def test_long_values_are_told_apart_by_their_end() -> None:
    one, other = part_name({"k": "x" * 500 + "a"}), part_name({"k": "x" * 500 + "b"})
    assert one != other
    assert one.startswith("k=xxx")
    assert "~" in one


def test_a_lone_surrogate_has_a_name() -> None:
    assert part_name({"k": "\ud800"}) == "k=%ED%A0%80"


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"model": ["a", "b", "a"]}, "model=a twice"),
        ({"n": [1, "1"]}, "n=1 twice"),
        ({"a": list(range(200)), "b": list(range(LARGEST // 100))}, "20,000 combinations"),
        ({f"{'long' * 10}{number}": ["x"] for number in range(5)}, "shorter names"),
    ],
)
def test_refused(lists: dict[str, list[Any]], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        combinations(grid(**lists))
