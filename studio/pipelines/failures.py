"""Why a notebook did not succeed, in words: which cell, and how its kernel ended."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from studio.pipelines.execution import CellFailure, Kind

ENAMES: Mapping[str, str] = {
    "timeout": "TimeoutError",
    "died": "KernelDied",
    "exited": "KernelExited",
    "cancelled": "Cancelled",
}
"""What stands in the document as an exception's name where the kernel could not give one."""


class Failed(Exception):
    """Carries the failure out of the loop over the cells."""

    def __init__(self, failure: CellFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def as_record(failure: CellFailure | None) -> dict[str, Any]:
    """A failure as a run's record keeps it, with the first lines of the cell's source."""
    if failure is None:
        return {"kind": "error", "message": "The step failed without saying why."}
    return {
        "kind": failure.kind,
        "cell": failure.cell,
        "source": "\n".join(failure.source.splitlines()[:5]),
        "ename": failure.ename,
        "evalue": failure.evalue,
        "message": failure.message,
        "traceback": list(failure.traceback),
    }


def original_index(cell: Any, index: int) -> int | None:
    """The cell's index in the document as its author knows it; None for the injected one."""
    told = cell.metadata.get("studio", {}).get("cell")
    if told is not None:
        return int(told)
    return None if "injected-parameters" in cell.metadata.get("tags", []) else index


def place(cell: Any, index: int) -> str:
    """The cell as a sentence calls it, counted from 1."""
    original = original_index(cell, index)
    return "the injected parameters' cell" if original is None else f"cell {original + 1}"


def capital(text: str) -> str:
    """`text` as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def kind_of_end(exit_code: int | None) -> Kind:
    """Whether a kernel that ended unasked died of a signal or exited."""
    return "died" if (exit_code or 0) < 0 else "exited"


def ending(exit_code: int | None) -> str:
    """How a kernel ended, in words."""
    code = exit_code or 0
    if code >= 0:
        return f"it exited with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
    return f"it was killed by {name}{hint}"


def last_words(tail: str) -> str:
    """A sentence with the last lines that a kernel wrote outside the notebook; empty where there are none."""
    lines = tail.strip().splitlines()[-5:]
    return f" It last wrote: {' / '.join(lines)}" if lines else ""
