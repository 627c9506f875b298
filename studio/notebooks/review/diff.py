"""The difference of two notebooks as a reviewer needs it: cell by cell, and whether it changes what runs.

Outputs are compared by digest and never enter the comparison of cells, so their size does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.review.alignment import Pair, align
from studio.notebooks.review.changes import (
    ParameterChange,
    counted_content,
    counting_moves,
    parameter_changes,
)
from studio.notebooks.review.lines import LineDiff, diff_lines, whole
from studio.notebooks.review.output_text import output_lines
from studio.notebooks.review.outputs import OutputsChange, face

FORMAT = 1
Status = Literal["unchanged", "changed", "added", "removed", "moved"]
STATUSES: tuple[Status, ...] = ("changed", "added", "removed", "moved", "unchanged")
# What editors and runs write into a cell's metadata; tags are told apart.
_NOISE = {"tags", "execution", "papermill", "studio", "collapsed", "scrolled", "ExecuteTime", "editable", "trusted"}


@dataclass(frozen=True)
class CellDiff:
    """One cell before and after.

    Attributes
    ----------
    status : str
        ``unchanged``, ``changed`` (source, type or tags), ``added``, ``removed`` or ``moved`` (and perhaps changed).
    old, new : Cell or None
        The cell in either notebook.
    source : LineDiff
        The lines that differ; empty where the source is the same.
    outputs : OutputsChange
        By digest.
    output_lines : LineDiff or None
        The lines of text outputs that differ, where outputs were asked for.
    counts : bool
        Whether the change is one of what runs, so that the fingerprint changes.
    """

    status: Status
    old: Cell | None
    new: Cell | None
    source: LineDiff
    outputs: OutputsChange
    counts: bool
    output_lines: LineDiff | None = None

    @property
    def cell(self) -> Cell:
        """The new cell; of a removed one, the old."""
        found = self.new or self.old
        if found is None:
            raise ValueError("a cell's difference is of at least one cell")
        return found

    @property
    def tags_added(self) -> tuple[str, ...]:
        """Tags that only the new cell has; all of an added cell's."""
        old = self.old.tags if self.old else ()
        return tuple(tag for tag in (self.new.tags if self.new else ()) if tag not in old)

    @property
    def tags_removed(self) -> tuple[str, ...]:
        """Tags that only the old cell has."""
        new = self.new.tags if self.new else ()
        return tuple(tag for tag in (self.old.tags if self.old else ()) if tag not in new)

    @property
    def type_change(self) -> tuple[str, str] | None:
        """The cell's type before and after, where it changed."""
        if self.old is None or self.new is None or self.old.type == self.new.type:
            return None
        return (self.old.type, self.new.type)

    @property
    def metadata_changed(self) -> tuple[str, ...]:
        """Keys of the metadata that differ; tags and what editors and runs write are left out."""
        if self.old is None or self.new is None:
            return ()
        old, new = self.old.metadata, self.new.metadata
        keys = sorted({*old, *new} - _NOISE)
        return tuple(key for key in keys if old.get(key) != new.get(key))

    @property
    def touched(self) -> bool:
        """Whether anything but outputs differs."""
        return self.status != "unchanged"

    def as_dict(self) -> dict[str, Any]:
        """The cell's difference as JSON data."""
        return {
            "status": self.status,
            "number": self.new.number if self.new else None,
            "old_number": self.old.number if self.old else None,
            "id": self.cell.id,
            "type": self.cell.type,
            "old_type": self.old.type if self.old else None,
            "role": self.cell.role,
            "tags": list(self.cell.tags),
            "tags_added": list(self.tags_added),
            "tags_removed": list(self.tags_removed),
            "metadata_changed": list(self.metadata_changed),
            "counts": self.counts,
            "source": self.source.as_dict(),
            "outputs": self.outputs.as_dict(),
            "output_lines": self.output_lines.as_dict() if self.output_lines else None,
        }


