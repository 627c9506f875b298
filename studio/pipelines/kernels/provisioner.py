"""Kernels under a supervisor, as jupyter_client's kernel provisioner ``studio-supervised``.

`SupervisedKernel` is the runner's end of the supervisor's socket, with the face of a ``subprocess.Popen``: its
descriptor becomes readable when there is news, so that nobody has to ask in intervals whether a kernel is ready
or dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from studio.pipelines.kernels import janitor, specs, supervisor

_LOST = -int(signal.SIGKILL)
_NEWS_LIMIT = 60.0


class SupervisedKernel:
    """A kernel and what its supervisor reports of it.

    Attributes
    ----------
    pid : int
        The kernel's process id, which is its process group too.
    returncode : int or None
        Its exit status, negative for a signal; None while it lives.
    ready : bool
        Whether it has said that it serves.
    gone : bool
        Whether nothing of it is left: neither the kernel, nor what it started, nor its folder.
    tail : str
        The end of what it wrote to its own stdout and stderr, known at its exit.
    survivors : int
        Processes that could not be killed.
    """

    stdin = stdout = stderr = None

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], cwd: str, folder: str) -> None:
        self._mark = environment[janitor.KERNEL]
        self._received = b""
        self.pid = 0
        self.returncode: int | None = None
        self.ready = False
        self.gone = False
        self.tail = ""
        self.survivors = 0
        self._socket, theirs = socket.socketpair()
        with theirs:
            arguments = [str(theirs.fileno()), str(os.getpid()), folder, *command]
            try:
                self._supervisor = subprocess.Popen(
                    [sys.executable, "-I", "-S", supervisor.__file__, *arguments],
                    env=dict(environment),
                    cwd=cwd,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except BaseException:
                self._socket.close()
                raise
        self._read_until(lambda: self.pid > 0 or self.gone, _NEWS_LIMIT)

    def fileno(self) -> int:
        """The descriptor that is readable when `pump` would learn something; -1 once all is over."""
        return self._socket.fileno()

    def pump(self) -> None:
        """Take in what has been reported, without waiting."""
        while not self.gone:
            try:
                data = self._socket.recv(65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            if not data:
                self._supervisor_lost()
                return
            *lines, self._received = (self._received + data).split(b"\n")
            for line in lines:
                self._learn(*line.decode().split(" "))

    def _learn(self, what: str, *values: str) -> None:
        if what == "started":
            self.pid = int(values[0])
        elif what == "ready":
            self.ready = True
        elif what == "exit":
            self.returncode = int(values[0])
            self.tail = bytes.fromhex(values[1]).decode(errors="replace")
        elif what == "gone":
            self.survivors = int(values[0])
            self._over()

    def _supervisor_lost(self) -> None:
        """The supervisor was killed: the kernel dies with it, the rest is found by its mark."""
        janitor.kill_kernel(self._mark)
        self._over()

    def _over(self) -> None:
        if self.returncode is None:
            self.returncode = _LOST
        self.gone = True
        self._socket.close()
        self._supervisor.wait()

    def _read_until(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        end = None if timeout is None else time.monotonic() + timeout
        self.pump()
        while not condition():
            left = None if end is None else end - time.monotonic()
            if self.gone or (left is not None and left <= 0):
                return condition()
            select.select([self._socket], [], [], left)
            self.pump()
        return True

    def poll(self) -> int | None:
        """The exit status, None while the kernel lives."""
        self.pump()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until nothing is left of the kernel; its exit status, None when `timeout` seconds did not suffice."""
        self._read_until(lambda: self.gone, timeout)
        return self.returncode if self.gone else None

    def _request(self, line: str) -> None:
        with contextlib.suppress(OSError):  # the supervisor is gone: `pump` will find out and act
            self._socket.sendall(line.encode() + b"\n")

    def send_signal(self, number: int) -> None:
        """Signal the kernel's process group (the kernel and the children that stayed in its group)."""
        if self.poll() is None:
            self._request(f"signal {int(number)}")

    def terminate(self) -> None:
        """Send SIGTERM to the kernel's process group."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the kernel and whatever it started, wherever that went; `wait` tells when it is done."""
        self._request("kill")

    def destroy(self) -> None:
        """Kill everything and wait for it; the supervisor itself is killed when it does not answer."""
        self.kill()
        if self.wait(supervisor.GIVE_UP + 5) is None:
            self._supervisor.kill()
            self.wait(supervisor.GIVE_UP)


class SupervisedProvisioner(LocalProvisioner):  # type: ignore[misc]  # jupyter_client is not typed for us
    """jupyter_client's local provisioner with the kernel under a supervisor."""

    process: SupervisedKernel | None
    folder = Unicode("", config=True, help="The kernel's temporary folder, removed with it; a new one by default.")

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the supervisor, and with it the kernel; the connection's ports and key."""
        environment = dict(kwargs.get("env") or os.environ)
        folder = self.folder or str(specs.new_folder().path)
        environment.setdefault(janitor.RUNNER, janitor.runner_mark())
        environment.setdefault(janitor.KERNEL, os.path.basename(folder))  # noqa: PTH119 - a string as it is
        self.cwd = str(kwargs.get("cwd") or os.getcwd())  # noqa: PTH109
        self.process = SupervisedKernel(cmd, environment, self.cwd, folder)
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait until nothing is left of the kernel; its exit status."""
        if self.process is None:
            return 0
        process = self.process
        while not process.gone:
            await _readable(process.fileno())
            process.pump()
        self.process = None
        return process.returncode

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel's process group."""
        if self.process is not None:
            self.process.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 - jupyter_client's signature
        """Kill the kernel and whatever it started."""
        if self.process is not None:
            self.process.kill()

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002 - jupyter_client's signature
        """Send SIGTERM to the kernel's process group."""
        if self.process is not None:
            self.process.terminate()


async def _readable(descriptor: int) -> None:
    """Wait until `descriptor` can be read."""
    loop = asyncio.get_running_loop()
    news: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, lambda: None if news.done() else news.set_result(None))
    try:
        await news
    finally:
        loop.remove_reader(descriptor)


class _OneSpecification(KernelSpecManager):  # type: ignore[misc]  # jupyter_client is not typed for us
    """Knows one kernel specification, made in memory, whatever the name; looks nowhere."""

    folder = Unicode()

    def get_kernel_spec(self, kernel_name: str) -> Any:
        """The one specification."""
        return KernelSpec(
            argv=specs.kernel_command(),
            display_name=kernel_name,
            language="python",
            name=kernel_name,
            metadata={"kernel_provisioner": {"provisioner_name": specs.PROVISIONER, "config": {"folder": self.folder}}},
        )


async def start_kernel(
    folder: specs.KernelFolder, environment: Mapping[str, str], cwd: str
) -> tuple[AsyncKernelManager, SupervisedKernel]:
    """Start a kernel; jupyter_client's object for it (connection, session) and the kernel as a Popen.

    The kernel is not ready yet when this returns. Raises OSError when the process cannot be started.
    """
    owner = AsyncKernelManager(
        kernel_name=specs.KERNEL_NAME,
        kernel_spec_manager=_OneSpecification(folder=str(folder.path)),
        connection_file=str(folder.connection_file),
        transport=folder.transport,
        cache_ports=folder.transport == "tcp",
        shutdown_wait_time=0,
    )
    await owner.start_kernel(env=dict(environment), cwd=cwd)
    return owner, owner.provisioner.process
