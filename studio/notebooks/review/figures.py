"""Figures of two executed notebooks side by side: as bytes that a page shows as images and never as documents.

What is said to be an image is somebody's data. Its first bytes must be those of its kind, its size is bounded, and an
SVG reaches a page only as the source of an image, where browsers run and fetch nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.files import digest_bytes
from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.review.diff import NotebookDiff
from studio.notebooks.review.outputs import joined

SVG = "image/svg+xml"
_STARTS: Mapping[str, bytes] = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
MIMES = (*_STARTS, SVG)
LARGEST = 1_000_000
_ALL = 3_000_000
_MOST = 80
_MOST_OF_A_CELL = 12
_MOST_PIXELS = 50_000_000


@dataclass(frozen=True)
class Figure:
    """One image.

    Attributes
    ----------
    mime : str
        ``image/png``, ``image/jpeg`` or ``image/svg+xml``.
    digest : str
        SHA-256 of its text in the notebook.
    bytes : int
        About how large it is.
    fault : str
        Why it is not shown; empty where it can be.
    data : str
        Its bytes as base64; empty where it is not shown.
    """

    mime: str
    digest: str
    bytes: int
    fault: str = ""
    data: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The figure as JSON data."""
        return {
            "mime": self.mime,
            "digest": self.digest,
            "bytes": self.bytes,
            "fault": self.fault,
            "data": self.data,
        }


@dataclass(frozen=True)
class FigurePair:
    """The figure at one place of a cell before and after; ``same`` where nothing differs."""

    cell: int
    place: int
    status: str
    old: Figure | None
    new: Figure | None

    def as_dict(self) -> dict[str, Any]:
        """The pair as JSON data; of figures that are the same, only the new one has its bytes."""
        old = self.old.as_dict() if self.old else None
        if old and self.status == "same":
            old["data"] = ""
        new = self.new.as_dict() if self.new else None
        return {"cell": self.cell, "place": self.place, "status": self.status, "old": old, "new": new}


def source_index(cell: Cell) -> int | None:
    """Which cell of the source notebook a cell of an executed one is; None for one that a run put in."""
    own = cell.metadata.get("studio")
    if isinstance(own, Mapping) and "cell" in own:
        return own["cell"] if type(own["cell"]) is int else None
    return cell.index


def figure_pairs(
    diff: NotebookDiff, old: NotebookDocument | None, new: NotebookDocument
) -> tuple[list[FigurePair], int]:
    """The figures by cell, those that changed kept first where there are too many, and how many are left out.

    Parameters
    ----------
    diff : NotebookDiff
        Says which cell of `old` is which of `new`.
    old, new : NotebookDocument
        The executed notebooks, or the notebooks themselves.
    """
    before, after = _raw_figures(old), _raw_figures(new)
    found: list[tuple[int, int, str, _Raw | None, _Raw | None]] = []
    left_out = 0
    for cell in diff.cells:
        a = before.get(cell.old.index, []) if cell.old else []
        b = after.get(cell.new.index, []) if cell.new else []
        number = cell.cell.number
        for place in range(max(len(a), len(b))):
            if place >= _MOST_OF_A_CELL:
                left_out += max(len(a), len(b)) - place
                break
            x, y = a[place] if place < len(a) else None, b[place] if place < len(b) else None
            status = "added" if x is None else "removed" if y is None else "same" if x == y else "changed"
            found.append((number, place + 1, status, x, y))
    chosen = _chosen(found)
    left_out += len(found) - len(chosen)
    pairs = [
        FigurePair(number, place, status, _figure(x) if x else None, _figure(y) if y else None)
        for at, (number, place, status, x, y) in enumerate(found)
        if at in chosen
    ]
    return pairs, left_out


@dataclass(frozen=True)
class _Raw:
    mime: str
    text: str

    @property
    def bytes(self) -> int:
        return len(self.text) if self.mime == SVG else len(self.text) * 3 // 4


def _raw_figures(document: NotebookDocument | None) -> dict[int, list[_Raw]]:
    found: dict[int, list[_Raw]] = {}
    for cell in document.cells if document else ():
        index = source_index(cell)
        if index is not None:
            found.setdefault(index, []).extend(_of_cell(cell))
    return found


def _of_cell(cell: Cell) -> Iterator[_Raw]:
    for output in cell.outputs:
        data = output.get("data")
        if not isinstance(data, Mapping):
            continue
        mime = next((mime for mime in MIMES if mime in data), None)
        if mime is not None:
            yield _Raw(mime, joined(data[mime]))


def _chosen(found: list[tuple[int, int, str, _Raw | None, _Raw | None]]) -> set[int]:
    """Places in `found` that fit: changed figures first."""
    chosen: set[int] = set()
    room = _ALL
    for at in sorted(range(len(found)), key=lambda at: (found[at][2] == "same", at)):
        _, _, status, x, y = found[at]
        shown = [y] if status == "same" else [x, y]
        size = sum(raw.bytes for raw in shown if raw is not None and raw.bytes <= LARGEST)
        if len(chosen) < _MOST and size <= room:
            chosen.add(at)
            room -= size
    return chosen


def _figure(raw: _Raw) -> Figure:
    digest = digest_bytes(raw.text.encode("utf-8", "surrogatepass"))
    if raw.bytes > LARGEST:
        return Figure(raw.mime, digest, raw.bytes, "too large to show")
    content, fault = _content(raw)
    if fault:
        return Figure(raw.mime, digest, raw.bytes, fault)
    return Figure(raw.mime, digest, len(content), "", base64.b64encode(content).decode())


def _content(raw: _Raw) -> tuple[bytes, str]:
    """The image's bytes, or why they are none."""
    if raw.mime == SVG:
        content = raw.text.encode("utf-8", "surrogatepass")
        if "<svg" not in raw.text:
            return b"", "it is no SVG"
        return (b"", "it declares entities") if "<!ENTITY" in raw.text.upper() else (content, "")
    try:
        content = base64.b64decode("".join(raw.text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b"", "it is not base64"
    kind = raw.mime.removeprefix("image/").upper()
    if not content.startswith(_STARTS[raw.mime]):
        return b"", f"it is no {kind}"
    if raw.mime == "image/png":
        width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
        if width * height > _MOST_PIXELS:
            return b"", f"it unpacks to {width} by {height} pixels"
    return content, ""
