"""What happened: the runs of this workspace, one run with its steps, and why each step ran or was reused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput, Missing
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace, find_workspace
from studio.notebooks.html import write_page
from studio.pipelines.records import RunRecord, RunStore, StepRecord, Unreadable
from studio.pipelines.specification import list_pipelines
from studio.workflows.upkeep import settle_runs


def list_runs(pipeline: str | None, limit: int) -> tuple[list[RunRecord], list[Unreadable]]:
    """The newest `limit` runs (of one pipeline), newest first, and the run folders that cannot be read.

    Raises
    ------
    BadInput
        When there is neither a run nor a file of that pipeline.
    """
    workspace = find_workspace()
    store = RunStore(workspace)
    settle_runs(workspace, store)
    found, unreadable = store.list(pipeline=pipeline, limit=limit)
    if pipeline is not None and not found and pipeline not in (known := list_pipelines(workspace)):
        raise BadInput(f"There is no pipeline {pipeline[:100]!r}, and no run of one. {suggest(pipeline, known)}")
    return found, unreadable


def show_run(name: str) -> tuple[Workspace, RunRecord]:
    """The run `name`: an identifier, the unique start of one, or "last"; BadInput when there is none."""
    workspace = find_workspace()
    store = RunStore(workspace)
    settle_runs(workspace, store)
    return workspace, store.read(name)


@dataclass(frozen=True)
class Opened:
    """Files of a step's executed notebook."""

    step: str
    notebook: Path
    page: Path


def open_run(name: str, step: str | None) -> Opened:
    """The executed notebook of a step of run `name` (default: the failed step, else the last), with a page made of it.

    Raises
    ------
    BadInput
        When there is no such run or step, or it left no executed notebook.
    """
    workspace, record = show_run(name)
    chosen = choose_step(record, step)
    if not chosen.executed_notebook:
        raise BadInput(
            f"Step {chosen.key} of run {record.id} has no executed notebook, its status is {chosen.status!r}. "
            f"Next: studio runs show {record.id}"
        )
    notebook = workspace.root / chosen.executed_notebook
    if not notebook.is_file():
        raise BadInput(f"{notebook} is gone. Next: studio run {record.name} --from {chosen.name}")
    page = notebook.with_suffix(".html")
    if not page.is_file() or page.stat().st_mtime < notebook.stat().st_mtime:
        try:
            write_page(notebook, page, f"{chosen.key} · {record.id}")
        except ValueError as error:  # of which reading JSON and checking a notebook are kinds
            raise BadInput(f"{notebook} is damaged. Next: studio run {record.name} --from {chosen.name}") from error
    return Opened(chosen.key, notebook, page)


def choose_step(record: RunRecord, step: str | None) -> StepRecord:
    """The step named by key or by name; without a name the first failed one, else the last with a notebook."""
    steps = list(record.steps.values())
    if step is not None:
        found = [item for item in steps if step in (item.key, item.name)]
        if not found:
            raise Missing(f"Run {record.id} has no step {step[:100]!r}. {suggest(step, record.steps)}")
        return next((item for item in found if item.status in ("failed", "killed")), found[0])
    failed = [item for item in steps if item.status in ("failed", "killed")]
    made = [item for item in steps if item.executed_notebook]
    return (failed or made[::-1] or steps)[0]
