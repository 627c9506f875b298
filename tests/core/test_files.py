from __future__ import annotations

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core import files
from studio.core.errors import BadInput
from studio.core.files import CannotWrite

PARTS = st.lists(st.binary(max_size=8) | st.text(max_size=8), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)


def as_bytes(parts: list[bytes | str]) -> list[bytes]:
    return [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]


@given(PARTS, PARTS)
def test_framed_parts_look_alike_only_when_they_are(one: list[bytes | str], other: list[bytes | str]) -> None:
    assert (files.frame(*one) == files.frame(*other)) == (as_bytes(one) == as_bytes(other))


@given(JSON)
def test_canonical_json_does_not_depend_on_order_and_reads_back(value: Any) -> None:
    text = files.canonical_json(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert files.canonical_json(json.loads(text, object_pairs_hook=lambda pairs: dict(reversed(pairs)))) == text


def test_canonical_json_refuses_what_is_not_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.canonical_json({"a": float("nan")})


def test_digests_of_bytes_and_files_agree(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    (tmp_path / "a").write_bytes(content)
    assert files.digest_file(tmp_path / "a") == files.digest_bytes(content)
    assert files.digest_bytes(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_write_replaces_the_whole_and_makes_folders(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "er" / "a.txt"
    files.write_atomic(target, "first, and longer")
    files.write_atomic(target, "zweitens ü", durable=False)
    assert target.read_text(encoding="utf-8") == "zweitens ü"
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]


def test_a_write_that_fails_leaves_what_was_there_and_no_trace(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    files.write_json(target, {"b": 1, "a": "ü"})
    before = target.read_bytes()
    assert before.decode() == '{\n "a": "ü",\n "b": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(target, {"a": float("nan")})

    def interrupted() -> None:
        with files.writing_atomic(target) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("failing", ["fsync", "write"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    target = tmp_path / "a"
    target.write_text("before", encoding="utf-8")

    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write() -> None:
        with files.writing_atomic(target) as file:
            file.write(b"after")
            if failing == "write":
                full(0)

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match=r"No space left on device.*untouched.*Next: ") as caught:
        write()
    assert caught.value.exit_status == 2
    assert target.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_a_file_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("", encoding="utf-8")
    with pytest.raises(CannotWrite, match="cannot be written"):
        files.write_atomic(tmp_path / "a" / "b", "")


def test_readers_see_old_or_new_never_a_part(tmp_path: Path) -> None:
    target = tmp_path / "a"
    contents = [letter * 200_000 for letter in "abcdef"]
    files.write_atomic(target, contents[0])

    def write(content: str) -> None:
        for _ in range(5):
            files.write_atomic(target, content, durable=False)

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, content) for content in contents]
        seen = {target.read_text(encoding="utf-8") for _ in range(50)}
        for writer in writers:
            writer.result()
    assert seen <= set(contents)


def test_only_a_regular_file_is_read_and_nothing_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    os.mkfifo(tmp_path / "pipe")
    with files.open_regular(tmp_path / "file") as file:
        assert file.read() == b"content"
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/null"), tmp_path / "none"):
        with pytest.raises(OSError, match=path.name):
            files.open_regular(path)


def test_the_border_of_the_workspace(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (tmp_path / "root-other").mkdir()
    (root / "link").symlink_to(tmp_path / "root-other")
    assert files.inside(root, "in/../a.ipynb", "notebook") == root / "a.ipynb"
    assert files.inside(root, root / "in", "notebook") == root / "in"
    for path in ("../root-other/a", "/etc/passwd", "link/a", "in/../../x", "a\x00b"):
        with pytest.raises(BadInput, match=r"notebook path .*Next: "):
            files.inside(root, path, "notebook")


def test_paths_as_users_name_them(tmp_path: Path) -> None:
    assert files.shown(tmp_path, tmp_path / "a" / "b") == "a/b"
    assert files.shown(tmp_path / "a", tmp_path / "b") == str(tmp_path / "b")


def test_a_name_that_no_file_can_have_is_refused_and_shortened(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"notebook path .* cannot be followed: File name too long") as caught:
        files.inside(tmp_path, "a" * 5000, "notebook")
    assert len(str(caught.value)) < 500


def test_what_the_system_refuses_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        (tmp_path / "none").read_bytes()
    assert str(files.CannotUse(caught.value)).startswith(f"{tmp_path / 'none'}: No such file or directory. Next: ")
    assert str(files.CannotUse(OSError("odd"))).startswith("odd. Next: ")


def test_a_name_that_is_not_utf8_is_refused_inside_a_workspace_and_not_above_it(tmp_path: Path) -> None:
    torn = os.fsdecode(b"torn-\xff")
    with pytest.raises(BadInput, match="is not UTF-8"):
        files.inside(tmp_path, f"{torn}.ipynb", "notebook")
    assert files.inside(tmp_path / torn, "a.ipynb", "notebook") == tmp_path / torn / "a.ipynb"
