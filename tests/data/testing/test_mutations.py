"""Every way to break rows that a contract promises against, and the holes that real contracts had."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from studio.core.workspace import Workspace
from studio.data.contracts import Contract
from studio.data.testing.making import some_frames
from studio.data.testing.mutations import half_open, mutations, unguarded
from tests.data.testing.conftest import Write


def found(contract: Contract, frame: pd.DataFrame) -> dict[str, bool]:
    return {mutation.name: mutation.is_noticed() for mutation in mutations(contract, frame)}


def test_each_promise_is_broken_once(write: Write) -> None:
    contract = write(
        "  id: {dtype: str, unique: true, str_matches: '^[A-Z]+\\Z'}\n"
        "  plan: {dtype: str, isin: [basic, plus], nullable: true}\n"
        "  spend: {dtype: float64, in_range: {min_value: 0, max_value: 9}}\n"
        "  left: {dtype: bool}\n",
        more="strict: true\nordered: true\nunique: [plan, spend]",
    )
    frame = pd.DataFrame({"id": ["A", "B"], "plan": ["basic", None], "spend": [0.0, 9.0], "left": [True, False]})
    assert found(contract, frame) == dict.fromkeys(
        [
            "no rows",
            *(f"column {name} missing" for name in frame),
            "an unexpected column",
            "columns in another order",
            "a duplicate in plan with spend",
            *("nulls in id", "wrong type in id", "a duplicate in id", "a text outside the pattern of id"),
            *("wrong type in plan", "a value outside the categories of plan"),
            *("nulls in spend", "wrong type in spend"),
            *("a value below the range of spend", "a value above the range of spend"),
            *("nulls in left", "wrong type in left"),
        ],
        True,
    )


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ("{dtype: int8, gt: 3, le: 127}", 5, ["a value below the range of a"]),
        ("{dtype: uint8, ge: 0}", 5, []),
        ("{dtype: float32, ge: 0.1}", 0.5, ["a value below the range of a"]),
        ("{dtype: int64, isin: [1, 2]}", 1, ["a value outside the categories of a"]),
        ("{dtype: uint8, isin: [0, 255]}", 0, ["a value outside the categories of a"]),
        ("{dtype: bool, eq: true}", True, ["a value outside the categories of a"]),
        ("{dtype: str, ne: x, notin: [y, z]}", "a", ["a refused value in a"]),
        (
            "{dtype: str, str_length: {min_value: 2, max_value: 3}}",
            "ab",
            ["too short a text in a", "too long a text in a"],
        ),
        ("{dtype: str, str_startswith: ab, str_contains: b}", "ab", ["a text outside the pattern of a"]),
        ("{dtype: date, ge: 2020-01-01}", pd.Timestamp("2021-01-01").date(), ["a value below the range of a"]),
        ("{dtype: 'datetime64[us]', lt: 2020-01-01}", pd.Timestamp("2019-01-01"), ["a value above the range of a"]),
        ("{dtype: category, isin: [x, y]}", "x", ["a value outside the categories of a"]),
        ("{dtype: object}", "x", []),
    ],
)
def test_breaks_of_each_kind_of_rule_are_noticed(write: Write, rule: str, value: Any, expected: list[str]) -> None:
    dtype = rule.split("dtype: ")[1].split(",", maxsplit=1)[0].strip("}'").split("'")[0]
    column = pd.Series([value, value], dtype="object" if dtype == "date" else dtype)  # type: ignore[call-overload]
    contract = write(f"  a: {rule}\n")
    assert contract.check(column.to_frame("a")) == ()
    result = found(contract, column.to_frame("a"))
    general = {"no rows", "column a missing", "nulls in a", "wrong type in a"}
    assert list(dict.fromkeys(name for name in result if name not in general)) == expected
    assert all(result.values())


def test_a_pattern_that_ends_in_a_dollar_lets_a_line_break_through(write: Write) -> None:
    frame = pd.DataFrame({"id": ["A1"]})
    name = "a line break at the end of id"
    assert found(write("  id: {dtype: str, str_matches: '^[A-Z][0-9]$'}\n"), frame)[name] is False
    assert name not in found(write("  id: {dtype: str, str_matches: '^[A-Z][0-9]\\Z'}\n"), frame)


def test_a_pattern_that_matches_everything_is_no_guard(write: Write) -> None:
    result = found(write("  id: {dtype: str, str_matches: '.*'}\n"), pd.DataFrame({"id": ["A"]}))
    assert result["a text outside the pattern of id"] is False


def test_a_column_that_these_rows_lack_is_tried_on_made_ones(write: Write) -> None:
    contract = write("  id: {dtype: str}\n  day: {dtype: 'datetime64[us]', required: false, ge: 2000-01-01}\n")
    result = found(contract, pd.DataFrame({"id": ["A"]}))
    assert result["a value below the range of day"]
    assert "column day missing" not in result


def test_columns_by_pattern_are_broken_one_by_one(write: Write) -> None:
    contract = write("  'use_.*': {dtype: float64, regex: true, ge: 0}\n")
    result = found(contract, pd.DataFrame({"use_a": [1.0], "use_b": [2.0]}))
    assert {"column use_.* missing", "nulls in use_a", "a value below the range of use_b"} <= set(result)
    assert all(result.values())


def test_what_a_contract_casts_is_broken_by_what_cannot_be_cast(write: Write) -> None:
    contract = write("  n: {dtype: int64, coerce: true}\n  t: {dtype: str, coerce: true}\n")
    result = found(contract, pd.DataFrame({"n": [1], "t": ["x"]}))
    assert result["wrong type in n"]
    assert "wrong type in t" not in result


def test_what_nothing_guards_is_named(write: Write) -> None:
    contract = write(
        "  id: {dtype: str}\n  key: {dtype: str}\n  flag: {dtype: bool}\n  n: {dtype: float64, ge: 0}\n"
        "  share: {dtype: float64, in_range: {min_value: 0, max_value: 1}}\n",
        more="unique: [key, n]",
    )
    assert unguarded(contract) == ["id"]
    assert half_open(contract) == ["n"]


def test_generated_rows_can_be_broken_like_any_others(workspace: Workspace, write: Write) -> None:
    contract = write("  a: {dtype: 'Int64', nullable: true, ge: 0}\n  b: {dtype: 'datetime64[s, UTC]'}\n")
    frame = max(some_frames(workspace, contract, 10), key=len)
    assert all(found(contract, frame).values())
