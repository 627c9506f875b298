"""The data rung: one case for each contract and question, and no crash whatever stands in the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from studio.core.report import Case, Report
from studio.core.workspace import Workspace
from studio.data import testing
from studio.data.snapshots import SnapshotStore
from tests.data.testing.conftest import Write

ORDERS = (
    "  id: {dtype: str, unique: true, str_length: {min_value: 1}}\n  n: {dtype: int64, ge: 0}\n  note: {dtype: str}\n"
)
CATALOG = (
    "  orders: {location: data/orders.csv, sample: data/small.csv, contract: orders}\n  made: {contract: orders}\n"
)
GOOD = "id,n,note\na,1,x\nb,2,y\n"


@pytest.fixture
def orders(workspace: Workspace, write: Write, catalog: Callable[[str], None]) -> Workspace:
    write(ORDERS)
    catalog(CATALOG)
    (workspace.root / "data" / "small.csv").write_text(GOOD)
    return workspace


def by_name(cases: list[Case]) -> dict[str, Case]:
    assert len({(case.subject, case.name) for case in cases}) == len(cases)
    return {case.name: case for case in cases}


def test_a_sound_contract_passes_and_says_what_it_leaves_open(orders: Workspace) -> None:
    SnapshotStore(orders).save("made", pd.DataFrame({"id": ["a"], "n": [1], "note": [""]}))
    cases = testing.test_contracts(orders)
    assert {case.status for case in cases} == {"passed", "skipped"}
    assert {(case.rung, case.subject) for case in cases} == {("data", "pipelines/contracts/orders.yml")}
    named = by_name(cases)
    assert named["sample of orders"].values == {"rows": 2}
    assert named["latest snapshot of orders"].message.startswith("It has no snapshot here yet. Next: ")
    assert "sample of made" not in named
    assert named["latest snapshot of made"].values == {"rows": 1}
    assert named["generated: frames keep the contract"].values["frames"] > 10
    assert named["mutation: nulls in id"].line == 4
    assert named["guard: columns"].message == "Nothing but the type guards: note. Other columns are allowed."
    assert named["guard: columns"].values["unguarded"] == ["note"]
    json.dumps(Report.of(cases).as_dict())
    Report.of(cases).to_junit()


def test_data_that_breaks_its_contract_is_told_with_its_failure_cases(orders: Workspace) -> None:
    (orders.root / "data" / "small.csv").write_text("id,n,note\na,-1,x\n")
    SnapshotStore(orders).save("made", pd.DataFrame({"id": ["a", "a"], "n": [1, 2], "note": ["", ""]}))
    named = by_name(testing.test_contracts(orders, ["orders"]))
    sample, snapshot = named["sample of orders"], named["latest snapshot of made"]
    assert (sample.status, snapshot.status) == ("failed", "failed")
    assert "data/small.csv of the dataset 'orders' does not keep the contract 'orders'" in sample.message
    assert "column 'n': greater_than_or_equal_to(0): row 1 (-1)" in sample.detail
    assert "column 'id': each value once: row 1 ('a'), row 2 ('a')" in snapshot.detail
    assert named["mutation: nulls in id"].status == "passed"


def test_a_source_without_sample_is_skipped_with_the_line_to_add(
    orders: Workspace, catalog: Callable[[str], None]
) -> None:
    catalog("  orders: {location: data/orders.csv, contract: orders}\n")
    case = by_name(testing.test_contracts(orders))["sample of orders"]
    assert case.status == "skipped"
    assert "studio data sample orders" in case.message
    assert "sample: pipelines/samples/orders.csv" in case.message


def test_a_hole_in_a_contract_fails_with_line_and_next_step(orders: Workspace, write: Write) -> None:
    write("  id: {dtype: str}\n  n:\n    dtype: str\n    str_matches: '^[0-9]$'\n  note: {dtype: str}\n")
    failed = [case for case in testing.test_contracts(orders) if case.status == "failed"]
    (case,) = failed
    assert case.name == "mutation: a line break at the end of n"
    assert case.place == "pipelines/contracts/orders.yml:7"
    assert case.message == (
        "The contract does not notice a line break at the end of n, tried on the sample of orders. Next: in columns.n "
        "end the pattern with \\Z in place of $."
    )


def test_a_contract_that_cannot_be_read_is_one_failed_case(
    orders: Workspace, contract: Callable[[str, str], Path]
) -> None:
    contract("broken", "version: 1\ncolumns:\n  a: {dtype: strr}\n")
    cases = [case for case in testing.test_contracts(orders) if "broken" in case.subject]
    (case,) = cases
    assert (case.name, case.status, case.line) == ("can be read", "failed", 3)
    assert "There is no such dtype" in case.message


def test_a_name_that_nobody_knows_is_a_failed_case(orders: Workspace) -> None:
    (case,) = testing.test_contracts(orders, ["order"])
    assert case.status == "failed"
    assert "Did you mean 'orders'" in case.message or "'orders'" in case.message


def test_rules_that_exclude_each_other_leave_nothing_to_break(orders: Workspace, write: Write) -> None:
    write("  n: {dtype: float64, gt: 2, lt: 1}\n", "never")
    named = by_name(testing.test_contracts(orders, ["never"]))
    assert named["generated: frames keep the contract"].status == "failed"
    assert named["mutation: all"].status == "skipped"


def test_a_catalog_that_cannot_be_read_leaves_the_contracts_themselves(orders: Workspace) -> None:
    orders.catalog.write_text("version: 1\ndatasets:\n  orders: {loction: x}\n")
    cases = testing.test_contracts(orders)
    assert (cases[0].subject, cases[0].status, cases[0].line) == ("pipelines/catalog.yml", "failed", 3)
    assert {case.subject for case in cases[1:]} == {"pipelines/contracts/orders.yml"}
    assert all(case.status == "passed" for case in cases[1:])


def test_only_the_wanted_datasets_are_looked_at(orders: Workspace) -> None:
    names = by_name(testing.test_contracts(orders, datasets=["made"]))
    assert "latest snapshot of made" in names
    assert "sample of orders" not in names


def test_a_damaged_snapshot_is_a_failed_case(orders: Workspace) -> None:
    store = SnapshotStore(orders)
    saved = store.save("made", pd.DataFrame({"id": ["a"], "n": [1], "note": [""]}))
    store.path("made", saved.digest).write_bytes(b"no longer")
    case = by_name(testing.test_contracts(orders))["latest snapshot of made"]
    assert case.status == "failed"
    assert "is damaged" in case.message


def test_what_a_run_on_samples_saved_is_looked_at_where_there_is_nothing_else(orders: Workspace) -> None:
    frame = pd.DataFrame({"id": ["a"], "n": [1], "note": [""]})
    SnapshotStore(Workspace(orders.root, sampled=True)).save("made", frame)
    case = by_name(testing.test_contracts(orders))["latest snapshot of made"]
    assert (case.status, case.message) == ("passed", "1 row, made on samples")
    SnapshotStore(orders).save("made", pd.concat([frame, frame.assign(id="b")]).reset_index(drop=True))
    case = by_name(testing.test_contracts(orders))["latest snapshot of made"]
    assert case.message == "2 rows"


def test_the_same_files_give_the_same_cases(orders: Workspace) -> None:
    first, second = (Report.of(testing.test_contracts(orders)) for _ in range(2))
    assert first.digest() == second.digest()
