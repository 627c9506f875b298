"""One thing that a check found: the rule, the place, the reason and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import Problem
from studio.notebooks.document import Cell, NotebookDocument

_PLACE = re.compile(r"cell (?P<cell>\d+)(?:, line (?P<line>\d+))?(?:: (?P<name>.*))?", re.DOTALL)
_HINT = re.compile(r"(?P<message>.*?)\s(?P<fix>(?:Did you mean|Known:|None is known).*)", re.DOTALL)


@dataclass(frozen=True)
class Edit:
    """Text that replaces a part of a cell: rows and columns from 1, the end excluded."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


@dataclass(frozen=True)
class Mending:
    """Edits that take an import out, its name, and how many go together (``import a, b`` is one line)."""

    edits: tuple[Edit, ...]
    name: str
    together: int = 1


@dataclass(frozen=True, order=True)
class Finding:
    """What one rule says about one place.

    Attributes
    ----------
    path : str
        The file, relative to the workspace.
    cell : int
        The cell as people count, from 1; 0 where the finding is about the whole file.
    line : int
        1-based line in the cell (in the file where `cell` is 0); 0 where none is known.
    rule : str
        The rule's name, stable.
    message : str
        The fact, as a sentence.
    fix : str
        What to do, as a sentence that goes on after ``Next:``, or a question such as ``Did you mean 'x'?``.
    name : str
        The parameter or key that it is about, empty where there is none.
    fixable : bool
        Whether ``studio check --fix`` does it.
    mending : Mending or None
        The edits of the cell's source that do it, where it is done so.
    """

    path: str
    cell: int
    line: int
    rule: str
    message: str
    fix: str
    name: str = ""
    fixable: bool = False
    mending: Mending | None = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> str:
        """``cell 3, line 2``, ``line 7`` of a file that has no cells, or nothing."""
        parts = [f"cell {self.cell}"] if self.cell else []
        return ", ".join([*parts, *([f"line {self.line}"] if self.line else [])])

    @property
    def advice(self) -> str:
        """What to do, as a whole sentence."""
        return self.fix if not self.fix or self.fix[0].isupper() else f"Next: {self.fix}"

    @property
    def problem(self) -> Problem:
        """The same as a `Problem`, for those who show problems of all kinds."""
        field = ": ".join(part for part in (self.place if self.cell else "", self.name) if part)
        text = " ".join(part for part in (self.message, self.advice) if part)
        return Problem(self.path, 0 if self.cell else self.line, text, field)

    def as_dict(self) -> dict[str, Any]:
        """The finding with stable keys, for ``--json``."""
        return {
            "rule": self.rule,
            "path": self.path,
            "cell": self.cell,
            "line": self.line,
            "name": self.name,
            "message": self.message,
            "fix": self.fix,
            "fixable": self.fixable,
        }

    def __str__(self) -> str:
        return f"{self.problem} [{self.rule}]"


def from_problem(problem: Problem, rule: str) -> Finding:
    """The finding that says what `problem` says, under the name of `rule`."""
    message, _, fix = problem.message.partition(" Next: ")
    if not fix and (hint := _HINT.fullmatch(problem.message)):
        message, fix = hint["message"], hint["fix"]
    place = _PLACE.fullmatch(problem.field)
    if place is None:
        return Finding(problem.path, 0, problem.line, rule, message, fix, problem.field)
    return Finding(problem.path, int(place["cell"]), int(place["line"] or 0), rule, message, fix, place["name"] or "")


def found(
    document: NotebookDocument,
    rule: str,
    message: str,
    fix: str,
    cell: Cell | int | None = None,
    line: int = 0,
    *,
    fixable: bool = False,
    mending: Mending | None = None,
) -> Finding:
    """A finding in `document`; `cell` is a cell or an index from 0."""
    number = cell.number if isinstance(cell, Cell) else (0 if cell is None else cell + 1)
    return Finding(document.path, number, line, rule, message, fix, "", fixable, mending)
