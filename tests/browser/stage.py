"""A page on which widgets live without a kernel: what a person does reaches the Python object, what it sets comes back.

Only the transport is ours: the widget's module, its style, its state and its messages are those that Jupyter carries.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from studio.widgets.widget import Widget
from tests.browser.conftest import Seen

Stages = Callable[..., "Stage"]

THEMES = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"
FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Widgets</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>%s</style><style>body{margin:0;padding:16px;%s}</style></head>
<body><main><h1 style="position:absolute;clip-path:inset(50%%)">Widgets</h1></main></body></html>"""
COLORS = "background:var(--jp-layout-color0,Canvas);color:var(--jp-content-font-color1,CanvasText)"
TRANSPORT = """
window.stage = {
  models: {},
  async show(id, esm, css, state) {
    const style = document.createElement('style');
    style.textContent = css;
    document.head.append(style);
    const module = await import(URL.createObjectURL(new Blob([esm], {type: 'text/javascript'})));
    const heard = {};
    const model = {
      state,
      get: (name) => model.state[name],
      on: (names, call) => names.split(' ').forEach((name) => (heard[name] ??= []).push(call)),
      off: (names, call) => {
        for (const name of names.split(' ')) heard[name] = heard[name].filter((one) => one !== call);
      },
      send: (content) => window.hear(id, content).then((states) => window.stage.take(JSON.parse(states))),
      take(fresh) {
        const differs = (name) => JSON.stringify(fresh[name]) !== JSON.stringify(model.state[name]);
        const changed = Object.keys(fresh).filter(differs);
        for (const name of changed) model.state[name] = fresh[name];
        for (const name of changed) (heard[`change:${name}`] ?? []).forEach((call) => call());
      },
    };
    const el = document.createElement('div');
    el.id = id;
    document.querySelector('main').append(el);
    this.models[id] = model;
    this.models[id].end = await module.default.render({model, el});
  },
  take: (states) => Object.entries(states).forEach(([id, state]) => window.stage.models[id]?.take(state)),
};
"""


class Stage:
    """Widgets on one page, in Lab's light or dark theme, or (``""``) on a page that knows nothing of Jupyter."""

    def __init__(self, page: Page, theme: str = "light") -> None:
        self.page = page
        self.widgets: dict[str, Widget] = {}
        css = (THEMES / f"theme-{theme}-extension" / "index.css").read_text(encoding="utf-8") if theme else ""
        page.expose_function("hear", self._hear)
        page.set_content(FRAME % (css, COLORS))
        page.evaluate(TRANSPORT)

    def show(self, widget: Widget) -> Locator:
        """Display a widget; returns its element."""
        name = f"w{len(self.widgets)}"
        self.widgets[name] = widget
        state = self._state(widget)
        self.page.evaluate(
            "([id, esm, css, state]) => window.stage.show(id, esm, css, JSON.parse(state))",
            [name, state.pop("_esm"), state.pop("_css"), json.dumps(state)],
        )
        return self.page.locator(f"#{name}")

    def push(self) -> None:
        """Send what Python set."""
        self.page.evaluate("(states) => window.stage.take(JSON.parse(states))", self._states())

    def end(self) -> None:
        """Take all widgets away, as a front end does."""
        self.page.evaluate("Object.values(window.stage.models).forEach((model) => model.end())")

    def _hear(self, name: str, content: Any) -> str:
        data = {"method": "custom", "content": content}
        self.widgets[name]._handle_msg({"content": {"data": data}, "buffers": []})
        return self._states()

    def _states(self) -> str:
        states = {name: self._state(widget) for name, widget in self.widgets.items()}
        for state in states.values():
            del state["_esm"], state["_css"]
        return json.dumps(states)

    @staticmethod
    def _state(widget: Widget) -> dict[str, Any]:
        state: dict[str, Any] = widget.get_state()
        del state["layout"], state["tabbable"], state["tooltip"]
        # As Jupyter sends it: no NaN, no half characters.
        return json.loads(json.dumps(state, allow_nan=False).encode("utf-8"))


@contextlib.contextmanager
def stages(browser: Browser) -> Iterator[Stages]:
    """A function that makes a stage in a page of its own; at the end nothing has gone wrong there."""
    pages: list[tuple[Page, Seen, list[str]]] = []

    def opened(theme: str = "light", width: int = 1000) -> Stage:
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(10_000)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
        pages.append((page, Seen(page), said))
        return Stage(page, theme)

    yield opened
    for page, seen, said in pages:
        page.close()
        assert (seen.errors, seen.outside, said) == ([], [], [])


def settled(stage: Stage, true: Callable[[], object]) -> None:
    """Wait until Python knows."""
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        stage.page.wait_for_timeout(20)
