from __future__ import annotations

import json
import multiprocessing
import os
import signal
from dataclasses import fields
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import BadInput
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.pipelines import records
from studio.pipelines.records import RunRecord, RunStore, StepRecord
from studio.pipelines.run_heads import RunHead, RunPage, read_head
from studio.pipelines.run_record import RUN_STATUSES, STEP_STATUSES, NotARecord
from tests.conftest import Place
from tests.pipelines.churn import make_churn, plan, with_steps, write_notebook

texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\ud800\udfff\x00\n"), max_size=20)
maybe_text = st.none() | texts
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, jsons, max_size=3)
times = st.none() | st.floats(min_value=0, max_value=1e9)
steps = st.builds(
    StepRecord,
    key=texts,
    name=texts,
    part=texts,
    run=texts,
    status=st.sampled_from(STEP_STATUSES),
    attempt=st.integers(0, 100),
    started=maybe_text,
    ended=maybe_text,
    seconds=times,
    notebook=texts,
    fingerprint=texts,
    values=objects,
    inputs=st.none() | objects,
    files=st.dictionaries(texts, texts, max_size=3),
    outputs=st.dictionaries(texts, st.dictionaries(texts, texts, max_size=3), max_size=3),
    environment=texts,
    cache_key=texts,
    mlflow_run_id=maybe_text,
    reused_from=maybe_text,
    executed_notebook=maybe_text,
    verdict=st.none() | objects,
    error=st.none() | objects,
)
runs = st.builds(
    RunRecord,
    id=texts,
    pipeline=texts,
    name=texts,
    given=st.dictionaries(texts, texts, max_size=3),
    base=texts,
    force=st.booleans(),
    start=maybe_text,
    only=maybe_text,
    status=st.sampled_from(RUN_STATUSES),
    started=maybe_text,
    ended=maybe_text,
    seconds=times,
    mlflow_run_id=maybe_text,
    steps=st.lists(steps, max_size=3).map(lambda listed: {step.key: step for step in listed}),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def store(workspace: Workspace) -> RunStore:
    return RunStore(workspace)


def silent(_: RunRecord) -> None:
    """Nobody is told."""


def run(identifier: str = "20260101-000000-aaaaaa", pipeline: str = "churn", **more: Any) -> RunRecord:
    made = RunRecord(id=identifier, pipeline=pipeline, name=pipeline, started="2026-01-01T00:00:00.000Z", **more)
    made.steps = {key: StepRecord(key=key, name=key, run=identifier) for key in ("ingest", "train")}
    return made


def ended(store: RunStore, record: RunRecord, status: str = "completed") -> RunRecord:
    store.create(record)
    with store.holding(record):
        record.status = status
        store.save(record)
    return record


@given(runs)
def test_a_record_round_trips(record: RunRecord) -> None:
    assert RunRecord.from_dict(json.loads(record.to_json())) == record


@given(runs)
def test_what_a_newer_minor_version_adds_is_left_out(record: RunRecord) -> None:
    content = json.loads(record.to_json())
    content["colour"] = "blue"
    for step in content["steps"]:
        step["colour"] = "blue"
    assert RunRecord.from_dict(content) == record


@given(steps, st.data())
def test_a_step_of_another_shape_is_no_record(step: StepRecord, data: st.DataObject) -> None:
    content = json.loads(json.dumps(step.as_dict()))
    name = data.draw(st.sampled_from([item.name for item in fields(StepRecord)]))
    content[name] = data.draw(st.sampled_from([[1], True, [], 1.5 if name != "seconds" else "soon"]))
    with pytest.raises(NotARecord, match=name):
        StepRecord.from_dict(content)


@given(jsons)
def test_any_other_json_is_no_record(content: Any) -> None:
    with pytest.raises(NotARecord):
        RunRecord.from_dict(content)


@given(runs)
def test_the_head_of_a_record_is_that_of_the_whole(tmp_path_factory: pytest.TempPathFactory, record: RunRecord) -> None:
    path = tmp_path_factory.mktemp("heads") / "run.json"
    path.write_text(record.to_json(), encoding="utf-8")
    assert read_head(str(path), record.id) == RunHead.of(record)
    assert read_head(str(path), f"{record.id}-other") is None


def test_a_head_is_found_however_much_was_given(tmp_path: Path) -> None:
    record = run(given={"text": 'x,"steps":[' * 5_000})
    (tmp_path / "run.json").write_text(record.to_json(), encoding="utf-8")
    assert read_head(str(tmp_path / "run.json"), record.id) == RunHead.of(record)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format":1,"steps":[]}', '{"format":2,"run":"r","steps":[]}'])
def test_what_is_no_record_has_no_head(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    assert read_head(str(tmp_path / "run.json"), "r") is None


def test_the_keys_that_others_rely_on() -> None:
    content = run(given={"seed": "7"}).as_dict()
    assert {
        "format",
        "run",
        "pipeline",
        "name",
        "given",
        "base",
        "status",
        "started",
        "ended",
        "seconds",
        "steps",
    } <= set(content)
    assert content["run"] == "20260101-000000-aaaaaa"
    assert content["counts"] == {"waiting": 2}
    assert [step["key"] for step in content["steps"]] == ["ingest", "train"]
    assert "steps" not in run().summary()


def test_create_hold_save_read(store: RunStore, workspace: Workspace) -> None:
    record = store.create(run())
    assert RunStore(workspace).read("last").status == "running"  # held since it was created
    with store.holding(record):
        record.steps["ingest"].status = "completed"
        store.save(record)
        assert RunStore(workspace).read("last").steps["ingest"].status == "completed"
        assert RunStore(workspace).settle(silent) == []
        record.status = "completed"
        store.save(record)
    assert RunStore(workspace).read(record.id) == record
    assert not (workspace.runs / record.id / "lock").exists()


def test_one_identifier_is_given_once(store: RunStore, workspace: Workspace) -> None:
    store.create(run())
    with pytest.raises(BadInput, match="already"):
        RunStore(workspace).create(run())


def test_names_of_runs(store: RunStore) -> None:
    with pytest.raises(BadInput, match="no run yet"):
        store.read("last")
    for identifier in ("20260101-000000-aaaaaa", "20260101-000000-bbbbbb", "20260202-000000-cccccc"):
        ended(store, run(identifier))
    assert store.read("last").id == "20260202-000000-cccccc"
    assert store.read("20260101-000000-b").id == "20260101-000000-bbbbbb"
    with pytest.raises(BadInput, match="2 runs begin with '20260101'"):
        store.read("20260101")
    for name in ("2025", "", "../20260101", "20260101-000000-aaaaab"):
        with pytest.raises(BadInput, match=r"no run|runs begin"):
            store.read(name)


def test_pages_of_runs(store: RunStore, workspace: Workspace) -> None:
    assert store.page() == RunPage((), 0, False)
    for day in range(1, 8):
        ended(store, run(f"2026010{day}-000000-aaaaaa", pipeline="churn" if day % 2 else "other"))
    (workspace.runs / "20260104-000000-aaaaaa" / "run.json").write_text("{")
    (workspace.runs / "20260105-000000-aaaaaa" / "run.json").unlink()
    page = store.page(limit=3)
    assert ([head.run[7] for head in page.heads], page.total, page.more) == (list("765"), 7, True)
    assert page.heads[0] == RunHead.of(store.read("20260107"))
    assert page.heads[2].problem == "it holds no run.json"
    page = store.page(before="20260105-000000-aaaaaa", limit=3)
    assert ([head.run[7] for head in page.heads], page.more) == (list("432"), True)
    assert "damaged" in page.heads[0].problem
    assert store.page(before="20260102-000000-aaaaaa").more is False
    assert store.page(before="20260101-000000-aaaaaa").heads == ()
    assert store.page(before="9").heads == store.page().heads
    page = store.page(pipeline="other", limit=1)  # of the one that is damaged nobody knows the pipeline
    assert ([head.run[7] for head in page.heads], page.total, page.more) == (["6"], 2, True)
    assert [head.run[7] for head in store.page(pipeline="other", before=page.heads[-1].run).heads] == ["2"]


def test_a_page_reads_no_other_run_and_no_step(
    store: RunStore, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        folder = workspace.runs / f"20260101-000000-{number:06x}"
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(run(folder.name, status="completed").to_json())
    read: list[str] = []

    def counted(path: str, name: str) -> RunHead | None:
        read.append(name)
        return read_head(path, name)

    monkeypatch.setattr(records, "read_head", counted)
    monkeypatch.setattr(store, "_load", lambda name: pytest.fail(f"all of {name} was read"))
    page = store.page(limit=5, before="20260101-000000-000010")
    assert [head.run[-2:] for head in page.heads] == ["0f", "0e", "0d", "0c", "0b"]
    assert (read, page.total) == ([head.run for head in page.heads], 60)


def test_the_latest_run_of_each_pipeline(store: RunStore) -> None:
    for day, pipeline in enumerate(("a", "b", "a", "c"), start=1):
        ended(store, run(f"2026010{day}-000000-aaaaaa", pipeline=pipeline))
    assert {name: head.run[7] for name, head in store.latest(["a", "b", "never"]).items()} == {"a": "3", "b": "2"}
    assert store.latest([]) == {}


def test_runs_that_go_on_and_runs_whose_runner_died(store: RunStore, workspace: Workspace) -> None:
    ended(store, run("20260101-000000-aaaaaa"))
    going = store.create(run("20260102-000000-aaaaaa"))
    with store.holding(going):
        (workspace.runs / "20260103-000000-aaaaaa").mkdir()
        dead = run("20260103-000000-aaaaaa")
        (workspace.runs / dead.id / "run.json").write_text(dead.to_json())
        (workspace.runs / dead.id / "lock").touch()
        others = RunStore(workspace)
        assert [head.run for head in others.running()] == [going.id]
        assert [head.status for head in others.page().heads] == ["killed", "running", "completed"]


def test_listing_newest_first(store: RunStore) -> None:
    for day in range(1, 6):
        ended(store, run(f"2026010{day}-000000-aaaaaa", pipeline="churn" if day % 2 else "other"))
    found, unreadable = store.list()
    assert [record.id[7] for record in found] == list("54321")
    assert unreadable == []
    assert [record.id[7] for record in store.list(pipeline="churn", limit=2)[0]] == list("53")
    assert [record.id[7] for record in store.list(limit=1)[0]] == ["5"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": 2}',
        b'{"format": 1, "run": "20260101-000000-aaaaaa"}',
        b"[" * 100_000,
        json.dumps({**run("other-run").as_dict()}).encode(),
        json.dumps({**run().as_dict(), "status": "splendid"}).encode(),
        json.dumps({**run().as_dict(), "steps": [{"key": "a", "name": "a"}] * 2}).encode(),
        None,
    ],
)
def test_a_damaged_record_is_named_and_breaks_nothing(
    store: RunStore, workspace: Workspace, content: bytes | None
) -> None:
    ended(store, run("20260202-000000-aaaaaa"))
    damaged = workspace.runs / "20260101-000000-aaaaaa"
    (damaged / "steps").mkdir(parents=True)
    if content is not None:
        (damaged / "run.json").write_bytes(content)
    found, unreadable = store.list()
    assert [record.id for record in found] == ["20260202-000000-aaaaaa"]
    assert [item.run for item in unreadable] == ["20260101-000000-aaaaaa"]
    assert unreadable[0].reason
    assert store.settle(silent) == []
    with pytest.raises(BadInput, match="cannot be read"):
        store.read("20260101-000000-aaaaaa")


def test_a_half_written_temporary_file_is_not_seen(store: RunStore, workspace: Workspace) -> None:
    record = ended(store, run())
    (workspace.runs / record.id / ".run.json.abc.tmp").write_text("{")
    (workspace.runs / ".DS_Store").write_text("x")
    assert store.list() == ([record], [])


def test_a_full_disk_leaves_the_record_as_it_was(
    store: RunStore, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = store.create(run())
    before = (workspace.runs / record.id / "run.json").read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    record.status = "completed"
    with pytest.raises(CannotWrite, match="No space"):
        store.save(record)
    assert (workspace.runs / record.id / "run.json").read_bytes() == before


def _run_and_wait(root: Path, ready: Event) -> None:
    store = RunStore(Workspace(root))
    record = store.create(run())
    with store.holding(record):
        record.steps["ingest"].status = "running"
        store.save(record)
        ready.set()
        signal.pause()


@pytest.mark.parametrize("look", ["settle", "read", "list"])
def test_a_run_whose_runner_died_is_marked_killed_by_whoever_looks_next(workspace: Workspace, look: str) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    runner = context.Process(target=_run_and_wait, args=(workspace.root, ready))
    runner.start()
    assert ready.wait(60)
    store = RunStore(workspace)
    assert store.read("last").status == "running"
    runner.kill()
    runner.join()
    told: list[RunRecord] = []
    if look == "settle":
        assert [record.id for record in store.settle(told.append)] == ["20260101-000000-aaaaaa"]
        assert [(record.id, record.status) for record in told] == [("20260101-000000-aaaaaa", "killed")]
    record = store.list()[0][0] if look == "list" else store.read("last")
    assert record.status == "killed"
    assert record.ended is not None
    assert record.seconds is not None
    assert {step.status for step in record.steps.values()} == {"killed", "not run"}
    assert record.steps["ingest"].error is not None
    left = [] if look == "settle" else [record]  # looking alone changes nothing on the disk
    assert RunStore(workspace).settle(silent) == left
    assert RunStore(workspace).settle(silent) == []
    assert RunStore(workspace).read("last") == record


def test_a_death_while_settling_leaves_the_run_to_the_next(store: RunStore, workspace: Workspace) -> None:
    record = run()
    store.save(record)
    (workspace.runs / record.id / "lock").touch()

    def dies(_: RunRecord) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RunStore(workspace).settle(dies)
    told: list[RunRecord] = []
    assert [item.id for item in RunStore(workspace).settle(told.append)] == [record.id]
    assert [item.status for item in told] == ["killed"]
    assert not (workspace.runs / record.id / "lock").exists()


def test_where_nothing_can_be_written_runs_can_still_be_looked_at(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = run()
    RunStore(workspace).save(record)
    (workspace.runs / record.id / "lock").touch()

    def read_only(path: Path, *arguments: Any, **options: Any) -> None:
        raise CannotWrite(path, OSError(30, "Read-only file system"))

    with monkeypatch.context() as patched:
        patched.setattr(records, "try_lock", read_only)
        assert RunStore(workspace).settle(silent) == []
        assert RunStore(workspace).list() == ([record], [])
    with monkeypatch.context() as patched:
        patched.setattr(records, "write_atomic", read_only)
        assert RunStore(workspace).settle(silent) == []
        assert RunStore(workspace).read("last").status == "killed"
    assert [item.id for item in RunStore(workspace).settle(silent)] == [record.id]


def test_a_lock_left_by_a_finished_run_means_that_nobody_was_told(store: RunStore, workspace: Workspace) -> None:
    record = ended(store, run(), "failed")
    (workspace.runs / record.id / "lock").touch()
    told: list[RunRecord] = []
    assert store.settle(told.append) == [record]
    assert told == [record]
    assert store.settle(told.append) == []
    assert store.read("last") == record
    assert not (workspace.runs / record.id / "lock").exists()


def test_a_run_that_is_held_cannot_be_taken_up(
    store: RunStore, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PATIENCE", 0.05)
    record = store.create(run())
    other = RunStore(workspace)
    with pytest.raises(BadInput, match="still running"), other.holding(record):
        pass
    with pytest.raises(BadInput, match="still running"):
        other.reopen(record, [])
    with store.holding(record):
        record.status = "failed"
        store.save(record)
    other.reopen(record, [])
    assert store.read("last").status == "running"


def test_a_run_that_another_continued_meanwhile_is_taken_up_as_it_stands(store: RunStore, workspace: Workspace) -> None:
    seen = ended(store, run(), "failed")
    between = RunStore(workspace).read("last")
    between.mlflow_run_id = "m"
    RunStore(workspace).save(between)
    assert store.reopen(seen, []).mlflow_run_id == "m"


def test_a_run_that_cannot_be_taken_up_is_not_held(
    store: RunStore, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = ended(store, run(), "failed")

    def full(path: Path, *arguments: Any, **options: Any) -> None:
        raise CannotWrite(path, OSError(28, "No space left on device"))

    with monkeypatch.context() as patched:
        patched.setattr(records, "write_atomic", full)
        with pytest.raises(CannotWrite):
            store.reopen(record, [])
    (workspace.runs / record.id / "run.json").write_text("{")
    with pytest.raises(BadInput, match="cannot be read"):
        RunStore(workspace).reopen(record, [])


def test_a_run_taken_up_again_has_the_steps_of_its_plan_now(place: Place) -> None:
    workspace = make_churn(place)
    store = RunStore(workspace)
    first = plan(place)
    record = RunRecord(id="20260101-000000-aaaaaa", pipeline="churn", name="churn").awaiting(first.steps)
    store.create(record)
    with store.holding(record):
        record.steps["ingest"].status, record.steps["ingest"].attempt = "completed", 1
        record.steps["spending"].status, record.steps["spending"].attempt = "failed", 3
        record.status = "failed"
        store.save(record)
    write_notebook(place, "spending", "", "mended = 1", loads=["customers"], saves=["spending"])
    with_steps(place, "".join(f"  {name}: {{notebook: notebooks/{name}.ipynb}}\n" for name in ("ingest", "spending")))
    again = store.reopen(store.read("last"), plan(place).steps)
    assert list(again.steps) == ["ingest", "spending"]
    assert {step.status for step in again.steps.values()} == {"waiting"}
    assert {key: step.attempt for key, step in again.steps.items()} == {"ingest": 1, "spending": 3}
    assert again.steps["spending"].fingerprint != record.steps["spending"].fingerprint
    assert again.steps["spending"].error is None
    assert (again.status, again.ended) == ("running", None)
    assert RunStore(workspace).settle(silent) == []


def test_a_new_record_says_what_was_planned(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    make_churn(place)
    monkeypatch.setenv("THE_TOKEN", "hush-hush")
    write_notebook(place, "ingest", "token: SecretStr  # t", loads=["telco"], saves=["customers"])
    found = plan(place, {"token": "THE_TOKEN"})
    record = RunRecord(id="r", pipeline="churn", name="churn", given={"token": "THE_TOKEN"}, base="/b")
    record = record.awaiting(found.steps)
    assert record.steps["ingest"].values == {"token": {"secret": "THE_TOKEN"}}
    assert record.steps["train[model=forest]"].part == "model=forest"
    assert record.steps["train[model=forest]"].run == "r"
    assert record.steps["ingest"].notebook == "notebooks/ingest.ipynb"
    assert "hush" not in record.to_json()
