"""JupyterLab with the studio in it: how much later it is ready than without, and how soon a panel knows its facts."""

from __future__ import annotations

import json
import os
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.timing import Table, in_turn
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.conftest import notebook
from tests.servers import Jupyter, jupyter

CELLS = 200
RUNS = 10_000
# Without the studio: neither its part of the page nor its part of the server.
OFF = ("--ServerApp.jpserver_extensions={'studio.server': False}",)
PANEL = f"the panel of {CELLS} cells, asked and drawn"
REFRESH = """async (turns) => {
    const panel = document.querySelector('.studio-Notebook');
    const times = [];
    for (let turn = 0; turn < turns; turn++) {
        const begun = performance.now();
        document.querySelector('.studio-Notebook-head button').click();
        await new Promise((resolve) => setTimeout(resolve));
        while (panel.getAttribute('aria-busy') === 'true') {
            await new Promise((resolve) => requestAnimationFrame(resolve));
        }
        times.push((performance.now() - begun) / 1000);
    }
    return times;
}"""
READY = "window.jupyterapp && window.jupyterapp.restored.then(() => performance.now())"


def measure(runs: int) -> list[Table]:
    """Lab is loaded with and without the extension in turn; then the server is asked for facts."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        root = _workspace(folder / "workspace")
        with_it = stack.enter_context(_lab(root, folder / "with", disabled=False))
        without = stack.enter_context(_lab(root, folder / "without", disabled=True))
        browser = stack.enter_context(_browser())
        for server in (without, with_it):
            _ready(browser, server)  # the first load of a server reads its files from the disk
        ready = in_turn(
            max(runs, 5),
            {"without the extension": lambda: _ready(browser, without), "with it": lambda: _ready(browser, with_it)},
        )
        state = {"path": "notebooks/long.ipynb"}
        page = {"limit": "100"}
        asked = {
            f"state of {CELLS} cells": lambda: _ask(with_it, "notebooks/state", state),
            f"a page of {RUNS:,} runs": lambda: _ask(with_it, "runs", page),
            "what needs me": lambda: _ask(with_it, "home", {}),
        }
        for ask in asked.values():
            ask()
        facts = in_turn(max(runs, 5), asked) | {PANEL: _panel(browser, with_it, max(runs, 5))}
    return [
        Table("JupyterLab ready (cold browser cache)", ready, {"with it": "ratio at most 1.05"}),
        Table("The panel's facts (warm server)", facts, {PANEL: "under 300 ms"}),
    ]


def _workspace(root: Path) -> Path:
    root.mkdir()
    (root / "studio.toml").write_text("version = 1\n")
    (root / "pipelines").mkdir()
    (root / "pipelines" / "catalog.yml").write_text("version: 1\ndatasets: {}\n")
    (root / "notebooks").mkdir()
    cells: list[tuple[str, str] | str] = [("parameters", "count: int = 3  # how many")]
    cells += [f"value_{number} = count + {number}\nprint(value_{number})" for number in range(CELLS - 21)]
    cells += [("test", f"def test_{number}():\n    assert value_{number} >= {number}") for number in range(20)]
    (root / "notebooks" / "long.ipynb").write_text(json.dumps(notebook(*cells)))
    for number in range(RUNS):
        run = f"202601{1 + number // 1000:02d}-{number // 60 % 24:02d}{number % 60:02d}00-{number:06x}"
        (root / ".studio" / "runs" / run).mkdir(parents=True)
        record = {"id": run, "pipeline": "first", "name": "first", "status": "completed", "steps": {}}
        (root / ".studio" / "runs" / run / "run.json").write_text(
            json.dumps({"format": 1, "started": "2026-01-01T00:00:00.000Z", "seconds": 1.5, **record})
        )
    return root


@contextmanager
def _lab(root: Path, state: Path, *, disabled: bool) -> Iterator[Jupyter]:
    words = OFF if disabled else ()
    with jupyter(root, state, words=words) as server:
        if disabled:
            config = state / "config" / "labconfig" / "page_config.json"
            content = json.loads(config.read_text())
            content["disabledExtensions"]["@notebook-studio/lab"] = True
            config.write_text(json.dumps(content))
        yield server


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def _ready(browser: Browser, server: Jupyter) -> float:
    """Seconds from the address to a Lab that is restored, in a browser that has never seen it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url("lab?reset"))
    page.wait_for_function("window.jupyterapp")
    milliseconds = float(page.evaluate(READY))
    loaded = page.evaluate("window.jupyterapp.commands.hasCommand('studio:refresh')")
    context.close()
    if loaded is server.log.parent.name.startswith("without"):
        raise RuntimeError(f"{server.log.parent.name} the extension was asked for, and it is the other way round")
    return milliseconds / 1000


def _panel(browser: Browser, server: Jupyter, turns: int) -> list[float]:
    """Seconds from a click on the panel's refresh to facts that are drawn."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url("lab/tree/notebooks/long.ipynb?reset"))
    page.wait_for_function("window.jupyterapp")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.evaluate("window.jupyterapp.commands.execute('studio:open-notebook-panel').then(() => null)")
    page.wait_for_selector(".studio-Notebook[aria-busy=false]")
    times = page.evaluate(REFRESH, turns)
    context.close()
    return [float(one) for one in times]


def _ask(server: Jupyter, address: str, query: dict[str, str]) -> float:
    url = f"{server.address}/studio/api/v1/{address}?{urlencode(query)}"
    request = urllib.request.Request(url, headers={"Authorization": f"token {server.token}"})
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        json.load(answer)
    return time.perf_counter() - started


if __name__ == "__main__":
    for table in measure(int(os.environ.get("RUNS", "5"))):
        print(table.text(), end="\n\n")
