"""The errors a user can meet; each owns its sentence: the fact, the culprit, the next step.

The exit status belongs to the error's class, so that the command line and the tests read
it from one place: 1 the work itself failed, 2 bad input or usage, 3 refused by policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class StudioError(Exception):
    """Anything Studio can explain to its user; exit status 1 unless a subclass says otherwise."""

    exit_status = 1


class BadInput(StudioError):
    """What was given cannot be used; nothing has been started and nothing has been changed."""

    exit_status = 2


class Missing(BadInput):
    """There is nothing of the name that was given."""


class Refused(StudioError):
    """A policy refused the action; the message names the rule and the next command to type."""

    exit_status = 3


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in one place.

    Attributes
    ----------
    path : str
        The file as its user would name it (relative to the workspace where it lies inside); may be empty.
    line : int
        1-based line in that file; 0 where no line is known.
    message : str
        A sentence or two: the fact, the culprit, the next step.
    field : str
        Dotted path of the offending key, empty where there is none.
    """

    path: str
    line: int
    message: str
    field: str = ""

    def __str__(self) -> str:
        if self.path and not self.line and self.message.startswith(f"{self.path} "):
            return self.message  # it names the file itself, and a reader need not be told twice
        place = f"{self.path}:{self.line}" if self.line else self.path
        return ": ".join(part for part in (place, self.field, self.message) if part)

    def as_dict(self) -> dict[str, object]:
        """The problem with stable keys, for ``--json``."""
        return {"path": self.path, "line": self.line, "field": self.field, "message": self.message}


class Problems(BadInput):
    """All that is wrong, told at once, so that a user mends a file in one go."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        if not self.problems:
            raise ValueError("Problems needs at least one problem")
        super().__init__("\n".join(str(problem) for problem in self.problems))
