"""200 page loads: kernels stay under the cap at every moment, and none is left afterwards."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from studio.pipelines.kernels.supervisor import descendants
from tests.conftest import Place
from tests.server.apps.conftest import small_apps
from tests.server.apps.serving import Apps, kernel_of, message, read, serving

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(3600)]

LOADS, CAP, VISITORS = 200, 4, 6


class Watch:
    """Counts the server's kernels, as the system sees them, as long as it is asked to."""

    def __init__(self, apps: Apps) -> None:
        self.most = 0
        self.looks = 0
        self._apps = apps
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            self.most = max(self.most, self._apps.kernels())
            self.looks += 1
            time.sleep(0.02)


def visit(apps: Apps, number: int) -> tuple[int, bool]:
    """One visitor: opens a page (again, while all places are taken), uses it, and goes; how often it was refused."""
    refused = 0
    while (page := apps.open("talk")).status == 503:
        refused += 1
        time.sleep(0.2)
    assert page.status == 200, page.text
    kernel = kernel_of(page)
    manner = number % 4
    if manner == 0:  # closes the page before it was shown
        apps.leave(kernel)
    elif manner == 1:  # loses its connection, and says nothing
        with apps.connect(kernel):
            pass
    else:  # uses it and closes it; or closes it without a word (a browser that is killed)
        with apps.connect(kernel) as connection:
            connection.send(message("comm_info_request", {}))
            while read(connection.recv(timeout=60))[0]["msg_type"] != "comm_info_reply":  # type: ignore[arg-type]
                pass
            if manner == 2:
                apps.leave(kernel)
    return refused, True


def test_two_hundred_page_loads(tmp_path: Path) -> None:
    place = small_apps(Place(tmp_path / "workspace"))
    words = ("talk", "--kernels", str(CAP), "--ahead", "1", "--arrival", "20", "--absence", "1")
    with serving(place, tmp_path, *words) as apps:
        apps.enter()
        with Watch(apps) as watch, ThreadPoolExecutor(VISITORS) as pool:
            began = time.monotonic()
            seen = list(pool.map(lambda number: visit(apps, number), range(LOADS)))
            took = time.monotonic() - began
        assert len(seen) == LOADS
        refused = sum(count for count, _ in seen)
        print(f"{LOADS} loads in {took:.0f} s, {refused} refusals, at most {watch.most} kernels in {watch.looks} looks")
        assert watch.most <= CAP
        assert watch.most == CAP, "the cap was to be reached"
        assert watch.looks > LOADS
        end = time.monotonic() + 60
        while apps.kernels() > 1 and time.monotonic() < end:  # the one that is kept ready stays
            time.sleep(0.1)
        assert apps.kernels() <= 1
        below = set(descendants(apps.process.pid))
        assert apps.end() == 0
        assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
    assert "Traceback" not in apps.log.read_text()
