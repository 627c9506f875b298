"""A real browser on a real JupyterLab: Chromium through Playwright, one Lab a person, both ended with the module."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import Jupyter, jupyter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1440, "height": 900}
AXE = Path(__file__).parents[2] / "extensions" / "lab" / "node_modules" / "axe-core" / "axe.min.js"
LabAt = Callable[..., "Lab"]


# A module long and no longer: Playwright keeps an event loop running in this thread, in which no kernel can be started.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a screen."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium on this machine. Install it with: apt-get install -y chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


class Seen:
    """What a page said and asked for while it was open."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._ask(request.url))

    def _ask(self, url: str) -> None:
        if not re.match(r"(data|blob|about):|(http|ws)s?://(127\.0\.0\.1|localhost|\[::1\])[:/]", url):
            self.outside.append(url)


class Lab:
    """JupyterLab in a browser, as one person uses it."""

    def __init__(self, server: Jupyter, page: Page, root: Path) -> None:
        self.server, self.page, self.root = server, page, root
        self.seen = Seen(page)

    def open(self, path: str = "") -> Page:
        """Load Lab (with a file open) and wait until it is ready."""
        # `reset` starts from an empty layout, whatever an earlier test left.
        self.page.goto(self.server.url("lab/tree/" + path + "?reset" if path else "lab?reset"))
        self.page.wait_for_function("window.jupyterapp && window.jupyterapp.restored", timeout=60_000)
        self.page.evaluate("window.jupyterapp.restored")
        if path.endswith(".ipynb"):
            self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        return self.page

    def run(self, command: str, **arguments: Any) -> Any:
        """Execute one of Lab's commands."""
        return self.page.evaluate(
            "([command, args]) => window.jupyterapp.commands.execute(command, args).then(() => null)",
            [command, arguments],
        )

    def theme(self, dark: bool) -> None:
        """Switch the theme."""
        self.run("apputils:change-theme", theme="JupyterLab Dark" if dark else "JupyterLab Light")
        self.page.wait_for_selector(f'body[data-jp-theme-light="{"false" if dark else "true"}"]', state="attached")

    def shot(self, path: Path) -> None:
        """Keep a picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path))


def serious(page: Page, selector: str) -> list[str]:
    """What axe-core finds serious or critical inside the elements of `selector`, as sentences."""
    if not AXE.is_file():
        pytest.skip("needs the front end's packages. Install them with: make lab-extension")
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found = page.evaluate("(selector) => axe.run(selector, {resultTypes: ['violations']})", selector)
    return [
        f"{item['id']} ({item['impact']}): {item['help']}: {[node['html'][:200] for node in item['nodes']][:3]}"
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
    ]


@pytest.fixture(scope="module")
def lab_at(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabAt]:
    """A function that opens Lab on a folder as a person; what it started ends with the module."""
    with ExitStack() as stack:

        def opened(root: Path, actor: str = "", *, dark: bool = False, words: tuple[str, ...] = ()) -> Lab:
            state = tmp_path_factory.mktemp(f"jupyter-{actor or 'someone'}")
            with pytest.MonkeyPatch.context() as patch:
                for name in list(os.environ):
                    if name.startswith(("STUDIO_", "MLFLOW_", "JUPYTER_", "IPYTHON")):
                        patch.delenv(name)
                server = stack.enter_context(jupyter(root, state, actor=actor, words=words))
            context = browser.new_context(viewport=SIZE, color_scheme="dark" if dark else "light")
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(30_000)
            return Lab(server, page, root)

        yield opened
