"""What an activity tells: one line of JSON an event, numbered from 1, added to a file that nothing is removed from."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

from studio.core import clock
from studio.core.report import Case
from studio.pipelines import events as run_events

FILE = "events.jsonl"
Kind = Literal["started", "run", "step started", "cell", "step delayed", "step finished", "case", "message", "ended"]
Ending = Literal["completed", "failed", "refused", "stopped"]
"""How an activity may say that it ended."""
CELLS_EVERY = 0.1
"""Seconds between two events about one step's cells; the last cell is always told."""


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes
    ----------
    number : int
        Its place, from 1.
    time : str
        When, as an RFC 3339 time.
    kind : str
        One of `Kind`.
    run, step : str
        Which run; which of its steps.
    attempt, done, total : int
        The step's attempt; cells (or, of kind ``run``, steps) that are done, and all of them.
    status : str
        Of a step, of a case, of a run that ended; of the activity, for ``ended``.
    seconds : float
        How long it took, or is waited for.
    text : str
        The reason, the case's name, or the sentence that ends it.
    subject, detail : str
        What a case is about, and all that helps to mend it.
    result : dict or None
        At the end: what ``--json`` of the command prints.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    number: int
    time: str
    kind: Kind
    run: str = ""
    step: str = ""
    attempt: int = 0
    done: int = 0
    total: int = 0
    status: str = ""
    seconds: float = 0.0
    text: str = ""
    subject: str = ""
    detail: str = ""
    result: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The event with stable keys."""
        return asdict(self)


class EventWriter:
    """Adds events to the file of an activity; may be called from several threads.

    What cannot be written (a full disk) does not end the work: it is counted, and told with the end.

    Attributes
    ----------
    run : str
        The run that the activity is about, once it is known.
    on_samples : bool
        Whether runs are on samples only, so that the activity is about none of them.
    lost : int
        How many events could not be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._number = 0
        self._cells: dict[str, float] = {}
        self.run = ""
        self.on_samples = False
        self.lost = 0

    def tell(self, kind: Kind, **facts: Any) -> None:
        """Add an event of `kind`."""
        with self._lock:
            self._number += 1
            event = Event(self._number, clock.to_text(clock.now()), kind, **facts)
            facts = {key: value for key, value in event.as_dict().items() if value}
            line = json.dumps(facts, default=str, ensure_ascii=False) + "\n"
            try:
                _append(self._path, line.encode(errors="replace"))  # half a character, which no reader takes
            except OSError:
                self._number -= 1
                self.lost += 1

    def hear(self, event: run_events.Event) -> None:
        """Tell an event of a run."""
        match event:
            case run_events.RunStarted():
                self.run = "" if self.on_samples else event.run
                self.tell("run", run=event.run, total=len(event.steps), text=event.pipeline, status="running")
            case run_events.StepStarted():
                self.tell("step started", step=event.step, attempt=event.attempt, text=event.reason)
            case run_events.CellFinished():
                now = time.monotonic()
                if event.done >= event.total or now - self._cells.get(event.step, -CELLS_EVERY) >= CELLS_EVERY:
                    self._cells[event.step] = now
                    self.tell("cell", step=event.step, done=event.done, total=event.total)
            case run_events.StepDelayed():
                waits = {"attempt": event.attempt, "seconds": event.seconds, "text": event.reason}
                self.tell("step delayed", step=event.step, **waits)
            case run_events.StepFinished():
                told = {"status": event.status, "seconds": event.seconds, "text": event.reason}
                self.tell("step finished", step=event.step, **told)
            case run_events.RunFinished():
                self.tell("run", run=event.run, status=event.status, seconds=event.seconds)

    def judge(self, case: Case) -> None:
        """Tell what came of a test."""
        self.tell(
            "case",
            subject=case.subject,
            text=case.name,
            status=case.status,
            seconds=case.seconds,
            detail="\n".join(part for part in (case.message, case.detail) if part),
        )


def _append(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        written = os.write(descriptor, line)
        if written != len(line):  # a full disk takes a part, which is taken back so that the next line stands alone
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
            raise OSError("the line could not be written whole")
    finally:
        os.close(descriptor)


def parse(lines: bytes) -> Iterator[Event]:
    """The events of whole lines; one that was torn when the machine stopped is left out.

    Raises
    ------
    ValueError
        When a line is not of this format.
    """
    for line in lines.splitlines():
        try:
            event = _format().validate_json(line)
        except ValidationError as error:
            if (
                line.startswith(b"{")
                and error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid"
            ):
                continue
            raise
        if event.kind == "ended" and event.status not in get_args(Ending):
            raise ValueError(f"no activity ends as {event.status[:60]!r}")
        yield event


@cache
def _format() -> TypeAdapter[Event]:
    return TypeAdapter(Event)
