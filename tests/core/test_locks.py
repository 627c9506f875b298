from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from studio.core.files import CannotWrite
from studio.core.locks import Locked, is_held, lock, try_lock

HOLDER = """
import sys, time
from pathlib import Path
from studio.core.locks import try_lock
assert try_lock(Path(sys.argv[1])) is not None
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_is_held_once_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "lock"
    held = try_lock(path)
    assert held is not None
    assert try_lock(path) is None
    os.close(held)
    with lock(path):
        assert try_lock(path) is None
    again = try_lock(path)
    assert again is not None
    os.close(again)


def test_waiting_has_an_end_and_a_sentence(tmp_path: Path) -> None:
    late = lock(tmp_path / "lock", seconds=0.05)
    with lock(tmp_path / "lock"), pytest.raises(Locked, match=r"lock is held by another.*0\.05 s.*Next: "):
        late.__enter__()


def test_one_who_waits_gets_the_lock(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with lock(tmp_path / "lock"):
            order.append("second")

    with lock(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert try_lock(path) is None
        holder.kill()
    with lock(path, seconds=5):
        pass


def test_where_no_lock_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CannotWrite):
        try_lock(tmp_path / "file" / "lock")


def test_whoever_looks_sees_a_holder_and_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    assert not path.exists(), "looking makes no file"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert is_held(path)
        assert is_held(path)
        holder.kill()
        holder.wait()
    assert not is_held(path)
    held = try_lock(path)
    assert held is not None, "who looked keeps nothing"
    os.close(held)


def test_many_who_look_at_once_take_nobody_for_a_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    seen: set[bool] = set()
    crowd = [threading.Thread(target=lambda: seen.update(is_held(path) for _ in range(500))) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert seen == {False}
