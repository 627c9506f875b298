"""The tables in a piece of HTML, as rows of texts: what is between the tags, and no tag."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

MOST_ROWS = 50
MOST_COLUMNS = 20
_LONGEST = 200
_READ = 2_000_000
_SILENT = {"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "title"}


@dataclass(frozen=True)
class Rows:
    """A table.

    Attributes
    ----------
    head : tuple of tuples of str
        The rows of its head.
    body : tuple of tuples of str
        The other rows.
    headings : int
        How many cells at the start of each row of the body are headings of the row.
    rows, columns : int
        How many rows and columns are left out.
    """

    head: tuple[tuple[str, ...], ...]
    body: tuple[tuple[str, ...], ...]
    headings: int
    rows: int = 0
    columns: int = 0


def tables_in(html: str) -> list[Rows]:
    """The tables of `html` that stand in no other table; none of what is too long to be read by people."""
    if len(html) > _READ or "<table" not in html.lower():
        return []
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.finish()
    return [rows for table in reader.tables if (rows := _rows(table)) is not None]


@dataclass
class _Table:
    head: list[list[tuple[str, bool]]] = field(default_factory=list)
    body: list[list[tuple[str, bool]]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Takes the texts of cells; it runs nothing and keeps no attribute but the span of a cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._depth = 0
        self._silent = 0
        self._in_head = False
        self._row: list[tuple[str, bool]] | None = None
        self._cell: list[str] | None = None
        self._is_heading = False
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append(_Table())
        elif self._depth != 1:
            return
        elif tag == "thead":
            self._in_head = True
        elif tag == "tbody":
            self._in_head = False
        elif tag == "tr":
            self._end_row()
            self._row = []
        elif tag in ("td", "th"):
            self._end_cell()
            self._cell, self._is_heading = [], tag == "th"
            span = dict(attrs).get("colspan") or "1"
            self._span = min(int(span), MOST_COLUMNS + 1) if span.isdecimal() and len(span) < 4 else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "table":
            if self._depth == 1:
                self._end_row()
                self._in_head = False
            self._depth = max(0, self._depth - 1)
        elif self._depth != 1:
            return
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag == "thead":
            self._in_head = False

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._silent:
            self._cell.append(data)

    def finish(self) -> None:
        """End what the text left open."""
        self._end_row()

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        text = " ".join("".join(self._cell).split())
        shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        if self._row is not None:
            self._row.append((shown, self._is_heading))
            self._row += [("", self._is_heading)] * (self._span - 1)
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row and self.tables:
            table = self.tables[-1]
            (table.head if self._in_head else table.body).append(self._row)
        self._row = None


def _rows(table: _Table) -> Rows | None:
    head, body = table.head, table.body
    if not head and body and all(heading for _, heading in body[0]):
        head, body = body[:1], body[1:]
    width = max((len(row) for row in (*head, *body)), default=0)
    if not width or not (body or head):
        return None
    headings = min((_leading(row) for row in body), default=0)
    return Rows(
        head=tuple(_texts(row) for row in head),
        body=tuple(_texts(row) for row in body[:MOST_ROWS]),
        headings=min(headings, MOST_COLUMNS),
        rows=max(0, len(body) - MOST_ROWS),
        columns=max(0, width - MOST_COLUMNS),
    )


def _leading(row: list[tuple[str, bool]]) -> int:
    return next((at for at, (_, heading) in enumerate(row) if not heading), len(row))


def _texts(row: list[tuple[str, bool]]) -> tuple[str, ...]:
    return tuple(text for text, _ in row[:MOST_COLUMNS])
