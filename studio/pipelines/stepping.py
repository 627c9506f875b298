"""One attempt at one step: its folder, its kernel's environment, its execution, and what it really loaded and saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.core import files
from studio.core.workspace import Workspace
from studio.pipelines.executing import execute
from studio.pipelines.execution import Cancellation, CellFailure, Limits, Outcome
from studio.pipelines.inputs import StepInputs
from studio.pipelines.plan import PlannedStep
from studio.pipelines.run_record import StepRecord
from studio.tracking.redaction import Redaction

EXECUTED = "executed.ipynb"


@dataclass(frozen=True)
class Attempt:
    """What came of one attempt.

    Attributes
    ----------
    outcome : Outcome
        How the notebook ended; not ok also when it did not save what it declares.
    executed : Path
        The executed notebook, saved as far as it went.
    loaded, saved : tuple of dict
        The dataset events that the notebook's kernel recorded, in order.
    outputs : dict
        For each saved dataset its parts and their digests (the last save of a dataset counts).
    """

    outcome: Outcome
    executed: Path
    loaded: tuple[dict[str, Any], ...] = ()
    saved: tuple[dict[str, Any], ...] = ()
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """What all attempts of one run have in common.

    Attributes
    ----------
    workspace : Workspace
        Where the notebooks are, and the run's folder.
    run_id : str
        The run.
    redaction : Redaction
        What must not stand in anything that is kept.
    cancellation : Cancellation
        Ends an attempt at once.
    """

    workspace: Workspace
    run_id: str
    redaction: Redaction
    cancellation: Cancellation


def attempt_step(
    surroundings: Surroundings,
    step: PlannedStep,
    number: int,
    inputs: StepInputs,
    kernel_environment: Mapping[str, str],
    on_cell: Callable[[int, int], None],
) -> Attempt:
    """Execute `step`'s checked document once and read what it did; nothing that is kept of it holds a secret."""
    workspace, run_id, redaction = surroundings.workspace, surroundings.run_id, surroundings.redaction
    folder = step_folder(workspace, run_id, step) / f"attempt-{number}"
    executed = folder / EXECUTED
    record = folder / "datasets.jsonl"
    record.unlink(missing_ok=True)  # of an attempt of this number that died with its runner
    files.write_json(folder / "inputs.json", inputs, durable=False)
    injected = step.schema.render(step.given) if step.given else None
    outcome = execute(
        step.document.for_run(injected),
        output=executed,
        folder=(workspace.root / step.document.path).parent,
        environment={
            **kernel_environment,
            **workspace.environment,
            "STUDIO_RUN": run_id,
            "STUDIO_STEP": step.key,
            "STUDIO_PART": step.part,
            "STUDIO_INPUTS": str(folder / "inputs.json"),
            "STUDIO_RECORD": str(record),
        },
        limits=_limits(workspace, step),
        cancellation=surroundings.cancellation,
        on_cell=on_cell,
        redaction=redaction,
    )
    outcome = _discreet(outcome, redaction)
    events = _read_record(record)
    if events is None:
        fact = f"The record of what the notebook loaded and saved, {workspace.shown(record)}, is damaged."
        outcome, events = _failed(outcome, "RecordDamaged", fact, "leave that file to Studio, and run again."), []
    return _with_datasets(step, outcome, executed, events)


def _limits(workspace: Workspace, step: PlannedStep) -> Limits:
    running = workspace.settings.running
    return Limits(
        timeout=step.timeout,
        cell_timeout=step.cell_timeout,
        start_timeout=running.start_timeout,
        cell_output_limit=running.cell_output_limit,
    )


def _with_datasets(step: PlannedStep, outcome: Outcome, executed: Path, events: list[dict[str, Any]]) -> Attempt:
    """The attempt with what it loaded and saved; one that did not save what it declares has failed."""
    loaded = tuple(event for event in events if event["kind"] == "load")
    saved = tuple(event for event in events if event["kind"] == "save")
    outputs: dict[str, dict[str, str]] = {}
    for event in saved:
        outputs.setdefault(event["dataset"], {})[event["part"] or ""] = event["digest"]
    if outcome.ok:
        outcome = _with_declared_outputs(step, outcome, set(outputs))
    return Attempt(outcome, executed, loaded, saved, outputs)


def step_folder(workspace: Workspace, run_id: str, step: PlannedStep | StepRecord) -> Path:
    """The folder of everything that a step leaves in a run."""
    name = step.name if not step.part else f"{step.name}-{files.digest_bytes(step.part.encode())[:12]}"
    return workspace.runs / run_id / "steps" / name


def _discreet(outcome: Outcome, redaction: Redaction) -> Outcome:
    """`outcome` without secret values, which an error's message may hold."""
    failure = outcome.failure
    if failure is None or not redaction:
        return outcome
    clean = replace(
        failure,
        ename=redaction.text(failure.ename),
        evalue=redaction.text(failure.evalue),
        traceback=tuple(redaction.text("\n".join(failure.traceback)).split("\n")) if failure.traceback else (),
        message=redaction.text(failure.message),
        source=redaction.text(failure.source),
    )
    return replace(outcome, failure=clean)


def _read_record(record: Path) -> list[dict[str, Any]] | None:
    """What the kernel wrote of its loads and saves; None when that is damaged."""
    try:
        lines = record.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    try:
        return [json.loads(line) for line in lines[:-1]]  # after the last line end: nothing, or a write cut by a kill
    except ValueError:
        return None


def _failed(outcome: Outcome, name: str, fact: str, following: str) -> Outcome:
    """`outcome` as a failure that no cell is to blame for."""
    sentence = f"{fact} Next: {following}"
    failure = CellFailure(kind="error", cell=None, source="", ename=name, evalue=fact, traceback=(), message=sentence)
    return replace(outcome, ok=False, failure=failure)


def _with_declared_outputs(step: PlannedStep, outcome: Outcome, saved: set[str]) -> Outcome:
    missing = sorted(set(step.saves) - saved)
    undeclared = sorted(saved - set(step.saves))
    if missing:
        fact = f"The notebook came to its end without saving {', '.join(map(repr, missing))}, which its code declares."
    elif undeclared:
        fact = f"The notebook saved {', '.join(map(repr, undeclared))}, which cannot be read from its code."
    else:
        return outcome
    following = "call studio.save with the dataset's name written out, on every way through the notebook."
    return _failed(outcome, "DatasetMismatch", fact, following)
