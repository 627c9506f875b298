from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.errors import BadInput
from studio.data import sources
from studio.data.contracts import ContractBroken
from studio.data.preflight import check_file, check_source

CONTRACT = "columns:\n  customer: {dtype: str}\n  charges: {dtype: float64, ge: 0}\nstrict: true\n"


@pytest.fixture(autouse=True)
def demanded(contract):
    contract("customers", CONTRACT)


def written(folder, content, name="x.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (1_600_000_000, 1_600_000_000))
    return path


def test_a_good_file_passes_wherever_it_lies(workspace, tmp_path):
    check_file(workspace, written(tmp_path, "customer,charges\na,1.5\n"), "customers")
    written(workspace.root / "data", "customer,charges\na,1.5\n")
    check_file(workspace, Path("data/x.csv"), "customers")


def test_the_second_look_loads_nothing(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_SETTLED_SECONDS", -1.0)
    path = written(tmp_path, "customer,charges\na,1.5\n")
    check_file(workspace, path, "customers")
    code = (
        "import sys; from pathlib import Path\n"
        "from studio.core.workspace import Workspace; from studio.data.preflight import check_file\n"
        "check_file(Workspace(Path(sys.argv[1])), Path(sys.argv[2]), 'customers')\n"
        "assert not {'pandas', 'pandera', 'pyarrow', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, workspace.root, path], check=True)


def test_a_remembered_verdict_is_of_this_file_and_this_contract(workspace, tmp_path, contract):
    path = written(tmp_path, "customer,charges\na,1.5\n")
    check_file(workspace, path, "customers")
    contract("customers", CONTRACT.replace("ge: 0", "ge: 2"))
    with pytest.raises(ContractBroken):
        check_file(workspace, path, "customers")
    contract("customers", CONTRACT)
    written(tmp_path, "customer,charges\na,-1.5\n")
    with pytest.raises(ContractBroken):
        check_file(workspace, path, "customers")
    with pytest.raises(ContractBroken):
        check_file(workspace, path, "customers")


def test_wrong_columns_are_named(workspace, tmp_path):
    path = written(tmp_path, "customer,chrges,extra\na,1.5,2\n")
    with pytest.raises(ContractBroken) as caught:
        check_file(workspace, path, "customers")
    assert f"The file {path} does not keep the contract 'customers'" in str(caught.value)
    assert "missing column: 'charges'." in str(caught.value)
    assert "unexpected columns: 'chrges' (meant as 'charges'?), 'extra'." in str(caught.value)


def test_blank_texts_in_a_column_of_numbers_are_named_or_declared(workspace, tmp_path, contract):
    rows = "".join(f"c{number},{' ' if number % 600 == 0 else number}\n" for number in range(1, 7044))
    path = written(tmp_path, f"customer,charges\n{rows}")
    with pytest.raises(ContractBroken) as caught:
        check_file(workspace, path, "customers")
    assert "column 'charges': dtype float64: row 600 (' '), row 1200 (' ')" in str(caught.value)
    assert "row 6000 (' ') and 1 more." in str(caught.value)
    contract("customers", CONTRACT.replace("dtype: float64, ge: 0", "dtype: str, str_matches: '^( |[0-9.]+)$'"))
    check_file(workspace, path, "customers")


def test_no_rows(workspace, tmp_path, contract):
    path = written(tmp_path, "customer,charges\n")
    with pytest.raises(ContractBroken, match="at least one row: no rows"):
        check_file(workspace, path, "customers")
    contract("customers", CONTRACT + "may_be_empty: true\n")
    check_file(workspace, path, "customers")


def test_another_encoding_or_separator_can_be_said_in_the_contract(workspace, tmp_path, contract):
    path = written(tmp_path, "customer;charges\nMüller;1.5\n".encode("latin-1"))
    with pytest.raises(BadInput, match=r"byte 18 .*pipelines/contracts/customers\.yml"):
        check_file(workspace, path, "customers")
    contract("customers", CONTRACT + "options: {encoding: latin-1, separator: ';'}\n")
    check_file(workspace, path, "customers")


@pytest.mark.parametrize(("name", "said"), [("no.csv", "does not exist"), ("x.txt", "neither a CSV nor a Parquet")])
def test_files_that_cannot_be_checked(workspace, tmp_path, name, said):
    written(tmp_path, "x", "x.txt")
    with pytest.raises(BadInput, match=said):
        check_file(workspace, tmp_path / name, "customers")


def test_an_unknown_contract(workspace, tmp_path):
    with pytest.raises(BadInput, match="Did you mean 'customers'"):
        check_file(workspace, written(tmp_path, "a\n1\n"), "custmers")


def test_a_file_that_changes_while_it_is_read(workspace, tmp_path, monkeypatch):
    path = written(tmp_path, "customer,charges\na,1.5\n")
    monkeypatch.setattr(sources, "read_bytes", lambda *_: b"customer,charges\nb,2.5\n")
    with pytest.raises(BadInput, match="changed while it was read"):
        check_file(workspace, path, "customers")


class TestSource:
    def test_it_is_read_as_the_catalog_says(self, workspace, catalog):
        written(workspace.root / "data", "customer;charges\nMüller;1.5\n".encode("latin-1"))
        catalog("  raw: {location: data/x.csv, contract: customers}\n")
        with pytest.raises(BadInput, match=r"byte 18 .*pipelines/catalog\.yml under raw"):
            check_source(workspace, "raw")
        catalog(
            "  raw:\n    location: data/x.csv\n    contract: customers\n"
            "    options: {encoding: latin-1, separator: ';'}\n"
        )
        check_source(workspace, "raw")

    def test_a_verdict_is_remembered_for_one_way_of_reading(self, workspace, catalog, monkeypatch):
        written(workspace.root / "data", "customer,charges\na,1.5\n")
        catalog("  raw: {location: data/x.csv, contract: customers}\n")
        check_source(workspace, "raw")
        with monkeypatch.context() as patch:
            patch.setattr(sources, "read_bytes", lambda *_: pytest.fail("read again"))
            check_source(workspace, "raw")
        catalog("  raw: {location: data/x.csv, contract: customers, options: {missing: ['1.5']}}\n")
        with pytest.raises(ContractBroken, match="no missing values"):
            check_source(workspace, "raw")

    def test_without_a_contract_it_must_be_there(self, workspace, catalog):
        catalog("  raw: {location: data/x.csv}\n")
        with pytest.raises(BadInput, match="does not exist"):
            check_source(workspace, "raw")
        written(workspace.root / "data", "anything\n")
        check_source(workspace, "raw")
