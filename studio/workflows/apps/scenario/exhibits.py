"""Figures and tables of executed notebooks, made harmless: images as images, tables as texts in rows.

What a notebook shows is somebody's data and may carry a program. Nothing of it reaches a page as HTML: an image must
begin as its kind does, and of a table only its texts are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.notebooks.document import Cell, NotebookDocument, read_notebook
from studio.notebooks.review.diff import diff_notebooks
from studio.notebooks.review.figures import figure_pairs
from studio.notebooks.review.outputs import joined
from studio.pipelines.run_record import StepRecord
from studio.workflows.apps.scenario.tables import Rows, tables_in
from studio.workflows.apps.scenario.words import step_name

_MOST = 16
_MARKS = re.compile(r"[*`]|(?<!\w)_|_(?!\w)")
"""What makes words of a heading bold, slanted or code."""
_LARGEST = 4_000_000
"""Characters of images in all, as base64."""


@dataclass(frozen=True)
class Exhibit:
    """A figure or a table.

    Attributes
    ----------
    kind : str
        ``figure`` or ``table``.
    caption : str
        The heading above it in its notebook, and its step.
    image : str
        A ``data:`` address of an image; empty for a table.
    rows : Rows or None
        The table.
    """

    kind: Literal["figure", "table"]
    caption: str
    image: str = ""
    rows: Rows | None = None


def exhibits(workspace: Workspace, steps: Iterable[StepRecord]) -> tuple[list[Exhibit], int]:
    """What the executed notebooks of `steps` show, in order, and how many figures and tables are left out."""
    found: list[Exhibit] = []
    left_out, size = 0, 0
    for step in steps:
        for one in _of_step(workspace, step):
            size += len(one.image)
            if len(found) >= _MOST or size > _LARGEST:
                size -= len(one.image)
                left_out += 1
            else:
                found.append(one)
    return found, left_out


def _of_step(workspace: Workspace, step: StepRecord) -> Iterator[Exhibit]:
    if not step.executed_notebook or not (workspace.root / step.executed_notebook).is_file():
        return
    try:
        document = read_notebook(workspace, step.executed_notebook)
    except BadInput:
        return  # the run's record is the truth about it; a copy that was damaged later only has nothing to show
    figures = _figures(document)
    captions = _captions(document)
    for cell in document.cells:
        caption = _caption(captions[cell.number], step_name(step.key))
        for address in figures.get(cell.number, ()):
            yield Exhibit("figure", caption, image=address)
        for rows in _tables(cell):
            yield Exhibit("table", caption, rows=rows)


def _figures(document: NotebookDocument) -> dict[int, list[str]]:
    pairs, _ = figure_pairs(diff_notebooks(None, document), None, document)
    found: dict[int, list[str]] = {}
    for pair in pairs:
        if pair.new is not None and pair.new.data:
            found.setdefault(pair.cell, []).append(f"data:{pair.new.mime};base64,{pair.new.data}")
    return found


def _captions(document: NotebookDocument) -> dict[int, str]:
    """For each cell the nearest heading above it."""
    found: dict[int, str] = {}
    heading = ""
    for cell in document.cells:
        if told := cell.headings:
            heading = _MARKS.sub("", told[-1]).strip()[:120]
        found[cell.number] = heading
    return found


def _caption(heading: str, step: str) -> str:
    if not heading or heading.casefold() == step.casefold():
        return heading or step[:1].upper() + step[1:]
    return f"{heading} ({step})"


def _tables(cell: Cell) -> Iterator[Rows]:
    for output in cell.outputs:
        data = output.get("data")
        if isinstance(data, Mapping) and "text/html" in data and not any(key.startswith("image/") for key in data):
            yield from tables_in(joined(data["text/html"]))
