from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest

from studio.data.catalog import UnknownDataset
from studio.data.overview import check_dataset, dataset_overview, overview
from studio.data.snapshots import SnapshotStore

FRAME = pd.DataFrame({"n": [1, 2]})


@pytest.fixture(autouse=True)
def three(workspace, catalog, contract):
    contract("numbers", "columns: {n: {dtype: int64, ge: 0}}\n")
    catalog(
        "  raw: {location: data/raw.csv, contract: numbers, owner: crm, tags: [daily]}\n"
        "  models: {contract: numbers}\n  never: {}\n"
    )
    (workspace.root / "data" / "raw.csv").write_text("n\n1\n2\n", encoding="utf-8")


@pytest.fixture
def store(workspace):
    return SnapshotStore(workspace)


def test_every_dataset_is_listed_with_its_latest_snapshots(workspace, store):
    store.save("models", FRAME, "model=a", run="r1")
    last = store.save("models", FRAME.assign(n=3), "model=b", run="r2")
    models, never, raw = overview(workspace)
    assert [found.name for found in (models, never, raw)] == ["models", "never", "raw"]
    assert (models.rows, models.created, list(models.latest)) == (4, last.created, ["model=a", "model=b"])
    assert (never.rows, never.created, never.latest, never.problem) == (None, None, {}, "")
    assert (raw.location, raw.format, raw.contract, raw.owner) == ("data/raw.csv", "csv", "numbers", "crm")
    shown = json.loads(json.dumps(models.as_dict()))
    assert shown["latest"]["model=b"]["digest"] == last.digest
    assert shown["latest"]["model=b"]["columns"] == [["n", "int64"]]
    assert shown["rows"] == 4


def test_what_is_wrong_is_listed_and_the_others_still_are(workspace, store):
    saved = store.save("models", FRAME)
    store.path("models", saved.digest).with_suffix(".json").unlink()
    (workspace.root / "data" / "raw.csv").unlink()
    models, never, raw = overview(workspace)
    assert f"{saved.digest}.json" in models.problem
    assert "does not exist" in raw.problem
    assert never.problem == ""


def test_listing_loads_nothing_heavy(workspace, store):
    store.save("models", FRAME)
    code = (
        "import sys; from pathlib import Path\n"
        "from studio.core.workspace import Workspace; from studio.data.overview import overview\n"
        "assert len(overview(Workspace(Path(sys.argv[1])))) == 3\n"
        "assert not {'pandas', 'pandera', 'pyarrow', 'numpy', 'fsspec'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, workspace.root], check=True)


def test_one_dataset(workspace):
    assert dataset_overview(workspace, "raw").tags == ("daily",)
    with pytest.raises(UnknownDataset):
        dataset_overview(workspace, "rw")


def test_a_source_is_checked(workspace):
    result = check_dataset(workspace, "raw")
    assert result.ok
    assert [(finding.subject, finding.rows) for finding in result.findings] == [("source data/raw.csv", 2)]
    (workspace.root / "data" / "raw.csv").write_text("n\n1\n-2\n", encoding="utf-8")
    result = check_dataset(workspace, "raw")
    assert not result.ok
    shown = json.loads(json.dumps(result.as_dict()))
    assert shown["findings"][0]["cases"] == [
        {"column": "n", "check": "greater_than_or_equal_to(0)", "value": "-2", "row": 2}
    ]
    (workspace.root / "data" / "raw.csv").unlink()
    assert "does not exist" in check_dataset(workspace, "raw").findings[0].message


def test_snapshots_are_checked_part_by_part(workspace, store):
    store.save("models", FRAME, "model=a")
    store.save("models", FRAME.assign(n=-1), "model=b")
    damaged = store.save("models", FRAME.assign(n=7), "model=c")
    store.path("models", damaged.digest, "model=c").write_bytes(b"x")
    result = check_dataset(workspace, "models")
    assert [finding.ok for finding in result.findings] == [True, False, False]
    assert "(model=b) of the dataset 'models' does not keep the contract" in result.findings[1].message
    assert "damaged" in result.findings[2].message


def test_a_lost_manifest_is_told(workspace, store):
    saved = store.save("models", FRAME)
    store.path("models", saved.digest).with_suffix(".json").unlink()
    result = check_dataset(workspace, "models")
    assert not result.ok
    assert "does not exist" in result.findings[0].message


def test_without_a_snapshot_nothing_can_be_checked(workspace):
    result = check_dataset(workspace, "never")
    assert (result.ok, result.findings) == (False, ())
