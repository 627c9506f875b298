"""MLflow's pages in JupyterLab: what `jupyter-server-proxy` starts, and the program that it starts.

The proxy loads `proxied` with Jupyter, so nothing heavy is imported here before `main`. MLflow answers whoever reaches
it, so it listens on a socket in a folder that only this account may enter, behind Jupyter's own token. While it starts
(MLflow takes its time), and where it cannot, a page of our own answers in its place, says why, and tries again.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from studio.server.mlflow_page import WaitingPage

_START_SECONDS = 180.0
_RETRY_SECONDS = 3.0
_LINES_KEPT = 30
_PR_SET_PDEATHSIG = 1
_CHILD = "--become"


def proxied() -> dict[str, Any]:
    """What `jupyter-server-proxy` is to know; its entry point is ``mlflow``, so the address is ``/mlflow/``."""
    return {
        "command": command,
        "timeout": 60,
        "absolute_url": False,
        "unix_socket": True,
        # MLflow looks at the host against DNS rebinding; Jupyter has looked at the real one.
        "request_headers_override": {"Host": "localhost"},
        "update_last_activity": False,
        "launcher_entry": {"enabled": False, "title": "MLflow"},
    }


def command(unix_socket: str) -> list[str]:
    """The program for this Jupyter server."""
    from jupyter_server.serverapp import ServerApp

    server = ServerApp.instance()
    root = str(getattr(server.contents_manager, "root_dir", "") or server.root_dir)
    # Braces would be filled in by the proxy.
    words = [sys.executable, "-P", "-m", "studio.server.mlflow_ui", root, unix_socket]
    return [word.replace("{", "{{").replace("}", "}}") for word in words]


class Elsewhere(Exception):
    """The workspace's runs are kept by an MLflow server that has pages of its own, at `address`."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def server(root: Path, listening: Path) -> tuple[list[str], dict[str, str]]:
    """The words and the environment with which MLflow shows the workspace's runs on the socket `listening`.

    Raises
    ------
    StudioError
        When there is no workspace, or its store cannot be used.
    Elsewhere
        When the store is a server.
    """
    from studio.core.workspace import find_workspace, working_in
    from studio.tracking.client import SILENT
    from studio.tracking.store import artifact_root, is_server, ready_store, tracking_uri

    with working_in(root):
        workspace = find_workspace()
        uri = tracking_uri(workspace)
        if is_server(uri):
            raise Elsewhere(uri)
        ready_store(workspace)
        artifacts = artifact_root(workspace)
    words = [sys.executable, "-P", "-m", "mlflow", "server", "--workers", "1", "--no-serve-artifacts"]
    words += ["--uvicorn-opts", f"--uds {listening}"]
    words += ["--default-artifact-root", artifacts] if artifacts else []
    environment = {**os.environ, **SILENT}
    # The address may hold a password, so it is no word of a command line, which everybody on the machine may read.
    environment |= {"MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    return words, environment


def main(root: Path, front: Path) -> NoReturn:
    """Keep MLflow's pages for the workspace around `root` on the socket `front`, until Jupyter is gone."""
    from studio.server.mlflow_page import WaitingPage

    parent = os.getppid()
    program = _Program(front.with_name("mlflow"))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        while True:
            with WaitingPage(front) as page:
                _try_until_up(root, program, page)
                program.listening.replace(front)  # from one moment to the next MLflow answers itself
            program.wait()
            sys.stderr.write("MLflow's server ended; its page says why.\n")
    finally:
        program.end()


def _try_until_up(root: Path, program: _Program, page: WaitingPage) -> None:
    """Return when MLflow answers; until then the page says what is the matter, and every look at it tries again."""
    from studio.core.errors import StudioError

    while True:
        try:
            if program.failed:
                page.tell("MLflow's server ended.", program.said())
                page.wait_until_asked(_RETRY_SECONDS)
            program.start(*server(root, program.listening))
            page.starting()
            if program.is_up(_START_SECONDS):
                return
        except Elsewhere as elsewhere:
            page.refer(elsewhere.address)
            page.wait_until_asked(_RETRY_SECONDS)
        except StudioError as error:
            page.tell(str(error))
            page.wait_until_asked(_RETRY_SECONDS)


class _Program:
    """MLflow's server: one process that starts others, which are ended together."""

    def __init__(self, listening: Path) -> None:
        self.listening = listening
        self._process: subprocess.Popen[str] | None = None
        self._lines: collections.deque[str] = collections.deque(maxlen=_LINES_KEPT)

    @property
    def failed(self) -> bool:
        """Whether it was started and has ended."""
        return self._process is not None and self._process.poll() is not None

    def start(self, words: list[str], environment: dict[str, str]) -> None:
        """Start it."""
        self.end()
        self.listening.unlink(missing_ok=True)
        self._lines.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "studio.server.mlflow_ui", _CHILD, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    def is_up(self, seconds: float) -> bool:
        """Whether it answers within `seconds`; False when it ends before."""
        end = time.monotonic() + seconds
        while not self.failed:
            if _answers(self.listening):
                return True
            if time.monotonic() > end:
                self._lines.append(f"It did not answer within {seconds:g} seconds.")
                self.end()
                return False
            time.sleep(0.3)
        return False

    def wait(self) -> None:
        """Wait until it ends."""
        if self._process is not None:
            self._process.wait()

    def said(self) -> str:
        """Its last lines."""
        return "\n".join(self._lines)

    def end(self) -> None:
        """End it and what it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _listen(self, output: IO[str]) -> None:
        for line in output:
            self._lines.append(line.rstrip())
            sys.stderr.write(f"mlflow: {line}")
        output.close()


def _answers(listening: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(5)
            asking.connect(str(listening))
            asking.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return b" 200 " in asking.recv(100)
    except OSError:
        return False


def _become(words: list[str]) -> NoReturn:
    """Become MLflow's first process, which ends with its parent, also when that is killed without a word (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    os.execv(words[0], words)  # noqa: S606  this program's own words


def _end_with(parent: int) -> None:
    """End this program when Jupyter is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    if sys.argv[1] == _CHILD:
        _become(sys.argv[2:])
    main(Path(sys.argv[1]), Path(sys.argv[2]))
