from __future__ import annotations

import subprocess
import sys

import pytest

from studio.core.documents import schema
from studio.core.errors import Problems
from studio.data.catalog import (
    Catalog,
    Dataset,
    UnknownDataset,
    find_dataset,
    format_of,
    local_path,
    read_catalog,
)
from studio.data.contract_file import ContractFile


def test_a_workspace_without_a_catalog_has_an_empty_one(workspace):
    assert read_catalog(workspace) == Catalog()


def test_an_entry_is_read_with_everything_it_says(workspace, catalog, contract):
    contract("telco", "columns: {a: {dtype: int64}}\n")
    catalog(
        "  customers:\n    location: data/customers.csv\n    contract: telco\n    owner: crm\n"
        "    options: {encoding: latin-1, separator: ';', missing: [NA]}\n  features:\n"
    )
    datasets = read_catalog(workspace).datasets
    assert datasets["customers"].source_format == "csv"
    assert datasets["customers"].options.separator == ";"
    assert datasets["customers"].options.missing == ("NA",)
    assert datasets["features"].location is None


def test_all_that_is_wrong_is_told_with_its_line(workspace, catalog):
    catalog(
        "  Big:\n    location: data/a.csv\n"
        "  b:\n    location: data/b.txt\n"
        "  c:\n    locatoin: data/c.csv\n"
        "  d:\n    location: data/d.csv\n    options: {encoding: klingon}\n"
        "  e:\n    format: csv\n"
    )
    with pytest.raises(Problems) as caught:
        read_catalog(workspace)
    lines = {problem.line: str(problem) for problem in caught.value.problems}
    assert "does not tell its format" in lines[5]
    assert "Did you mean 'location'?" in lines[8]
    assert "no such encoding" in lines[11]
    assert "Format goes with a location" in lines[12]
    assert all(problem.path == "pipelines/catalog.yml" for problem in caught.value.problems)


def test_a_location_that_no_file_can_have(workspace):
    workspace.catalog.write_text('version: 1\ndatasets:\n  raw: {location: "a\\0b.csv"}\n', encoding="utf-8")
    with pytest.raises(Problems, match=r"catalog\.yml:3: datasets\.raw\.location: A location without control"):
        read_catalog(workspace)


@pytest.mark.parametrize("text", ["", "version: 1\n", "datasets:\n"])
def test_a_catalog_may_hold_nothing(workspace, text):
    workspace.catalog.write_text(text, encoding="utf-8")
    assert read_catalog(workspace).datasets == {}


def test_datasets_are_a_mapping(workspace):
    workspace.catalog.write_text("datasets: [raw]\n", encoding="utf-8")
    with pytest.raises(Problems, match=r"catalog\.yml:1: datasets: A mapping, such as key: value, is expected"):
        read_catalog(workspace)


def test_a_dataset_made_by_a_pipeline_has_no_source_format():
    with pytest.raises(ValueError, match="no source format"):
        _ = Dataset().source_format


def test_the_schemas_are_exported():
    for model in (Catalog, ContractFile):
        exported = schema(model)
        assert exported["properties"]["version"]["const"] == 1
        assert exported["additionalProperties"] is False


def test_names_and_contracts_are_checked(workspace, catalog, contract):
    contract("customers", "columns: {a: {dtype: int64}}\n")
    catalog("  Big: {}\n  b: {contract: custmers}\n  c: {contract: ../../etc}\n")
    with pytest.raises(Problems) as caught:
        read_catalog(workspace)
    assert [problem.line for problem in caught.value.problems] == [3, 4, 5]
    assert "no name for a dataset" in str(caught.value)
    assert "Did you mean 'customers'?" in str(caught.value)


def test_an_unknown_name_comes_with_the_nearest_and_the_line_to_add(workspace, catalog):
    catalog("  customers: {}\n")
    with pytest.raises(UnknownDataset) as caught:
        find_dataset(workspace, "custmers")
    assert caught.value.exit_status == 2
    assert "Did you mean 'customers'?" in str(caught.value)
    assert "\n  custmers: {" in str(caught.value)


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("a.csv", "csv"),
        ("A.CSV.GZ", "csv"),
        ("s3://b/x.parquet", "parquet"),
        ("https://h/x.tsv?v=1", "csv"),
        ("x.txt", None),
    ],
)
def test_the_format_is_told_by_the_ending(location, kind):
    assert format_of(location) == kind


def test_locations_here_and_elsewhere(workspace):
    assert local_path(workspace, "data/a.csv") == workspace.root / "data" / "a.csv"
    assert str(local_path(workspace, "/srv/a.csv")) == "/srv/a.csv"
    assert str(local_path(workspace, "file:///srv/a.csv")) == "/srv/a.csv"
    assert local_path(workspace, "s3://bucket/a.csv") is None
    assert local_path(workspace, "simplecache::https://h/a.csv") is None


def test_reading_the_catalog_loads_nothing_heavy():
    code = (
        "import sys, studio.data.catalog, studio.data.contracts, studio.data.doorway, studio.data.overview, "
        "studio.data.preflight, studio.data.snapshots, studio.data.sources\n"
        "heavy = {'pandas', 'pandera', 'pyarrow', 'fsspec', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
