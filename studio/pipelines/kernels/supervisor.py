"""The small process that stands over one kernel and sees to it that nothing of the kernel outlives the run.

It is started as ``python -I -S supervisor.py CONTROL RUNNER FOLDER COMMAND…`` and needs the standard library
only, so that it costs a few milliseconds. It starts COMMAND in a session of its own and then watches:

- CONTROL, a socket to the runner. Requests come in and reports go out as lines (below); its end means
  that the runner is gone, even by SIGKILL, and so does the end of the process RUNNER (a copy of the
  socket may live on in a child that the runner forked).
- the kernel. When it ends by itself, what it left behind is killed as well.

On Linux the supervisor is a child subreaper: whatever the kernel starts, however often it forks or
changes its session, stays below the supervisor in the tree of processes, and is found in /proc and killed
until none is left. Elsewhere there is only the kernel's process group. Should the supervisor itself be
killed, the kernel gets SIGKILL from the system (PDEATHSIG); `janitor` finds the rest.

Requests: ``signal N`` (to the kernel's process group), ``kill``.
Reports: ``started PID``, ``ready`` (the kernel serves), ``exit STATUS TAIL`` (negative for a signal, as Popen has
it; TAIL is the end of what the kernel wrote to its own stdout and stderr, in hexadecimal), ``gone SURVIVORS``
(all is dead, FOLDER is removed; SURVIVORS counts what could not be killed).
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

LINUX = sys.platform == "linux"
READY_VARIABLE = "STUDIO_KERNEL_READY"
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
TAIL = 8192
GIVE_UP = 10.0
"""Seconds after which a process that does not die of SIGKILL (it hangs in the system) is given up."""


def prctl(option: int, value: int) -> None:
    """Linux's prctl with one argument; OSError when the system refuses."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def processes() -> dict[int, tuple[int, int, str]]:
    """Each process with its parent, process group and state letter, read from /proc."""
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib costs as much as all the rest of this program
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        found[int(name)] = (int(fields[1]), int(fields[2]), fields[0].decode())
    return found


def descendants(root: int) -> dict[int, int]:
    """All living processes below `root` that are not mere zombies, each with its process group."""
    children: dict[int, list[int]] = {}
    table = processes()
    for pid, (parent, _, _) in table.items():
        children.setdefault(parent, []).append(pid)
    found, queue = {}, [root]
    while queue:
        below = children.get(queue.pop(), [])
        queue += below
        found.update({pid: table[pid][1] for pid in below if table[pid][2] != "Z"})
    return found


def send(pid: int, number: int) -> None:
    """Signal a process, or with a negative number a process group, that may be gone already."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def remove(folder: str) -> None:
    """Delete `folder` and what is in it, as far as the system lets us."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


