"""Which cell of the new notebook is which cell of the old one.

What is certain comes first and is cheap: the same id, the same content. nbdime's comparison decides between what is
left, in gaps so small that its brute force takes no time; it sees short texts and no outputs.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core.files import digest_bytes, frame
from studio.core.imports import notebook_libraries
from studio.notebooks.document import Cell

# Ids that name a place and not a cell: Studio gives such to cells without one, and so do generators of notebooks.
_BY_PLACE = re.compile(r"[A-Za-z_]*[-_]?\d{1,5}(?:-\d+)?")
# nbdime compares each with each by characters; this many pairs of texts of this length take about a second at worst.
_MOST_PAIRS = 2_500
_COMPARED = 600
_MOST_KEYS = 20_000


@dataclass(frozen=True)
class Pair:
    """A cell before and after; None where there is none."""

    old: Cell | None
    new: Cell | None
    moved: bool = False


def align(old: Sequence[Cell], new: Sequence[Cell]) -> list[Pair]:
    """All cells of both notebooks, paired, in the order of the new one; what was taken out stands where it was."""
    gaps = list(_gaps(old, new))
    gone = [cell for pairs in gaps for cell in pairs if isinstance(cell, Pair) and cell.new is None]
    come = [cell for pairs in gaps for cell in pairs if isinstance(cell, Pair) and cell.old is None]
    moved = dict(_moves([pair.old for pair in gone if pair.old], [pair.new for pair in come if pair.new]))
    taken = {cell.index for cell in moved.values()}
    found = []
    for pair in (pair for pairs in gaps for pair in pairs):
        if pair.new is not None and pair.old is None and pair.new.index in moved:
            found.append(Pair(moved[pair.new.index], pair.new, moved=True))
        elif pair.new is not None or (pair.old is not None and pair.old.index not in taken):
            found.append(pair)
    return found


def names_a_cell(id_: str) -> bool:
    """Whether an id says which cell it is, and not only at which place one stood."""
    return not _BY_PLACE.fullmatch(id_)


def content_key(cell: Cell) -> str:
    """A digest of the cell's type and source."""
    return digest_bytes(frame(cell.type, cell.source))


def _gaps(old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[list[Pair]]:
    """Certain pairs, and between them what could be paired, in order."""
    before, after = _keys(old, new), _keys(new, old)
    for tag, i, j, k, m in _opcodes(before, after):
        if tag == "equal":
            yield [Pair(a, b) for a, b in zip(old[i:j], new[k:m], strict=True)]
        else:
            yield list(_gap(old[i:j], new[k:m]))


def _keys(cells: Sequence[Cell], others: Sequence[Cell]) -> list[str]:
    """What is equal for cells that are certainly the same."""
    known = {cell.id for cell in others if names_a_cell(cell.id)}
    return [f"id {cell.id}" if cell.id in known else content_key(cell) for cell in cells]


def _opcodes(before: Sequence[str], after: Sequence[str]) -> Iterable[tuple[str, int, int, int, int]]:
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    if start == len(before) == len(after):
        return [("equal", 0, start, 0, start)] if start else []
    if len(before) + len(after) > _MOST_KEYS:
        # Nobody reads such a notebook; difflib would take minutes where all its cells are alike.
        most = Counter(before[start:]).most_common(1)
        if most and most[0][1] > 1_000:
            return [("equal", 0, start, 0, start), ("replace", start, len(before), start, len(after))]
    return difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def _gap(old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[Pair]:
    i = k = 0
    for a, b in [*_similar(old, new), (len(old), len(new))]:
        yield from (Pair(cell, None) for cell in old[i:a])
        yield from (Pair(None, cell) for cell in new[k:b])
        if a < len(old) and b < len(new):
            yield Pair(old[a], new[b])
        i, k = a + 1, b + 1


def _similar(old: Sequence[Cell], new: Sequence[Cell]) -> list[tuple[int, int]]:
    """Pairs of places, both ascending."""
    if not old or not new:
        return []
    if len(old) == len(new) == 1 and old[0].id == new[0].id:
        alike = old[0].type == new[0].type or old[0].source == new[0].source
        return [(0, 0)] if alike else []
    if len(old) * len(new) > _MOST_PAIRS:
        return []
    with notebook_libraries():
        from nbdime.diffing.notebooks import notebook_predicates  # type: ignore[import-untyped]
        from nbdime.diffing.snakes import compute_snakes_multilevel  # type: ignore[import-untyped]
    snakes = compute_snakes_multilevel(_plain(old), _plain(new), notebook_predicates["/cells"])
    return [(i + n, k + n) for i, k, length in snakes for n in range(length)]


def _plain(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """The cells as nbdime compares them."""
    return [
        {
            **({"id": cell.id} if names_a_cell(cell.id) else {}),
            "cell_type": cell.type,
            "source": cell.source[:_COMPARED],
            "outputs": [],
        }
        for cell in cells
    ]


def _moves(gone: Sequence[Cell], come: Sequence[Cell]) -> Iterator[tuple[int, Cell]]:
    """Index of the new cell, and the old cell that went there: by id first, then by content."""
    left = list(gone)
    waiting = []
    by_id = {cell.id: cell for cell in left if names_a_cell(cell.id)}
    for cell in come:
        if (found := by_id.pop(cell.id, None)) is not None:
            left.remove(found)
            yield cell.index, found
        elif cell.source.strip():
            waiting.append(cell)
    by_content: dict[str, list[Cell]] = {}
    for cell in left:
        by_content.setdefault(content_key(cell), []).append(cell)
    for cell in waiting:
        same = by_content.get(content_key(cell))
        if same:
            yield cell.index, same.pop(0)
