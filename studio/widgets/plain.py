"""The form of a widget that needs no kernel and no script: for saved notebooks, nbconvert, GitHub and mail.

It is HTML made of escaped texts. Colours come from the page around it; the few lines of style are a help where they
arrive, and where they are taken away (GitHub, mail) headings, tables and lists still say everything.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from studio.notebooks.review.terminal import visible
from studio.widgets.texts import cut, plural

_STYLE = (
    ".studio-plain{max-width:72rem;overflow-x:auto;line-height:1.5}"
    ".studio-plain table{border-collapse:collapse;margin:.5em 0}"
    ".studio-plain caption{text-align:left;font-weight:600;padding:.3em 0}"
    ".studio-plain th,.studio-plain td{text-align:left;vertical-align:top;padding:.25em .8em .25em 0;"
    "border-bottom:1px solid rgba(128,128,128,.35)}"
    ".studio-plain pre{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".studio-plain iframe{width:100%;height:36rem;border:1px solid rgba(128,128,128,.35)}"
    ".studio-plain img{max-width:100%}"
)
MOST_ROWS = 200
_LONGEST = 20_000
_LONGEST_FRAME = 300_000


@dataclass(frozen=True)
class Sentence:
    """A paragraph."""

    text: str

    def html(self) -> Markup:
        """Its HTML."""
        return Markup("<p>{}</p>").format(_text(self.text))


@dataclass(frozen=True)
class Table:
    """Rows of texts; the first cell of a row names the row. What is beyond `MOST_ROWS` is counted."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def html(self) -> Markup:
        """Its HTML."""
        head = _joined(Markup('<th scope="col">{}</th>').format(_text(cell)) for cell in self.head)
        rows = _joined(_row(row) for row in self.rows[:MOST_ROWS])
        left_out = len(self.rows) - MOST_ROWS
        more = f"<p>… and {plural(left_out, 'more row')}</p>" if left_out > 0 else ""
        caption = Markup("<caption>{}</caption>").format(_text(self.caption)) if self.caption else Markup("")
        head = Markup("<thead><tr>{}</tr></thead>").format(head) if self.head else Markup("")
        table = Markup("<table>{}{}<tbody>{}</tbody></table>").format(caption, head, rows)
        return table + Markup(more)  # noqa: S704 - a number and words of ours


@dataclass(frozen=True)
class Block:
    """A longer text under a line that opens it."""

    line: str
    text: str

    def html(self) -> Markup:
        """Its HTML."""
        parts = (_text(self.line), _text(self.text))
        return Markup("<details><summary>{}</summary><pre>{}</pre></details>").format(*parts)


@dataclass(frozen=True)
class Picture:
    """A drawing in SVG, as an image: nothing in an image runs."""

    svg: str
    words: str

    def html(self) -> Markup:
        """Its HTML."""
        data = base64.b64encode(self.svg.encode("utf-8", "replace")).decode()
        return Markup('<p><img alt="{}" src="data:image/svg+xml;base64,{}"></p>').format(_text(self.words), data)


@dataclass(frozen=True)
class Frame:
    """A page of its own in a frame without any rights; one that is too long for a notebook's file is left out."""

    title: str
    page: str
    instead: str

    def html(self) -> Markup:
        """Its HTML."""
        if len(self.page) > _LONGEST_FRAME:
            return Sentence(self.instead).html()
        return Markup('<iframe sandbox="" title="{}" srcdoc="{}"></iframe>').format(_text(self.title), self.page)


Part = Sentence | Table | Block | Picture | Frame


@dataclass(frozen=True)
class Plain:
    """A widget in plain form: one line that says what it shows, and the parts below it."""

    title: str
    parts: Sequence[Part] = ()


def page_of(plain: Plain) -> str:
    """The plain form as HTML in which every text is escaped."""
    parts = _joined(part.html() for part in plain.parts)
    page = Markup('<div class="studio-plain"><style>{}</style><p><strong>{}</strong></p>{}</div>')
    return str(page.format(Markup(_STYLE), _text(plain.title), parts))  # noqa: S704 - the style is ours


def _row(cells: Sequence[str]) -> Markup:
    first = Markup('<th scope="row">{}</th>').format(_text(cells[0]))
    rest = _joined(Markup("<td>{}</td>").format(_text(cell)) for cell in cells[1:])
    return Markup("<tr>{}{}</tr>").format(first, rest)


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _text(text: str) -> Markup:
    return escape(visible(cut(text, _LONGEST)))
