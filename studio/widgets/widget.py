"""What all widgets share: their files for the browser, the plain form for where no kernel is, errors told as sentences.

A widget's live form is one JavaScript module: ``static/elements.js`` (the only code that makes elements, of texts and
never of HTML) followed by the widget's own file. Nothing is fetched from anywhere: both travel in the widget's state.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from studio.widgets.callbacks import told
from studio.widgets.plain import Plain, page_of

_STATIC = Path(__file__).parent / "static"


def sendable(facts: Any) -> Any:
    """Plain data such that every browser can take it: no half characters, and texts for what JSON has no number for."""
    match facts:
        case str():
            return facts.encode("utf-8", "replace").decode("utf-8")
        case float() if not math.isfinite(facts):
            return repr(facts)
        case dict():
            return {sendable(str(key)): sendable(item) for key, item in facts.items()}
        case list() | tuple():
            return [sendable(item) for item in facts]
    return facts


FACTS: Mapping[str, Any] = {"sync": True, "to_json": lambda facts, _: sendable(facts)}
"""How a trait is tagged that holds facts for the browser."""


@cache
def script(name: str) -> str:
    """The JavaScript module of the widget `name`."""
    return "\n".join(_text(file) for file in ("elements.js", f"{name}.js"))


@cache
def style(name: str) -> str:
    """The style sheet of the widget `name`."""
    return "\n".join(_text(file) for file in ("widget.css", f"{name}.css"))


def _text(file: str) -> str:
    return (_STATIC / file).read_text(encoding="utf-8")


class Widget(anywidget.AnyWidget):
    """A widget of Studio.

    A subclass names its static files (``class RunTable(Widget, files="run_table")``), describes itself without a kernel
    in `_plain`, and names what it hears from the browser in `_heard`. The browser writes no trait: what a person does
    comes as a message, so that a trait may be set from every thread while another is being answered.
    """

    notice = traitlets.Unicode(
        "", help="What the widget tells: an error of a callback, or what an app wants said."
    ).tag(sync=True)

    _heard: ClassVar[Mapping[str, str]] = {}
    """What a person can do, by the verb of its message -> the method that is called with the message."""

    def __init_subclass__(cls, *, files: str = "", **settings: Any) -> None:
        if files:
            cls._esm = script(files)
            cls._css = style(files)
        super().__init_subclass__(**settings)

    def __init__(self, **traits: Any) -> None:
        self._guard = threading.RLock()
        super().__init__(**traits)
        self.on_msg(self._hear)

    def tell(self, text: str) -> None:
        """Show a sentence in the widget; an empty one takes the last away. May be called from every thread."""
        self._show(notice=text)

    def _show(self, **traits: Any) -> None:
        """Set traits, one thread after another, so that the browser sees them in the order in which they are set."""
        with self._guard:
            for name, value in traits.items():
                setattr(self, name, value)

    def _hear(self, _: Any, content: Any, __: Any) -> None:
        verb = content.get("verb") if isinstance(content, dict) else None
        method = self._heard.get(verb) if isinstance(verb, str) else None
        if method is None:
            return  # from a page of another version
        call: Callable[[dict[str, Any]], object] = getattr(self, method)
        told(lambda: call(content), self.tell)

    def _plain(self) -> Plain:
        """What is shown where the widget cannot live."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._plain().title

    def _repr_html_(self) -> str:
        return page_of(self._plain())

    def _repr_mimebundle_(self, **settings: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The live form for those who can show it, and beside it the plain one for all others."""
        bundle = super()._repr_mimebundle_(**settings)
        if bundle is None:
            return None
        data, metadata = bundle
        return {**data, "text/html": self._repr_html_()}, metadata
