"""Pages of apps: what is shown, what never is, and what becomes of their kernels."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from studio.pipelines.kernels.supervisor import descendants
from tests.conftest import Place, notebook
from tests.server.apps.conftest import small_apps
from tests.server.apps.serving import Answer, Apps, kernel_of, message, read, serving

pytestmark = pytest.mark.slow


def until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def close_all(apps: Apps, *kernels: str) -> None:
    for kernel in kernels:
        assert apps.leave(kernel).status == 204
    assert until(lambda: apps.kernels() == 0)


def test_the_list_names_all_apps(apps: Apps) -> None:
    page = apps.get("/").text
    assert "Hello &lt;script&gt;" in page
    assert "A page &amp; more" in page
    assert "Tests &amp; &lt;b&gt;more&lt;/b&gt;" in page
    assert set(re.findall(r"href=\"(/app/[^\"]+)\"", page)) >= {"/app/hello", "/app/broken", "/app/talk"}


def test_a_page_shows_results_and_no_code(apps: Apps) -> None:
    page = apps.open("hello")
    assert page.status == 200
    for shown in ("shown 42", "Hello <em>you</em>", "Some text.", "Hello &lt;script&gt;", "Skip to the content"):
        assert shown in page.text
    for hidden in ("secret_source", "a warning", "test_nothing", "print(", "https://", "http://"):
        assert hidden not in page.text
    assert "<script>" not in page.text.replace("<script >", ""), "no program stands in the page itself"
    scripts = re.findall(r"<script[^>]*>", page.text)
    assert all('src="/voila/static/' in tag or "json" in tag for tag in scripts), scripts
    close_all(apps, kernel_of(page))


def test_a_heading_that_names_the_page_is_shown_once(apps: Apps) -> None:
    page = apps.open("headed")
    assert "Move it." in page.text
    assert len(re.findall(r"<h1.*?What if\?", page.text)) == 1
    close_all(apps, kernel_of(page))


def test_progress_is_told_while_a_page_is_made(apps: Apps) -> None:
    waiting = apps.get("/app/talk").text
    ask = re.search(r'data-studio-ask="([^"]+)"', waiting)
    opened = re.search(r'data-studio-open="([^"]+)"', waiting)
    assert ask
    assert opened
    texts: list[str] = []
    while not (said := apps.get(ask[1]).json)["ready"]:
        texts.append(said["text"])
        time.sleep(0.02)
    assert texts[0] == "The program behind the page is starting …"
    page = apps.get(opened[1])
    assert apps.get(ask[1]).status == 404, "a page is fetched once"
    close_all(apps, kernel_of(page))


def test_a_notebook_that_fails_is_a_page_with_a_number(apps: Apps, apps_workspace: Place) -> None:
    page = apps.open("broken")
    assert page.status == 500
    number = re.search(r'class="studio-error-number">([0-9a-f]{8})<', page.text)
    assert number
    for hidden in ("words of the engineers", "ValueError", "Traceback", "raise"):
        assert hidden not in page.text
    log = (apps_workspace.root / ".studio/apps/log").read_text()
    found = log[log.index(f"error {number[1]} in broken") :]
    assert "ValueError: words of the engineers" in found
    assert until(lambda: apps.kernels() == 0)


def test_beyond_the_cap_there_is_a_page_and_no_kernel(apps: Apps) -> None:
    held = [kernel_of(apps.open("talk")) for _ in range(3)]
    busy = apps.get("/app/hello")
    assert (busy.status, busy.headers["retry-after"]) == (503, "20")
    assert "All places are taken" in busy.text
    assert apps.kernels() == 3
    assert apps.leave(held.pop()).status == 204
    again: list[Answer] = []
    assert until(lambda: again.append(apps.open("hello")) or again[-1].status == 200)
    close_all(apps, kernel_of(again[-1]), *held)


class TestTheConnection:
    @pytest.fixture
    def kernel(self, apps: Apps) -> str:
        page = apps.open("talk")
        end = time.monotonic() + 30
        while page.status == 503 and time.monotonic() < end:  # a place is free a moment after its kernel is gone
            time.sleep(0.05)
            page = apps.open("talk")
        return kernel_of(page)

    def heard(self, apps: Apps, kernel: str, verb: str, quiet: float = 20.0) -> list[tuple[str, dict[str, object]]]:
        """What a page hears when it says `verb` to its kernel."""
        found: list[tuple[str, dict[str, object]]] = []
        with apps.connect(kernel) as connection:
            opened = {"comm_id": "c1", "target_name": "test", "data": {}}
            connection.send(message("comm_open", opened))
            connection.send(message("comm_msg", {"comm_id": "c1", "data": {"verb": verb}}))
            while True:
                try:
                    data = connection.recv(timeout=quiet)
                except TimeoutError:
                    return found
                assert isinstance(data, bytes)
                header, content = read(data)
                found.append((header["msg_type"], content))
                if header["msg_type"] == "comm_msg":
                    quiet = 2.0  # what was written comes a moment later

    def test_a_traceback_never_reaches_a_page(self, apps: Apps, apps_workspace: Place, kernel: str) -> None:
        found = self.heard(apps, kernel, "fail")
        assert "words of the engineers" not in str(found)
        assert "error" not in [kind for kind, _ in found]
        (shown,) = [content for kind, content in found if kind == "display_data"]
        text = shown["data"]["text/plain"]  # type: ignore[index]
        number = re.search(r"error number ([0-9a-f]{8})\.", text)
        assert number
        log = (apps_workspace.root / ".studio/apps/log").read_text()
        assert "words of the engineers" in log[log.index(f"error {number[1]} in talk") :]
        assert number[1] in str(apps.get(f"/alive/{kernel}").json["notices"])
        assert apps.get(f"/alive/{kernel}").json == {"notices": []}, "told once"
        close_all(apps, kernel)

    def test_an_error_of_a_callback_is_noticed(self, apps: Apps, apps_workspace: Place, kernel: str) -> None:
        found = self.heard(apps, kernel, "raise", quiet=5.0)
        assert "words of the engineers" not in str(found)
        assert until(lambda: "notices" in apps.get(f"/alive/{kernel}").text)
        log = (apps_workspace.root / ".studio/apps/log").read_text()
        assert "ValueError: words of the engineers" in log
        close_all(apps, kernel)

    def test_what_is_written_to_stderr_stays_here(self, apps: Apps, kernel: str) -> None:
        found = self.heard(apps, kernel, "write")
        assert "to all" in str(found)
        assert "to nobody" not in str(found)
        close_all(apps, kernel)

    def test_a_page_sends_no_code(self, apps: Apps, kernel: str, tmp_path: Path) -> None:
        made = tmp_path / "made"
        with apps.connect(kernel) as connection:
            code = {"code": f"open({str(made)!r}, 'w')", "silent": False, "store_history": False}
            for channel in ("shell", "control"):
                connection.send(message("execute_request", code, channel))
                connection.send(message("shutdown_request", {"restart": False}, channel))
            connection.send(message("comm_info_request", {}))
            while read(connection.recv(timeout=20))[0]["msg_type"] != "comm_info_reply":  # type: ignore[arg-type]
                pass
        assert not made.exists()
        assert apps.get(f"/alive/{kernel}").status == 200
        close_all(apps, kernel)

    @pytest.mark.parametrize("sent", [(10**9).to_bytes(8, "little"), "{}"])
    def test_a_message_that_cannot_be_read_ends_the_connection_only(
        self, apps: Apps, kernel: str, sent: bytes | str
    ) -> None:
        with apps.connect(kernel) as connection:
            connection.send(sent)
            with pytest.raises(ConnectionClosed):
                list(connection)
        assert apps.get(f"/alive/{kernel}").status == 200
        close_all(apps, kernel)

    def test_only_a_page_of_this_server_may_connect(self, apps: Apps, kernel: str) -> None:
        from websockets.sync.client import connect

        address = f"ws://127.0.0.1:{apps.port}/api/kernels/{kernel}/channels?session_id=1"
        for headers in ({"Cookie": "other=1"}, {"Cookie": apps.cookie, "Origin": "http://evil.example"}):
            with pytest.raises(InvalidStatus) as caught, connect(address, additional_headers=headers):
                pass
            assert caught.value.response.status_code == 403
        foreign = apps.ask("POST", f"/alive/{kernel}", b"", Sec_Fetch_Site="cross-site")
        assert foreign.status == 403
        assert apps.ask("POST", f"/alive/{kernel}", b"", Origin="http://evil.example").status == 403
        assert apps.get(f"/alive/{kernel}").status == 200
        close_all(apps, kernel)

    @pytest.mark.heavy
    def test_a_quiet_page_stays_connected(self, apps: Apps, kernel: str) -> None:
        with apps.connect(kernel) as connection:
            time.sleep(25)  # longer than the server waits before it asks for the first time whether a page is there
            connection.send(message("comm_info_request", {}))
            while read(connection.recv(timeout=20))[0]["msg_type"] != "comm_info_reply":  # type: ignore[arg-type]
                pass
        close_all(apps, kernel)

    def test_a_kernel_that_is_not_there(self, apps: Apps, kernel: str) -> None:
        close_all(apps, kernel)
        for path in (f"/alive/{kernel}", f"/api/kernels/{kernel}"):
            assert apps.get(path).status == 404
        assert apps.leave(kernel).status == 204, "whoever leaves twice has left"
        with pytest.raises(InvalidStatus), apps.connect(kernel):
            pass


@pytest.mark.heavy
def test_kernels_end_when_nobody_is_there(apps_workspace: Place, tmp_path: Path) -> None:
    words = ("--ahead", "0", "--arrival", "1", "--absence", "1", "--idle", "0.05")
    with serving(apps_workspace, tmp_path, *words) as apps:
        apps.enter()
        kernel_of(apps.open("talk"))
        assert until(lambda: apps.kernels() == 0, 15), "a page that never connects"
        with apps.connect(kernel_of(apps.open("talk"))):
            time.sleep(0.5)
            assert apps.kernels() == 1
        assert until(lambda: apps.kernels() == 0, 15), "a page whose connection is lost"
        with apps.connect(kernel_of(apps.open("talk"))):
            assert until(lambda: apps.kernels() == 0, 20), "a page on which nothing happens"
        apps.get("/app/talk")
        assert until(lambda: apps.kernels() == 1)
        assert until(lambda: apps.kernels() == 0, 20), "a page that is never fetched"


def test_a_kernel_that_dies_is_noticed(apps: Apps) -> None:
    kernel = kernel_of(apps.open("talk"))
    (victim,) = [pid for pid in descendants(apps.process.pid) if _is_kernel(pid)]
    os.kill(victim, signal.SIGKILL)
    assert until(lambda: apps.get(f"/alive/{kernel}").status == 404)
    assert until(lambda: apps.kernels() == 0)


def test_pages_are_made_ahead_within_the_cap(tmp_path: Path) -> None:
    place = small_apps(Place(tmp_path / "workspace"))
    with serving(place, tmp_path, "hello", "talk", "--ahead", "1", "--kernels", "2", "--arrival", "2") as apps:
        apps.enter()
        assert until(lambda: apps.kernels() == 2, 60)
        assert until(lambda: "shown 42" in apps.get("/app/hello").text, 60), "at once, without a waiting page"
        held = []
        for _ in range(20):
            page = apps.open("talk")
            assert apps.kernels() <= 2
            if page.status == 200:
                held.append(kernel_of(page))
                apps.leave(held[-1])
        assert held, "pages that nobody asked for give way to those that somebody asks for"
        # A notebook that was changed is shown as it is now, also where a page of it had been made.
        place.write("notebooks/apps/hello.ipynb", notebook("print('changed')", title="Hello"))
        assert until(lambda: "changed" in apps.open("hello").text, 60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_with_all_its_kernels(tmp_path: Path, number: int) -> None:
    place = small_apps(Place(tmp_path / "workspace"))
    place.write(
        "notebooks/apps/child.ipynb",
        notebook("import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)"),
    )
    with serving(place, tmp_path, "child", "talk", "--ahead", "1") as apps:
        apps.enter()
        kernel_of(apps.open("child"))
        assert until(lambda: apps.kernels() >= 2, 60)
        below = set(descendants(apps.process.pid))
        assert apps.end(number) == 0
        assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]


@pytest.mark.heavy
def test_a_server_that_is_killed_leaves_no_kernel(tmp_path: Path) -> None:
    place = small_apps(Place(tmp_path / "workspace"))
    with serving(place, tmp_path, "talk", "--ahead", "1") as apps:
        apps.enter()
        kernel_of(apps.open("talk"))
        below = set(descendants(apps.process.pid))
        assert below
        apps.end(signal.SIGKILL)
        assert until(lambda: not [pid for pid in below if Path(f"/proc/{pid}").exists()], 15)
    doors = list(Path(tempfile.gettempdir()).glob(f"studio-door-{apps.process.pid}-*"))
    assert doors
    with serving(place, tmp_path, "talk", "--ahead", "0"):
        assert not [door for door in doors if door.exists()], "whoever serves next removes what it left"


def test_a_port_that_is_taken(apps: Apps, apps_workspace: Place) -> None:
    answer = apps_workspace.studio("apps", "serve", "--port", str(apps.port))
    assert answer.status == 2
    assert "Address already in use. Next: give another port" in answer.err
    assert "Traceback" not in answer.err


def test_an_app_that_is_not_there(apps_workspace: Place) -> None:
    answer = apps_workspace.studio("apps", "serve", "helo")
    assert answer.status == 2
    assert "There is no app 'helo'. Did you mean 'hello'?" in answer.err


def _is_kernel(pid: int) -> bool:
    try:
        return (
            b"launcher.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
            and b"supervisor" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
    except OSError:
        return False
