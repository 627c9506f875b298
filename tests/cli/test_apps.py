"""``studio apps`` and ``studio lab`` as they are typed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from studio.core.workspace import Workspace
from studio.workflows.open_lab import lab_command, lab_environment
from tests.conftest import Place, notebook
from tests.servers import free_port


def test_the_list(place: Place) -> None:
    place.write("notebooks/apps/page.ipynb", notebook("1", title="A page", description="What it is for"))
    place.write("notebooks/apps/torn.ipynb", "{")
    shown = place.studio("apps", "list")
    assert shown.status == 0
    lines = shown.out.splitlines()
    assert lines[0].split() == ["APP", "OF", "TITLE", "WHAT", "IT", "IS", "FOR"]
    assert any(line.split() == ["page", "workspace", "A", "page", "What", "it", "is", "for"] for line in lines)
    assert any(line.startswith("torn") and "Next: " in line for line in lines)
    assert any(line.startswith("scenario") for line in lines), "the one that comes with Studio"
    found = {app["name"]: app for app in place.studio("apps", "list", "--json").json["apps"]}
    assert found["page"]["path"] == str(place.root / "notebooks/apps/page.ipynb")


def test_outside_of_a_workspace(tmp_path: Path) -> None:
    for words in (("apps", "list"), ("apps", "serve"), ("lab",)):
        answer = Place(tmp_path).studio(*words)
        assert answer.status == 2
        assert "No studio.toml was found" in answer.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("serve", "none"), "There is no app 'none'"),
        (("serve", "torn"), "The app torn cannot be served"),
        (("serve", "page", "--kernels", "0"), "--kernels"),
        (("serve", "page", "--port", "70000"), "--port"),
        (("serve", "page", "--ip", "192.0.2.1"), "cannot be served at 192.0.2.1"),
    ],
)
def test_what_cannot_be_served(place: Place, words: tuple[str, ...], told: str) -> None:
    place.write("notebooks/apps/page.ipynb", notebook("1"))
    place.write("notebooks/apps/torn.ipynb", "{")
    answer = place.studio("apps", *words)
    assert answer.status == 2
    assert told in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.slow
@pytest.mark.parametrize("as_json", [True, False])
def test_the_address_is_printed_once_with_a_token(place: Place, as_json: bool) -> None:
    place.write("notebooks/apps/page.ipynb", notebook("1", title="A page"))
    words = [sys.executable, "-m", "studio.cli", "apps", "serve", "page", "--port", "0", "--ahead", "0"]
    server = subprocess.Popen(
        words + ["--json"] * as_json, cwd=place.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        address = _address(server.stdout, as_json)
        plain = address.partition("?")[0]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(plain, timeout=20)
        with refused.value as answer:
            assert answer.code == 403
        token = address.partition("token=")[2]
        assert len(token) > 30
        request = urllib.request.Request(f"{plain}nothing", headers={"Authorization": f"token {token}"})
        with pytest.raises(urllib.error.HTTPError) as unknown:
            urllib.request.urlopen(request, timeout=20)
        with unknown.value as answer:
            assert answer.code == 404
    finally:
        server.send_signal(signal.SIGINT)
        rest, _ = server.communicate(timeout=60)
    assert server.returncode == 0
    assert "token=" not in rest


def _address(lines: Any, as_json: bool) -> str:
    if as_json:
        text = ""
        while not text.endswith("\n}\n"):
            text += lines.readline()
        said = json.loads(text)
        assert [app["name"] for app in said["apps"]] == ["page"]
        return str(said["address"])
    while "token=" not in (line := lines.readline()):
        assert line, "it ended without an address"
    return str(line.strip())


def test_lab_is_opened_on_the_workspace(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    command = lab_command(Workspace(place.root), ["--no-browser", "--ServerApp.root_dir=/elsewhere"])
    assert command[0] == sys.executable
    assert f"--ServerApp.root_dir={place.root}" in command
    assert "--VoilaConfiguration.template=studio" in command, "Voila's own template asks another server for a font"
    assert command[-2:] == ["--no-browser", "--ServerApp.root_dir=/elsewhere"], "what a person says wins"
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("JUPYTER_PATH", "/own")
    environment = lab_environment()
    assert environment["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    first, *rest = environment["JUPYTER_PATH"].split(":")
    assert (Path(first) / "voila/templates/studio/index.html.j2").is_file()
    assert rest == ["/own"]


@pytest.mark.slow
def test_the_arguments_are_those_of_jupyterlab(place: Place) -> None:
    answer = place.studio("lab", "--version")
    assert answer.status == 0
    assert answer.out.startswith("4.")
    port = free_port()
    wrong = place.studio("lab", "--no-browser", f"--ServerApp.port={port}", "--ServerApp.ip=nowhere.invalid")
    assert wrong.status != 0
