"""What the tests of widgets share: a person in the browser, and facts from others that want to be taken for HTML."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from studio.pipelines.run_record import RunRecord, StepRecord
from studio.widgets.widget import Widget

ATTACK = "<script>document.title='RAN'</script><img src=x onerror=document.title='RAN'>\"'><b>&amp;\u202e"
Act = Callable[..., None]
# What is written into elements that need no end tag, and which attributes may hold what others wrote.
_VOID = {"img", "br", "meta"}
_OURS = {"div", "style", "p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary"}
_OURS |= {"pre", "iframe", "img"}


@pytest.fixture
def act() -> Act:
    """Do in a widget what a person's browser sends."""

    def send(widget: Widget, verb: str, **content: Any) -> None:
        content = json.loads(json.dumps({"verb": verb, **content}))
        widget._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    return send


class Read(HTMLParser):
    """Plain HTML as a browser reads it: balanced, of known elements only, without anything that runs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.frames: list[dict[str, str | None]] = []
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _OURS, tag
        names = {name for name, _ in attrs}
        assert names <= {"class", "scope", "alt", "src", "sandbox", "title", "srcdoc"}, names
        self.tags.append(tag)
        if tag == "img":
            assert str(dict(attrs)["src"]).startswith("data:image/svg+xml;base64,")
        if tag == "iframe":
            assert dict(attrs)["sandbox"] == ""
            self.frames.append(dict(attrs))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            return
        self.texts.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        """All that is read."""
        return " ".join(self.texts)


def seen(text: str) -> str:
    """`text` as a reader sees it: what would change the direction of writing is shown by its number."""
    return text.replace("\u202e", "⟨U+202E⟩")


def step(key: str, status: str = "completed", **facts: Any) -> StepRecord:
    """The record of a step; ``train[model=a]`` is a part of ``train``."""
    name, _, part = key.partition("[")
    given: dict[str, Any] = {"notebook": f"notebooks/{name}.ipynb", "status": status, "seconds": 1.5, **facts}
    return StepRecord(key, **({"name": name, "part": part.removesuffix("]")} | given))


def run(identity: str, *steps: StepRecord, **facts: Any) -> RunRecord:
    """The record of a run."""
    given: dict[str, Any] = {"status": "completed", "started": "2026-03-03T09:30:00.000Z", "seconds": 75.2, **facts}
    names = {"pipeline": "churn", "name": "churn"}
    return RunRecord(identity, steps={one.key: one for one in steps}, **(names | given))
