"""Ask a real Jupyter server for Studio's answers, as the front end does."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import Jupyter, jupyter

PREFIX = "/studio/api/v1/"
_LEFT_OUT = (
    "jupyter_lsp",
    "jupyter_server_terminals",
    "jupyterlab",
    "jupyterlab_jupytext",
    "nbdime",
    "notebook_shim",
    "voila.server_extension",
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """Somebody with the token (or with none) before one Jupyter server."""

    server: Jupyter
    token: str | None = "the server's"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request below ``/studio/api/v1/``; `body` as JSON, or bytes as they are."""
        with self._asked(method, path, body, headers) as answer:
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def get(self, path: str, /, **query: Any) -> Answer:
        """Look something up."""
        words = urllib.parse.urlencode(query, doseq=True)
        return self.ask("GET", f"{path}?{words}" if words else path)

    def post(self, path: str, /, **body: Any) -> Answer:
        """Do something."""
        return self.ask("POST", path, body)

    def ok(self, answer: Answer) -> Any:
        """The JSON of an answer that is none of an error."""
        assert answer.status == 200, answer.body.decode()
        return answer.json

    def events(self, path: str, /, *, headers: dict[str, str] | None = None, **query: Any) -> Iterator[dict[str, Any]]:
        """The events of a stream, each with its ``event``, ``id`` and ``data``, until the server ends it."""
        words = urllib.parse.urlencode(query)
        with self._asked("GET", f"{path}?{words}", None, headers or {}) as answer:
            assert answer.status == 200, answer.read().decode()
            assert answer.getheader("Content-Type") == "text/event-stream"
            event: dict[str, Any] = {}
            for raw in answer:
                line = raw.decode().rstrip("\n")
                if not line and "data" in event:
                    yield event
                if not line:
                    event = {}
                    continue
                name, _, value = line.partition(": ")
                if name in {"event", "id"}:
                    event[name] = value
                elif name == "data":
                    event["data"] = json.loads(value)

    @contextmanager
    def _asked(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
        address = urllib.parse.urlsplit(self.server.address)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
        token = self.server.token if self.token == "the server's" else self.token
        own = {"Authorization": f"token {token}"} if token is not None else {}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(method, PREFIX + path, content, own | headers)
            with connection.getresponse() as answer:
                yield answer
        finally:
            connection.close()


@contextmanager
def jupyter_server_at(root: Path, state: Path, *, actor: str = "", **environment: str) -> Iterator[Client]:
    """A Jupyter server (without Lab) on the folder `root`, as the person `actor`; whoever has its token.

    Extensions that have no part in it are left out: they are what takes most of its start.
    """
    config = state / "config"
    config.mkdir(parents=True, exist_ok=True)
    left_out = {"ServerApp": {"jpserver_extensions": dict.fromkeys(_LEFT_OUT, False)}}
    (config / "jupyter_server_config.json").write_text(json.dumps(left_out), encoding="utf-8")
    words = ("--ServerApp.log_level=INFO",)
    with jupyter(root, state, actor=actor, program="server", words=words, **environment) as server:
        yield Client(server)
