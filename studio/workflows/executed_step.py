"""What a step left behind: its executed notebook, which cell failed there, and what it printed.

An executed notebook is not the source with outputs: tests and scratch cells were left out and the values of parameters
put in, so that its cells are told apart by what the runner wrote into their metadata (`NotebookDocument.for_run`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from studio.core.errors import BadInput, Missing
from studio.core.workspace import Workspace, find_workspace
from studio.notebooks.review.output_text import output_text
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord, StepRecord
from studio.pipelines.stepping import EXECUTED, step_folder
from studio.workflows.show_runs import choose_step

LARGEST = 100_000_000
"""Bytes of an executed notebook that is read for a page."""
LONGEST_LOG = 1_000_000
_LONGEST_CELL = 200_000


@dataclass(frozen=True)
class ExecutedStep:
    """A step's executed notebook.

    Attributes
    ----------
    record, step : RunRecord, StepRecord
        The run and its step.
    path : Path
        The file.
    content : dict
        It, as JSON.
    """

    record: RunRecord
    step: StepRecord
    path: Path
    content: Mapping[str, Any]

    @property
    def failed_cell(self) -> int | None:
        """Index, from 0, of the cell that failed; None where none is to blame."""
        error = self.step.error
        if error is None:
            return None
        source = error.get("cell")
        if source is not None:
            return next((at for at, cell in enumerate(self._cells) if _source_index(cell) == source), None)
        if error.get("kind") != "error":
            return None
        # The cell with the values that were given has no place in the source.
        return next((at for at, cell in enumerate(self._cells) if _source_index(cell) is None and _raised(cell)), None)

    @property
    def _cells(self) -> list[dict[str, Any]]:
        cells: list[dict[str, Any]] = self.content["cells"]
        return cells


def find_executed(run: str, step: str) -> ExecutedStep:
    """The executed notebook of a step (by key or name) of run `run`; while it runs, as far as it was saved.

    Raises
    ------
    BadInput
        When there is no such run or step (Missing), it left no executed notebook, or that is damaged or too large.
    """
    workspace = find_workspace()
    record = RunStore(workspace).read(run)
    chosen = choose_step(record, step)
    path = executed_path(workspace, record, chosen)
    if path is None:
        raise Missing(
            f"The step {chosen.key} of run {record.id} has no executed notebook, its status is {chosen.status!r}. "
            "Next: run the pipeline from that step."
        )
    size = path.stat().st_size
    if size > LARGEST:
        raise BadInput(
            f"The executed notebook of {chosen.key} has {size // 1_000_000} MB and is not shown. "
            f"Next: open {workspace.shown(path)} with another program."
        )
    try:
        content = json.loads(path.read_bytes())
        sound = all(isinstance(cell, dict) and isinstance(cell.get("metadata"), dict) for cell in content["cells"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            f"{workspace.shown(path)} is damaged ({error}). Next: run the pipeline from {chosen.name} again."
        ) from error
    if not sound:
        raise BadInput(f"{workspace.shown(path)} is no notebook. Next: run the pipeline from {chosen.name} again.")
    return ExecutedStep(record, chosen, path, content)


def executed_path(workspace: Workspace, record: RunRecord, step: StepRecord) -> Path | None:
    """Where the executed notebook of a step lies; None where there is none. A path that a record makes up is none."""
    if step.status == "running" or not step.executed_notebook:
        if not step.attempt:
            return None
        path = step_folder(workspace, record.id, step) / f"attempt-{step.attempt}" / EXECUTED
    else:
        path = workspace.root / step.executed_notebook
    path = path.resolve()
    return path if path.is_relative_to(workspace.runs.resolve()) and path.is_file() else None


def failed_cell_id(workspace: Workspace, record: RunRecord, step: StepRecord) -> str:
    """The id of the cell that failed, the same in the source and as executed; "" where it is not known."""
    cell = (step.error or {}).get("cell")
    path = executed_path(workspace, record, step) if isinstance(cell, int) else None
    if path is None:
        return ""
    found = path.stat()
    return _ids(path, found.st_mtime_ns, found.st_size).get(cell or 0, "") if found.st_size <= LARGEST else ""


def printed(run: str, step: str) -> tuple[str, bool]:
    """What a step printed, cell by cell, without colours; and whether it was cut at about a million characters.

    Raises
    ------
    BadInput
        As `find_executed` does.
    """
    executed = find_executed(run, step)
    parts: list[str] = []
    room, cut = LONGEST_LOG, False
    for heading, text in _texts(executed.content):
        most = min(room, _LONGEST_CELL)
        cut = cut or len(text) > most
        parts.append(f"{heading}\n{text if len(text) <= most else text[:most] + '… (cut)'}\n")
        room -= len(parts[-1])
        if room <= 0:
            cut = True
            break
    return "\n".join(parts), cut


def _texts(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for cell in content["cells"]:
        texts = [
            output_text(output, _LONGEST_CELL + 1).rstrip("\n")
            for output in cell.get("outputs", ())
            if isinstance(output, dict) and "output_type" in output
        ]
        text = "\n".join(text for text in texts if text)
        if text:
            index = _source_index(cell)
            yield f"── {'the injected parameters' if index is None else f'cell {index + 1}'} ──", text


def _source_index(cell: Mapping[str, Any]) -> int | None:
    own = cell["metadata"].get("studio")
    index = own.get("cell") if isinstance(own, dict) else None
    return index if type(index) is int else None


def _raised(cell: Mapping[str, Any]) -> bool:
    return any(isinstance(one, dict) and one.get("output_type") == "error" for one in cell.get("outputs", ()))


@lru_cache(maxsize=100)
def _ids(path: Path, modified: int, size: int) -> dict[int, str]:
    del modified, size  # what makes another content another entry
    try:
        cells = json.loads(path.read_bytes())["cells"]
        found = {_source_index(cell): str(cell.get("id", "")) for cell in cells}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {index: name for index, name in found.items() if index is not None}
