from __future__ import annotations

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

import studio
from studio.core.errors import BadInput
from studio.core.files import digest_file
from studio.data.catalog import UnknownDataset
from studio.data.contracts import ContractBroken
from studio.data.snapshots import SnapshotStore
from studio.data.sources import source_digest

FRAME = pd.DataFrame({"customer": ["a", "b"], "spend": [1.5, 2.5]})
CONTRACT = "columns:\n  customer: {dtype: str, unique: true}\n  spend: {dtype: float64, ge: 0}\nstrict: true\n"


@pytest.fixture(autouse=True)
def at_home(workspace, catalog, contract, monkeypatch):
    monkeypatch.chdir(workspace.root)
    contract("spending", CONTRACT)
    catalog("  raw: {location: data/raw.csv, contract: spending}\n  spend: {contract: spending}\n  models: {}\n")
    (workspace.root / "data" / "raw.csv").write_text("customer,spend\na,1.5\nb,2.5\n", encoding="utf-8")


class TestAtAPrompt:
    def test_what_was_saved_is_loaded(self, workspace):
        saved = studio.save("spend", FRAME)
        pd.testing.assert_frame_equal(studio.load("spend"), FRAME)
        assert (saved.run, saved.step, saved.part) == (None, None, "")
        assert saved.contract is not None

    def test_a_source_is_read_from_its_file_and_not_kept(self, workspace):
        pd.testing.assert_frame_equal(studio.load("raw"), FRAME)
        assert SnapshotStore(workspace).latest("raw") == {}

    @pytest.mark.parametrize("use", [lambda: studio.load("spnd"), lambda: studio.save("spnd", FRAME)])
    def test_a_name_outside_the_catalog_is_refused(self, use, workspace):
        with pytest.raises(UnknownDataset, match="Did you mean 'spend'") as caught:
            use()
        assert "pipelines/catalog.yml the line:\n  spnd:" in str(caught.value)
        assert not workspace.snapshots.exists()

    def test_a_dataset_never_saved(self):
        with pytest.raises(BadInput, match="no snapshot yet"):
            studio.load("models")

    def test_a_source_cannot_be_saved(self):
        with pytest.raises(BadInput, match=r"read from data/raw\.csv"):
            studio.save("raw", FRAME)

    def test_only_frames_are_saved(self):
        with pytest.raises(BadInput, match=r"Series.*to_frame"):
            studio.save("spend", FRAME["spend"])

    def test_a_broken_contract_keeps_everything_as_it_was(self, workspace):
        before = studio.save("spend", FRAME)
        with pytest.raises(ContractBroken, match=r"(?s)The frame saved as 'spend'.*row 2 \(-1\.0\)") as caught:
            studio.save("spend", FRAME.assign(spend=[1.0, -1.0]))
        assert len(caught.value.cases) == 1
        assert SnapshotStore(workspace).latest("spend")[""].digest == before.digest
        assert len(list((workspace.snapshots / "spend" / "_").glob("*.parquet"))) == 1

    def test_a_contract_made_stricter_after_the_save_is_checked_at_the_load(self, contract):
        studio.save("spend", FRAME)
        contract("spending", CONTRACT.replace("ge: 0", "ge: 2"))
        with pytest.raises(ContractBroken, match=r"(?s)latest snapshot of the dataset 'spend'.*row 1 \(1\.5\)"):
            studio.load("spend")

    def test_casting_happens_only_where_the_contract_says_so(self, contract):
        wide = FRAME.assign(spend=[1, 2])
        with pytest.raises(ContractBroken):
            studio.save("spend", wide)
        contract("spending", CONTRACT.replace("ge: 0", "ge: 0, coerce: true"))
        saved = studio.save("spend", wide)
        assert dict(saved.columns)["spend"] == "float64"
        assert wide["spend"].dtype == "int64"

    def test_rows_of_a_wrong_source_are_named(self, workspace):
        (workspace.root / "data" / "raw.csv").write_text("customer,spend\na,1.5\na,x\n", encoding="utf-8")
        with pytest.raises(ContractBroken) as caught:
            studio.load("raw")
        assert {(case.column, case.row) for case in caught.value.cases} == {
            ("customer", 1),
            ("customer", 2),
            ("spend", 2),
        }


