"""A notebook in memory: read strictly once, then the only thing that is checked, fingerprinted and run.

What runs is made from this object (`NotebookDocument.for_run`), never from the file read again, so that
nothing can change between the check and the run.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from studio.core.errors import BadInput, Missing, Problem, Problems
from studio.core.workspace import Workspace
from studio.notebooks import reading, strict_json
from studio.notebooks.headings import headings, in_words

ENDINGS = (".ipynb", ".py", ".md")
"""Of a notebook's name: JSON, or a text as jupytext writes it."""
PARAMETERS = "parameters"
TEST = "test"
SCRATCH = "scratch"
SKIP = "skip-execution"
RAISES = "raises-exception"
INJECTED = "injected-parameters"
# papermill marks its own error notices with this tag and drops every cell that carries it before a run.
ERROR_MARK = "papermill-error-cell-tag"

Role = Literal["code", "parameters", "test", "scratch", "leftover", "text"]


@dataclass(frozen=True)
class Cell:
    r"""One cell.

    Attributes
    ----------
    index : int
        Its place in the document, from 0, all cell types counted.
    id : str
        Its nbformat id.
    type : str
        ``code``, ``markdown`` or ``raw``.
    source : str
        Its text, lines ended by ``\n``.
    tags : tuple of str
        Its tags, each once, in order.
    metadata : Mapping
        Its metadata; not to be changed.
    execution_count : int or None
        As stored in the file.
    """

    index: int
    id: str
    type: str
    source: str
    tags: tuple[str, ...]
    metadata: Mapping[str, Any] = field(repr=False, hash=False)
    execution_count: int | None = field(default=None, repr=False)
    outputs: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, compare=False)

    @property
    def number(self) -> int:
        """The place as people count: from 1. Messages say ``cell 3`` by this number."""
        return self.index + 1

    @property
    def role(self) -> Role:
        """What the cell is to Studio; `scratch` wins over every other tag.

        ``leftover`` is what an earlier papermill run wrote into the notebook (its injected parameters and
        error notices): it would silently override what is given now, so it never runs.
        """
        if SCRATCH in self.tags:
            return "scratch"
        if INJECTED in self.tags or ERROR_MARK in self.tags:
            return "leftover"
        if self.type != "code":
            return "text"
        if PARAMETERS in self.tags:
            return "parameters"
        return "test" if TEST in self.tags else "code"

    @property
    def executes(self) -> bool:
        """Whether a pipeline run executes the cell."""
        return self.role in {"code", "parameters"} and SKIP not in self.tags

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings in a markdown cell, without their marks; none in any other."""
        return tuple(headings(self.source)) if self.type == "markdown" else ()

    @cached_property
    def outputs_bytes(self) -> int:
        """How many bytes of text the stored outputs hold (as UTF-8, without JSON's punctuation)."""
        return sum(_text_bytes(output) for output in self.outputs)


@dataclass(frozen=True)
class NotebookDocument:
    """A notebook that was read and found sound.

    Attributes
    ----------
    path : str
        The file as messages show it: relative to the workspace, with ``/``.
    kernel_name : str
        The kernel that runs it.
    language : str
        The kernel's language in lower case.
    cells : tuple of Cell
        All cells in order.
    raw : dict
        The document as nbformat 4.5, mended; outputs as in the file. Never changed by anybody.
    notes : tuple of str
        What was mended while reading.
    """

    path: str
    kernel_name: str
    language: str
    cells: tuple[Cell, ...]
    raw: dict[str, Any] = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What people call it: its first heading; without one the file's name in words."""
        found = (heading for cell in self.cells for heading in cell.headings)
        return next(found, "") or in_words(PurePosixPath(self.path).stem)

    @property
    def parameters_cell(self) -> Cell | None:
        """The first code cell tagged ``parameters``; None where there is none."""
        return next((cell for cell in self.cells if cell.role == "parameters"), None)

    @property
    def is_python(self) -> bool:
        """Whether the code can be read as Python."""
        return self.language in {"python", "python3", "ipython"}

    def cells_tagged(self, tag: str) -> tuple[Cell, ...]:
        """The cells with `tag`, of any type."""
        return tuple(cell for cell in self.cells if tag in cell.tags)

    def problem(self, message: str, cell: Cell | int | None = None, line: int = 0, name: str = "") -> Problem:
        """A `Problem` in this notebook: its place is ``cell 3, line 2`` (both from 1), then a name where one helps."""
        number = cell.number if isinstance(cell, Cell) else (None if cell is None else cell + 1)
        place = [] if number is None else [f"cell {number}, line {line}" if line else f"cell {number}"]
        return Problem(self.path, 0, message, ": ".join([*place, *([name] if name else [])]))

    def for_run(self, injected_source: str | None = None) -> dict[str, Any]:
        """A new nbformat 4.5 dictionary that holds what a pipeline run executes.

        ``test`` and ``scratch`` cells and leftovers of earlier runs are left out, outputs and execution counts
        cleared. Each cell's metadata says ``{"studio": {"cell": index in this document}}``.

        Parameters
        ----------
        injected_source : str, optional
            Source of the cell (tag ``injected-parameters``) that goes right after the parameters cell, or first where
            there is none; its ``studio.cell`` is None.
        """
        metadata = copy.deepcopy({k: v for k, v in self.raw["metadata"].items() if k not in {"widgets", "papermill"}})
        cells: list[dict[str, Any]] = []
        place = 0
        for cell in self.cells:
            if cell.role in {"test", "scratch", "leftover"} or TEST in cell.tags:
                continue
            cells.append(_cleared(cell, self.raw["cells"][cell.index]))
            if cell is self.parameters_cell:
                place = len(cells)
        if injected_source is not None:
            cells.insert(place, _injected(injected_source, {cell.id for cell in self.cells}))
        return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def is_notebook(name: str) -> bool:
    """Whether `name` is that of a notebook, and not of a pipeline (which has no ending) or its file."""
    return name.endswith(ENDINGS)


def read_notebook(workspace: Workspace, path: str | Path) -> NotebookDocument:
    """Read one notebook of the workspace: ``.ipynb``, or ``.py`` and ``.md`` as jupytext writes them.

    Parameters
    ----------
    workspace : Workspace
        The workspace that must hold it.
    path : str or Path
        Relative to the workspace's root, or absolute and inside it.

    Raises
    ------
    BadInput
        When the path leads outside, the file is missing or unreadable, or is no notebook.
    Problems
        When the notebook's parts are not sound; all at once.
    """
    file = workspace.inside(path, "notebook")
    shown = workspace.shown(file)
    if file.suffix == ".ipynb":
        return parse_notebook(_text(file, shown), shown)
    if file.suffix in ENDINGS:
        from studio.notebooks.text_notebooks import parse_text_notebook

        return parse_text_notebook(_text(file, shown), file.suffix, shown)
    raise BadInput(f"{shown} is no notebook: its name must end in .ipynb, .py or .md. Next: correct the path.")


def parse_notebook(text: str, shown: str) -> NotebookDocument:
    """The notebook in the JSON `text`, named `shown` in messages; raises as `read_notebook` does."""
    return as_document(reading.read_text(text, shown), shown)


def as_document(mended: reading.Mended, shown: str) -> NotebookDocument:
    """The document of a dictionary that `reading` has mended.

    Raises
    ------
    Problems
        When a tag that Studio gives a meaning stands where it can have none.
    """
    raw, notes = mended.raw, list(mended.notes)
    cells = tuple(_cell(index, content) for index, content in enumerate(raw["cells"]))
    for cell in cells:
        if cell.role == "leftover":
            notes.append(f"cell {cell.number} was written by an earlier run and is left out")
    kernel = raw["metadata"]["kernelspec"]
    document = NotebookDocument(shown, kernel["name"], _language(raw["metadata"]), cells, raw, tuple(notes))
    problems = [
        document.problem(message, cell) for cell in cells if (message := _tag_problem(cell)) and cell.role != "scratch"
    ]
    if problems:
        raise Problems(problems)
    return document


def _text(file: Path, shown: str) -> str:
    try:
        if not file.exists():
            raise Missing(f"The notebook {shown} does not exist. Next: correct the path.")
        # A pipe or a device would be waited for without end.
        if not file.is_file():
            raise BadInput(f"{shown} is no file, so it is no notebook. Next: correct the path.")
        data = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(
            f"The notebook {shown} cannot be read: {reason}. Next: correct the path or permissions."
        ) from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{shown} is not UTF-8 text: {error.reason} at byte {error.start}. "
            "Next: restore the file, or save it as UTF-8."
        ) from error


