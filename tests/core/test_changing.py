from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from studio.core.changing import changing
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace


def refused(*given: object) -> NoReturn:
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_takes_no_place_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    target = tmp_path / "deep" / "a.txt"
    if not links:  # as on a file system that knows none
        monkeypatch.setattr(os, "link", refused)
    with changing(Workspace(tmp_path)) as change:
        change.create(target, "ü")
    with pytest.raises(FileExistsError), changing(Workspace(tmp_path)) as change:
        change.create(target, "second")
    with pytest.raises(CannotWrite), changing(Workspace(tmp_path)) as change:
        change.create(target / "c.txt", "c")
    assert {path.name: path.read_text(encoding="utf-8") for path in target.parent.iterdir()} == {"a.txt": "ü"}


@pytest.mark.parametrize("links", [True, False])
def test_of_many_who_make_one_new_file_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", refused)

    def make(number: int) -> bool:
        try:
            with changing(Workspace(tmp_path)) as change:
                change.create(tmp_path / "a", str(number) * 10_000)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(8)))
    assert made.count(True) == 1
    assert (tmp_path / "a").read_text() == str(made.index(True)) * 10_000
    assert sorted(path.name for path in tmp_path.iterdir()) == [".studio", "a"]


def test_a_change_that_fails_is_taken_back(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("before", encoding="utf-8")
    (tmp_path / "theirs").write_text("before", encoding="utf-8")

    def interrupted() -> None:
        with changing(Workspace(tmp_path)) as change:
            change.make_folder(tmp_path / "a" / "b")
            change.create(tmp_path / "c" / "new", "x")
            change.replace(tmp_path / "d" / "new", "x")
            change.replace(tmp_path / "old", "after")
            change.replace(tmp_path / "theirs", "after")
            (tmp_path / "theirs").write_text("saved by somebody else meanwhile", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".studio", "changes.lock", "old", "theirs"]
    assert (tmp_path / "old").read_text() == "before"
    assert (tmp_path / "theirs").read_text() == "saved by somebody else meanwhile"
