"""The difference of two notebooks for a terminal.

Sources and outputs are shown as text and nothing else: control characters, with which a cell could move the cursor or
recolour what is around it, and characters that turn the direction of writing are shown by their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from studio.notebooks.review.lines import Line, LineDiff

if TYPE_CHECKING:
    from studio.notebooks.review.diff import CellDiff, NotebookDiff

_COLORS = {"added": "32", "removed": "31", "moved": "36", "changed": "33", "head": "1", "faint": "2", "words": "7"}
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_MARKS = {"added": "+", "removed": "-", "same": " "}


def visible(text: str) -> str:
    r"""`text` with characters that show nothing, or change how others are shown, written as ``⟨U+202E⟩``."""
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def shown(diff: NotebookDiff, *, color: bool, width: int) -> str:
    """The whole difference as lines of at most about `width` columns (long source lines are not broken)."""
    paint = _Paint(color)
    rows = [paint("head", visible(diff.new.path)), diff.summary()]
    rows += [f"note: {visible(note)}" for note in diff.notes]
    rows += _parameters(diff, paint)
    waiting = 0
    for cell in diff.cells:
        if not cell.touched and not cell.outputs.changed and not cell.metadata_changed:
            waiting += 1
            continue
        rows += _unchanged(waiting, paint)
        waiting = 0
        rows += ["", *(_lines(cell.source, paint) if diff.declaration else _cell(cell, paint, width))]
    rows += _unchanged(waiting, paint)
    return "\n".join(rows) + "\n"


class _Paint:
    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, kind: str, text: str) -> str:
        return f"\x1b[{_COLORS[kind]}m{text}\x1b[0m" if self.color and kind in _COLORS and text else text


def _parameters(diff: NotebookDiff, paint: _Paint) -> Iterator[str]:
    if diff.parameters:
        yield ""
        yield paint("head", "parameters")
    for change in diff.parameters:
        old, new = change.old or {}, change.new or {}
        if change.status == "changed":
            told = "; ".join(f"{key} {_quoted(old[key])} → {_quoted(new[key])}" for key in change.fields)
            yield paint("changed", f"~ {change.name}: {visible(told)}")
            continue
        facts = new if change.status == "added" else old
        default = facts["default"] if facts["default"] == "required" else f"= {facts['default']}"
        note = f"  # {facts['help']}" if facts["help"] else ""
        told = f"{_MARKS[change.status]} {change.name}: {facts['type']} ({default}){note}"
        yield paint(change.status, visible(told))


def _quoted(text: str) -> str:
    return text or "(none)"


def _unchanged(number: int, paint: _Paint) -> Iterator[str]:
    if number:
        yield ""
        yield paint("faint", f"… {number} unchanged {'cell' if number == 1 else 'cells'}")


def _cell(cell: CellDiff, paint: _Paint, width: int) -> Iterator[str]:
    facts = [_title(cell), _status(cell)]
    if cell.touched:
        facts.append("counts" if cell.counts else "does not count")
    head = " · ".join(facts)
    yield paint(cell.status if cell.touched else "faint", f"── {head} {'─' * max(2, width - len(head) - 4)}")
    if cell.type_change:
        yield f"   type: {cell.type_change[0]} → {cell.type_change[1]}"
    if (cell.tags_added or cell.tags_removed) and cell.status not in {"added", "removed"}:
        tags = [*(f"+{tag}" for tag in cell.tags_added), *(f"-{tag}" for tag in cell.tags_removed)]
        yield f"   tags: {visible(', '.join(tags))}"
    if cell.metadata_changed:
        yield f"   metadata changed: {visible(', '.join(cell.metadata_changed))}"
    yield from _lines(cell.source, paint)
    if cell.outputs.changed and cell.old is not None and cell.new is not None:
        old, new = cell.outputs.old, cell.outputs.new
        yield f"   outputs: {_size(old.count, old.bytes)} → {_size(new.count, new.bytes)}"
    if cell.output_lines:
        yield from _lines(cell.output_lines, paint)


def _title(cell: CellDiff) -> str:
    tags = f" [{visible(', '.join(cell.cell.tags))}]" if cell.cell.tags else ""
    place = f"cell {cell.cell.number}" if cell.new else f"cell {cell.cell.number} of before"
    return f"{place} ({cell.cell.type}){tags}"


def _status(cell: CellDiff) -> str:
    if cell.status == "moved" and cell.old is not None:
        more = " and changed" if cell.source.hunks else ""
        return f"moved from place {cell.old.number}{more}"
    return cell.status if cell.touched else ("outputs differ" if cell.outputs.changed else "metadata differs")


def _lines(difference: LineDiff, paint: _Paint) -> Iterator[str]:
    for place, hunk in enumerate(difference.hunks):
        if place or len(difference.hunks) > 1:
            yield paint("faint", f"   {hunk.header}")
        for line in hunk.lines:
            yield _line(line, paint)
    if difference.left_out:
        yield paint("faint", f"   … {difference.left_out} more lines are not shown")


def _line(line: Line, paint: _Paint) -> str:
    kind = line.kind if line.kind != "same" else ""
    if not paint.color or not line.spans:
        return paint(kind, f" {_MARKS[line.kind]} {visible(line.text)}")
    parts, end = [], 0
    for start, stop in line.spans:
        parts.append(paint(kind, visible(line.text[end:start])))
        parts.append(f"\x1b[{_COLORS[kind]};{_COLORS['words']}m{visible(line.text[start:stop])}\x1b[0m")
        end = stop
    parts.append(paint(kind, visible(line.text[end:])))
    return paint(kind, f" {_MARKS[line.kind]} ") + "".join(parts)


def _size(count: int, size: int) -> str:
    if not count:
        return "none"
    return f"{count} ({bytes_shown(size)})"


def bytes_shown(size: int) -> str:
    """A number of bytes as people read it: ``812 B``, ``48 kB``, ``3.2 MB``."""
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1_000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
