from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from studio.core.errors import BadInput
from studio.core.files import digest_bytes
from studio.data import sources
from studio.data.sources import fetch_source, file_digest, source_digest

OLD = 1_600_000_000


def written(workspace, text, name="x.csv"):
    path = workspace.root / "data" / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (OLD, OLD))
    return path


def test_a_file_in_the_workspace_and_one_outside(workspace, catalog, tmp_path):
    written(workspace, "a\n1\n")
    outside = tmp_path / "elsewhere.csv"
    outside.write_text("a\n2\n", encoding="utf-8")
    catalog(
        f"  near: {{location: data/x.csv}}\n  far: {{location: '{outside}'}}\n  url: {{location: 'file://{outside}'}}\n"
    )
    assert fetch_source(workspace, "near").frame["a"].tolist() == [1]
    assert fetch_source(workspace, "far").frame["a"].tolist() == [2]
    assert fetch_source(workspace, "url").frame["a"].tolist() == [2]
    assert source_digest(workspace, "far") == digest_bytes(b"a\n2\n")


def test_a_source_behind_a_url(workspace, catalog):
    with fsspec.open("memory://bucket/x.csv", "wb") as file:
        file.write(b"a;b\n1;2\n")
    frame = pd.DataFrame({"a": [1.5]})
    with fsspec.open("memory://bucket/x.parquet", "wb") as file:
        frame.to_parquet(file)
    catalog(
        "  text: {location: 'memory://bucket/x.csv', options: {separator: ';'}}\n"
        "  rows: {location: 'memory://bucket/x.parquet'}\n  gone: {location: 'memory://bucket/no.csv'}\n"
        "  odd: {location: 'nowhere://x.csv'}\n"
    )
    assert fetch_source(workspace, "text").frame.columns.tolist() == ["a", "b"]
    assert source_digest(workspace, "text") == fetch_source(workspace, "text").digest
    assert source_digest(workspace, "rows") == fetch_source(workspace, "rows").digest
    pd.testing.assert_frame_equal(fetch_source(workspace, "rows").frame, frame)
    with pytest.raises(BadInput, match=r"memory://bucket/no\.csv, does not exist"):
        fetch_source(workspace, "gone")
    with pytest.raises(BadInput, match=r"nowhere://x\.csv, cannot be read: Protocol not known"):
        source_digest(workspace, "odd")


def test_how_a_file_is_read_is_part_of_its_digest(workspace, catalog):
    written(workspace, "a;b\n1;2\n")
    catalog("  raw: {location: data/x.csv}\n")
    plain = source_digest(workspace, "raw")
    catalog("  raw: {location: data/x.csv, description: words, options: {separator: ','}}\n")
    assert source_digest(workspace, "raw") == plain == digest_bytes(b"a;b\n1;2\n")
    catalog("  raw: {location: data/x.csv, options: {separator: ';'}}\n")
    assert source_digest(workspace, "raw") == fetch_source(workspace, "raw").digest != plain


@pytest.mark.parametrize("place", ["missing", "folder", "unreadable"])
def test_what_cannot_be_read_is_named(workspace, catalog, place, monkeypatch):
    catalog("  raw: {location: data/x.csv}\n")
    if place == "folder":
        (workspace.root / "data" / "x.csv").mkdir()
    if place == "unreadable":
        written(workspace, "a\n1\n")
        refused = PermissionError(13, "Permission denied")

        def refuse(*_):
            raise refused

        monkeypatch.setattr(Path, "read_bytes", refuse)
        monkeypatch.setattr(sources, "digest_file", refuse)
    said = {"missing": "does not exist", "folder": "Is a directory", "unreadable": "Permission denied"}[place]
    with pytest.raises(BadInput, match=rf"dataset 'raw', data/x\.csv.*{said}"):
        fetch_source(workspace, "raw")
    with pytest.raises(BadInput, match=said):
        source_digest(workspace, "raw")


def test_a_dataset_without_a_location_has_no_source(workspace, catalog):
    catalog("  made: {}\n")
    with pytest.raises(BadInput, match="no location"):
        source_digest(workspace, "made")


def test_the_digest_is_remembered_and_a_changed_file_is_seen(workspace, monkeypatch):
    path = written(workspace, "a\n1\n")
    monkeypatch.setattr(sources, "_SETTLED_SECONDS", -1.0)
    first = file_digest(workspace, path)
    with monkeypatch.context() as patch:
        patch.setattr(sources, "digest_file", lambda _: pytest.fail("read again"))
        assert file_digest(workspace, path) == first
    # Same size and same modification time: the change time still tells.
    written(workspace, "a\n2\n")
    assert file_digest(workspace, path) == digest_bytes(b"a\n2\n")


def test_a_file_just_written_is_not_remembered(workspace):
    path = workspace.root / "data" / "x.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    file_digest(workspace, path)
    assert not (workspace.cache / "digests").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 9}', '{"format": 1, "state": 3}'])
def test_a_damaged_memory_is_no_harm(workspace, monkeypatch, text):
    monkeypatch.setattr(sources, "_SETTLED_SECONDS", -1.0)
    path = written(workspace, "a\n1\n")
    file_digest(workspace, path)
    (memory,) = (workspace.cache / "digests").iterdir()
    memory.write_text(text, encoding="utf-8")
    assert file_digest(workspace, path) == digest_bytes(b"a\n1\n")


def test_a_cache_that_cannot_be_written_is_no_harm(workspace, monkeypatch):
    monkeypatch.setattr(sources, "_SETTLED_SECONDS", -1.0)
    workspace.state.write_text("a file where a folder should be", encoding="utf-8")
    assert file_digest(workspace, written(workspace, "a\n1\n")) == digest_bytes(b"a\n1\n")


def test_a_password_does_not_reach_the_message(workspace, catalog):
    catalog("  raw: {location: 'nowhere://ada:secret@host/x.csv'}\n")
    with pytest.raises(BadInput) as caught:
        source_digest(workspace, "raw")
    assert "secret" not in str(caught.value)


def test_a_pipe_is_not_waited_for(workspace, catalog):
    (workspace.root / "data").mkdir(exist_ok=True)
    os.mkfifo(workspace.root / "data" / "x.csv")
    catalog("  raw: {location: data/x.csv}\n")
    with pytest.raises(BadInput, match=r"dataset 'raw'.*it is a pipe or a device"):
        source_digest(workspace, "raw")
    with pytest.raises(BadInput, match=r"dataset 'raw'.*it is a pipe or a device"):
        fetch_source(workspace, "raw")
