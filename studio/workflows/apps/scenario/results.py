"""What came of a scenario: measures, figures, tables, and the facts by which anybody can find the run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import BadInput
from studio.core.settings import SCENARIO
from studio.core.workspace import Workspace
from studio.data.snapshots import SnapshotStore
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord, StepRecord
from studio.workflows.apps.scenario.exhibits import Exhibit, exhibits
from studio.workflows.apps.scenario.words import counted, moment, spoken, step_name

_DONE = ("completed", "reused")
_EARLIER = 400
"""Runs that are looked through for earlier scenarios."""


@dataclass(frozen=True)
class Measure:
    """One measure: what it is called, what it is, and of which step."""

    name: str
    value: float
    step: str


@dataclass(frozen=True)
class Result:
    """A run as who reads results sees it.

    Attributes
    ----------
    run, name, status : str
        The run's identifier, what ran, and how the run ended.
    when : str
        When it started, in words.
    seconds : float or None
        How long it took.
    actor : str
        Who ran it; may be empty.
    values : mapping
        What was given, by parameter as a run calls it: the texts.
    all_values : mapping
        Every parameter's value, by step.
    measures : tuple of Measure
        Those of the last steps first.
    exhibits : tuple of Exhibit
        Figures and tables, those of the last steps first.
    left_out : int
        How many figures and tables are not shown.
    data : tuple of str
        On which data, a sentence each.
    failed : str
        The step that failed, in words; empty where none did.
    """

    run: str
    name: str
    status: str
    when: str
    seconds: float | None
    actor: str
    values: Mapping[str, str]
    all_values: Mapping[str, Mapping[str, Any]] = field(repr=False)
    measures: tuple[Measure, ...]
    exhibits: tuple[Exhibit, ...]
    left_out: int
    data: tuple[str, ...]
    failed: str


def read_result(workspace: Workspace, run: str, *, shown: bool = True) -> Result:
    """The result of the run `run`; without figures and tables where they are not to be `shown`.

    Raises
    ------
    BadInput
        When there is no such run.
    """
    record = RunStore(workspace).read(run)
    done = [step for step in record.steps.values() if step.status in _DONE]
    found, left_out = exhibits(workspace, done[::-1]) if shown else ((), 0)
    failed = next((step for step in record.steps.values() if step.status in ("failed", "killed")), None)
    return Result(
        run=record.id,
        name=record.name,
        status=record.status,
        when=moment(record.started),
        seconds=record.seconds,
        actor=record.actor,
        values=dict(record.given),
        all_values={key: dict(step.values) for key, step in record.steps.items()},
        measures=tuple(_measures(done)),
        exhibits=tuple(found),
        left_out=left_out,
        data=tuple(_data(workspace, record)),
        failed=step_name(failed.key) if failed is not None else "",
    )


def earlier_scenarios(workspace: Workspace, name: str, *, before: str = "") -> list[tuple[str, str]]:
    """Completed scenarios of `name`, newest first: the run, and when it was, in words."""
    store = RunStore(workspace)
    heads = store.page(before=before, limit=_EARLIER).heads
    return [
        (head.run, moment(head.started))
        for head in heads
        if head.name == name and head.environment == SCENARIO and head.status == "completed"
    ]


def _measures(done: list[StepRecord]) -> Iterator[Measure]:
    for step in reversed(done):
        for name, value in step.metrics.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield Measure(name, float(value), step.key)


def _data(workspace: Workspace, record: RunRecord) -> Iterator[str]:
    """What came from outside of the run; where nothing did, what its first step made."""
    made = {name for step in record.steps.values() for name in step.outputs}
    outside = {
        name: found for step in record.steps.values() for name, found in (step.inputs or {}).items() if name not in made
    }
    for name, found in outside.items():
        yield _of_input(workspace, name, found)
    for step in record.steps.values():
        for path in step.files:
            yield f"The file that is given as {spoken(path)}."
    if not outside:
        for step in [one for one in record.steps.values() if one.outputs][:1]:
            for name, digests in step.outputs.items():
                yield f"{_snapshot(workspace, name, digests)} It was made by the step {step_name(step.key)}."


def _of_input(workspace: Workspace, name: str, found: Any) -> str:
    digests = found.get("parts") if isinstance(found, Mapping) else None
    if isinstance(digests, Mapping):
        return _snapshot(workspace, name, digests)
    return f"{spoken(name)}, as its file was then."


def _snapshot(workspace: Workspace, name: str, digests: Mapping[str, str]) -> str:
    store = SnapshotStore(workspace)
    try:
        manifests = [store.manifest(name, digest, part) for part, digest in digests.items()]
    except BadInput:
        return f"{spoken(name)}, of which nothing more is known."
    rows = counted(sum(one.rows for one in manifests), "row")
    return f"{spoken(name)}: {rows}, of {moment(max(one.created for one in manifests))}."
