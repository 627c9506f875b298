"""Hidden state: names that exist only because of the order, or the cells, of somebody's session."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from studio.notebooks.checks.finding import Finding, found
from studio.notebooks.checks.scopes import cell_names
from studio.notebooks.document import RAISES, SKIP, Cell, NotebookDocument
from studio.notebooks.python_code import fault

# What IPython and Python put into every notebook's namespace; underscores and numbers are its history.
IPYTHON = frozenset({"display", "get_ipython", "In", "Out", "exit", "quit", "open"})
_GIVEN = IPYTHON | set(dir(builtins)) | {"__file__", "__name__", "__doc__", "__builtins__", "__annotations__"}
_HISTORY = re.compile(r"_+|_i+|_i?\d+|_[io]?h|_dh")


def is_given(name: str) -> bool:
    """Whether every notebook has the name from the start."""
    return name in _GIVEN or _HISTORY.fullmatch(name) is not None


@dataclass
class Names:
    """Where a notebook's names are defined.

    Attributes
    ----------
    runs : dict of str to list of Cell
        The cells that define a name and that a run executes, in order.
    tests, left_out : dict of str to list of Cell
        The same for tests, and for cells that are left out (scratch, skipped, leftovers of earlier runs).
    opaque : bool
        Whether names may appear from where nobody can see.
    """

    runs: dict[str, list[Cell]] = field(default_factory=dict)
    tests: dict[str, list[Cell]] = field(default_factory=dict)
    left_out: dict[str, list[Cell]] = field(default_factory=dict)
    opaque: bool = False


def read_names(document: NotebookDocument) -> Names:
    """Where the names of a Python notebook are defined."""
    names = Names()
    for cell in document.cells:
        if cell.type != "code":
            continue
        if cell.role == "leftover":
            continue
        if fault(cell.source) is not None:
            names.opaque |= cell.role != "scratch"
            continue
        found_names = cell_names(cell.source)
        if cell.executes:
            home = names.runs
            names.opaque |= found_names.opaque
        else:
            home = names.tests if cell.role == "test" else names.left_out
            names.opaque |= found_names.opaque and cell.role == "test"
        for name in found_names.bound:
            home.setdefault(name, []).append(cell)
    return names


def hidden_state(document: NotebookDocument, names: Names) -> Iterator[Finding]:
    """Names that a cell uses and that only a later cell, or one that runs leave out, defines."""
    if names.opaque:
        return
    for cell in document.cells:
        if not cell.executes or RAISES in cell.tags:
            continue  # a cell that is to raise may try a name that there is not
        used = cell_names(cell.source)
        for name, line in used.needed:
            homes = names.runs.get(name, [])
            if is_given(name) or any(home.index < cell.index for home in homes):
                continue
            if (reason := why_hidden(names, cell, name)) is not None:
                yield _finding(document, cell, line, name, reason)
        for name, line in used.deferred:
            if is_given(name) or name in names.runs:
                continue
            if (reason := why_hidden(names, cell, name)) is not None:
                yield _finding(document, cell, line, name, reason)


def why_hidden(names: Names, cell: Cell, name: str) -> str | None:
    """Where alone the name is defined, as the end of a sentence; None where it is defined nowhere."""
    if later := [home for home in names.runs.get(name, []) if home.index >= cell.index]:
        if later[0].index == cell.index:
            return "further down in this cell"
        return f"further down, in cell {later[0].number}"
    if name in names.tests and cell.role != "test":
        return f"in cell {names.tests[name][0].number}, which is tagged 'test' and left out of runs"
    if name in names.left_out:
        home = names.left_out[name][0]
        tag = SKIP if SKIP in home.tags and home.role != "scratch" else "scratch"
        return f"in cell {home.number}, which is tagged '{tag}' and left out of runs"
    return None


def _finding(document: NotebookDocument, cell: Cell, line: int, name: str, reason: str) -> Finding:
    return found(
        document,
        "hidden-state",
        f"{name!r} is used here and defined only {reason}: it works by chance.",
        "define it above, in a cell that runs execute.",
        cell,
        line,
    )
