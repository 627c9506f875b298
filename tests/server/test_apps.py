"""The apps behind Jupyter: listed for the launcher, opened with Jupyter's token, gone with Jupyter."""

from __future__ import annotations

import http.client
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.pipelines.kernels.supervisor import processes
from tests.conftest import Place, notebook
from tests.server.asking import Client, jupyter_server_at
from tests.server.conftest import small_workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = small_workspace(Place(tmp_path_factory.mktemp("small") / "workspace"))
    place.write("notebooks/apps/page.ipynb", notebook("print(6 * 7)", title="A page", description="What for"))
    place.write("notebooks/apps/torn.ipynb", "{")
    return place


@pytest.fixture(scope="module")
def dora(workspace: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with jupyter_server_at(workspace.root, tmp_path_factory.mktemp("dora"), actor="bob") as client:
        yield client


def fetched(client: Client, path: str, *, token: str | None = None) -> tuple[int, dict[str, str], str]:
    """One request beside Studio's addresses."""
    address = urllib.parse.urlsplit(client.server.address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    try:
        connection.request("GET", path, headers={"Authorization": f"token {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def test_the_launcher_is_told_of_all_apps(dora: Client) -> None:
    found = {app["name"]: app for app in dora.ok(dora.get("apps"))["apps"]}
    page = found["page"]
    assert (page["title"], page["description"], page["problem"]) == ("A page", "What for", "")
    assert (page["address"], page["path"]) == ("/studio-apps/app/page", "notebooks/apps/page.ipynb")
    assert (found["torn"]["address"], found["torn"]["problem"] != "") == ("", True)
    assert (found["scenario"]["origin"], found["scenario"]["path"]) == ("studio", None)


def test_an_app_is_behind_jupyters_token(dora: Client) -> None:
    status, headers, _ = fetched(dora, "/studio-apps/app/page")
    assert status in (302, 403)
    assert status == 403 or headers["location"].startswith("/login")
    status, headers, page = fetched(dora, "/studio-apps/app/page", token=dora.server.token)
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "A page" in page
    assert "/studio-apps/voila/static/studio.css" in page
    status, _, style = fetched(dora, "/studio-apps/voila/static/studio.css", token=dora.server.token)
    assert (status, ".studio-header" in style) == (200, True)


def test_the_server_of_the_apps_cannot_be_reached_beside_jupyter(dora: Client) -> None:
    fetched(dora, "/studio-apps/", token=dora.server.token)
    (server,) = servers(dora)
    words = command(server)
    socket = Path(words[words.index("--socket") + 1])
    assert socket.stat().st_mode & 0o077 == 0
    assert socket.parent.stat().st_mode & 0o077 == 0


def test_it_ends_with_jupyter(workspace: Place, tmp_path: Path) -> None:
    with jupyter_server_at(workspace.root, tmp_path, actor="bob") as client:
        assert fetched(client, "/studio-apps/app/page", token=client.server.token)[0] == 200
        (server,) = servers(client)
    end = time.monotonic() + 30
    while Path(f"/proc/{server}").exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not Path(f"/proc/{server}").exists()


def test_outside_of_a_workspace_there_is_no_app(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with jupyter_server_at(tmp_path / "plain", tmp_path / "state") as client:
        assert client.get("apps").status == 404


def servers(client: Client) -> list[int]:
    """The servers of apps that belong to a Jupyter server."""
    port = str(urllib.parse.urlsplit(client.server.address).port)
    found = []
    for pid, (parent, _, _) in processes().items():
        if "studio.server.apps" in command(pid) and any(f"port={port}" in word for word in command(parent)):
            found.append(pid)
    return found


def command(pid: int) -> list[str]:
    """The words with which a program was started."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []
