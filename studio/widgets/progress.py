"""How far the steps of a run are: told by its events, or read from its record, and summed up for each step."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core import clock
from studio.pipelines import events
from studio.pipelines.run_record import RunRecord, StepRecord

_WORST_FIRST = ("failed", "killed", "running", "delayed", "waiting", "not run", "completed", "reused")
_ENDED = ("completed", "reused", "failed", "killed", "not run")


@dataclass
class Part:
    """One step of a run, or one part of a fan-out.

    Attributes
    ----------
    status : str
        As in a run's record; ``delayed`` while it waits for another attempt, ``""`` while there is no run.
    done, total : int
        Code cells finished and in all, as far as they are known.
    seconds : float or None
        How long it took, or takes already.
    since : float
        When `seconds` were measured, by the monotonic clock.
    reason : str
        Why it runs, is reused, or failed.
    """

    status: str = ""
    done: int = 0
    total: int = 0
    seconds: float | None = None
    since: float = 0.0
    reason: str = ""

    @property
    def elapsed(self) -> float | None:
        """Seconds until now."""
        if self.status == "running" and self.seconds is not None:
            return self.seconds + time.monotonic() - self.since
        return self.seconds


@dataclass
class Progress:
    """One run as a graph shows it."""

    parts: dict[str, Part]
    run: str = ""
    status: str = ""
    seconds: float | None = None
    since: float = 0.0

    @classmethod
    def of(cls, keys: Iterable[str]) -> Progress:
        """Nothing has run of the steps `keys`."""
        return cls({key: Part() for key in keys})

    @property
    def elapsed(self) -> float | None:
        """Seconds of the whole until now."""
        if self.status == "running" and self.seconds is not None:
            return self.seconds + time.monotonic() - self.since
        return self.seconds

    def take(self, told: events.Event | Mapping[str, Any]) -> None:
        """Take in what a run told; an event of a step that is not in the graph changes nothing.

        `told` is an event of a run, or what an activity wrote of one: a mapping with ``kind``.
        """
        now = time.monotonic()
        event = _event_of(told, tuple(self.parts)) if isinstance(told, Mapping) else told
        match event:
            case None:
                return
            case events.RunStarted(run, _, steps):
                self.run, self.status, self.seconds, self.since = run, "running", 0.0, now
                for key in self.parts:
                    self.parts[key] = Part("waiting" if key in steps else "")
            case events.RunFinished(run, status, seconds):
                self.run, self.status, self.seconds = run, status, seconds
            case _ if event.step in self.parts:
                self.parts[event.step] = _after(self.parts[event.step], event, now)

    def read(self, record: RunRecord) -> None:
        """Take over what a run's record says; the cells of a step that still runs are kept."""
        now = time.monotonic()
        self.run, self.status = record.id, record.status
        self.seconds, self.since = _seconds(record.seconds, record.started, record.status), now
        for key in self.parts:
            step = record.steps.get(key)
            before = self.parts[key]
            part = Part() if step is None else _of_record(step, now)
            if part.status == before.status == "running":
                part.done, part.total = before.done, before.total
            self.parts[key] = part

    def facts(self, keys: Sequence[str]) -> dict[str, Any]:
        """What is shown of the parts `keys` of one step together."""
        parts = [self.parts[key] for key in keys]
        statuses = [part.status for part in parts]
        leading = next((part for status in _WORST_FIRST for part in parts if part.status == status), parts[0])
        if len(parts) == 1:
            share = leading.done / leading.total if leading.total else None
        else:
            share = sum(status in _ENDED for status in statuses) / len(parts)
        times = [part.elapsed for part in parts if part.elapsed is not None]
        return {
            "status": leading.status,
            "reason": leading.reason,
            "share": 1.0 if leading.status in ("completed", "reused") else share,
            "done": leading.done if len(parts) == 1 else sum(status in _ENDED for status in statuses),
            "total": leading.total if len(parts) == 1 else len(parts),
            "seconds": max(times, default=None),
            "counts": {status: statuses.count(status) for status in _WORST_FIRST if status in statuses},
        }

    def counts(self) -> dict[str, int]:
        """How many parts have each status."""
        statuses = [part.status for part in self.parts.values()]
        return {status: statuses.count(status) for status in reversed(_WORST_FIRST) if status in statuses}


def _event_of(told: Mapping[str, Any], keys: tuple[str, ...]) -> events.Event | None:
    """The event that a line of an activity is about; None where it is about none of a run's."""
    step, status = str(told.get("step", "")), str(told.get("status", ""))
    seconds, text, attempt = float(told.get("seconds") or 0.0), str(told.get("text", "")), int(told.get("attempt") or 1)
    run = str(told.get("run", ""))
    started = status in ("", "running")
    found: dict[Any, events.Event] = {
        "run": events.RunStarted(run, text, keys) if started else events.RunFinished(run, status, seconds),
        "step started": events.StepStarted(step, attempt, text),
        "cell": events.CellFinished(step, int(told.get("done") or 0), int(told.get("total") or 0)),
        "step delayed": events.StepDelayed(step, attempt, seconds, text),
        "step finished": events.StepFinished(step, status, seconds, text),
    }
    return found.get(told.get("kind"))


def _after(part: Part, event: events.Event, now: float) -> Part:
    match event:
        case events.StepStarted(_, attempt, reason):
            told = f"{reason} (attempt {attempt})" if attempt > 1 else reason
            return Part("running", seconds=0.0, since=now, reason=told)
        case events.CellFinished(_, done, total):
            return Part(part.status, done, total, part.seconds, part.since, part.reason)
        case events.StepFinished(_, status, seconds, reason):
            return Part(status, part.done, part.total, seconds, now, reason)
        case events.StepDelayed(_, attempt, seconds, reason):
            return Part("delayed", reason=f"attempt {attempt} failed, again in {seconds:g} s: {reason}", since=now)
    return part


def _of_record(step: StepRecord, now: float) -> Part:
    reason = (step.error or {}).get("message") or (step.verdict or {}).get("reason") or ""
    return Part(step.status, seconds=_seconds(step.seconds, step.started, step.status), since=now, reason=str(reason))


def _seconds(known: float | None, started: str | None, status: str) -> float | None:
    if status != "running" or started is None:
        return known
    return max(0.0, (clock.now() - clock.from_text(started)).total_seconds())
