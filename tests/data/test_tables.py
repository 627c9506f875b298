from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import BadInput, Problems
from studio.data.catalog import ReadingOptions
from studio.data.contracts import read_contract
from studio.data.tables import Reading, read_table


def read(content, *, contract=None, shown="data/x.csv", kind="csv", **options):
    if isinstance(content, str):
        content = content.encode()
    return read_table(
        content, shown, Reading(kind, ReadingOptions(**options), "pipelines/catalog.yml under x"), contract
    )


@pytest.fixture
def made(workspace, contract):
    def make(text):
        contract("c", text)
        return read_contract(workspace, "c")

    return make


def test_only_the_empty_field_is_missing_and_what_is_listed():
    frame = read("code,n\nNA,1\n,-999\n").frame
    assert frame["code"].tolist()[0] == "NA"
    assert frame["code"].isna().tolist() == [False, True]
    frame = read("code,n\nNA,1\n,-999\n", missing=("NA", "-999")).frame
    assert frame.isna().to_numpy().tolist() == [[True, False], [True, True]]


def test_declared_types_are_not_guessed(made):
    contract = made("columns: {zip: {dtype: str}, n: {dtype: Int64, nullable: true}, day: {dtype: 'datetime64[us]'}}")
    table = read("zip,n,day,other\n012,1,2020-01-31,3\n,,2020-02-01,4\n", contract=contract)
    assert table.unread == {}
    assert table.frame.dtypes.astype(str).to_dict() == {
        "zip": "str",
        "n": "Int64",
        "day": "datetime64[us]",
        "other": "int64",
    }
    assert table.frame["zip"][0] == "012"


def test_misfits_are_failure_cases_with_their_rows(made):
    contract = made("columns: {a: {dtype: int64, ge: 0}, b: {dtype: float64}}")
    table = read("a,b\n1, \nx,2\n-1,3\n", contract=contract)
    cases = contract.check(table.frame, table.unread)
    assert [(case.column, case.value, case.row) for case in cases] == [("a", "'x'", 2), ("b", "' '", 1)]
    table = read("a,b\n1,2\n,2\n", contract=contract)
    (case,) = contract.check(table.frame, table.unread)
    assert (case.row, case.check) == (2, "no missing values in int64 (Int64 can hold them)")


@pytest.mark.parametrize(("dtype", "other"), [("uint8", "UInt8"), ("bool", "boolean"), ("int8", "Int8")])
def test_the_type_that_can_hold_missing_values_is_named(made, dtype, other):
    contract = made(f"columns: {{a: {{dtype: {dtype}}}, b: {{}}}}")
    table = read("a,b\n,1\n", contract=contract)
    assert f"({other} can hold them)" in table.unread["a"][0].check


def test_another_encoding_is_told_with_the_byte_and_the_option():
    content = "name\nMüller\n".encode("latin-1")
    with pytest.raises(BadInput) as caught:
        read(content)
    assert "data/x.csv is not utf-8 text: byte 6 (0xfc, in line 2)" in str(caught.value)
    assert "in pipelines/catalog.yml under x, e.g. options: {encoding: latin-1}" in str(caught.value)
    assert read(content, encoding="latin-1").frame["name"].tolist() == ["Müller"]


def test_utf_16_is_recognised():
    content = "name\nMüller\n".encode("utf-16")
    with pytest.raises(BadInput, match="encoding: utf-16"):
        read(content)
    assert read(content, encoding="utf-16").frame["name"].tolist() == ["Müller"]
    with pytest.raises(BadInput, match="NUL"):
        read("name\nx\n".encode("utf-16-le"))


def test_a_byte_order_mark_is_no_part_of_the_header():
    assert read("\ufeffname\nx\n").frame.columns.tolist() == ["name"]


@pytest.mark.parametrize(("content", "said"), [("", "is empty"), ("\n\n", "only blank lines")])
def test_files_without_a_header(content, said):
    with pytest.raises(BadInput, match=said):
        read(content)


def test_a_header_alone_is_a_table_without_rows(made):
    contract = made("columns: {a: {dtype: int64}}")
    table = read("a\n", contract=contract)
    assert (len(table.frame), str(table.frame["a"].dtype)) == (0, "int64")
    assert [case.check for case in contract.check(table.frame)] == ["at least one row"]


def test_rows_of_another_length_are_told_with_their_lines():
    with pytest.raises(Problems) as caught:
        read('a,b\n1,2\n1\n"x\ny",2\n1,2,3\n')
    assert [problem.line for problem in caught.value.problems] == [3, 6]
    assert "has 1 field, and the header has 2" in str(caught.value)
    assert "data/x.csv:6: The row that ends here has 3 fields" in str(caught.value)


def test_of_many_such_rows_ten_are_shown():
    with pytest.raises(Problems) as caught:
        read("a,b\n" + "1\n" * 50)
    assert len(caught.value.problems) == 11
    assert "More rows are so" in str(caught.value)


def test_rows_longer_than_the_header_do_not_become_an_index():
    with pytest.raises(Problems):
        read("a,b\n1,2,3\n1,2,3\n")


def test_a_column_named_twice_is_told():
    with pytest.raises(BadInput, match="names a column twice: 'a'"):
        read("a,b,a\n1,2,3\n")


def test_another_separator_is_told():
    with pytest.raises(BadInput) as caught:
        read("a;b\n1;2\n")
    assert "options: {separator: ';'}" in str(caught.value)
    assert read("a;b\n1;2\n", separator=";").frame.columns.tolist() == ["a", "b"]


def test_an_open_quotation_mark_is_told():
    with pytest.raises(BadInput, match=r"data/x\.csv"):
        read('a,b\n1,"2\n3,4\n')


def test_a_long_field_is_fine():
    assert read(f"a\n{'x' * 500_000}\n").frame["a"].str.len().tolist() == [500_000]


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_compressed_files(ending, pack):
    assert read(pack(b"a\n1\n"), shown=f"x.csv.{ending}").frame["a"].tolist() == [1]
    for broken in (b"a\n1\n", pack(b"a\n1\n" * 100)[:-12]):
        with pytest.raises(BadInput, match="cannot be decompressed"):
            read(broken, shown=f"x.csv.{ending}")


def test_parquet():
    file = io.BytesIO()
    frame = pd.DataFrame({"a": [1, 2]})
    frame.to_parquet(file)
    pd.testing.assert_frame_equal(read(file.getvalue(), kind="parquet", shown="x.parquet").frame, frame)
    for broken in (b"a\n1\n", file.getvalue()[:-20]):
        with pytest.raises(BadInput, match="not a readable Parquet file"):
            read(broken, kind="parquet", shown="x.parquet")


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=6), st.sampled_from([",", ";", "\t"]))
def test_what_csv_writes_is_read_back_as_text(made, rows, separator):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("a", "b"), *rows])
    contract = made("columns: {a: {dtype: str, nullable: true}, b: {dtype: str, nullable: true}}")
    frame = read(file.getvalue(), contract=contract, separator=separator).frame
    assert [tuple(row) for row in frame.fillna("").to_numpy().tolist()] == rows
