"""A real server of apps, and somebody before it: over HTTP and websockets, as a browser is."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from studio.pipelines.kernels.supervisor import processes
from tests.conftest import Place

TOKEN = "the-token-of-the-tests"
SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Apps:
    """A running server, and one browser with its cookie."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    said: dict[str, Any]
    cookie: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request; headers with ``_`` for ``-``; the cookie is sent unless ``Cookie`` is given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie and "Cookie" not in sent:
            sent["Cookie"] = self.cookie
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Look at something."""
        return self.ask("GET", path, **headers)

    def enter(self) -> None:
        """Open the complete address, and keep the cookie."""
        answer = self.get(f"/?token={TOKEN}")
        assert answer.status == 302, answer.text
        self.cookie = answer.headers["set-cookie"].partition(";")[0]

    def open(self, name: str, patience: float = 120.0) -> Answer:
        """The page of an app, after its waiting page where there is one; also one that says no."""
        answer = self.get(f"/app/{name}")
        found = re.search(r'data-studio-ask="([^"]+)" data-studio-open="([^"]+)"', answer.text)
        end = time.monotonic() + patience
        while found and time.monotonic() < end:
            asked = self.get(found[1])
            if asked.status == 404 or asked.json["ready"]:
                return self.get(found[2])
            time.sleep(0.05)
        return answer

    def connect(self, kernel: str) -> ClientConnection:
        """The page's connection to its kernel."""
        return connect(
            f"ws://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?session_id={uuid.uuid4()}",
            additional_headers={"Cookie": self.cookie},
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            max_size=None,
            open_timeout=60,
        )

    def leave(self, kernel: str) -> Answer:
        """What a browser sends when the page is closed."""
        return self.ask("POST", f"/alive/{kernel}", b"", Sec_Fetch_Site="same-origin")

    def kernels(self) -> int:
        """How many kernels the server has, as the system sees them."""
        return len(children_of(self.process.pid))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal the server; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


def children_of(pid: int) -> list[int]:
    """The living children of a process: of the server, one supervisor for each kernel."""
    return [child for child, (parent, _, state) in processes().items() if parent == pid and state != "Z"]


def kernel_of(page: Answer) -> str:
    """The identifier of the kernel that a page belongs to."""
    found = re.search(r'"kernelId": "([0-9a-f-]{36})"', page.text)
    assert found, page.text[:2000]
    return found[1]


def message(kind: str, content: dict[str, Any], channel: str = "shell") -> bytes:
    """A message as a browser sends it."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": kind,
        "username": "",
        "session": "s",
        "version": "5.3",
        "date": "",
    }
    parts = [channel.encode(), *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    numbers = [len(offsets), *offsets]
    return b"".join(number.to_bytes(8, "little") for number in numbers) + b"".join(parts)


def read(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and content of a message as a browser gets it."""
    count = int.from_bytes(data[:8], "little")
    offsets = [int.from_bytes(data[8 * (i + 1) : 8 * (i + 2)], "little") for i in range(count)]
    parts = [data[start:end] for start, end in pairwise(offsets)]
    return json.loads(parts[1]), json.loads(parts[4])


@contextlib.contextmanager
def serving(place: Place, folder: Path, *words: str, **environment: str) -> Iterator[Apps]:
    """The server of the workspace's apps on a free port, ended with the block."""
    log = folder / "apps.log"
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("STUDIO_", "JUPYTER"))}
    settings |= {"STUDIO_APPS_TOKEN": TOKEN, "PYTHONWARNINGS": "ignore"} | environment
    command = [sys.executable, "-m", "studio.server.apps", "--workspace", str(place.root), "--port", "0", "--json"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *words], stdout=subprocess.PIPE, stderr=output, env=settings, start_new_session=True
        )
    try:
        assert process.stdout is not None
        said = json.loads(_until_brace(process))
        port = urllib.parse.urlsplit(said["address"]).port or 0
        yield Apps(process, port, log, said)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def _until_brace(process: subprocess.Popen[bytes]) -> bytes:
    lines: list[bytes] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line == b"}\n":
            break
    return b"".join(lines)
