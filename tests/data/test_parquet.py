from __future__ import annotations

import datetime
import decimal
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from studio.core.errors import StudioError
from studio.data.parquet import CannotKeep, from_parquet, to_parquet

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
WHEN = st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1))


def nullable(strategy):
    return st.one_of(st.none(), strategy)


COLUMNS = st.sampled_from(
    [
        (st.integers(-(2**63), 2**63 - 1), "int64"),
        (st.integers(0, 2**64 - 1), "uint64"),
        (st.integers(-128, 127), "int8"),
        (nullable(st.integers(-(2**63), 2**63 - 1)), "Int64"),
        (st.floats(), "float64"),
        (st.floats(width=32), "float32"),
        (nullable(st.floats(allow_nan=False)), "Float64"),
        (st.booleans(), "bool"),
        (nullable(st.booleans()), "boolean"),
        (nullable(TEXT), "str"),
        (nullable(TEXT), "string"),
        (nullable(TEXT), "object"),
        (nullable(st.binary(max_size=5)), "object"),
        (nullable(st.dates()), "object"),
        (nullable(WHEN), "datetime64[ns]"),
        (nullable(WHEN), "datetime64[us]"),
        (nullable(WHEN), "datetime64[s]"),
        (nullable(WHEN), "datetime64[us, UTC]"),
        (nullable(WHEN), "datetime64[us, America/New_York]"),
        (nullable(st.timedeltas(datetime.timedelta(-999), datetime.timedelta(999))), "timedelta64[us]"),
        (nullable(st.sampled_from(["b", "a"])), pd.CategoricalDtype(["b", "a", "never"], ordered=True)),
        (nullable(st.sampled_from([3, 1])), pd.CategoricalDtype([3, 1, 7])),
        (
            st.sampled_from(list(pd.to_datetime(["2020-01-01", "2021-06-01"]))),
            pd.CategoricalDtype(pd.to_datetime(["2021-06-01", "2020-01-01"])),
        ),
        (nullable(st.sampled_from(list(pd.period_range("2020-01", periods=3, freq="M")))), "period[M]"),
        (nullable(npst.arrays("float64", 3)), "object"),
    ]
)


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 6))
    frame = pd.DataFrame(index=pd.RangeIndex(rows))
    for number, (values, dtype) in enumerate(draw(st.lists(COLUMNS, min_size=1, max_size=5))):
        drawn = draw(st.lists(values, min_size=rows, max_size=rows))
        if str(dtype).startswith("datetime64") and "," in str(dtype):
            column = pd.Series(pd.to_datetime(pd.Series(drawn, dtype="datetime64[us]"), utc=True).astype(dtype))
        elif dtype == "object":
            column = pd.Series(index=range(rows), dtype=object)
            for row, value in enumerate(drawn):
                column.iat[row] = value
        else:
            column = pd.Series(drawn, dtype=dtype)
        frame[f"c{number} {draw(TEXT)}"] = column
    return frame


@settings(max_examples=300, deadline=None)
@given(frames())
def test_what_is_saved_is_what_is_loaded_and_always_the_same_bytes(frame):
    content = to_parquet(frame, "x")
    assert to_parquet(frame.copy(), "x") == content
    pd.testing.assert_frame_equal(from_parquet(content), frame)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(5, 9, 2),
        pd.Index(["x", "y"], name="key"),
        pd.Index([0.5, float("nan")]),
        pd.date_range("2020-01-01", periods=2, freq="D", name="day"),
        pd.date_range("2020-01-01", periods=2, freq="D", tz="Europe/Berlin"),
        pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["key", None]),
        pd.CategoricalIndex(["x", "y"], categories=["y", "x"]),
        pd.RangeIndex(2, name="row"),
    ],
)
def test_the_index_comes_back(index):
    frame = pd.DataFrame({"a": [1, 2]}, index=index)
    back = from_parquet(to_parquet(frame, "x"))
    pd.testing.assert_frame_equal(back, frame, check_freq=False)


def test_attrs_come_back():
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = {"unit": "kWh", "limits": [1, 2]}
    assert from_parquet(to_parquet(frame, "x")).attrs == frame.attrs


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([1, "a"], "object"),
        ([1, None], "come back"),
        ([{"a": 1}, {"b": 2}], "data row 1"),
        ([[1, 2], [3]], "list"),
        ([2**70], "object"),
        (["\ud800"], "surrogate"),
        ([uuid.UUID(int=1)], "UUID"),
        ([np.int64(3)], "come back"),
        ([datetime.datetime(2020, 1, 1)], "come back"),
        ([object()], "object"),
        ([pd.DateOffset(months=1)], "interval"),
        ([decimal.Decimal(1), 1.5], "object"),
    ],
)
def test_an_object_column_that_would_change_is_refused_by_name(values, named):
    column = pd.Series(index=range(len(values)), dtype=object)
    for row, value in enumerate(values):
        column.iat[row] = value
    with pytest.raises(CannotKeep) as caught:
        to_parquet(pd.DataFrame({"fine": range(len(values)), "the one": column}), "features")
    assert "'the one'" in str(caught.value)
    assert "'features'" in str(caught.value)
    assert named in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("values", [pd.Series([1j]), pd.Series([0, 1], dtype="Sparse[int]")])
def test_a_type_that_parquet_has_not_is_refused_by_name(values):
    with pytest.raises(CannotKeep, match="'a'"):
        to_parquet(pd.DataFrame({"a": values}), "x")


@pytest.mark.parametrize(
    ("frame", "fact"),
    [
        (pd.DataFrame(), "no columns"),
        (pd.DataFrame(index=range(3)), "no columns"),
        (pd.DataFrame([[1, 2]]), "column name 0"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "not a string"),
    ],
)
def test_column_names_are_strings_and_there_once(frame, fact):
    with pytest.raises(CannotKeep, match=fact):
        to_parquet(frame, "x")


def test_attrs_that_are_not_json_are_refused():
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = {"a": object()}
    with pytest.raises(CannotKeep, match="attrs"):
        to_parquet(frame, "x")


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([1, "x"], dtype=object),
        pd.Index([1, 2], name=7),
        pd.CategoricalIndex([1, 2], categories=[2, 1]),
        pd.Index([1j, 2j]),
    ],
)
def test_an_index_that_would_change_is_refused(index):
    with pytest.raises(CannotKeep, match="reset_index"):
        to_parquet(pd.DataFrame({"a": [1, 2]}, index=index), "x")


def test_text_of_an_index_may_be_held_as_objects():
    frame = pd.DataFrame({"a": [1]}, index=pd.Index(["x"], dtype=object))
    assert from_parquet(to_parquet(frame, "x")).index.tolist() == ["x"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,b\n1,2\n", b"PAR1" + bytes(60) + b"PAR1"])
def test_other_bytes_are_no_parquet(content):
    with pytest.raises(StudioError, match="not a Parquet file"):
        from_parquet(content)
