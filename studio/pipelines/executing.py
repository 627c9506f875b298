"""One notebook, executed in a kernel of its own.

This module is cheap to import; papermill comes in with the first `execute`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from studio.core.imports import notebook_libraries
from studio.pipelines.execution import Cancellation, Limits, Outcome
from studio.tracking.redaction import Redaction

ENGINE = "studio"
_importing = threading.Lock()


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