class TestInARun:
    def test_a_save_and_a_load_of_a_snapshot_are_recorded(self, in_run, workspace):
        in_run({"raw": {"source": "x"}}, step="prepare")
        saved = studio.save("spend", FRAME)
        assert (saved.run, saved.step, saved.inputs) == ("20260303-093000-1f9c4a", "prepare", {"raw": {"source": "x"}})
        in_run({"spend": {"parts": {"": saved.digest}}})
        studio.load("spend")
        expected = {
            "dataset": "spend",
            "part": "",
            "digest": saved.digest,
            "rows": 2,
            "columns": [["customer", "str"], ["spend", "float64"]],
            "source": False,
            "location": None,
        }
        assert in_run.lines == [{"kind": "save", **expected}, {"kind": "load", **expected}]

    def test_exactly_the_planned_snapshot_is_loaded_and_not_the_latest(self, in_run):
        first = studio.save("spend", FRAME)
        studio.save("spend", FRAME.assign(spend=0.0))
        in_run({"spend": {"parts": {"": first.digest}}})
        assert studio.load("spend")["spend"].tolist() == [1.5, 2.5]

    def test_a_load_that_the_plan_did_not_see_is_refused(self, in_run):
        studio.save("spend", FRAME)
        in_run({})
        with pytest.raises(BadInput, match="not seen when this run was planned"):
            studio.load("spend")

    def test_parts_come_as_one_frame_with_their_keys_in_front(self, in_run):
        for folds in (10, 9):
            in_run(part=f"folds={folds},model=forest")
            studio.save("models", pd.DataFrame({"auc": [folds / 100]}))
        digests = {line["part"]: line["digest"] for line in in_run.lines}
        in_run({"models": {"parts": digests}})
        expected = pd.DataFrame({"folds": [9, 10], "model": ["forest"] * 2, "auc": [0.09, 0.1]})
        pd.testing.assert_frame_equal(studio.load("models"), expected)
        in_run.leave()
        pd.testing.assert_frame_equal(studio.load("models"), expected)

    def test_a_column_that_is_there_is_not_put_in_front_again(self, in_run):
        in_run(part="model=forest")
        saved = studio.save("models", pd.DataFrame({"auc": [0.5], "model": ["Random forest"]}))
        in_run({"models": {"parts": {"model=forest": saved.digest}}})
        assert studio.load("models").columns.tolist() == ["auc", "model"]
        assert studio.load("models")["model"].tolist() == ["Random forest"]

    def test_named_rows_keep_their_names(self, in_run):
        for model in ("a", "b"):
            in_run(part=f"model={model}")
            studio.save("models", pd.DataFrame({"auc": [0.5]}, index=pd.Index([model * 2], name="row")))
        in_run.leave()
        assert studio.load("models").index.tolist() == ["aa", "bb"]

    def test_a_source_is_kept_as_a_snapshot(self, in_run, workspace):
        digest = source_digest(workspace, "raw")
        assert digest == digest_file(workspace.root / "data" / "raw.csv")
        in_run({"raw": {"source": digest}})
        pd.testing.assert_frame_equal(studio.load("raw"), FRAME)
        (line,) = in_run.lines
        kept = SnapshotStore(workspace).latest("raw")[""]
        assert line["source"] is True
        assert (line["location"], line["source_digest"], line["digest"]) == ("data/raw.csv", digest, kept.digest)
        (workspace.root / "data" / "raw.csv").unlink()
        in_run({"raw": {"parts": {"": kept.digest}}})
        pd.testing.assert_frame_equal(studio.load("raw"), FRAME)

    def test_a_source_that_changed_after_the_plan_is_refused(self, in_run, workspace):
        in_run({"raw": {"source": source_digest(workspace, "raw")}})
        with (workspace.root / "data" / "raw.csv").open("a", encoding="utf-8") as file:
            file.write("c,3.5\n")
        with pytest.raises(BadInput, match="changed after this run was planned"):
            studio.load("raw")

    def test_a_half_set_environment_is_said(self, monkeypatch):
        monkeypatch.setenv("STUDIO_RUN", "r")
        with pytest.raises(BadInput, match="STUDIO_INPUTS and STUDIO_RECORD"):
            studio.save("models", FRAME)

    def test_an_unreadable_list_of_inputs_is_said(self, in_run):
        in_run()
        (in_run.folder / "inputs.json").write_text("{", encoding="utf-8")
        with pytest.raises(BadInput, match=r"inputs\.json"):
            studio.load("spend")


def test_no_name_of_a_column_breaks_a_line(in_run):
    in_run()
    names = ["a\u2028b", "a\x85b", "a\nb", "über"]
    studio.save("models", pd.DataFrame({name: [1] for name in names}))
    (line,) = in_run.lines
    assert [name for name, _ in line["columns"]] == names


def test_lines_of_many_writers_never_mix(in_run, workspace):
    in_run()
    code = (
        "import pandas as pd, studio\n"
        "for number in range(20): studio.save('models', pd.DataFrame({'n' * 200: [number]}))"
    )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    writers = [subprocess.Popen([sys.executable, "-c", code], cwd=workspace.root, env=environment) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(in_run.lines) == 60


def test_the_workspace_is_found_from_the_variable(in_run, monkeypatch, tmp_path):
    in_run()
    monkeypatch.chdir(tmp_path)
    assert studio.save("spend", FRAME).rows == 2


def test_a_refused_record_is_a_readable_error(in_run, monkeypatch):
    in_run()
    monkeypatch.setenv("STUDIO_RECORD", str(in_run.folder))
    with pytest.raises(studio.data.doorway.CannotWrite, match="cannot be written"):
        studio.save("spend", FRAME)


def test_the_inputs_file_is_plain_json(in_run):
    in_run({"a": {"source": "b"}})
    assert json.loads((in_run.folder / "inputs.json").read_text(encoding="utf-8")) == {"a": {"source": "b"}}