class Supervisor:
    """One kernel, its tree of processes, and the runner's socket."""

    def __init__(self, control: int, runner: int, folder: str, command: list[str]) -> None:
        self.control = control
        self.runner = runner
        self.folder = folder
        self.command = command
        self.kernel = 0
        self.status: int | None = None
        self.tail = b""
        self.requests = b""
        self.log = -1
        self.ready = -1
        self.ending = False
        self.poll = select.poll()

    def run(self) -> None:
        """Start the kernel, stay until it or the runner ends, leave nothing behind."""
        os.set_inheritable(self.control, False)
        os.set_blocking(self.control, False)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        wake_out, wake_in = os.pipe()
        os.set_blocking(wake_in, False)
        os.set_blocking(wake_out, False)
        signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.end)
        if LINUX:
            prctl(PR_SET_CHILD_SUBREAPER, 1)
        watch = self.watch_runner()
        self.start()
        for descriptor in (self.control, wake_out, self.log, self.ready, *watch):
            self.poll.register(descriptor, select.POLLIN)
        while self.status is None and not self.ending:
            for descriptor, _ in self.poll.poll():
                self.attend(descriptor, wake_out, watch)
            self.reap()
        self.finish()

    def watch_runner(self) -> list[int]:
        """A descriptor that becomes readable when the runner ends, where the system has such."""
        if not hasattr(os, "pidfd_open"):
            return []
        try:
            return [os.pidfd_open(self.runner)]
        except ProcessLookupError:
            self.ending = True
        except OSError:
            pass  # an old system: the socket's end must do
        return []

    def end(self, *_: object) -> None:
        """From now on only clean up."""
        self.ending = True

    def start(self) -> None:
        """Fork and execute the kernel, in its own session and bound to die with this process."""
        self.log, log = os.pipe()
        self.ready, ready = os.pipe()
        own = os.getpid()
        self.kernel = os.fork()
        if self.kernel == 0:
            self.become_kernel(own, log, ready)
        os.close(log)
        os.close(ready)
        self.report(f"started {self.kernel}")

    def become_kernel(self, supervisor: int, log: int, ready: int) -> None:
        """In the child: what a fresh process has, then the command; never returns."""
        try:
            os.setsid()
            if LINUX:
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != supervisor:
                    os._exit(127)
            signal.set_wakeup_fd(-1)
            for number in (
                signal.SIGINT,
                signal.SIGHUP,
                signal.SIGPIPE,
                signal.SIGQUIT,
                signal.SIGTERM,
                signal.SIGCHLD,
            ):
                signal.signal(number, signal.SIG_DFL)
            nothing = os.open(os.devnull, os.O_RDONLY)
            for source, target in ((nothing, 0), (log, 1), (log, 2)):
                os.dup2(source, target)
            os.set_inheritable(ready, True)
            os.execve(self.command[0], self.command, {**os.environ, READY_VARIABLE: str(ready)})  # noqa: S606
        except BaseException as error:  # noqa: BLE001 - a fork must not run on into its parent's code
            os.write(2, f"{self.command[0]}: {error}\n".encode())
        finally:
            os._exit(127)

    def attend(self, descriptor: int, wake: int, watch: list[int]) -> None:
        """Read what one descriptor has to say."""
        if descriptor == self.control:
            self.listen()
        elif descriptor == wake:
            self.read(wake)
        elif descriptor in watch:
            self.ending = True
        elif descriptor == self.log:
            self.keep_tail()
        elif descriptor == self.ready:
            if self.read(self.ready):
                self.report("ready")
            self.poll.unregister(self.ready)

    @staticmethod
    def read(descriptor: int) -> bytes:
        """What is there to read; empty at the end or when there is nothing."""
        try:
            return os.read(descriptor, 65536)
        except (BlockingIOError, ConnectionResetError):
            return b""

    def keep_tail(self) -> None:
        """Read what the kernel wrote to its own stdout and stderr, keep the end of it."""
        data = self.read(self.log)
        if not data:
            self.poll.unregister(self.log)
        self.tail = (self.tail + data)[-TAIL:]

    def listen(self) -> None:
        """Read and carry out the runner's requests; the end of its socket is a request to end."""
        try:
            data = os.read(self.control, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.ending = True
            return
        *lines, self.requests = (self.requests + data).split(b"\n")
        for line in lines:
            if line == b"kill":
                self.ending = True
            elif line.startswith(b"signal "):
                send(-self.kernel, int(line[7:]))

    def report(self, line: str) -> None:
        """Tell the runner, if it is still there to hear."""
        data = line.encode() + b"\n"
        try:
            os.set_blocking(self.control, True)
            os.write(self.control, data)
            os.set_blocking(self.control, False)
        except OSError:
            self.ending = self.ending or self.status is None

    def reap(self) -> bool:
        """Collect the dead; False when there is no child left, living or dead."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.kernel:
                self.status = os.waitstatus_to_exitcode(status)

    def finish(self) -> None:
        """Kill what is left of the tree until nothing is, report, remove the folder."""
        deadline = time.monotonic() + GIVE_UP
        reported = self.tell_exit(False)
        survivors = self.kill_all()
        while self.reap() and time.monotonic() < deadline:
            reported = self.tell_exit(reported)
            time.sleep(0.001)
            survivors = self.kill_all()
        if not self.reap():
            survivors = 0  # those counted last have died since
        self.tell_exit(reported)
        remove(self.folder)
        self.report(f"gone {survivors}")

    def kill_all(self) -> int:
        """Kill what is alive below; how many that was.

        Groups first: the system kills a group at one stroke, so that a chain of processes in which each forks
        the next and ends cannot run away. No group but those of the kernel's own making can be met here.
        """
        if not LINUX:
            send(-self.kernel, signal.SIGKILL)
            return 0
        below = descendants(os.getpid())
        own = os.getpgrp()
        for group in set(below.values()) - {own}:
            send(-group, signal.SIGKILL)
        for pid in below:
            send(pid, signal.SIGKILL)
        return len(below)

    def tell_exit(self, reported: bool) -> bool:
        """Report the kernel's exit once it is known; whether that has been done."""
        if reported or self.status is None:
            return reported
        os.set_blocking(self.log, False)
        while data := self.read(self.log):
            self.tail = (self.tail + data)[-TAIL:]
        self.report(f"exit {self.status} {self.tail.hex()}")
        return True


if __name__ == "__main__":
    Supervisor(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]).run()
