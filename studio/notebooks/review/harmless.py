"""HTML of an output, reduced to what shows data: tables, lists and text.

This is the first of three walls; the page shows what is left inside a frame without any rights, under a policy that
lets nothing run and nothing be fetched. Here goes what policies do not govern, such as hints to connect somewhere.
Written for any input in linear time, which html.parser does not promise: what is no plain tag is text.
"""

from __future__ import annotations

import re
from html import escape, unescape

_KEPT = frozenset(
    [
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "caption",
        "colgroup",
        "col",
        "p",
        "div",
        "span",
        "b",
        "i",
        "em",
        "strong",
        "small",
        "sub",
        "sup",
        "u",
        "s",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "pre",
        "code",
        "samp",
        "kbd",
        "br",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
    ]
)
_VOID = frozenset({"br", "hr", "col"})
# Their content is no text of the output.
_DROPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "noembed",
        "noframes",
        "iframe",
        "object",
        "applet",
        "svg",
        "math",
        "title",
        "textarea",
        "select",
        "audio",
        "video",
        "canvas",
        "xmp",
        "plaintext",
    ]
)
_DEEPEST = 100
_TAG = re.compile(r"<(/?+)([a-zA-Z][a-zA-Z0-9-]*+)([^<>]*+)>")
_SPAN = re.compile(r"\b(colspan|rowspan)\s*=\s*[\"']?([0-9]{1,4})\b", re.IGNORECASE)


def reduced(html: str) -> str:
    """`html` with harmless elements only, without attributes but for the spans of cells."""
    writer = _Writer()
    text = _without_comments(html)
    end = 0
    for tag in _TAG.finditer(text):
        writer.text(text[end : tag.start()])
        name = tag.group(2).lower()
        if tag.group(1):
            writer.close(name)
        else:
            writer.open(name, tag.group(3))
        end = tag.end()
    writer.text(text[end:])
    return writer.result()


def _without_comments(html: str) -> str:
    parts, end = [], 0
    while (start := html.find("<!--", end)) >= 0:
        parts.append(html[end:start])
        stop = html.find("-->", start)
        if stop < 0:
            return "".join(parts)
        end = stop + 3
    return "".join([*parts, html[end:]])


class _Writer:
    """What was kept so far, which elements are open, and which one's content is being dropped."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.stack: list[str] = []
        self.dropped = ""

    def text(self, text: str) -> None:
        if text and not self.dropped:
            self.parts.append(escape(unescape(text)))

    def open(self, name: str, attributes: str) -> None:
        if self.dropped:
            return
        if name in _DROPPED:
            self.dropped = "" if attributes.endswith("/") else name
        elif name in _KEPT and len(self.stack) < _DEEPEST:
            spans = "".join(f' {key.lower()}="{value}"' for key, value in _SPAN.findall(attributes)[:2])
            self.parts.append(f"<{name}{spans}>")
            if name not in _VOID:
                self.stack.append(name)

    def close(self, name: str) -> None:
        if self.dropped:
            self.dropped = "" if name == self.dropped else self.dropped
        elif name in self.stack:
            # What stands open inside ends with it, so that nothing reaches beyond its element.
            while (ended := self.stack.pop()) != name:
                self.parts.append(f"</{ended}>")
            self.parts.append(f"</{name}>")

    def result(self) -> str:
        return "".join([*self.parts, *(f"</{name}>" for name in reversed(self.stack))])
