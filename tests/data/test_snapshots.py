from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import BadInput
from studio.core.files import digest_file
from studio.data.snapshots import DamagedSnapshot, SnapshotStore


@pytest.fixture
def store(workspace):
    return SnapshotStore(workspace)


FRAME = pd.DataFrame({"customer": ["a", "b"], "spend": [1.5, None]})


def test_a_snapshot_is_named_by_its_bytes_and_tells_what_it_is(store, workspace):
    saved = store.save(
        "spend", FRAME, run="r1", step="prepare", inputs={"raw": {"parts": {"": "0" * 64}}}, contract_digest="c"
    )
    path = workspace.root / ".studio/snapshots/spend/_" / f"{saved.digest}.parquet"
    assert digest_file(path) == saved.digest
    assert (saved.rows, saved.columns) == (2, (("customer", "str"), ("spend", "float64")))
    assert store.manifest("spend", saved.digest) == saved
    assert store.latest("spend") == {"": saved}
    pd.testing.assert_frame_equal(store.load("spend", saved.digest), FRAME)


def test_equal_content_is_written_once_and_its_first_manifest_stands(store):
    first = store.save("spend", FRAME, run="r1")
    path = store.path("spend", first.digest)
    before = path.stat()
    store.save("spend", FRAME.assign(spend=2.0), run="r2")
    again = store.save("spend", FRAME.copy(), run="r3")
    assert again == first
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert store.latest("spend")[""].digest == first.digest


def test_parts_stand_beside_each_other_in_order(store):
    for folds in (10, 9):
        store.save("models", FRAME, f"folds={folds}")
    assert list(store.latest("models")) == ["folds=9", "folds=10"]


def test_parts_of_an_earlier_declaration_are_no_siblings(store):
    store.save("models", FRAME)
    store.save("models", FRAME, "model=a")
    store.save("models", FRAME, "model=b")
    assert list(store.latest("models")) == ["model=a", "model=b"]
    store.save("models", FRAME)
    assert list(store.latest("models")) == [""]


def test_latest_can_be_pointed_at_what_a_reused_step_had_saved(store):
    old = {part: store.save("models", FRAME, part).digest for part in ("model=a", "model=b")}
    store.save("models", FRAME.assign(spend=0.0), "model=a")
    store.save("models", FRAME.assign(spend=0.0), "model=c")
    store.point("models", old)
    assert {part: snapshot.digest for part, snapshot in store.latest("models").items()} == old
    with pytest.raises(DamagedSnapshot):
        store.point("models", {"model=a": "0" * 64})
    assert {part: snapshot.digest for part, snapshot in store.latest("models").items()} == old


@pytest.mark.parametrize("damage", ["changed", "cut", "empty", "gone"])
def test_a_damaged_file_is_named_and_saving_again_heals_it(store, damage):
    saved = store.save("spend", FRAME)
    path = store.path("spend", saved.digest)
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(
            {"changed": content[:50] + b"\x00\x01" + content[52:], "cut": content[:-9], "empty": b""}[damage]
        )
    with pytest.raises(DamagedSnapshot) as caught:
        store.load("spend", saved.digest)
    assert f".studio/snapshots/spend/_/{saved.digest}.parquet" in str(caught.value)
    assert "Next: delete that file" in str(caught.value)
    path.unlink(missing_ok=True)
    assert not store.exists("spend", saved.digest)
    store.save("spend", FRAME)
    pd.testing.assert_frame_equal(store.load("spend", saved.digest), FRAME)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "digest": 3}', "{"])
def test_a_damaged_manifest_is_no_snapshot(store, text):
    saved = store.save("spend", FRAME)
    store.path("spend", saved.digest).with_suffix(".json").write_text(text, encoding="utf-8")
    assert not store.exists("spend", saved.digest)
    with pytest.raises(DamagedSnapshot):
        store.latest("spend")
    assert store.save("spend", FRAME).digest == saved.digest
    assert store.exists("spend", saved.digest)


def test_files_that_cannot_be_read_are_named(store, workspace):
    saved = store.save("spend", FRAME)
    path = store.path("spend", saved.digest)
    path.unlink()
    path.mkdir()
    with pytest.raises(DamagedSnapshot, match="cannot be read"):
        store.load("spend", saved.digest)
    manifest = path.with_suffix(".json")
    manifest.unlink()
    manifest.mkdir()
    with pytest.raises(DamagedSnapshot, match="cannot be read"):
        store.manifest("spend", saved.digest)


def test_a_damaged_pointer_is_named(store, workspace):
    store.save("spend", FRAME)
    (workspace.snapshots / "spend" / "latest.json").write_text('{"parts": 3}', encoding="utf-8")
    with pytest.raises(DamagedSnapshot, match=r"latest\.json"):
        store.latest("spend")


@pytest.mark.parametrize("name", ["../x", "A", "", "a/b"])
def test_names_cannot_lead_elsewhere(store, name):
    with pytest.raises(BadInput, match="no name for a dataset"):
        store.save(name, FRAME)
    with pytest.raises(BadInput, match="no snapshot digest"):
        store.load("spend", "../../x")


def test_the_pointer_is_plain_json(store, workspace):
    saved = store.save("spend", FRAME, "model=A/b")
    content = json.loads((workspace.snapshots / "spend" / "latest.json").read_text(encoding="utf-8"))
    assert content == {"format": 1, "dataset": "spend", "parts": {"model=A/b": saved.digest}}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["", "m=a", "m=b"]), st.integers(0, 3)), min_size=1, max_size=8))
def test_latest_is_always_what_was_saved_last(store, saves):
    expected = {}
    for part, number in saves:
        digest = store.save("spend", pd.DataFrame({"n": [number]}), part).digest
        expected = {other: kept for other, kept in expected.items() if bool(other) == bool(part)} | {part: digest}
    assert {part: snapshot.digest for part, snapshot in store.latest("spend").items()}.items() >= expected.items()
    for part, digest in expected.items():
        assert store.exists("spend", digest, part)
