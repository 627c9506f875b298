from __future__ import annotations

import datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.data.contracts import ContractBroken, FailureCase, read_contract

FULL = """
columns:
  customer: {dtype: str, unique: true}
  plan: {dtype: str, isin: [basic, plus], nullable: true}
  tenure: {dtype: int64, in_range: {min_value: 0, max_value: 120}}
  spend: {dtype: float64, ge: {value: 0, error: spend cannot be negative}}
  day: {dtype: 'datetime64[us]', ge: 2020-01-01}
strict: true
"""


@pytest.fixture
def made(workspace, contract):
    def make(text):
        contract("c", text)
        return read_contract(workspace, "c")

    return make


def good(**columns):
    frame = pd.DataFrame(
        {
            "customer": ["a", "b"],
            "plan": ["basic", None],
            "tenure": [0, 120],
            "spend": [0.0, 1.5],
            "day": pd.to_datetime(["2020-01-01", "2024-02-29"]),
        }
    )
    return frame.assign(**columns)


def test_a_frame_that_keeps_its_contract_is_given_back_itself(made):
    frame = good()
    assert made(FULL).check(frame) == ()
    assert made(FULL).validated(frame, "It") is frame


def test_all_failures_are_found_at_once_with_their_rows(made):
    frame = good(
        customer=["a", "a"],
        plan=["gold", None],
        tenure=[-1, 121],
        spend=[0.0, -2.0],
        day=pd.to_datetime(["2019-12-31", "2021-01-01"]),
    )
    assert set(made(FULL).check(frame)) == {
        FailureCase("customer", "each value once", "'a'", 1),
        FailureCase("customer", "each value once", "'a'", 2),
        FailureCase("plan", "isin(['basic', 'plus'])", "'gold'", 1),
        FailureCase("tenure", "in_range(0, 120)", "-1", 1),
        FailureCase("tenure", "in_range(0, 120)", "121", 2),
        FailureCase("spend", "spend cannot be negative", "-2.0", 2),
        FailureCase("day", "greater_than_or_equal_to(2020-01-01 00:00:00)", "2019-12-31 00:00:00", 1),
    }


def test_rows_are_counted_whatever_the_index_is(made):
    frame = good(tenure=[0, -5])
    for index in (["x", "y"], [7, 7], pd.date_range("2020-01-01", periods=2)):
        (case,) = made(FULL).check(frame.set_axis(index, axis=0))
        assert (case.column, case.row) == ("tenure", 2)


def test_the_message_names_columns_and_shows_ten_cases_of_a_check(made):
    frame = pd.DataFrame({"tenure": range(-15, 0), "spnd": 1.0})
    contract = made("columns: {tenure: {dtype: int64, ge: 0}, spend: {}, plan: {}}\nstrict: true\n")
    with pytest.raises(ContractBroken) as caught:
        contract.validated(frame, "The file data/x.csv")
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "The file data/x.csv does not keep the contract 'c' (pipelines/contracts/c.yml): 18 failure cases."
    )
    assert lines[1] == "  missing columns: 'spend', 'plan'."
    assert lines[2] == "  unexpected column: 'spnd' (meant as 'spend'?)."
    assert lines[3].startswith("  column 'tenure': greater_than_or_equal_to(0): row 1 (-15), row 2 (-14), ")
    assert lines[3].endswith("row 10 (-6) and 5 more.")
    assert "Rows are counted from 1, the first after the header." in lines[4]
    assert caught.value.exit_status == 2
    assert len(caught.value.cases) == 18


def test_of_a_column_of_the_wrong_type_only_the_type_is_told(made):
    cases = made(FULL).check(good(tenure=["1", "x"]))
    assert {(case.column, case.check) for case in cases} == {("tenure", "dtype int64")}


def test_no_rows_are_a_failure_unless_allowed(made):
    empty = good().iloc[:0]
    assert made(FULL).check(empty) == (FailureCase("", "at least one row", "no rows"),)
    assert made(FULL + "may_be_empty: true\n").check(empty) == ()


def test_missing_values_are_told(made):
    cases = made("columns: {a: {dtype: float64}, b: {dtype: str}}").check(
        pd.DataFrame({"a": [1.0, None], "b": [None, "x"]})
    )
    assert set(cases) == {
        FailureCase("a", "no missing values", "missing", 2),
        FailureCase("b", "no missing values", "missing", 1),
    }


