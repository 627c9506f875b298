"""The supervised kernel as jupyter_client sees it, and as a Popen."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import AsyncKernelManager

from studio.pipelines.kernels import specs
from studio.pipelines.kernels.provisioner import SupervisedKernel, SupervisedProvisioner, start_kernel

Start = Any


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts plain Python under a supervisor: quicker than a kernel, and the supervisor cannot tell."""
    started: list[SupervisedKernel] = []

    def start(source: str, **environment: str) -> SupervisedKernel:
        folder = specs.new_folder()
        given = {"STUDIO_RUN": "test-run", **environment}
        made = SupervisedKernel(
            [sys.executable, "-I", "-S", "-c", source],
            specs.kernel_environment(given, folder),
            str(tmp_path),
            str(folder.path),
        )
        started.append(made)
        return made

    yield start
    for kernel in started:
        if not kernel.gone:
            kernel.destroy()


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("pass", 0),
        ("raise SystemExit(5)", 5),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.kill(os.getpid(), 15)", -15),
        ("import os, signal; signal.raise_signal(signal.SIGINT)", -2),
        ("import os; os.abort()", -6),
    ],
)
def test_the_exit_status_is_reported_truthfully(start: Start, source: str, status: int) -> None:
    kernel = start(source)
    assert kernel.wait(20) == status
    assert kernel.poll() == status
    assert kernel.gone
    assert kernel.survivors == 0


def test_what_it_last_wrote_is_told(start: Start) -> None:
    kernel = start("import sys; print('x' * 100_000); sys.stdout.flush(); raise RuntimeError('ünlucky')")
    assert kernel.wait(20) == 1
    assert "RuntimeError: ünlucky" in kernel.tail
    assert len(kernel.tail) <= 8192


def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    folder = specs.new_folder()
    kernel = SupervisedKernel(["/no/such"], specs.kernel_environment({}, folder), str(tmp_path), str(folder.path))
    assert kernel.wait(20) == 127
    assert "No such file" in kernel.tail


def test_signals_reach_it_and_its_group(start: Start) -> None:
    kernel = start(
        "import os, signal, time\n"
        "signal.signal(signal.SIGINT, lambda *_: os._exit(42))\n"
        "os.write(int(os.environ['STUDIO_KERNEL_READY']), b'1')\ntime.sleep(60)"
    )
    end = time.monotonic() + 20
    while not kernel.ready and time.monotonic() < end:
        kernel.pump()
        time.sleep(0.005)
    assert kernel.ready
    assert kernel.poll() is None
    kernel.send_signal(signal.SIGINT)
    assert kernel.wait(20) == 42


def test_it_starts_with_a_fresh_process_s_signals_and_descriptors(start: Start) -> None:
    kernel = start(
        "import os, signal\n"
        "fresh = [signal.getsignal(n) for n in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD)]\n"
        "assert set(fresh) == {signal.SIG_DFL}, fresh\n"
        "ready = int(os.environ['STUDIO_KERNEL_READY'])\n"
        "held = {int(n) for n in os.listdir('/proc/self/fd')} - {0, 1, 2, ready}\n"
        "held = [n for n in held if os.path.exists(f'/proc/self/fd/{n}')]\n"
        "assert not held, [os.readlink(f'/proc/self/fd/{n}') for n in held]\n"
        "assert os.getpgrp() == os.getsid(0) == os.getpid()\n"
        "assert os.read(0, 1) == b''\n"
    )
    assert kernel.wait(20) == 0, kernel.tail


# A child that stays, one in a session of its own, and one that is a daemon's grandchild.
FAMILY = """
import os, subprocess, sys, time
pids = [os.getpid()]
pids.append(subprocess.Popen(["sleep", "3600"]).pid)
pids.append(subprocess.Popen(["sleep", "3600"], start_new_session=True).pid)
out, into = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(into, f"{os.getpid()}\\n".encode())
        time.sleep(3600)
    os._exit(0)
pids.append(int(os.read(out, 32)))
with open(sys.argv[1] if len(sys.argv) > 1 else "family", "w") as file:
    file.write(" ".join(map(str, pids)) + "\\n")
"""


def family(folder: Path) -> list[int]:
    end = time.monotonic() + 20
    path = folder / "family"
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < end
        time.sleep(0.005)
    return [int(pid) for pid in path.read_text().split()]


@pytest.mark.parametrize(("ending", "status"), [("", 0), ("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)])
def test_what_it_leaves_behind_is_killed_when_it_ends(start: Start, tmp_path: Path, ending: str, status: int) -> None:
    kernel = start(FAMILY + ending)
    assert kernel.wait(20) == status
    assert len(family(tmp_path)) == 4
    assert all(gone(pid) for pid in family(tmp_path))


def test_killing_it_kills_the_whole_family_and_removes_its_folder(start: Start, tmp_path: Path) -> None:
    kernel = start(FAMILY + "time.sleep(3600)")
    pids = family(tmp_path)
    assert not any(gone(pid) for pid in pids)
    folders = list(Path(tempfile.gettempdir()).glob(f"studio-kernel-{os.getpid()}-*"))
    kernel.kill()
    assert kernel.wait(20) == -9
    assert all(gone(pid) for pid in pids)
    assert not any(folder.exists() for folder in folders)


def test_a_chain_of_forks_cannot_run_away(start: Start, tmp_path: Path) -> None:
    kernel = start(
        "import os, time\n"
        "open('family', 'w').write(f'{os.getpid()}\\n')\n"
        "end = time.monotonic() + 60\n"
        "while time.monotonic() < end:\n"
        "    if os.fork():\n"
        "        if os.getpid() == os.getpgrp(): time.sleep(60)\n"
        "        os._exit(0)\n"
    )
    group = family(tmp_path)[0]
    kernel.kill()
    assert kernel.wait(20) == -9
    assert kernel.survivors == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_the_supervisor_s_death_is_the_kernel_s_and_its_family_s(start: Start, tmp_path: Path) -> None:
    kernel = start(FAMILY + "time.sleep(3600)")
    pids = family(tmp_path)
    supervisor = int(Path(f"/proc/{kernel.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(supervisor, signal.SIGKILL)
    assert kernel.wait(20) == -9
    assert all(gone(pid) for pid in pids)


def test_jupyter_client_knows_the_provisioner_and_runs_a_kernel_with_it(tmp_path: Path) -> None:
    (entry,) = entry_points(group="jupyter_client.kernel_provisioners", name=specs.PROVISIONER)
    assert entry.load() is SupervisedProvisioner

    async def whole_life() -> tuple[AsyncKernelManager, SupervisedKernel, list[Any]]:
        folder = specs.new_folder()
        owner, kernel = await start_kernel(folder, specs.kernel_environment({}, folder), str(tmp_path))
        client = owner.client()
        client.start_channels()
        await client.wait_for_ready(timeout=30)
        reply = await client.execute("1/0", reply=True)
        seen = [reply["content"]["ename"], await owner.is_alive()]
        client.stop_channels()
        await owner.shutdown_kernel(now=True)
        return owner, kernel, [*seen, await owner.is_alive()]

    owner, kernel, seen = asyncio.run(whole_life())
    assert isinstance(owner, AsyncKernelManager)
    assert seen == ["ZeroDivisionError", True, False]
    assert kernel.returncode == -9
    assert kernel.gone