@dataclass(frozen=True)
class NotebookDiff:
    """The difference of two notebooks.

    Attributes
    ----------
    old : NotebookDocument or None
        The notebook before; None for a new one.
    new : NotebookDocument
        The notebook after.
    cells : tuple of CellDiff
        In the order of the new notebook; removed cells where they stood.
    parameters : tuple of ParameterChange
        Those that changed.
    notes : tuple of str
        What could not be compared, and why.
    """

    old: NotebookDocument | None = field(repr=False)
    new: NotebookDocument = field(repr=False)
    cells: tuple[CellDiff, ...]
    parameters: tuple[ParameterChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kernel(self) -> tuple[str, str] | None:
        """The kernel's name before and after, where it changed."""
        if self.old is None or self.old.kernel_name == self.new.kernel_name:
            return None
        return (self.old.kernel_name, self.new.kernel_name)

    @property
    def declaration(self) -> bool:
        """Whether it is a file of YAML that stands here as a notebook of one cell."""
        return self.new.path.endswith((".yml", ".yaml"))

    @property
    def touched(self) -> tuple[CellDiff, ...]:
        """The cells in which something but outputs differs."""
        return tuple(cell for cell in self.cells if cell.touched)

    @property
    def same(self) -> bool:
        """Whether nothing differs but perhaps outputs."""
        return self.old is not None and not self.touched and self.kernel is None

    @property
    def counts(self) -> bool:
        """Whether the cells or the kernel changed so that the fingerprint changes.

        A changed contract or module changes it, too, and is not seen here.
        """
        return self.kernel is not None or self.old is None or any(cell.counts for cell in self.cells)

    def tallies(self) -> dict[str, int]:
        """How many cells have each status, how many changes count, how many cells' outputs changed."""
        found: dict[str, int] = dict.fromkeys(STATUSES, 0)
        for cell in self.cells:
            found[cell.status] += 1
        found["counting"] = sum(cell.counts for cell in self.cells)
        found["outputs_changed"] = sum(cell.outputs.changed for cell in self.cells)
        return found

    def summary(self) -> str:
        """One line: ``2 cells changed, 1 added; 2 of these changes count; outputs of 3 cells differ``."""
        if self.declaration:
            return self._lines_told()
        tallies = self.tallies()
        told = [f"{tallies[status]} {status}" for status in STATUSES if status != "unchanged" and tallies[status]]
        if self.old is None:
            parts = [f"a new notebook of {_cells(len(self.cells))}"]
        elif told:
            first, *more = told
            number, status = first.split(" ")
            parts = [", ".join([f"{_cells(int(number))} {status}", *more])]
            parts.append(f"{tallies['counting'] or 'none'} of these changes {_verb(tallies['counting'])}")
        else:
            parts = ["no cell changed"]
        if self.kernel:
            parts.append(f"the kernel is {self.kernel[1]} and was {self.kernel[0]}")
        if self.old is not None and tallies["outputs_changed"]:
            parts.append(f"outputs of {_cells(tallies['outputs_changed'])} differ")
        return "; ".join(parts)

    def _lines_told(self) -> str:
        added, removed = (sum(getattr(cell.source, kind) for cell in self.cells) for kind in ("added", "removed"))
        if self.old is None:
            return f"a new file of {_lines(added)}"
        if not added and not removed:
            return "no line changed"
        return f"{_lines(added)} added, {removed} removed" if added else f"{_lines(removed)} removed"

    def as_dict(self, *, cells: Iterable[int] | None = None) -> dict[str, Any]:
        """The difference with stable keys, for ``--json``; with `cells`, of those places in `cells` only."""
        chosen = self.cells if cells is None else [self.cells[place] for place in cells]
        return {
            "version": FORMAT,
            "old": self.old.path if self.old else None,
            "new": self.new.path,
            "same": self.same,
            "counts": self.counts,
            "summary": self.summary(),
            "tallies": self.tallies(),
            "kernel": list(self.kernel) if self.kernel else None,
            "parameters": [change.as_dict() for change in self.parameters],
            "cells": [cell.as_dict() for cell in chosen],
            "notes": list(self.notes),
        }

    def to_text(self, *, color: bool = False, width: int = 100) -> str:
        """The difference for a terminal of `width` columns; with `color`, by ANSI escapes."""
        from studio.notebooks.review.terminal import shown

        return shown(self, color=color, width=width)

    def to_html(self) -> str:
        """The difference as one page that runs and fetches nothing."""
        from studio.notebooks.review.page import diff_page

        return diff_page(self)


def diff_notebooks(old: NotebookDocument | None, new: NotebookDocument, *, outputs: bool = False) -> NotebookDiff:
    """What changed from one notebook to another.

    Parameters
    ----------
    old : NotebookDocument or None
        The notebook before; None where there was none.
    new : NotebookDocument
        The notebook after.
    outputs : bool
        Compare the text of outputs line by line as well; else outputs are compared by digest and size only.
    """
    pairs = align(old.cells if old else (), new.cells)
    swapped = counting_moves(pairs)
    parameters, notes = parameter_changes(old, new)
    attachments = _attachments(old), _attachments(new)
    cells = tuple(_cell_diff(pair, swapped, attachments, outputs=outputs) for pair in pairs)
    return NotebookDiff(old, new, cells, parameters, notes)


def _cell_diff(
    pair: Pair,
    swapped: Iterable[int],
    attachments: tuple[Mapping[int, Any], Mapping[int, Any]],
    *,
    outputs: bool,
) -> CellDiff:
    old, new = pair.old, pair.new
    source = _source(old, new)
    change = OutputsChange(face(old), face(new))
    counts = counted_content(old) != counted_content(new)
    status: Status
    if old is None or new is None:
        status = "added" if old is None else "removed"
    elif pair.moved:
        status = "moved"
        counts = counts or new.index in swapped
    else:
        attached = attachments[0].get(old.index) != attachments[1].get(new.index)
        same = old.source == new.source and old.type == new.type and set(old.tags) == set(new.tags) and not attached
        status = "unchanged" if same else "changed"
    lines = output_lines(old, new) if outputs and change.changed else None
    return CellDiff(status, old, new, source, change, counts, lines)


def _source(old: Cell | None, new: Cell | None) -> LineDiff:
    if old is None and new is not None:
        return whole(new.source, "added")
    if new is None and old is not None:
        return whole(old.source, "removed")
    return diff_lines(old.source, new.source) if old and new else LineDiff()


def _attachments(document: NotebookDocument | None) -> dict[int, Any]:
    if document is None:
        return {}
    cells = enumerate(document.raw["cells"])
    return {index: cell["attachments"] for index, cell in cells if cell.get("attachments")}


def _cells(number: int) -> str:
    return f"{number} cell" if number == 1 else f"{number} cells"


def _lines(number: int) -> str:
    return f"{number} line" if number == 1 else f"{number:,} lines"


def _verb(number: int) -> str:
    return "counts" if number == 1 else "count"