def test_columns_can_be_unique_together(made):
    contract = made("columns: {a: {}, b: {}}\nunique: [a, b]\n")
    assert contract.check(pd.DataFrame({"a": [1, 1], "b": [1, 2]})) == ()
    cases = contract.check(pd.DataFrame({"a": [1, 1, 2], "b": [3, 3, 3]}))
    assert {case.row for case in cases} == {1, 2}
    assert {case.check for case in cases} == {"each combination once"}
    assert contract.check(pd.DataFrame({"a": [1]})) == (FailureCase("b", "missing column"),)


def test_a_column_named_twice(made):
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert made("columns: {a: {dtype: int64}}").check(frame) == (FailureCase("a", "column name stands once"),)


def test_order_is_demanded_only_where_said(made):
    frame = pd.DataFrame({"b": [1], "a": [1]})
    assert made("columns: {a: {}, b: {}}").check(frame) == ()
    assert {case.check for case in made("columns: {a: {}, b: {}}\nordered: true\n").check(frame)} == {
        "in the contract's order"
    }


def test_patterns_of_columns(made):
    contract = made("columns: {'usage_.*': {dtype: float64, regex: true, ge: 0}}\nstrict: true\n")
    assert contract.rule("usage_1").dtype == "float64"
    assert contract.rule("other") is None
    (case,) = contract.check(pd.DataFrame({"usage_1": [1.0], "usage_2": [-1.0]}))
    assert (case.column, case.row) == ("usage_2", 1)
    assert set(contract.check(pd.DataFrame({"a": [1]}))) == {
        FailureCase("a", "unexpected column"),
        FailureCase("usage_.*", "missing column"),
    }


def test_dates(made):
    contract = made("columns: {d: {dtype: date, ge: 2020-01-01}}")
    day = datetime.date(2019, 1, 1)
    (case,) = contract.check(pd.DataFrame({"d": pd.Series([day], dtype=object)}))
    assert (case.value, case.row) == ("2019-01-01", 1)
    zoned = made("columns: {d: {dtype: 'datetime64[us, Europe/Berlin]', lt: 2020-01-01T00:00}}")
    frame = pd.DataFrame({"d": pd.to_datetime(["2019-12-31T22:59Z", "2019-12-31T23:00Z"]).tz_convert("Europe/Berlin")})
    (case,) = zoned.check(frame.assign(d=frame["d"].dt.as_unit("us")))
    assert case.row == 2


def test_casting_is_of_the_contract_and_keeps_the_index(made):
    contract = made("columns: {a: {dtype: int64}, b: {dtype: float64, nullable: true}}\ncoerce: true\n")
    frame = pd.DataFrame({"a": ["1", "2"], "b": ["1.5", None]}, index=pd.Index(["x", "y"], name="key"))
    cast = contract.validated(frame, "It")
    assert cast.dtypes.astype(str).to_dict() == {"a": "int64", "b": "float64"}
    assert cast.index.equals(frame.index)
    assert frame["a"].tolist() == ["1", "2"]
    (case,) = contract.check(pd.DataFrame({"a": ["1", "x"], "b": [1.0, 2.0]}))
    assert case == FailureCase("a", "dtype int64", "'x'", 2)


def test_cases_found_while_reading_stand_for_their_column(made):
    known = {"tenure": [FailureCase("tenure", "dtype int64", "'x'", 2)]}
    assert made(FULL).check(good(tenure=["1", "x"]), known) == tuple(known["tenure"])


def test_failure_cases_have_stable_keys():
    assert FailureCase("a", "b", "c", 1).as_dict() == {"column": "a", "check": "b", "value": "c", "row": 1}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=12), st.integers(-3, 3))
def test_exactly_the_rows_that_break_a_bound_are_named(made, values, bound):
    contract = made(f"columns: {{a: {{dtype: Int64, ge: {bound}}}}}")
    cases = contract.check(pd.DataFrame({"a": pd.array(values, dtype="Int64")}))
    assert {case.row for case in cases} == {
        row for row, value in enumerate(values, start=1) if value is None or value < bound
    }
