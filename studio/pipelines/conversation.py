"""The talk with one kernel, from its start to its end, in the calling thread: what is waited for is waited for at once.

One poll covers the kernel's messages, its supervisor's reports and the cancellation, so that an answer, a death and a
wish to stop are all noticed in the moment they come, and no time passes in sleeps.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient

from studio.pipelines.execution import Cancellation
from studio.pipelines.kernels import specs
from studio.pipelines.kernels.provisioner import SupervisedKernel, start_kernel

Message = dict[str, Any]

SILENCE = 30.0
"""Seconds after a cell's reply in which its last outputs must come (a cell may have broken the kernel's sockets)."""
_RECEIVE_AHEAD = 64
"""Messages taken in ahead; with the launcher's pieces of 256 KiB this bounds what a flood can fill."""
_BATCH = 200
_HANDSHAKE = 1.0
_LAST_WORDS = 0.1
_FAREWELL, _HEARD = "studio_farewell", "studio_heard"
"""The launcher's last message, sent when all its outputs have been, and the answer that lets the kernel go."""
_CONNECTIONLESS = 2.0
"""Seconds that a kernel may live on without its sockets: a dying one for a moment, one that became another program."""


class Cancelled(Exception):
    """The cancellation was called."""


class TooLate(Exception):
    """The time given has passed."""


class KernelEnded(Exception):
    """The kernel's process ended without having been asked to."""


class KernelSilent(Exception):
    """The kernel lives but no longer answers on its sockets."""


