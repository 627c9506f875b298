from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.pipelines.kernels import janitor

Sleeper = subprocess.Popen[bytes]


def dead_mark() -> str:
    """The mark of a runner that has ended."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE) as runner:
        return f"{runner.pid}-{janitor.start_time(runner.pid)}"


@pytest.fixture
def sleepers() -> Iterator[list[Sleeper]]:
    """Processes to be found; ended afterwards."""
    started: list[Sleeper] = []
    yield started
    for sleeper in started:
        sleeper.kill()
        sleeper.wait()


def sleeper(sleepers: list[Sleeper], **marks: str) -> Sleeper:
    made = subprocess.Popen(["sleep", "600"], env={**os.environ, **marks}, start_new_session=True)
    sleepers.append(made)
    environment = Path(f"/proc/{made.pid}/environ")
    while b"sleep" not in Path(f"/proc/{made.pid}/cmdline").read_bytes()[:10] or not environment.read_bytes():
        time.sleep(0.001)
    return made


def test_only_leftovers_of_dead_runs_of_dead_runners_are_killed(sleepers: list[Sleeper]) -> None:
    dead, alive = f"dead-{secrets.token_hex(4)}", f"alive-{secrets.token_hex(4)}"
    gone = dead_mark()
    leftovers = [sleeper(sleepers, STUDIO_RUN=dead, STUDIO_RUNNER=gone) for _ in range(3)]
    others = [
        sleeper(sleepers, STUDIO_RUN=alive, STUDIO_RUNNER=gone),
        sleeper(sleepers, STUDIO_RUN=dead, STUDIO_RUNNER=janitor.runner_mark()),
        sleeper(sleepers, STUDIO_RUN=dead, STUDIO_RUNNER="unreadable"),
        sleeper(sleepers, STUDIO_RUN=dead),
        sleeper(sleepers, STUDIO_RUNNER=gone),
        sleeper(sleepers, NOTE=f"STUDIO_RUN={dead}"),
    ]
    asked: set[str] = set()

    def is_alive(run: str) -> bool:
        asked.add(run)
        return run != dead  # other runs on this machine are not ours to judge

    assert sorted(janitor.sweep(is_alive)) == sorted(leftover.pid for leftover in leftovers)
    assert [leftover.wait(5) for leftover in leftovers] == [-signal.SIGKILL] * 3
    assert [other.poll() for other in others] == [None] * len(others)
    assert {dead, alive} <= asked
    assert janitor.sweep(is_alive) == []


def test_one_kernel_s_processes_are_found_by_its_mark(sleepers: list[Sleeper]) -> None:
    mark = secrets.token_hex(8)
    own, other = sleeper(sleepers, STUDIO_KERNEL=mark), sleeper(sleepers, STUDIO_KERNEL=mark + "x")
    assert janitor.kill_kernel(mark) == [own.pid]
    assert other.poll() is None


def test_who_asks_from_within_a_marked_shell_does_not_kill_himself() -> None:
    source = "from studio.pipelines.kernels import janitor; print(janitor.sweep(lambda run: run != 'mine'))"
    environment = {**os.environ, "STUDIO_RUN": "mine", "STUDIO_RUNNER": dead_mark()}
    done = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_folders_of_dead_runners_are_removed_and_no_others() -> None:
    places = [
        Path(tempfile.mkdtemp(prefix=f"studio-kernel-{mark}-"))
        for mark in (dead_mark(), janitor.runner_mark(), "unreadable")
    ]
    try:
        (places[0] / "inner").mkdir()
        janitor.sweep(lambda run: True)
        assert [place.exists() for place in places] == [False, True, True]
    finally:
        for place in places[1:]:
            place.rmdir()


def test_a_start_time_tells_processes_apart() -> None:
    own = janitor.start_time(os.getpid())
    assert own.isdigit()
    assert janitor.runner_alive(f"{os.getpid()}-{own}")
    assert not janitor.runner_alive(f"{os.getpid()}-{int(own) - 1}")
    assert janitor.start_time(2**22 + 1) == ""
