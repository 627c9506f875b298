"""Samples: drawn with every category, read in place of the source, and their state kept apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import studio
from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.data.catalog import NoSample, read_catalog
from studio.data.preflight import check_source
from studio.data.samples import choose, write_sample
from studio.data.snapshots import SnapshotStore
from studio.data.sources import fetch_sample, fetch_source, source_digest
from tests.conftest import Place

CONTRACT = """
version: 1
columns:
  id: {dtype: str, unique: true}
  plan: {dtype: str, isin: [basic, plus, rare], nullable: true}
  day: {dtype: 'datetime64[us]'}
"""
OPTIONS = "{separator: ';', encoding: latin-1, missing: ['n/a'], dates: '%d.%m.%Y'}"
Catalog = Callable[[str], None]
Contract = Callable[[str, str], Path]


def rows(number: int) -> str:
    plans = ["basic", "plus"] * number
    plans[number - 2 : number] = ["rare", "n/a"]
    return "id;plan;day\n" + "".join(f"0{row};{plans[row]};0{row % 9 + 1}.01.2026\n" for row in range(number))


@pytest.fixture
def sales(workspace: Workspace, catalog: Catalog, contract: Contract) -> Workspace:
    contract("sales", CONTRACT)
    catalog(f"  sales: {{location: data/sales.csv, contract: sales, options: {OPTIONS}}}\n  totals: {{}}\n")
    (workspace.root / "data" / "sales.csv").write_text(rows(500), encoding="latin-1")
    return workspace


def with_sample(workspace: Workspace, sample: str) -> Workspace:
    text = workspace.catalog.read_text()
    workspace.catalog.write_text(text.replace("contract: sales,", f"contract: sales, sample: {sample},"))
    return Workspace(workspace.root, sampled=True)


def test_a_sample_keeps_texts_order_and_every_category(sales: Workspace) -> None:
    made = write_sample(sales, "sales", 20)
    assert (made.path, made.rows, made.of, made.lost, made.listed) == (
        "pipelines/samples/sales.csv",
        20,
        500,
        (),
        False,
    )
    assert made.line == "sample: pipelines/samples/sales.csv"
    lines = (sales.root / made.path).read_text(encoding="latin-1").splitlines()
    assert lines[0] == "id;plan;day"
    assert lines[1:] == [line for line in rows(500).splitlines() if line in lines[1:]]
    assert {line.split(";")[1] for line in lines[1:]} == {"basic", "plus", "rare", "n/a"}


def test_the_same_source_gives_the_same_sample(sales: Workspace) -> None:
    first = (sales.root / write_sample(sales, "sales", 20).path).read_bytes()
    second = write_sample(sales, "sales", 20, force=True)
    assert (sales.root / second.path).read_bytes() == first


def test_a_file_that_is_there_is_kept(sales: Workspace) -> None:
    made = write_sample(sales, "sales", 20)
    before = (sales.root / made.path).read_bytes()
    with pytest.raises(BadInput, match=r"pipelines/samples/sales\.csv is there already.*--force"):
        write_sample(sales, "sales", 5)
    assert (sales.root / made.path).read_bytes() == before


def test_parquet_rows_keep_their_types(workspace: Workspace, catalog: Catalog) -> None:
    catalog("  wide: {location: data/wide.parquet}\n")
    frame = pd.DataFrame({"n": pd.Series(range(100), dtype="int16"), "deep": [[row] for row in range(100)]})
    frame.to_parquet(workspace.root / "data" / "wide.parquet")
    made = write_sample(workspace, "wide", 10, workspace.root / "data" / "small.parquet")
    small = pd.read_parquet(workspace.root / made.path)
    assert made.path == "data/small.parquet"
    assert len(small) == 10
    assert small.dtypes.equals(frame.dtypes)


@pytest.mark.parametrize(
    ("name", "number", "output", "message"),
    [
        ("totals", 5, None, "'totals' has no location .* made by a pipeline"),
        ("sals", 5, None, "There is no dataset 'sals'.*'sales'"),
        ("sales", 0, None, "from 1 on"),
        ("sales", 5, "small.parquet", r"Next: name a \.csv file"),
        ("sales", 5, "small.csv.gz", r"Next: name a \.csv file"),
    ],
)
def test_what_cannot_be_sampled_is_said(
    sales: Workspace, name: str, number: int, output: str | None, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        write_sample(sales, name, number, Path(output) if output else None)
    assert not (sales.pipelines / "samples").exists()


def test_a_source_that_breaks_its_contract_gives_no_sample(sales: Workspace) -> None:
    (sales.root / "data" / "sales.csv").write_text("id;plan;day\n1;gold;01.01.2026\n")
    with pytest.raises(BadInput, match="does not keep the contract 'sales'"):
        write_sample(sales, "sales")
    assert not (sales.pipelines / "samples").exists()


def test_categories_that_find_no_place_are_told() -> None:
    frame = pd.DataFrame({"a": list("abcdefghij"), "b": [True, False] * 5, "c": [1.5] * 9 + [None]})
    chosen, lost = choose(frame, 5)
    assert len(chosen) == 5
    assert lost[0] == "a"
    chosen, lost = choose(frame, 10)
    assert chosen == list(range(10))
    assert lost == ()


def test_a_sampled_workspace_reads_the_sample(sales: Workspace) -> None:
    made = write_sample(sales, "sales", 20)
    sampled = with_sample(sales, made.path)
    check_source(sampled, "sales")
    source = fetch_source(sampled, "sales")
    assert len(source.frame) == 20
    assert source.digest == source_digest(sampled, "sales") != source_digest(sales, "sales")
    assert len(fetch_source(sales, "sales").frame) == 500
    assert len(fetch_sample(sales, "sales")) == 20


def test_the_sample_is_read_by_its_own_ending(workspace: Workspace, catalog: Catalog) -> None:
    catalog("  t: {location: 's3://bucket/t', format: csv, sample: data/t.parquet}\n")
    pd.DataFrame({"a": [1]}).to_parquet(workspace.root / "data" / "t.parquet")
    assert fetch_source(Workspace(workspace.root, sampled=True), "t").frame.to_dict("list") == {"a": [1]}


def test_a_source_without_sample_is_not_read_in_its_place(sales: Workspace) -> None:
    sampled = Workspace(sales.root, sampled=True)
    for read in (fetch_source, source_digest, check_source):
        with pytest.raises(NoSample) as caught:
            read(sampled, "sales")
        assert str(caught.value) == (
            "The dataset 'sales' has no sample, and work on samples never reads its source. Next: write one with "
            "studio data sample sales, and add to 'sales' in pipelines/catalog.yml the line:\n"
            "  sample: pipelines/samples/sales.csv"
        )


def test_a_sample_of_no_known_ending_is_a_problem_of_the_catalog(workspace: Workspace, catalog: Catalog) -> None:
    catalog("  t: {location: data/t.csv, sample: data/t.json}\n")
    with pytest.raises(BadInput, match=r"ending of the sample 'data/t\.json' does not tell its format"):
        read_catalog(workspace)


def test_a_kernel_on_samples_leaves_the_real_state_alone(sales: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    sampled = with_sample(sales, write_sample(sales, "sales", 20).path)
    monkeypatch.setenv("STUDIO_WORKSPACE", str(sales.root))
    monkeypatch.setenv("STUDIO_SAMPLED", "1")
    check_source(sampled, "sales")
    frame = studio.load("sales")
    studio.save("totals", frame)
    assert len(frame) == len(studio.load("totals")) == 20
    assert SnapshotStore(sales).latest("totals") == {}
    assert [path.name for path in (sales.root / ".studio").iterdir()] == ["sample"]


def test_the_command_prints_the_line_to_add(place: Place) -> None:
    place.write("pipelines/catalog.yml", "version: 1\ndatasets:\n  t: {location: t.csv}\n")
    place.write("t.csv", "a,b\n" + "".join(f"{row},x\n" for row in range(300)))
    answer = place.studio("data", "sample", "t", "--rows", "10")
    assert answer.status == 0
    assert answer.out.splitlines() == [
        "pipelines/samples/t.csv: 10 of 300 rows of t",
        "Next: add under t: in pipelines/catalog.yml the line",
        "    sample: pipelines/samples/t.csv",
    ]
    assert "look through it before you commit it" in answer.err
    again = place.studio("data", "sample", "t", "--output", "small.csv", "--json")
    assert again.json == {
        "dataset": "t",
        "path": "small.csv",
        "rows": 200,
        "of": 300,
        "lost": [],
        "line": "sample: small.csv",
        "listed": False,
    }
