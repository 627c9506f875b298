from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.files import CannotWrite
from studio.pipelines.saving import SavedNotebook, encoded, valid


def node(text: str, **data: Any) -> Any:
    outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=text),
        nbformat.v4.new_output("display_data", data={"text/plain": text, **data}, metadata={}),
    ]
    cell = nbformat.v4.new_code_cell(text, outputs=outputs, id="a")
    return nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_markdown_cell("# A\n\nb", id="b")])


@given(st.text(max_size=200))
def test_what_is_written_is_what_nbformat_writes(text: str) -> None:
    content = node(text, **{"image/png": "aGk=", "application/json": {"a": [1, None]}})
    assert encoded(content).decode() == nbformat.v4.writes(content) + "\n"
    assert nbformat.reads(encoded(content).decode(), as_version=4) == content


@given(st.text(st.characters(), max_size=50))
def test_every_text_can_be_written_and_read(text: str) -> None:
    read = json.loads(encoded(node(text)).decode())
    assert "".join(read["cells"][0]["outputs"][0]["text"]) == valid(text)


def test_lone_surrogates_and_nan_do_not_make_the_file_unreadable() -> None:
    content = node("a\ud800b\udc00", **{"application/json": {"a": [float("nan"), float("inf"), 1.5]}})
    written = encoded(content).decode()
    assert "NaN" not in written
    output = json.loads(written)["cells"][0]["outputs"][1]["data"]
    assert output["application/json"] == {"a": [None, None, 1.5]}
    assert output["text/plain"] == ["a\ufffdb\ufffd"]


def test_a_million_lines_stay_one_string() -> None:
    text = "x\n" * 1_000_000
    written = encoded(node(text))
    assert len(written) < 10_000_000
    read = nbformat.reads(written.decode(), as_version=4)
    assert read.cells[0].outputs[0].text == text
    nbformat.validate(read)


def test_saves_are_no_more_often_than_is_cheap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("studio.pipelines.saving.time.monotonic", lambda: clock[0])
    saved = SavedNotebook(node("a"), tmp_path / "out.ipynb")
    assert saved.due() is None
    assert not saved.save_if_due()
    saved.save(durable=False)
    saved.touch()
    assert saved.due(3) == 103
    clock[0] = 102.9
    assert not saved.save_if_due(3)
    clock[0] = 103
    assert saved.save_if_due(3)
    assert saved.due() is None

    def slow(path: Path, content: bytes, *, durable: bool) -> None:
        clock[0] += 2

    monkeypatch.setattr("studio.pipelines.saving.write_atomic", slow)
    saved.save()
    saved.touch()
    assert saved.due(3) == clock[0] + 20, "what takes 2 s is done every 20 s"


def test_a_disk_that_refuses_leaves_what_was_saved_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.ipynb"
    content = node("first")
    saved = SavedNotebook(content, path)
    saved.save()
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    content.cells[0].source = "second"
    saved.touch()
    with monkeypatch.context() as patch:
        patch.setattr("studio.core.files.os.fsync", full)
        patch.setattr("pathlib.Path.replace", full)
        with pytest.raises(CannotWrite, match="No space left"):
            saved.save()
        while not saved.save_if_due(0):
            time.sleep(0.001)
        assert path.read_bytes() == before
    assert saved.due(0) is not None, "it is still to be saved"
    while not saved.save_if_due(0):
        time.sleep(0.001)
    assert b"second" in path.read_bytes()
    assert list(tmp_path.iterdir()) == [path]
