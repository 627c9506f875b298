from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from studio.core.files import CannotWrite
from studio.core.locks import Locked, lock, try_lock

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