class Conversation:
    """One kernel.

    Parameters
    ----------
    cwd : Path
        Its working folder.
    environment : Mapping[str, str]
        What its environment has besides the runner's.
    cancellation : Cancellation
        Makes every wait raise `Cancelled`.
    """

    def __init__(self, cwd: Path, environment: Mapping[str, str], cancellation: Cancellation) -> None:
        self.kernel: SupervisedKernel | None = None
        self.client: Any = None
        self.on_message: Callable[[Message], None] = lambda _: None
        self.on_turn: Callable[[], float | None] = lambda: None
        self._cwd = cwd
        self._environment = environment
        self._cancellation = cancellation
        self._poller = zmq.Poller()
        self._poller.register(cancellation.fileno(), zmq.POLLIN)
        self._context = zmq.Context()
        self._context.setsockopt(zmq.RCVHWM, _RECEIVE_AHEAD)
        self._loop = asyncio.Runner()
        self._folder: specs.KernelFolder | None = None
        self._owner: Any = None
        self._request = ""
        self._reply: Message | None = None
        self._idle = False
        self._monitor: Any = None
        self._disconnected: float | None = None

    # ------------------------------------------------------------------ start

    def start(self, until: float | None) -> Message:
        """Start the kernel and wait until it answers; its answer to ``kernel_info``.

        Raises
        ------
        OSError
            When no process could be started.
        Cancelled, TooLate, KernelEnded
            When it did not come up.
        """
        self._folder = specs.new_folder()
        environment = specs.kernel_environment(self._environment, self._folder)
        self._owner, self.kernel = self._loop.run(start_kernel(self._folder, environment, str(self._cwd)))
        self._check_alive()
        self._poller.register(self.kernel.fileno(), zmq.POLLIN)
        while not self.kernel.ready:
            self._check_alive()
            self._wait(until)
            self._check_time(until)
        self._connect()
        return self._shake_hands(until)

    def _connect(self) -> None:
        information = self._owner.get_connection_info(session=True)
        self.client = BlockingKernelClient(
            **information, connection_file=self._owner.connection_file, context=self._context
        )
        self.client.allow_stdin = False
        for channel in self._channels():
            self._poller.register(channel.socket, zmq.POLLIN)
        self._monitor = self.client.shell_channel.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._poller.register(self._monitor, zmq.POLLIN)

    def _channels(self) -> list[Any]:
        return [self.client.shell_channel, self.client.iopub_channel, self.client.control_channel]

    def _shake_hands(self, until: float | None) -> Message:
        """Ask until the kernel answers on both channels: only then is the subscription to its outputs in force."""
        while True:
            soon = time.monotonic() + _HANDSHAKE
            try:
                return self.ask(self.client.kernel_info, soon if until is None else min(soon, until))
            except TooLate:
                self._check_time(until)

    # ------------------------------------------------------------------ talk

    def ask(self, send: Callable[[], str], until: float | None) -> Message:
        """Send a request on the shell channel; its reply, once all its outputs are in.

        Outputs go to `on_message` as they come; `on_turn` is called in between and tells when it wants to be
        called next at the latest.
        """
        self._request, self._reply, self._idle = send(), None, False
        return self.await_reply(until)

    def await_reply(self, until: float | None) -> Message:
        """Go on waiting for the reply to the last request, as `ask` does."""
        request = self._request
        heard = time.monotonic()
        while self._reply is None or not self._idle:
            self._check_time(until)
            wake = self.on_turn()
            silent = self._silent_from(heard)
            self._wait(_earliest(until, wake, silent))
            count = 0
            for message in self._received(self.client.shell_channel):
                self._reply = message if _parent(message) == request else self._reply
                count += 1
            for message in self._received(self.client.iopub_channel):
                self.on_message(message)
                self._idle = self._idle or (_is_idle(message) and _parent(message) == request)
                count += 1
            if count:
                heard = time.monotonic()
                continue
            self._check_last_words()
            if silent is not None and time.monotonic() >= silent:
                raise KernelSilent
        return self._reply

    def _silent_from(self, heard: float) -> float | None:
        """From when on the kernel counts as silent, when nothing more is heard; None while it may take its time."""
        after_reply = None if self._reply is None else heard + SILENCE
        return _earliest(after_reply, None if self._disconnected is None else self._disconnected + _CONNECTIONLESS)

    def interrupt(self) -> None:
        """Send SIGINT to the kernel's process group."""
        if self.kernel is not None:
            self.kernel.send_signal(signal.SIGINT)

    def _wait(self, until: float | None) -> None:
        """Wait for news; `Cancelled` as soon as that is called."""
        timeout = None if until is None else max(0, math.ceil((until - time.monotonic()) * 1000))
        ready = dict(self._poller.poll(timeout))
        if self._cancellation.cancelled:
            raise Cancelled
        if self.kernel is not None and self._alive():
            descriptor = self.kernel.fileno()
            if descriptor in ready:
                self.kernel.pump()
                if self.kernel.returncode is not None:
                    self._poller.unregister(descriptor)
        if self._monitor in ready:
            self._monitor.recv_multipart()
            self._disconnected = self._disconnected or time.monotonic()

    def _received(self, channel: Any) -> Iterator[Message]:
        """The messages that are there, up to a number after which others must have their turn."""
        session = self.client.session
        for _ in range(_BATCH):
            try:
                frames = channel.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                yield session.deserialize(session.feed_identities(frames)[1])
            except (ValueError, TypeError, KeyError, IndexError):
                continue  # not signed by this kernel, or not a message: a cell has written on the socket

    def _alive(self) -> bool:
        return self.kernel is not None and self.kernel.returncode is None

    def _check_alive(self) -> None:
        if not self._alive():
            raise KernelEnded

    def _check_last_words(self) -> None:
        """`KernelEnded` when it is dead and what it still said has been taken in."""
        if self._alive():
            return
        outputs = zmq.Poller()
        for channel in (self.client.shell_channel, self.client.iopub_channel):
            outputs.register(channel.socket, zmq.POLLIN)
        if not outputs.poll(int(_LAST_WORDS * 1000)):
            raise KernelEnded

    @staticmethod
    def _check_time(until: float | None) -> None:
        if until is not None and time.monotonic() >= until:
            raise TooLate

    # ------------------------------------------------------------------ end

    def shut_down(self, until: float) -> bool:
        """Ask the kernel to end and wait until it has; whether it confirmed that it ends because it was asked to.

        Raises
        ------
        TooLate
            When it has not ended by then.
        """
        request = self.client.session.msg("shutdown_request", content={"restart": False, "farewell": True})
        self.client.control_channel.send(request)
        confirmed = False
        while self._alive():
            self._check_time(until)
            self._wait(until)
            confirmed = self._confirmed(request) or confirmed
        confirmed = self._confirmed(request) or confirmed
        control = zmq.Poller()
        control.register(self.client.control_channel.socket, zmq.POLLIN)
        while not confirmed and control.poll(int(_LAST_WORDS * 1000)):
            confirmed = self._confirmed(request)
        return confirmed

    def _confirmed(self, request: Message) -> bool:
        """Take in what has come; whether the reply to the shutdown request, or the farewell, was among it."""
        replies = [_parent(message) for message in self._received(self.client.control_channel)]
        for message in self._received(self.client.iopub_channel):
            if message["msg_type"] == _FAREWELL:
                replies.append(_parent(message))
                self.client.control_channel.send(self.client.session.msg(_HEARD))
            else:
                self.on_message(message)
        return request["header"]["msg_id"] in replies

    def close(self) -> None:
        """Kill what is left and give back everything; the kernel's tree of processes is gone afterwards."""
        if self.kernel is not None and not self.kernel.gone:
            self.kernel.destroy()
        if self._monitor is not None:
            self.client.shell_channel.socket.disable_monitor()
        if self.client is not None:
            for channel in self._channels():
                channel.stop()
        if self._owner is not None:
            self._loop.run(self._owner.cleanup_resources())
        self._loop.close()
        self._context.destroy(linger=0)
        if self._folder is not None:
            shutil.rmtree(self._folder.path, ignore_errors=True)

    @property
    def exit_code(self) -> int | None:
        """The kernel's exit status, negative for a signal; None when none was started or it still runs."""
        return None if self.kernel is None else self.kernel.returncode


def _parent(message: Message) -> str:
    return str(message["parent_header"].get("msg_id", ""))


def _is_idle(message: Message) -> bool:
    return bool(message["msg_type"] == "status" and message["content"].get("execution_state") == "idle")


def _earliest(*moments: float | None) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)
