"""Finds and kills what dead runs left behind, for the case that a kernel's supervisor was killed as well.

Every kernel, and whatever inherits its environment, carries three marks: ``STUDIO_RUN`` (the run), ``STUDIO_RUNNER``
(the runner's process id and start time) and ``STUDIO_KERNEL`` (the kernel). A process is a leftover when its run is
not alive, its runner is gone, and it belongs to this user and this process name space.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from studio.pipelines.kernels import supervisor

RUN = "STUDIO_RUN"
RUNNER = "STUDIO_RUNNER"
KERNEL = "STUDIO_KERNEL"
FOLDER_PREFIX = "studio-kernel-"
_PROC = Path("/proc")
_ROUNDS = 20
_WAIT = 2.0


def start_time(pid: int) -> str:
    """When a process began, in the system's ticks since boot; empty when it does not exist or is dead."""
    try:
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {b"Z", b"X"} else fields[19].decode()


@cache
def _own_mark(pid: int) -> str:
    return f"{pid}-{start_time(pid) or 0}"


def runner_mark() -> str:
    """The mark of this process as a runner: its id and start time, which together are never used again."""
    return _own_mark(os.getpid())


def runner_alive(mark: str) -> bool:
    """Whether the runner that bears `mark` still exists; a mark that cannot be read counts as alive."""
    pid, _, started = mark.partition("-")
    if not (pid.isdigit() and started.isdigit()):
        return True
    return start_time(int(pid)) == started


def sweep(alive: Callable[[str], bool]) -> list[int]:
    """Kill the leftovers of dead runs, until none is found, and remove their temporary folders.

    Parameters
    ----------
    alive : Callable[[str], bool]
        Whether the run of this identifier is alive. Asked before anything is killed, and only for runs
        whose runner is gone.

    Returns
    -------
    list of int
        The processes that were killed. Always empty where there is no /proc.
    """

    def left(marks: dict[str, str]) -> bool:
        return RUN in marks and RUNNER in marks and not runner_alive(marks[RUNNER]) and not alive(marks[RUN])

    killed = _kill_where(left)
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        mark = "-".join(folder.name.removeprefix(FOLDER_PREFIX).split("-")[:2])
        if not runner_alive(mark) and folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
    return killed


def kill_kernel(kernel: str) -> list[int]:
    """Kill every process that bears the mark of this one kernel; the processes that were killed."""
    return _kill_where(lambda marks: marks.get(KERNEL) == kernel)


def _kill_where(condition: Callable[[dict[str, str]], bool]) -> list[int]:
    killed: list[int] = []
    spared = _own_line()
    for attempt in range(_ROUNDS):
        # A supervisor that lives cleans up better than we can: it gets the first round to do so.
        found = [pid for pid in _marked(condition) if pid not in spared and (attempt or not _is_supervisor(pid))]
        if not found and attempt:
            break
        dying = [descriptor for pid in found if (descriptor := _kill(pid, condition)) is not None]
        killed += [pid for pid in found if pid not in killed]
        _await(dying)
    return killed


def _marked(condition: Callable[[dict[str, str]], bool]) -> Iterator[int]:
    if not _PROC.is_dir():
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (marks := _marks(int(entry.name))) and condition(marks):
            yield int(entry.name)


def _marks(pid: int) -> dict[str, str]:
    """The marks in the environment a process was started with; none for others' processes and zombies."""
    try:
        content = (_PROC / str(pid) / "environ").read_bytes()
        if b"STUDIO_" not in content or (_PROC / str(pid)).stat().st_uid != os.getuid() or not _same_space(pid):
            return {}
    except OSError:
        return {}
    pairs = (item.partition(b"=") for item in content.split(b"\0"))
    wanted = {name.encode(): name for name in (RUN, RUNNER, KERNEL)}
    return {wanted[name]: value.decode(errors="replace") for name, _, value in pairs if name in wanted}


def _same_space(pid: int) -> bool:
    """Whether process ids mean the same to `pid` as to us (they do not across containers)."""
    return (_PROC / str(pid) / "ns" / "pid").readlink() == (_PROC / "self" / "ns" / "pid").readlink()


def _is_supervisor(pid: int) -> bool:
    try:
        return os.fsencode(supervisor.__file__) in (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False


def _own_line() -> set[int]:
    """The asking process and those above it: whoever asks from within a marked shell does not kill himself."""
    line, pid = set(), os.getpid()
    table = supervisor.processes() if _PROC.is_dir() else {}
    while pid in table and pid not in line:
        line.add(pid)
        pid = table[pid][0]
    return line


def _kill(pid: int, condition: Callable[[dict[str, str]], bool]) -> int | None:
    """Kill `pid` if it is still what was found; a descriptor that tells its death."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    try:
        # The descriptor holds one process; asked again, so that a number that changed hands is not hit.
        if condition(_marks(pid)):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _await(descriptors: list[int]) -> None:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    waiting = len(descriptors)
    while waiting:
        ended = poll.poll(_WAIT * 1000)
        if not ended:
            break
        for descriptor, _ in ended:
            poll.unregister(descriptor)
            waiting -= 1
    for descriptor in descriptors:
        os.close(descriptor)
