"""What runs in the kernel's process: ipykernel as it is, but for what would make two runs of one notebook differ.

Started as ``python -I launcher.py -f CONNECTION_FILE …`` by the supervisor. No configuration or start-up file is
read, from wherever. ``sys.path`` is the notebook's folder, the workspace's root and the installation.

The end is ours too (`leave`): ipykernel's own stops the thread that sends outputs while its control thread may still
hand outputs to it, and then waits for the control thread, at times for ever.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import zmq
from ipykernel.iostream import PIPE_BUFFER_SIZE, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.jsonutil import json_default
from jupyter_client.session import json_packer
from traitlets.config import Config

READY_VARIABLE = "STUDIO_KERNEL_READY"
PIECE = 256 * 1024
"""Characters of one stream message at most, so that a flood reaches the runner in pieces it can bound."""
FAREWELL = "studio_farewell"
"""The last message of the output channel: the runner has all outputs once it has this one."""
HEARD = "studio_heard"
"""The runner's answer to it, on the control channel; the kernel may go."""
_LINGER = 1.0
"""Seconds for an answer of a client that has not said that it gives one (`_FAREWELL_LIMIT` for one that has)."""
_FAREWELL_LIMIT = 60.0
_STEP_LIMIT = 10.0
"""Seconds for each other thing at the end that may hang on a thread of the notebook's."""


class PiecewiseStream(OutStream):  # type: ignore[misc]  # ipykernel is not typed for us
    """stdout or stderr, sent in pieces of bounded size."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self._reading = threading.Lock()  # from reading what came from the descriptor until it is written here
        super().__init__(*given, **named)

    def _watch_pipe_fd(self) -> None:
        poll = select.poll()
        poll.register(self._fid, select.POLLIN)
        try:
            while poll.poll():
                with self._reading:
                    data = os.read(self._fid, PIPE_BUFFER_SIZE)
                    if not data or not self._should_watch:
                        return
                    self.write(data.decode(errors="replace"))
                    os.write(self._original_stdstream_copy, data)
        except Exception:  # noqa: BLE001 - shown when the stream is closed, as in ipykernel
            self._exc = sys.exc_info()

    def drain(self, until: float) -> None:
        """Wait until all that subprocesses and C code have written to the descriptor is in this stream."""
        if self._fid is None:
            return
        poll = select.poll()
        poll.register(self._fid, select.POLLIN)
        while self.watch_fd_thread.is_alive() and self._reading.acquire(timeout=max(0.0, until - time.monotonic())):
            waiting = poll.poll(0)
            self._reading.release()
            if not waiting or time.monotonic() >= until:
                return
            time.sleep(0.001)

    def _flush_buffers(self) -> Iterator[tuple[Any, str]]:
        for parent, text in super()._flush_buffers():
            for start in range(0, len(text), PIECE):
                yield parent, text[start : start + PIECE]


class Kernel(IPythonKernel):  # type: ignore[misc]  # ipykernel is not typed for us
    """IPython's kernel, which on shutdown asks its children to end but does not wait for them.

    ipykernel waits up to 14 s for children that ignore SIGTERM (multiprocessing's resource tracker does); here the
    supervisor kills what is left.
    """

    asked: Any = None
    """The request to shut down, once there was one."""

    async def shutdown_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Note who asks, and do as ever."""
        self.asked = parent
        await super().shutdown_request(stream, ident, parent)

    async def _progressively_terminate_all_children(self) -> None:
        self._signal_children(signal.SIGTERM)


def pack(message: Any) -> bytes:
    """A message as JSON; text that is not valid Unicode (lone surrogates) is escaped.

    jupyter_client's packer fails on such text: what was printed is lost, and where an error's message holds it the
    reply is never sent, so that the runner would wait for ever.
    """
    try:
        return bytes(json_packer(message))
    except UnicodeEncodeError:
        return json.dumps(message, default=json_default).encode()


class KernelApp(IPKernelApp):  # type: ignore[misc]  # ipykernel is not typed for us
    """ipykernel's application without any configuration but the command line."""

    def load_config_file(self, *_: object, **__: object) -> None:
        """Read no configuration file: neither the user's nor the system's."""

    def _run_startup_files(self) -> None:
        """Run no start-up file."""

    def _bind_socket(self, s: Any, port: int) -> Any:
        if s.type == zmq.XPUB:
            s.sndhwm = 0  # a full queue would drop output silently
        return super()._bind_socket(s, port)


def own_path() -> list[str]:
    """The entries of ``sys.path`` before those of the installation."""
    entries = [os.getcwd(), os.environ.get("STUDIO_WORKSPACE", "")]  # noqa: PTH109 - strings as they are
    return [entry for entry in dict.fromkeys(entries) if entry]


def adopt() -> None:
    """Let plain MLflow calls land in the step's run, where the environment names one."""
    run = os.environ.get("MLFLOW_RUN_ID")
    if run:
        from studio.tracking.adopt import install

        install(run)


def leave(app: KernelApp, streams: list[PiecewiseStream], status: int) -> NoReturn:
    """End this process as Python would, up to where it would tear down the interpreter, which is left out.

    Threads are joined, exit hooks are run, files are written, and the outputs of all that reach the runner. ipykernel's
    threads and sockets stay as they are until the process is gone: any thread may be using them.
    """
    try:
        atexit.unregister(app.close)
        atexit.unregister(app.iopub_thread.stop)
        for stream in streams:
            stream.parent_header = stream._parent_header_global  # what hooks print belongs to the last cell
        _told(threading._shutdown)  # type: ignore[attr-defined]  # what the interpreter calls first at its end
        _told(atexit._run_exitfuncs)
        _bounded(_write_open_files)
        for stream in streams:
            stream.drain(time.monotonic() + _STEP_LIMIT)
            _told(stream.flush)
        _say_farewell(app)
    finally:
        os._exit(status)


def _told(action: Callable[[], object]) -> None:
    """Do it; an exception is shown and ends nothing, as at the interpreter's end."""
    try:
        action()
    except BaseException:  # noqa: BLE001 - also what a hook or a thread's end raises to get out
        traceback.print_exc()


def _bounded(action: Callable[[], object]) -> None:
    """Do it, but do not wait for longer than `_STEP_LIMIT`."""
    thread = threading.Thread(target=_told, args=(action,), daemon=True)
    thread.start()
    thread.join(_STEP_LIMIT)


def _write_open_files() -> None:
    """Write what is buffered in files that nobody closed, as Python does when it tears down what holds them.

    Then let the finalizers of what only circles hold run, which Python does as well.
    """
    found = gc.get_objects()
    for kind in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom):  # text first: it writes into the others
        for file in [item for item in found if issubclass(type(item), kind)]:
            if not file.closed and file.writable():
                _told(file.flush)
    del found
    gc.collect()


