"""Where a comment hangs: on a cell, and it stays there when other cells are edited, put in, taken out or reordered.

An anchor remembers the cell by its id, its content and its neighbours. Ids are believed when they name a cell: tools
rewrite them, and generated notebooks number them by place, so a content that is found elsewhere outweighs such an id.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.review.alignment import content_key, names_a_cell

Status = Literal["here", "edited", "gone"]
# Of two sources with fewer words in common, one is no edit of the other.
SIMILAR = 0.6
_LINES = 12
_COMPARED = 2_000
_MOST_OTHERS = 500
_EMPTY = ""
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Anchor:
    """A cell as it was when somebody commented on it.

    Attributes
    ----------
    id : str
        The cell's id.
    digest : str
        Of its type and source.
    index : int
        Its place, from 0.
    type : str
        ``code``, ``markdown`` or ``raw``.
    excerpt : str
        Its first lines: for finding it when it was edited and its id rewritten, and for showing where it is gone.
    before, after : str
        Digests of its neighbours, which tell cells of the same content apart; empty at the document's ends.
    others : tuple of str
        The other cells of that time (by id, or by digest where the id only names a place): none of them can be
        what became of this one.
    """

    id: str
    digest: str
    index: int
    type: str
    excerpt: str
    before: str = _EMPTY
    after: str = _EMPTY
    others: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The anchor as JSON data."""
        return {
            "id": self.id,
            "digest": self.digest,
            "index": self.index,
            "type": self.type,
            "excerpt": self.excerpt,
            "before": self.before,
            "after": self.after,
            "others": list(self.others),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Anchor:
        """The anchor that `as_dict` wrote."""
        keys = ("id", "digest", "index", "type", "excerpt", "before", "after")
        return cls(**{key: data[key] for key in keys}, others=tuple(data["others"]))


class Located(NamedTuple):
    """Where an anchor's cell is now: the cell (None where it is gone) and whether it is as it was."""

    cell: Cell | None
    status: Status


def anchor(document: NotebookDocument, cell: Cell) -> Anchor:
    """The anchor of a cell of the document."""
    lines = cell.source.split("\n")[:_LINES]
    return Anchor(
        cell.id,
        content_key(cell),
        cell.index,
        cell.type,
        "\n".join(lines)[:_COMPARED],
        _neighbour(document.cells, cell.index - 1),
        _neighbour(document.cells, cell.index + 1),
        tuple(sorted({_name(other) for other in document.cells if other is not cell} - {_name(cell)})[:_MOST_OTHERS]),
    )


def locate(anchor: Anchor, document: NotebookDocument) -> Located:
    """The anchor's cell in a document of today.

    In this order: the cell of the same id and content; the cell of the same id, edited; a cell of the same content
    under another id; the cell that is most like it, if it is like it at all.
    """
    same_id = next((cell for cell in document.cells if cell.id == anchor.id), None)
    if same_id is not None and content_key(same_id) == anchor.digest and _decides(anchor, document):
        return Located(same_id, "here")
    if same_id is not None and names_a_cell(anchor.id):
        return Located(same_id, "here" if content_key(same_id) == anchor.digest else "edited")
    known = frozenset(anchor.others)
    left = [cell for cell in document.cells if cell.type == anchor.type and _name(cell) not in known]
    same = [cell for cell in left if content_key(cell) == anchor.digest]
    if same:
        return Located(max(same, key=lambda cell: _fitness(anchor, document.cells, cell)), "here")
    similar = [(_likeness(anchor, document.cells, cell), _fitness(anchor, document.cells, cell), cell) for cell in left]
    similar = [found for found in similar if found[0] >= SIMILAR]
    if similar:
        return Located(max(similar, key=lambda found: found[:2])[2], "edited")
    return Located(None, "gone")


def _decides(anchor: Anchor, document: NotebookDocument) -> bool:
    """Whether the id alone tells the cell from others of the same content."""
    if names_a_cell(anchor.id):
        return True
    return sum(content_key(cell) == anchor.digest for cell in document.cells) == 1


def _fitness(anchor: Anchor, cells: Sequence[Cell], cell: Cell) -> tuple[int, int, int]:
    """How well a cell's neighbours and place match."""
    before = _neighbour(cells, cell.index - 1) == anchor.before
    after = _neighbour(cells, cell.index + 1) == anchor.after
    return (before + after, int(cell.id == anchor.id), -abs(cell.index - anchor.index))


def _neighbour(cells: Sequence[Cell], index: int) -> str:
    return content_key(cells[index]) if 0 <= index < len(cells) else _EMPTY


def _name(cell: Cell) -> str:
    return f"id {cell.id}" if names_a_cell(cell.id) else content_key(cell)[:16]


def _likeness(anchor: Anchor, cells: Sequence[Cell], cell: Cell) -> float:
    """How much of the source is the same, from 0 to 1; between the same two neighbours it is 1."""
    neighbours, same_id, _ = _fitness(anchor, cells, cell)
    if neighbours == 2 and (same_id or anchor.before or anchor.after):
        return 1.0
    lines = "\n".join(cell.source.split("\n")[:_LINES])[:_COMPARED]
    if not lines.strip() or not anchor.excerpt.strip():
        return 0.0
    matcher = difflib.SequenceMatcher(None, _WORD.findall(anchor.excerpt), _WORD.findall(lines), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0
