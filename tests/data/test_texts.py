from __future__ import annotations

import datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.data.texts import convert


def texts(*values):
    return pd.Series(list(values), dtype="str", name="a")


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (("1", "-2", "+3", " 4"), "int64", [1, -2, 3, 4]),
        (("0", "255"), "uint8", [0, 255]),
        (("18446744073709551615",), "uint64", [2**64 - 1]),
        (("1", None), "Int64", [1, pd.NA]),
        (("1", None), "UInt8", [1, pd.NA]),
        (("1.5", "1e3", ".5", "5."), "float64", [1.5, 1000.0, 0.5, 5.0]),
        (("1.5", "-inf"), "float16", [1.5, float("-inf")]),
        (("0.1", None), "Float64", [0.1, pd.NA]),
        (("True", "false"), "bool", [True, False]),
        (("TRUE", None), "boolean", [True, pd.NA]),
        (("012", "x"), "str", ["012", "x"]),
        (("b", "a"), "category", ["b", "a"]),
        (("2020-01-31",), "date", [datetime.date(2020, 1, 31)]),
    ],
)
def test_texts_become_what_the_contract_declares(values, dtype, expected):
    converted = convert(texts(*values), dtype)
    assert (converted.misfits, converted.holes) == ((), ())
    pd.testing.assert_series_equal(
        converted.column, pd.Series(expected, name="a", dtype="object" if dtype == "date" else dtype)
    )


@pytest.mark.parametrize(
    ("values", "dtype", "misfits"),
    [
        (("1", "x", "", "1.0", "1_0", "0x10"), "int64", (1, 2, 3, 4, 5)),
        (("9223372036854775807", "9223372036854775808", "9" * 5000), "int64", (1, 2)),
        (("-129", "127", "128"), "int8", (0, 2)),
        (("-1", "1"), "uint8", (0,)),
        (("1.5", " ", "1,5", "1_0", "0x1p3", "1e"), "float64", (1, 2, 3, 4, 5)),
        (("true", "1", "yes"), "bool", (1, 2)),
        (("2020-01-31", "2020-02-31", "31.01.2020"), "date", (1, 2)),
        (("2020-01-31T10:00", "2020-01-31T10:00Z", "2020-01-31T10:00+0200"), "datetime64[us]", (1, 2)),
        (("2020-01-31", "1500-01-31"), "datetime64[ns]", (1,)),
        (("1 days", "x"), "timedelta64[us]", (1,)),
    ],
)
def test_every_text_that_does_not_fit_is_told(values, dtype, misfits):
    column = texts(*values)
    converted = convert(column, dtype)
    assert converted.misfits == misfits
    assert converted.column is column


def test_missing_values_need_a_type_that_holds_them():
    assert convert(texts("1", None, "2"), "int64").holes == (1,)
    assert convert(texts("true", None), "bool").holes == (1,)
    assert convert(texts("1.5", None), "float64").column.isna().tolist() == [False, True]
    assert convert(texts("1", None, "x"), "int64").misfits == (2,)


def test_moments():
    plain = convert(texts("2020-01-31T10:00:00.5", None), "datetime64[us]").column
    assert str(plain.dtype) == "datetime64[us]"
    assert plain[0] == pd.Timestamp("2020-01-31 10:00:00.5")
    zoned = convert(texts("2020-01-31T10:00Z", "2020-01-31T10:00+02:00"), "datetime64[us, Europe/Berlin]").column
    assert str(zoned.dtype) == "datetime64[us, Europe/Berlin]"
    assert zoned[1] == pd.Timestamp("2020-01-31T09:00", tz="Europe/Berlin")
    other = convert(texts("31.01.2020"), "datetime64[s]", "%d.%m.%Y").column
    assert (str(other.dtype), other[0]) == ("datetime64[s]", pd.Timestamp("2020-01-31"))
    length = convert(texts("1 days 02:00:00"), "timedelta64[us]").column
    assert length[0] == pd.Timedelta(hours=26)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats()), min_size=1))
def test_numbers_that_python_writes_are_read_back_exactly(values):
    written = texts(*[None if value is None else repr(value) for value in values])
    read = convert(written, "float64").column.tolist()
    for value, back in zip(values, read, strict=True):
        if value is None or value != value:
            assert back != back
        else:
            assert back == value


@settings(deadline=None)
@given(
    st.lists(st.text(max_size=6), min_size=1),
    st.sampled_from(["int64", "Int64", "float64", "bool", "date", "datetime64[us]"]),
)
def test_any_text_is_either_read_or_told(values, dtype):
    column = texts(*values)
    converted = convert(column, dtype)
    if not converted.misfits:
        spelled_out = sum(value.strip().lower() == "nan" for value in values) if dtype == "float64" else 0
        assert converted.column.notna().sum() == len(values) - spelled_out
    for position in converted.misfits:
        assert convert(column.iloc[[position]], dtype).misfits == (0,)


@settings(deadline=None)
@given(st.lists(st.integers(-(2**65), 2**65), min_size=1))
def test_whole_numbers_fit_or_are_told(values):
    converted = convert(texts(*map(str, values)), "int64")
    assert converted.misfits == tuple(row for row, value in enumerate(values) if not -(2**63) <= value < 2**63)