def _say_farewell(app: KernelApp) -> None:
    """Tell the runner that this was all, and stay until it has heard: what is on its way dies with this process."""
    kernel, control = app.kernel, app.control_thread
    if kernel.asked is None:
        control.stop()
    control.join(_STEP_LIMIT)
    if control.is_alive():
        return  # the socket is in its hands
    request = kernel.asked or {}
    kernel.session.send(app.iopub_socket, FAREWELL, {}, parent=request or None)
    until = time.monotonic() + (_FAREWELL_LIMIT if request.get("content", {}).get("farewell") else _LINGER)
    while (left := until - time.monotonic()) > 0 and app.control_socket.poll(int(left * 1000)):
        message = kernel.session.recv(app.control_socket)[1]
        if message is not None and message["msg_type"] == HEARD:
            return


def exit_status(error: SystemExit) -> int:
    """The status with which Python would end."""
    if error.code is None or isinstance(error.code, int):
        return (error.code or 0) & 0xFF
    sys.stderr.write(f"{error.code}\n")
    return 1


def main(arguments: list[str]) -> None:
    """Serve until the runner asks to shut down."""
    own, status = os.getpid(), 0
    ready = int(os.environ.pop(READY_VARIABLE, "-1"))
    app = KernelApp.instance(
        parent_handle=os.getppid(),
        kernel_class=Kernel,
        outstream_class=f"{__name__}.{PiecewiseStream.__name__}",
        exec_PYTHONSTARTUP=False,
        config=Config(Session={"packer": f"{__name__}.{pack.__name__}"}),
    )
    app.initialize(arguments)
    streams: list[Any] = [sys.stdout, sys.stderr]
    adopt()
    sys.path[:0] = own_path()
    if ready >= 0:
        os.write(ready, b"1")
        os.close(ready)
    try:
        app.start()
    except SystemExit as error:
        status = exit_status(error)
    except BaseException:  # noqa: BLE001 - shown, and told by the status
        traceback.print_exc()
        status = 1
    if os.getpid() == own:
        leave(app, streams, status)
    sys.exit(status)  # a process that a cell forked and that came this far


if __name__ == "__main__":
    main(sys.argv[1:])
