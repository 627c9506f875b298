"""What the ledger is told at the end of a guarded run; later, where its program was killed before it could tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from studio.core import clock
from studio.core.errors import BadInput
from studio.core.files import digest_file
from studio.core.workspace import Workspace
from studio.data.snapshots import SnapshotStore
from studio.ledger.event import Event
from studio.ledger.ledger import Ledger
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord

GRACE = timedelta(minutes=5)
"""How long a run that ended is given to say so itself."""
_KEPT = ("pipeline", "subject", "commit", "fingerprints", "run")


def ending(record: RunRecord, *, changed: Sequence[str] = (), damaged: Sequence[str] = ()) -> dict[str, Any]:
    """How a run ended: on which data, by which gates, which steps it took from earlier runs."""
    data = {
        name + (f"[{part}]" if part else ""): digest
        for step in record.steps.values()
        for name, parts in _data_of(step.inputs, step.outputs)
        for part, digest in parts.items()
    }
    return {
        "status": record.status,
        "data": data,
        "gates": {str(case["name"]): str(case["status"]) for case in record.gates},
        "reused": {key: step.run or "" for key, step in record.steps.items() if step.status == "reused"},
        "changed": list(changed),
        "damaged": list(damaged),
    }


def damaged_data(workspace: Workspace, record: RunRecord) -> list[str]:
    """The datasets that steps saved (or took over) and whose snapshot is not what the digest in its name says."""
    store = SnapshotStore(workspace)
    found: dict[str, None] = {}
    for step in record.steps.values():
        if step.status not in ("completed", "reused"):
            continue
        for name, parts in step.outputs.items():
            for part, digest in parts.items():
                try:
                    whole = digest_file(store.path(name, digest, part)) == digest
                except (OSError, BadInput):
                    whole = False
                if not whole:
                    found[name + (f"[{part}]" if part else "")] = None
    return list(found)


def settle_ledger(workspace: Workspace, ledger: Ledger) -> None:
    """Tell the end of runs that this workspace accepted, and whose program was killed before it could tell it.

    Raises
    ------
    StudioError
        When the ledger cannot be used.
    """
    last: dict[str, Event] = {}
    for event in ledger.events(kinds={"run accepted", "run ended"}):
        last[str(event.details.get("run"))] = event
    store = RunStore(workspace)
    for run, event in last.items():
        if event.kind != "run accepted":
            continue
        try:
            record = store.read(run)
        except BadInput:  # a run of another clone, or one whose record was deleted: nothing is known of its end
            continue
        if record.id != run or record.status == "running" or record.ended is None:
            continue
        if clock.now() - clock.from_text(record.ended) < GRACE:
            continue
        kept = {key: event.details[key] for key in _KEPT if key in event.details}
        ledger.append(
            "run ended",
            actor=event.actor,
            subject=event.subject,
            environment=event.environment,
            details={**kept, **ending(record), "told_late": True},
        )


def _data_of(inputs: Any, outputs: dict[str, dict[str, str]]) -> list[tuple[str, dict[str, str]]]:
    found = [(name, dict(parts)) for name, parts in outputs.items()]
    for name, given in (inputs or {}).items():
        parts = given.get("parts") or {"": given.get("source", "")}
        found.append((name, {part: digest for part, digest in parts.items() if digest}))
    return found
