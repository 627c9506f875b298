from __future__ import annotations

import copy
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from studio.core import environment
from studio.core.environment import environment_digest
from studio.core.files import digest_bytes
from studio.core.workspace import Workspace
from studio.data.snapshots import SnapshotStore
from studio.pipelines import cache
from studio.pipelines.cache import KEPT, ReuseIndex, Verdict, foresee, reuse_key
from studio.pipelines.changes import environment_changes
from studio.pipelines.inputs import Inputs
from studio.pipelines.plan import PlannedStep
from studio.pipelines.records import StepRecord
from tests.conftest import Place
from tests.pipelines.churn import make_churn, plan, planned, with_steps, write_notebook

RUN = "20260101-000000-aaaaaa"


class Completing:
    """Completes steps without running them: what a step saves is made of its key and `content`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.workspace = Workspace(place.root)
        self.content: dict[str, int] = {}
        self.runs = 0

    def step(
        self, index: ReuseIndex, step: PlannedStep, inputs: dict[str, Any], pipeline: str = "churn", run: str = RUN
    ) -> StepRecord:
        record = StepRecord.waiting(step, run)
        record.status, record.inputs = "completed", inputs
        for name in step.saves:
            frame = pd.DataFrame({"step": [step.key], "content": [self.content.get(step.key, 0)]})
            snapshot = SnapshotStore(self.workspace).save(name, frame, step.part, run=run, step=step.key)
            record.outputs[name] = {step.part: snapshot.digest}
        index.remember(pipeline, step, record)
        return record

    def whole(self, run: str = RUN, **given: str) -> dict[str, Verdict]:
        """Decide and complete all steps, as a run would; the verdicts by key."""
        found, index = plan(self.place, given), ReuseIndex(self.workspace)
        inputs = Inputs(self.workspace, found)
        verdicts = {}
        for step in found.steps:
            loaded = inputs.of(step)
            verdict = verdicts[step.key] = index.decide("churn", step, loaded, environment_digest())
            record = verdict.record if verdict.reuse else self.step(index, step, loaded, run=run)
            assert record is not None
            inputs.publish(record.outputs)
        return verdicts

    def foreseen(self, **given: str) -> dict[str, Verdict]:
        return foresee(self.workspace, plan(self.place, given), environment_digest())


def reasons(verdicts: dict[str, Verdict]) -> dict[str, str]:
    return {key: f"{verdict.word}, {verdict.reason}" for key, verdict in verdicts.items() if not verdict.reuse}


@pytest.fixture
def churn(place: Place) -> Completing:
    make_churn(place)
    return Completing(place)


def test_first_time_then_reused(churn: Completing) -> None:
    first = churn.foreseen()
    assert {verdict.word for verdict in first.values()} == {"run"}
    assert first["ingest"].reason == "it has not completed before"
    assert [change.kind for change in first["ingest"].changes] == ["first"]
    churn.whole()
    again = churn.foreseen()
    assert {verdict.word for verdict in again.values()} == {"reuse"}
    assert again["evaluate"].reason == f"nothing changed since run {RUN}"
    assert again["evaluate"].record is not None
    assert again["evaluate"].record.run == RUN
    assert {verdict.word for verdict in churn.whole().values()} == {"reuse"}


def test_a_changed_cell_is_named_and_what_follows_is_undecided(churn: Completing) -> None:
    churn.whole()
    write_notebook(churn.place, "support", "seed: int = 1  # of it", "new = 1", loads=["customers"], saves=["support"])
    found = reasons(churn.foreseen())
    assert found == {
        "support": "run, code changed: cell 4 (code) (new)",
        "train[model=logistic]": "undecided, it depends on what support saves",
        "train[model=forest]": "undecided, it depends on what support saves",
        "train[model=boosting]": "undecided, it depends on what support saves",
        "evaluate": "undecided, it depends on what "
        "train[model=logistic], train[model=forest], train[model=boosting] save",
    }
    # It comes out the same, so nothing after it runs.
    assert set(reasons(churn.whole("20260102-000000-bbbbbb"))) == {"support"}


def test_changed_data_names_the_dataset_and_who_saved_it(churn: Completing) -> None:
    churn.whole()
    churn.place.write("data/telco.csv", "a\n2\n")
    churn.content["ingest"] = 1
    found = churn.whole("20260102-000000-bbbbbb")
    assert found["ingest"].reason.startswith("data changed: telco ")
    assert found["ingest"].reason.endswith(", its file or how it is read changed")
    (change,) = found["spending"].changes
    assert change.kind == "data"
    assert change.detail.startswith("customers ")
    assert change.detail.endswith(", saved by ingest")
    assert found["evaluate"].reuse


def test_a_changed_part_is_named(churn: Completing) -> None:
    churn.whole()
    churn.content["train[model=forest]"] = 1
    index, found = ReuseIndex(churn.workspace), plan(churn.place)
    evaluate = found.steps[-1]
    parts = dict(churn.foreseen()["evaluate"].record.inputs["scores"]["parts"])  # type: ignore[union-attr, index]
    frame = pd.DataFrame({"a": [1]})
    snapshot = SnapshotStore(churn.workspace).save("scores", frame, "model=forest", step="train[model=forest]")
    parts["model=forest"] = snapshot.digest
    del parts["model=boosting"]
    verdict = index.decide("churn", evaluate, {"scores": {"parts": parts}}, environment_digest())
    (change,) = verdict.changes
    assert "[model=forest] " in change.detail
    assert "saved by train[model=forest]" in change.detail
    assert "[model=boosting] is gone" in change.detail


def test_changed_parameters_show_both_values(churn: Completing) -> None:
    churn.whole()
    found = reasons(churn.foreseen(**{"evaluate.limit": "0.75"}))
    assert found == {"evaluate": "run, parameter limit 0.5 → 0.75"}
    assert set(reasons(churn.foreseen(seed="8"))) == {
        "support", "train[model=logistic]", "train[model=forest]", "train[model=boosting]", "evaluate",
    }  # fmt: skip


def test_a_changed_default_is_code_and_parameter(churn: Completing) -> None:
    churn.whole()
    write_notebook(churn.place, "evaluate", "limit: float = 0.6  # of it", loads=["scores"], saves=["report"])
    (verdict,) = [item for item in churn.foreseen().values() if not item.reuse]
    assert verdict.reason == "code changed: parameter limit; parameter limit 0.5 → 0.6"


def test_a_secret_shows_as_the_name_of_its_variable(churn: Completing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD_TOKEN", "hush-hush")
    monkeypatch.setenv("NEW_TOKEN", "hush-hush")
    write_notebook(churn.place, "ingest", "token: SecretStr  # t", loads=["telco"], saves=["customers"])
    churn.whole(token="OLD_TOKEN")
    verdict = churn.foreseen(token="NEW_TOKEN")["ingest"]
    assert verdict.reason == "parameter token the secret OLD_TOKEN → the secret NEW_TOKEN"
    kept = "".join(path.read_text() for path in churn.workspace.cache.rglob("*.json"))
    assert "OLD_TOKEN" in kept
    assert "hush" not in kept


def test_a_changed_contract_is_named(churn: Completing) -> None:
    churn.whole()
    path = churn.workspace.contracts / "scores.yml"
    path.write_text(path.read_text().replace("float64", "int64"))
    found = churn.foreseen()
    assert found["train[model=forest]"].reason == "code changed: contract of scores"
    assert found["evaluate"].reason == "code changed: contract of scores"


def test_changed_packages_are_named(churn: Completing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "environment_lock", lambda: "alpha==1.0\nbeta==2.0\ngone==1\n")
    monkeypatch.setattr(cache, "environment_digest", lambda: "a" * 64)
    index, step = ReuseIndex(churn.workspace), planned(churn.place, "ingest")
    inputs = {"telco": {"source": "s"}}
    index.decide("churn", step, inputs, "a" * 64)
    churn.step(index, step, inputs)
    monkeypatch.setattr(cache, "environment_lock", lambda: "alpha==1.1\nbeta==2.0\nnew==1\n")
    monkeypatch.setattr(cache, "environment_digest", lambda: "b" * 64)
    verdict = ReuseIndex(churn.workspace).decide("churn", step, inputs, "b" * 64)
    assert [change.detail for change in verdict.changes] == ["alpha 1.0 → 1.1", "gone 1 is gone", "new 1 is new"]
    assert verdict.reason == "environment changed: alpha 1.0 → 1.1, gone 1 is gone and 1 more"
    shutil.rmtree(churn.workspace.cache / "environments")
    verdict = ReuseIndex(churn.workspace).decide("churn", step, inputs, "b" * 64)
    assert verdict.reason == "environment changed: the installed packages"


def test_the_real_environment_against_itself() -> None:
    assert environment_changes(environment.environment_lock(), environment.environment_lock()) == []


def test_missing_outputs_are_made_again(churn: Completing) -> None:
    churn.whole()
    shutil.rmtree(churn.workspace.snapshots / "support")
    found = churn.foreseen()
    assert found["support"].reason == "the snapshot of support is gone"
    assert [change.kind for change in found["support"].changes] == ["outputs missing"]
    assert found["train[model=forest]"].undecided
    assert found["spending"].reuse


def test_a_cut_snapshot_is_missing_too(churn: Completing) -> None:
    churn.whole()
    (path,) = (churn.workspace.snapshots / "report").rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:10])
    assert churn.foreseen()["evaluate"].reason == "the snapshot of report is gone"


@pytest.mark.parametrize("edited", ["module", "contract"])
def test_what_was_edited_while_a_step_ran_makes_it_run_again(churn: Completing, edited: str) -> None:
    module, contract = churn.place.root / "scoring.py", churn.workspace.contracts / "scores.yml"
    module.write_text("limit = 1\n")
    write_notebook(churn.place, "evaluate", "", "import scoring", loads=["scores"], saves=["report"])
    path = module if edited == "module" else contract
    before = path.read_text()
    index, step = ReuseIndex(churn.workspace), planned(churn.place, "evaluate")
    inputs = {"scores": {"parts": {"": "s"}}}
    index.decide("churn", step, inputs, environment_digest())
    path.write_text(before.replace("1", "2").replace("float64", "float32"))
    assert churn.step(index, step, inputs).cache_key == ""
    path.write_text(before)
    assert not index.decide("churn", planned(churn.place, "evaluate"), inputs, environment_digest()).reuse
    assert churn.step(index, step, inputs).cache_key
    assert index.decide("churn", planned(churn.place, "evaluate"), inputs, environment_digest()).reuse


@pytest.mark.parametrize("status", ["failed", "killed", "running", "reused", "waiting", "not run"])
def test_only_completed_steps_are_remembered(churn: Completing, status: str) -> None:
    step = planned(churn.place, "ingest")
    record = StepRecord.waiting(step, RUN)
    record.status = status
    with pytest.raises(ValueError, match="only a completed step"):
        ReuseIndex(churn.workspace).remember("churn", step, record)
    assert not (churn.workspace.cache / "reuse").exists()


def test_another_pipeline_reuses_the_same_step_but_compares_with_its_own(churn: Completing) -> None:
    index, step = ReuseIndex(churn.workspace), planned(churn.place, "ingest")
    churn.step(index, step, {"telco": {"source": "s"}}, pipeline="other")
    assert index.decide("churn", step, {"telco": {"source": "s"}}, environment_digest()).reuse
    verdict = index.decide("churn", step, {"telco": {"source": "t"}}, environment_digest())
    assert verdict.reason == "it has completed only in other pipelines"


def test_an_older_completion_is_found_again(churn: Completing) -> None:
    churn.whole()
    churn.whole("20260102-000000-bbbbbb", **{"evaluate.limit": "0.75"})
    back = churn.foreseen()["evaluate"]
    assert back.reuse
    assert back.record is not None
    assert back.record.run == RUN


def test_only_the_latest_completions_are_kept(churn: Completing) -> None:
    index, step = ReuseIndex(churn.workspace), planned(churn.place, "ingest")
    for number in range(KEPT + 3):
        inputs = {"telco": {"source": str(number)}}
        index.decide("churn", step, inputs, environment_digest())
        churn.step(index, step, inputs)
    assert not index.decide("churn", step, {"telco": {"source": "2"}}, environment_digest()).reuse
    assert index.decide("churn", step, {"telco": {"source": "3"}}, environment_digest()).reuse


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 1}', '{"format": 2, "step": "ingest", "entries": []}', "\xff"]
)
def test_a_damaged_index_is_an_empty_one(churn: Completing, content: str) -> None:
    churn.whole()
    path = churn.workspace.cache / "reuse" / "ingest.json"
    assert path.exists()
    path.write_bytes(content.encode("latin-1"))
    assert churn.foreseen()["ingest"].reason == "it has not completed before"
    assert set(reasons(churn.whole())) == {"ingest"}


@pytest.mark.parametrize("folder", ["fingerprints", "environments"])
def test_without_the_kept_texts_a_change_is_still_told(churn: Completing, folder: str) -> None:
    churn.whole()
    shutil.rmtree(churn.workspace.cache / folder)
    write_notebook(churn.place, "evaluate", "", "x = 1", loads=["scores"], saves=["report"])
    assert churn.foreseen()["evaluate"].reason.startswith("code changed: ")


def test_a_cache_that_cannot_be_written_stops_nothing(churn: Completing) -> None:
    churn.workspace.cache.mkdir(parents=True)
    (churn.workspace.cache / "reuse").write_text("a file where the folder should be")
    record = churn.step(ReuseIndex(churn.workspace), planned(churn.place, "ingest"), {"telco": {"source": "s"}})
    assert record.cache_key


def test_undecided_steps_tell_their_own_changes(churn: Completing) -> None:
    churn.whole()
    churn.place.write("data/telco.csv", "a\n2\n")
    write_notebook(churn.place, "spending", "", "x = 1", loads=["customers"], saves=["spending"])
    found = reasons(churn.foreseen())
    assert found["spending"] == "run, code changed: cell 3 (code) (new)"
    assert found["support"] == "undecided, it depends on what ingest saves"


def test_a_plan_can_be_looked_at_without_its_data(churn: Completing) -> None:
    (churn.place.root / "data/telco.csv").unlink()
    assert churn.foreseen()["ingest"].word == "run"


class TestForced:
    def test_a_step_that_could_be_reused(self, churn: Completing) -> None:
        churn.whole()
        verdict = churn.foreseen()["ingest"].forced()
        assert (verdict.word, verdict.reason) == ("run", "asked for, though nothing changed")
        assert [change.kind for change in verdict.changes] == ["forced"]

    def test_a_step_that_would_run_anyway_keeps_its_reason(self, churn: Completing) -> None:
        verdict = churn.foreseen()["ingest"].forced()
        assert verdict.reason == "it has not completed before"
        assert [change.kind for change in verdict.changes] == ["first", "forced"]
        assert json.loads(json.dumps(verdict.as_dict()))["reuse"] is False


class TestFiles:
    @pytest.fixture
    def reading(self, churn: Completing) -> Completing:
        write_notebook(churn.place, "read", "source: Path | None = None  # a file")
        with_steps(churn.place, "  read: {notebook: notebooks/read.ipynb}\n")
        churn.place.write("x.csv", "a\n1\n")
        return churn

    def test_the_content_counts(self, reading: Completing) -> None:
        reading.whole(source="x.csv")
        assert reading.foreseen(source="x.csv")["read"].reuse
        reading.place.write("x.csv", "a\n2\n")
        verdict = reading.foreseen(source="x.csv")["read"]
        old, new = digest_bytes(b"a\n1\n")[:8], digest_bytes(b"a\n2\n")[:8]
        assert verdict.reason.startswith("data changed: the content of source, ")
        assert verdict.reason.endswith(f"{old} → {new}")

    def test_all_files_of_a_folder_count(self, reading: Completing) -> None:
        reading.place.write("folder/sub/a.csv", "1")
        reading.whole(source="folder")
        assert reading.foreseen(source="folder")["read"].reuse
        reading.place.write("folder/sub/b.csv", "")
        assert not reading.foreseen(source="folder")["read"].reuse

    def test_a_file_that_changed_meanwhile_is_not_remembered(self, reading: Completing) -> None:
        index, step = ReuseIndex(reading.workspace), planned(reading.place, "read", {"source": "x.csv"})
        index.decide("churn", step, {}, environment_digest())
        reading.place.write("x.csv", "a\n2\n")
        record = reading.step(index, step, {})
        assert record.cache_key == ""
        assert reading.foreseen(source="x.csv")["read"].reason == "it has not completed before"


def test_each_thing_that_counts_changes_the_key(churn: Completing) -> None:
    step = planned(churn.place, "train[model=forest]")
    inputs = {"spending": {"parts": {"": "s"}}}
    other = copy.copy(step)
    object.__setattr__(other, "values", {**step.values, "folds": 6})
    other.__dict__.pop("json_values", None)
    keys = [
        reuse_key(step, inputs, "e"),
        reuse_key(step, inputs, "f"),
        reuse_key(step, {}, "e"),
        reuse_key(step, {"spending": {"source": "s"}}, "e"),
        reuse_key(step, inputs, "e", {"source": "d"}),
        reuse_key(other, inputs, "e"),
        reuse_key(planned(churn.place, "train[model=boosting]"), inputs, "e"),
    ]
    assert len(set(keys)) == len(keys)
    assert reuse_key(planned(churn.place, "train[model=forest]"), inputs, "e") == keys[0]


def test_many_threads_lose_no_completion(churn: Completing) -> None:
    step = planned(churn.place, "ingest")
    write = [
        threading.Thread(
            target=churn.step, args=(ReuseIndex(churn.workspace), step, {"telco": {"source": str(number)}})
        )
        for number in range(12)
    ]
    for thread in write:
        thread.start()
    for thread in write:
        thread.join()
    index = ReuseIndex(churn.workspace)
    decided = [
        index.decide("churn", step, {"telco": {"source": str(n)}}, environment_digest()).reuse for n in range(12)
    ]
    assert decided == [True] * 12


def test_a_thousand_steps_are_decided_at_once(churn: Completing) -> None:
    write_notebook(churn.place, "wide", "number: int = 0  # which")
    with_steps(churn.place, f"  wide: {{notebook: notebooks/wide.ipynb, matrix: {{number: {list(range(1000))}}}}}\n")
    churn.whole()
    found = plan(churn.place)
    verdicts = foresee(churn.workspace, found, environment_digest())
    assert all(verdict.reuse for verdict in verdicts.values())


def test_the_index_lies_in_the_cache(churn: Completing) -> None:
    churn.whole()
    made = {
        path.relative_to(churn.workspace.root).parts[:3] for path in churn.workspace.state.rglob("*") if path.is_file()
    }
    assert {
        (".studio", "cache", "reuse"),
        (".studio", "cache", "fingerprints"),
        (".studio", "cache", "environments"),
    } <= made
    text = (churn.workspace.cache / "environments" / f"{environment_digest()}.txt").read_text()
    assert text == environment.environment_lock()
    assert Path(churn.workspace.cache / "reuse" / "ingest.json").is_file()
