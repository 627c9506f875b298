"""The first page of an app: with a page that was made ahead, and without one."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.benchmarks.timing import Table, in_turn
from tests.conftest import Place
from tests.server.apps.serving import Apps, kernel_of, serving


def measure(runs: int) -> list[Table]:
    """From asking for the scenario app until its page is there, over HTTP."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        place = Place(Path(folder) / "workspace")
        place.write("studio.toml", "version = 1\n")
        place.write("pipelines/catalog.yml", "version: 1\ndatasets: {}\n")
        cold_log, warm_log = Path(folder) / "cold", Path(folder) / "warm"
        cold_log.mkdir()
        warm_log.mkdir()
        with (
            serving(place, cold_log, "scenario", "--ahead", "0") as cold,
            serving(place, warm_log, "scenario", "--ahead", "1") as warm,
        ):
            cold.enter()
            warm.enter()
            cases = {"no page is made ahead": lambda: _first(cold), "one page is made ahead": lambda: _ready(warm)}
            goals = {"one page is made ahead": "ratio at most 0.33"}
            return [Table("First page of an app", in_turn(runs, cases), goals)]


def _first(apps: Apps) -> float:
    took = _open(apps)
    _wait(apps, 0)
    return took


def _ready(apps: Apps) -> float:
    """Once a page is kept ready, which takes a while after the last one was given away."""
    _wait(apps, 1)
    time.sleep(8)
    return _open(apps)


def _open(apps: Apps) -> float:
    began = time.perf_counter()
    page = apps.open("scenario")
    took = time.perf_counter() - began
    apps.leave(kernel_of(page))
    return took


def _wait(apps: Apps, kernels: int) -> None:
    while apps.kernels() != kernels:
        time.sleep(0.1)
