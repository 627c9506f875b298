"""What the execution of one notebook is held to, what may stop it, and what came of it.

Success is the record kept here, never papermill's metadata: every code cell came back "ok" (or raised where its
``raises-exception`` tag allows it), the kernel was alive after the last one, and ended with status 0 because it was
asked to.
Cells tagged ``skip-execution`` and empty ones are passed over, as Jupyter's tools do.
"""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from typing import Literal

Kind = Literal["error", "died", "exited", "timeout", "start", "cancelled"]


@dataclass(frozen=True)
class Limits:
    """How long things may take (seconds, None for no limit) and how much a cell may put out (characters)."""

    timeout: float | None = None
    cell_timeout: float | None = None
    start_timeout: float = 60.0
    cell_output_limit: int = 2_000_000


@dataclass(frozen=True)
class CellFailure:
    """Why a notebook did not succeed, and where.

    Attributes
    ----------
    kind : str
        ``error`` a cell raised; ``exited`` the notebook ended its kernel (``sys.exit``, ``quit``, ``os._exit``);
        ``died`` a signal ended it; ``timeout`` a limit passed; ``start`` no kernel came up; ``cancelled``.
    cell : int or None
        Index of the cell in the original document; None for the injected parameters and where no cell is to blame.
    source : str
        That cell's source, empty where there is none.
    ename, evalue, traceback
        The exception, as the kernel reported it; empty where there was none.
    message : str
        One sentence for people.
    """

    kind: Kind
    cell: int | None
    source: str
    ename: str
    evalue: str
    traceback: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Outcome:
    """What came of an execution.

    Attributes
    ----------
    ok : bool
        Whether it succeeded.
    failure : CellFailure or None
        Why not.
    cells_done : int
        Code cells that finished.
    seconds : float
        From the call to the kernel's end.
    exit_code : int or None
        The kernel's exit status, negative for a signal; None when no kernel was started.
    """

    ok: bool
    failure: CellFailure | None
    cells_done: int
    seconds: float
    exit_code: int | None


class Cancellation:
    """A wish to stop, shared by any number of executions; wakes them at once.

    May be called from any thread and from a signal's handler.
    """

    def __init__(self) -> None:
        self._cancelled = False
        self._out, self._in = os.pipe()
        os.set_blocking(self._in, False)
        self._close = weakref.finalize(self, _close, self._out, self._in)

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` has been called."""
        return self._cancelled

    def cancel(self) -> None:
        """Stop what uses this; a second call changes nothing."""
        if not self._cancelled:
            self._cancelled = True
            os.write(self._in, b"x")  # never read: the descriptor stays readable for all who wait

    def fileno(self) -> int:
        """A descriptor that is readable from the moment of `cancel` on."""
        return self._out


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
