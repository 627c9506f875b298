"""One notebook, executed in a kernel of its own: what may happen, and what came of it.

Success is the record kept here, never papermill's metadata: every code cell came back "ok" (or raised where its
``raises-exception`` tag allows it), the kernel was alive after the last one, and ended with status 0 because it was
asked to.
Cells tagged ``skip-execution`` and empty ones are passed over, as Jupyter's tools do.

This module is cheap to import; papermill comes in with the first `execute`.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from studio.core.imports import notebook_libraries
from studio.tracking.redaction import Redaction

Kind = Literal["error", "died", "exited", "timeout", "start", "cancelled"]
ENGINE = "studio"
_importing = threading.Lock()


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


def execute(
    notebook: dict[str, Any],
    *,
    output: Path,
    folder: Path,
    environment: Mapping[str, str],
    limits: Limits,
    cancellation: Cancellation,
    on_cell: Callable[[int, int], None] | None = None,
    redaction: Redaction | None = None,
) -> Outcome:
    """Run `notebook` in a fresh kernel.

    May be called from several threads at once. What a notebook does never raises here: it becomes an `Outcome`.
    No process of the kernel is left when this returns or raises.

    Parameters
    ----------
    notebook : dict
        A whole nbformat 4.5 document. Not changed. What runs is this content; no file is read again.
    output : Path
        Where the executed notebook is kept: written whole each time, before the start, after cells and within long
        ones, so that a failed or killed run can be read.
    folder : Path
        The kernel's working folder, and the first entry of its ``sys.path``.
    environment : Mapping[str, str]
        What the kernel's environment has besides the runner's; STUDIO_RUN must be in it if the janitor is to
        recognise leftovers, STUDIO_WORKSPACE if the workspace's root is to be on ``sys.path``.
    limits : Limits
        Time and size.
    cancellation : Cancellation
        Ends the execution at once.
    on_cell : Callable[[int, int], None], optional
        Told (code cells done, code cells in all) once the kernel is ready and after each code cell.
    redaction : Redaction, optional
        What must not stand in `output`.

    Raises
    ------
    CannotWrite
        When `output` cannot be written at the start or at the end.
    """
    with _importing, notebook_libraries():
        from papermill.execute import execute_notebook

        from studio.pipelines.engine import Execution, notebook_node, register

        register(ENGINE)
    execution = Execution(output, folder, environment, limits, cancellation, on_cell, redaction or Redaction())
    with execution:
        execute_notebook(notebook_node(notebook), None, engine_name=ENGINE, progress_bar=False, execution=execution)
    return execution.outcome()
