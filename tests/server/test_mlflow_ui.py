"""MLflow's pages behind Jupyter: let in by its token only, and a page that says why where there are none."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.server.mlflow_page import WaitingPage
from studio.server.mlflow_ui import Elsewhere, server
from tests.conftest import Place
from tests.server.asking import Client, jupyter_server_at


def page(client: Client, path: str = "", method: str = "GET", **headers: str) -> tuple[int, str]:
    address = urllib.parse.urlsplit(client.server.address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=90)
    own = {"Authorization": f"token {client.server.token}"} if client.token is not None else {}
    body = b'{"name": "probe", "max_results": 5}' if method == "POST" else None
    with contextlib.closing(connection):
        connection.request(method, f"/mlflow/{path}", body, own | {"Content-Type": "application/json"} | headers)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode(errors="replace")


def until(client: Client, status: int, seconds: float = 120) -> str:
    end = time.monotonic() + seconds
    while True:
        found, text = page(client)
        if found == status:
            return text
        assert time.monotonic() < end, (found, text)
        time.sleep(0.5)


def programs(root: Path) -> list[int]:
    """The processes that show the MLflow store of this workspace."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            home = (folder / "environ").read_bytes().decode(errors="replace")
            ours = "studio.server.mlflow_ui" in words or "mlflow" in words or "uvicorn" in words
            if ours and f"STUDIO_PROBE={root}\0" in home:
                found.append(int(folder.name))
    return found


def told(pids: list[int]) -> str:
    """What is left behind."""
    return "\n".join(Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ") for pid in pids)


@pytest.fixture
def client(place: Place, tmp_path: Path) -> Iterator[Client]:
    with jupyter_server_at(place.root, tmp_path / "state", STUDIO_PROBE=str(place.root)) as found:
        yield found


@pytest.mark.slow
def test_mlflow_is_shown_and_ends_with_jupyter(place: Place, tmp_path: Path) -> None:
    with jupyter_server_at(place.root, tmp_path / "state", STUDIO_PROBE=str(place.root)) as client:
        assert page(Client(client.server, None))[0] in {302, 403}, "nobody is let in without a token"
        assert programs(place.root) == [], "and nothing is started for them"
        status, text = page(client)
        assert status == 202
        assert "MLflow is starting" in text
        assert "<title>MLflow</title>" in until(client, 200)
        status, text = page(client, "ajax-api/2.0/mlflow/experiments/search", "POST")
        assert (status, "experiment_id" in text) == (200, True), text
        status, _ = page(client, "ajax-api/2.0/mlflow/experiments/create", "POST", Origin="https://evil.example")
        assert status == 403, "another site's page cannot write"
        started = programs(place.root)
        assert len(started) >= 2
        words = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in started)
        assert b"mlflow.db" not in words, "the store's address, which may hold a password, is in no list of processes"
        # MLflow dies: its page says so, and looking at it starts it again.
        uvicorn = [pid for pid in started if b"uvicorn\0--uds" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        for pid in uvicorn:
            os.kill(pid, signal.SIGKILL)
        assert "MLflow&#x27;s server ended." in until(client, 503)
        until(client, 200)
    end = time.monotonic() + 20
    while programs(place.root):
        assert time.monotonic() < end, told(programs(place.root))
        time.sleep(0.2)


@pytest.mark.heavy
def test_mlflow_ends_although_everything_above_it_was_killed(place: Place, client: Client) -> None:
    until(client, 200)
    started = programs(place.root)
    (own,) = [pid for pid in started if b"studio.server.mlflow_ui" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(own, signal.SIGKILL)
    end = time.monotonic() + 20
    while left := set(programs(place.root)).intersection(started):
        assert time.monotonic() < end, told(list(left))
        time.sleep(0.2)
    until(client, 202)  # the proxy starts it again


@pytest.mark.heavy
def test_a_store_that_cannot_be_used_says_why_and_is_shown_when_it_can(place: Place, client: Client) -> None:
    settings = (place.root / "studio.toml").read_text()
    (place.root / ".studio").mkdir(exist_ok=True)
    place.write("broken.db", "this is no database, and longer than a header of one would be" * 20)
    place.write("studio.toml", settings + '\n[tracking]\nuri = "sqlite:///broken.db"\n')
    text = until(client, 503)
    assert "MLflow cannot be shown" in text
    assert "broken.db" in text
    assert "Next: " in text
    place.write("studio.toml", settings + "\n[trackign]\n")
    time.sleep(4)
    page(client)
    end = time.monotonic() + 30
    while "Did you mean" not in page(client)[1]:
        assert time.monotonic() < end
        time.sleep(0.5)
    place.write("studio.toml", settings)
    assert "<title>MLflow</title>" in until(client, 200)


def test_a_store_that_is_a_server_is_linked_to(place: Place, tmp_path: Path) -> None:
    place.write("studio.toml", 'version = 1\n[tracking]\nuri = "https://anna:hunter2@mlflow.example.org/"\n')
    with pytest.raises(Elsewhere) as raised:
        server(place.root, tmp_path / "socket")
    with WaitingPage(tmp_path / "front") as shown:
        shown.refer(raised.value.address)
        status, content = shown.answer()
    assert status == 200
    assert b'href="https://anna:***@mlflow.example.org"' in content
    assert b"hunter2" not in content


def test_no_address_of_a_store_stands_in_a_list_of_processes(place: Place, tmp_path: Path) -> None:
    words, environment = server(place.root, tmp_path / "socket")
    assert "mlflow.db" not in " ".join(words)
    assert environment["MLFLOW_BACKEND_STORE_URI"].endswith("/.studio/mlflow.db")
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert words[words.index("--workers") + 1] == "1"


def test_the_page_tells_a_reason_as_text_and_runs_nothing(tmp_path: Path) -> None:
    front = tmp_path / "front"
    with WaitingPage(front) as shown:
        shown.tell("<script>alert(1)</script> failed. Next: mend <it>.", "line <1>")
        done = subprocess.run(
            ["curl", "-s", "-i", "--unix-socket", str(front), "http://localhost/any/where"],
            capture_output=True,
            text=True,
            check=True,
        )
    assert "HTTP/1.0 503" in done.stdout
    assert "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'" in done.stdout
    assert "<script>" not in done.stdout
    assert "Next: mend &lt;it&gt;." in done.stdout
    assert "line &lt;1&gt;" in done.stdout
