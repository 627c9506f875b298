"""Generated frames keep their contract, whatever it asks for, and find what is wrong with a function."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from studio.core.workspace import Workspace
from studio.data.testing.generated import boundaries, check_function
from studio.data.testing.making import Contradiction, some_frames
from tests.data.testing.conftest import Write

KINDS = {
    "str": "{dtype: str}",
    "string": "{dtype: string, nullable: true}",
    "object": "{dtype: object}",
    "object with bounds": "{dtype: object, ge: 0}",
    "no type": "{}",
    "category": "{dtype: category}",
    "listed category": "{dtype: category, isin: [a, b]}",
    "bool": "{dtype: bool}",
    "boolean": "{dtype: boolean, nullable: true}",
    "int8": "{dtype: int8, ge: 3}",
    "uint8": "{dtype: uint8, unique: true}",
    "Int64": "{dtype: Int64, nullable: true}",
    "whole between": "{dtype: int64, gt: 2, lt: 4}",
    "int with notin": "{dtype: int64, notin: [1, 2], ge: 0, le: 5}",
    "float16": "{dtype: float16, in_range: {min_value: 0, max_value: 1}}",
    "float32": "{dtype: float32, lt: 0.1}",
    "float64": "{dtype: float64, nullable: true, ge: 0}",
    "Float64": "{dtype: Float64, nullable: true}",
    "date": "{dtype: date, ge: 2020-01-01, nullable: true}",
    "time": "{dtype: 'datetime64[us]', gt: 2020-01-01, le: 2020-01-02, nullable: true}",
    "time in seconds": "{dtype: 'datetime64[s]', gt: 2020-01-01, lt: 2020-01-03}",
    "time in nanoseconds": "{dtype: 'datetime64[ns]'}",
    "time with zone": "{dtype: 'datetime64[us, Europe/Berlin]', ge: 2020-01-01}",
    "plain time": "{dtype: datetime}",
    "span": "{dtype: 'timedelta64[us]'}",
    "pattern": "{dtype: str, unique: true, str_matches: '^[A-Z]{2}[0-9]\\Z'}",
    "several texts": "{dtype: str, str_startswith: y, str_endswith: x, str_contains: m}",
    "length": "{dtype: str, str_length: {min_value: 2, max_value: 4}}",
    "exact length": "{dtype: str, str_length: {exact_value: 3}}",
    "unique list": "{dtype: str, unique: true, isin: [a, b, c], nullable: true}",
    "unique truth": "{dtype: bool, unique: true}",
    "equal": "{dtype: str, eq: a}",
    "all of them": "{dtype: str, unique_values_eq: [a, b]}",
    "optional": "{dtype: int64, required: false}",
    "coerced": "{dtype: int64, coerce: true}",
    "columns by pattern": "{dtype: float64, regex: true}",
}


@pytest.mark.parametrize("rule", KINDS.values(), ids=KINDS)
def test_frames_of_every_kind_keep_their_contract(workspace: Workspace, write: Write, rule: str) -> None:
    contract = write(f"  amount: {rule}\n")
    made = some_frames(workspace, contract, 15)
    assert len(made) >= 4
    assert all(contract.check(frame) == () for frame in made)
    assert max(len(frame) for frame in made) > 1
    holes = any(frame.isna().to_numpy().any() for frame in made)
    assert holes == ("nullable" in rule)
    dtypes = {str(frame.dtypes.iloc[0]) for frame in made if frame.shape[1]}
    assert len(dtypes) == 1


def test_values_that_stand_once_together_are_used_up_and_no_further(workspace: Workspace, write: Write) -> None:
    rules = "  a: {dtype: str, isin: [x, y]}\n  b: {dtype: bool}\n  c: {dtype: float64}\n"
    contract = write(rules, more="unique: [a, b]")
    made = some_frames(workspace, contract, 40)
    assert all(contract.check(frame) == () for frame in made)
    assert max(len(frame) for frame in made) == 4


def test_frames_may_be_empty_where_the_contract_says_so(workspace: Workspace, write: Write) -> None:
    made = some_frames(workspace, write("  a: {dtype: int64}\n", more="may_be_empty: true"), 20)
    assert min(len(frame) for frame in made) == 0


def test_columns_by_pattern_have_names_that_match(workspace: Workspace, write: Write) -> None:
    made = some_frames(workspace, write("  a: {dtype: str}\n  'use_[a-z]+': {dtype: int64, regex: true}\n"), 20)
    names = {name for frame in made for name in frame.columns}
    assert len(names) > 3
    assert all(name == "a" or name.startswith("use_") for name in names)


def test_the_frames_are_the_same_each_time(workspace: Workspace, write: Write) -> None:
    contract = write("  a: {dtype: str}\n  b: {dtype: float64, nullable: true}\n")
    first, second = (some_frames(workspace, contract, 10) for _ in range(2))
    assert [frame.to_dict("list").__repr__() for frame in first] == [
        frame.to_dict("list").__repr__() for frame in second
    ]


def test_boundaries_hold_the_ends_every_category_and_a_gap(write: Write) -> None:
    rules = (
        "  n: {dtype: int64, in_range: {min_value: 3, max_value: 9}}\n"
        "  plan: {dtype: str, isin: [basic, plus, rare], nullable: true}\n"
    )
    made = boundaries(write(rules))
    assert [len(frame) for frame in made] == [1] * len(made)
    assert {3, 9} <= {int(frame["n"].iat[0]) for frame in made}
    plans = [frame["plan"].iat[0] for frame in made]
    assert {plan for plan in plans if isinstance(plan, str)} == {"basic", "plus", "rare"}
    assert any(pd.isna(plan) for plan in plans)


@pytest.mark.parametrize(
    "rule",
    [
        "{dtype: str, isin: [a], str_startswith: b}",
        "{dtype: date, gt: 2020-01-01, lt: 2020-01-02}",
        "{dtype: float64, gt: 2, lt: 1}",
    ],
)
def test_rules_that_exclude_each_other_are_told(workspace: Workspace, write: Write, rule: str) -> None:
    with pytest.raises(Contradiction, match="'n'"):
        some_frames(workspace, write(f"  n: {rule}\n"), 5)


def test_a_very_wide_contract_gives_its_boundaries(workspace: Workspace, write: Write) -> None:
    contract = write("".join(f"  c{number}: {{dtype: bool}}\n" for number in range(160)))
    made = some_frames(workspace, contract, 3)
    assert {frame.shape for frame in made} == {(1, 160)}


def doubled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(n=frame["n"] * 2)


@pytest.fixture
def numbers(write: Write) -> None:
    write("  n: {dtype: int64, in_range: {min_value: 0, max_value: 60}}\n", "small")
    write("  n: {dtype: int64, in_range: {min_value: 0, max_value: 120}}\n", "large")


@pytest.mark.usefixtures("numbers")
def test_a_function_that_keeps_its_word_passes(workspace: Workspace) -> None:
    check_function(workspace.root, doubled, "small", "large", 20)
    check_function(workspace.root, lambda frame: None, "small", None, 5)
    assert not (workspace.root / ".hypothesis").exists()


@pytest.mark.usefixtures("numbers")
def test_a_result_that_breaks_its_contract_is_shown_with_the_frame(workspace: Workspace) -> None:
    with pytest.raises(AssertionError) as caught:
        check_function(workspace.root, doubled, "small", "small", 20)
    told = str(caught.value)
    assert told.startswith("doubled() returned a frame that breaks the contract 'small'.\n")
    assert "in_range(0, 60): row 1 (120)" in told
    assert told.endswith("The smallest frame found that keeps 'small' (1 row):\n  n  60")


def fails_on_two_different(frame: pd.DataFrame) -> pd.DataFrame:
    if frame["n"].nunique() > 1:
        raise ValueError("two different")
    return frame


@pytest.mark.usefixtures("numbers")
def test_the_frame_is_shrunk(workspace: Workspace) -> None:
    with pytest.raises(AssertionError, match=r"fails_on_two_different\(\) raised ValueError: two different") as caught:
        check_function(workspace.root, fails_on_two_different, "small", "small", 50)
    assert str(caught.value).endswith("(2 rows):\n  n  0, 1")
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.usefixtures("numbers")
def test_a_result_that_is_no_frame_is_told(workspace: Workspace) -> None:
    with pytest.raises(AssertionError, match=r"returned a list, and 'large' is the contract of a frame"):
        check_function(workspace.root, lambda frame: [], "small", "large", 5)


@pytest.mark.usefixtures("numbers")
def test_a_function_that_changes_its_argument_does_not_change_what_is_shown(workspace: Workspace) -> None:
    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        frame["n"] = -1
        return frame

    with pytest.raises(AssertionError, match=r"\(1 row\):\n  n  0\Z"):
        check_function(workspace.root, spoil, "small", "large", 5)


@pytest.mark.usefixtures("numbers")
def test_a_function_that_fails_only_once_is_told_too(workspace: Workspace) -> None:
    calls: list[Any] = []

    def moody(frame: pd.DataFrame) -> pd.DataFrame:
        calls.append(frame)
        if len(calls) == 6:
            raise RuntimeError("today is a bad day")
        return frame

    with pytest.raises(AssertionError, match="raised RuntimeError: today is a bad day"):
        check_function(workspace.root, moody, "small", "large", 20)


@pytest.mark.usefixtures("numbers")
def test_in_a_process_of_its_own_it_is_the_same(workspace: Workspace, tmp_path: Path) -> None:
    # pandera knows how to make values for checks only after it was used; a kernel comes here first.
    code = (
        "from pathlib import Path\nfrom studio.data.testing.generated import check_function\n"
        f"check_function(Path({str(workspace.root)!r}), lambda frame: frame, 'small', 'small', 10)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / ".hypothesis").exists()
