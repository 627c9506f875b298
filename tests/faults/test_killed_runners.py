"""No kernel outlives its runner: what is left after SIGKILL of the runner, of the supervisor, of both, is nothing."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.pipelines.kernels import janitor

RUNNER = """
import json, os, sys
from pathlib import Path
from studio.pipelines.executing import execute
from studio.pipelines.execution import Cancellation, Limits
folder = Path(sys.argv[1])
execute(
    json.loads((folder / "notebook.json").read_text()),
    output=folder / "executed.ipynb",
    folder=folder,
    environment={"STUDIO_RUN": sys.argv[2]},
    limits=Limits(),
    cancellation=Cancellation(),
)
"""

# Everything a kernel may leave behind: a child, one in a session of its own, a daemon's grandchild, one that ignores
# signals, a pool of multiprocessing with its resource tracker.
CELL = """
import multiprocessing, os, pathlib, subprocess, sys, time
print("half way", flush=True)
pids = [os.getpid()]
pids.append(subprocess.Popen(["sleep", "3600"]).pid)
pids.append(subprocess.Popen(["setsid", "sleep", "3600"]).pid)
deaf = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(3600)"
pids.append(subprocess.Popen([sys.executable, "-c", deaf], start_new_session=True).pid)
pool = multiprocessing.get_context("spawn").Pool(1)
pids.append(pool.apply(os.getpid))
out, into = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(into, f"{os.getpid()}\\n".encode())
        time.sleep(3600)
    os._exit(0)
pids.append(int(os.read(out, 32)))
time.sleep(3.5)  # long enough for a save in mid-cell
pathlib.Path("pids").write_text(" ".join(map(str, pids)) + "\\n")
"""
HOLDS_THE_INTERPRETER = CELL + "import itertools\nsum(itertools.repeat(0))\n"
WAITS = CELL + "time.sleep(3600)\n"


def notebook(source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if janitor.start_time(pid)]


def until_dead(pids: list[int], seconds: float) -> list[int]:
    """Who is still alive after so long at most."""
    end = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < end:
        time.sleep(0.01)
    return alive(pids)


class Started:
    """A runner with its kernel at work."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder = folder
        self.run = f"run-{secrets.token_hex(6)}"
        (folder / "notebook.json").write_text(json.dumps(notebook(source)))
        self.runner = subprocess.Popen([sys.executable, "-c", RUNNER, str(folder), self.run], start_new_session=True)
        end = time.monotonic() + 60
        path = folder / "pids"
        while not (path.exists() and path.read_text().endswith("\n")):
            assert time.monotonic() < end, "the kernel did not come to its work"
            assert self.runner.poll() is None
            time.sleep(0.02)
        self.pids = [int(pid) for pid in path.read_text().split()]
        self.supervisor = parent(self.pids[0])
        assert len(alive(self.pids)) == len(self.pids) == 6

    def folders(self) -> list[Path]:
        return list(Path(tempfile.gettempdir()).glob(f"{janitor.FOLDER_PREFIX}{self.runner.pid}-*"))

    def end(self) -> None:
        for pid in (self.runner.pid, *self.pids):
            with contextlib.suppress(ProcessLookupError):
                if janitor.start_time(pid):
                    os.kill(pid, signal.SIGKILL)
        self.runner.wait()


@pytest.fixture
def started(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Started]:
    made = Started(tmp_path, request.param)
    yield made
    made.end()


@pytest.mark.heavy
@pytest.mark.parametrize("started", [WAITS, HOLDS_THE_INTERPRETER], indirect=True, ids=["waits", "holds"])
def test_sigkill_of_the_runner_leaves_nothing(started: Started) -> None:
    started.runner.kill()
    assert until_dead([*started.pids, started.supervisor], 5) == []
    assert started.folders() == []
    saved = json.loads((started.folder / "executed.ipynb").read_text())
    assert saved["cells"][0]["outputs"][0]["text"] == ["half way\n"]
    assert saved["metadata"]["papermill"]["exception"] is None, "not ended, and the notebook does not say otherwise"


@pytest.mark.heavy
@pytest.mark.parametrize("started", [WAITS], indirect=True)
def test_a_fork_of_the_runner_that_holds_its_socket_does_not_keep_the_kernel(started: Started) -> None:
    """The supervisor sees the runner's end also where a copy of the socket lives on."""
    with contextlib.closing(Copies(started.runner.pid)):
        started.runner.kill()
        assert until_dead([*started.pids, started.supervisor], 5) == []


class Copies:
    """Copies of all the descriptors of another process, held open here."""

    def __init__(self, pid: int) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        process = os.pidfd_open(pid)
        self.held = []
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            copy = library.syscall(438, process, int(entry.name), 0)  # pidfd_getfd
            if copy >= 0:
                self.held.append(copy)
        os.close(process)
        assert any(str(Path(f"/proc/self/fd/{number}").readlink()).startswith("socket:") for number in self.held)

    def close(self) -> None:
        for number in self.held:
            os.close(number)


@pytest.mark.heavy
@pytest.mark.parametrize("started", [WAITS], indirect=True)
def test_sigkill_of_the_supervisor_is_a_death_that_the_runner_cleans_up(started: Started) -> None:
    os.kill(started.supervisor, signal.SIGKILL)
    assert started.runner.wait(20) == 0
    assert alive(started.pids) == []
    saved = json.loads((started.folder / "executed.ipynb").read_text())
    assert saved["cells"][0]["outputs"][-1]["ename"] == "KernelDied"
    assert started.folders() == []


@pytest.mark.heavy
@pytest.mark.parametrize("started", [WAITS], indirect=True)
def test_what_is_left_when_both_are_killed_is_found_by_the_next_to_look(started: Started) -> None:
    os.kill(started.supervisor, signal.SIGSTOP)
    started.runner.kill()
    started.runner.wait()
    os.kill(started.supervisor, signal.SIGKILL)
    kernel, *others = started.pids
    assert until_dead([kernel], 5) == [], "the system ends the kernel with its supervisor"
    assert alive(others), "this test needs something to be left"
    assert janitor.sweep(lambda _: True) == []
    assert alive(others)
    killed = janitor.sweep(lambda run: run != started.run)
    assert set(others) <= set(killed)
    assert until_dead(others, 2) == []
    assert started.folders() == []


@pytest.mark.heavy
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_to_the_terminal_s_group_do_not_reach_the_kernel_before_the_runner(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C goes to the runner alone, which then ends the kernel; nothing is left either way."""
    started = Started(tmp_path, WAITS)
    try:
        for _ in range(4):  # Python loses an interrupt that comes inside a destructor; a person sends it again
            os.killpg(started.runner.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.runner.wait(5)
                break
        assert started.runner.poll() not in (0, None)
        assert until_dead([*started.pids, started.supervisor], 5) == []
    finally:
        started.end()