def _cell(index: int, content: dict[str, Any]) -> Cell:
    metadata = content["metadata"]
    return Cell(
        index=index,
        id=content["id"],
        type=content["cell_type"],
        source=content["source"],
        tags=tuple(dict.fromkeys(metadata.get("tags", ()))),
        metadata=metadata,
        execution_count=content.get("execution_count"),
        outputs=tuple(content.get("outputs", ())),
    )


def _tag_problem(cell: Cell) -> str:
    if PARAMETERS in cell.tags and cell.type != "code":
        return f"A {cell.type} cell is tagged 'parameters'. Next: make it a code cell, or remove the tag."
    if PARAMETERS in cell.tags and TEST in cell.tags:
        return "The cell is tagged 'parameters' and 'test' at once. Next: keep one of the two tags."
    return ""


def _language(metadata: Mapping[str, Any]) -> str:
    found = metadata["kernelspec"].get("language")
    if not found and isinstance(metadata.get("language_info"), dict):
        found = metadata["language_info"].get("name")
    return str(found or "python").lower()


def _cleared(cell: Cell, content: Mapping[str, Any]) -> dict[str, Any]:
    new: dict[str, Any] = {"id": cell.id, "cell_type": cell.type, "source": cell.source}
    metadata = copy.deepcopy(
        {key: value for key, value in cell.metadata.items() if key not in {"execution", "papermill"}}
    )
    metadata["studio"] = {"cell": cell.index}
    new["metadata"] = metadata
    if cell.type == "code":
        new.update(outputs=[], execution_count=None)
    elif "attachments" in content:
        new["attachments"] = copy.deepcopy(content["attachments"])
    return new


def _injected(source: str, taken: set[str]) -> dict[str, Any]:
    chosen = INJECTED
    while chosen in taken:
        chosen += "-2"
    return {
        "id": chosen[-64:],
        "cell_type": "code",
        "source": source,
        "metadata": {"tags": [INJECTED], "studio": {"cell": None}},
        "outputs": [],
        "execution_count": None,
    }


def _text_bytes(value: Any) -> int:
    return sum(
        len(part) if part.isascii() else len(part.encode("utf-8", "surrogatepass"))
        for _, part in strict_json.strings(value)
    )
