"""Looking what is due, and starting it; as a service that looks again and again until it is told to end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from studio.core import clock
from studio.core.errors import StudioError
from studio.core.files import CannotUse
from studio.core.locks import try_lock
from studio.core.workspace import Workspace
from studio.pipelines.schedule import Schedule
from studio.pipelines.specification import list_pipelines, read_pipeline
from studio.workflows import activities
from studio.workflows.scheduler.outcomes import Kind, Outcome, claim, conclude, handled_until, home

LOCK = "lock"
GRACE = timedelta(minutes=5)
"""How late a time may be found and still count as kept."""
_LONGEST = 20.0
"""Seconds between two looks at most: a pipeline's file may have changed, and a clock may have been set."""
_SPANS = (timedelta(hours=1), timedelta(days=1), timedelta(days=31), timedelta(days=366))
Tell = Callable[[Outcome], None]
Warn = Callable[[str], None]


def serve(workspace: Workspace, stopping: threading.Event, tell: Tell, warn: Warn) -> None:
    """Start what is due until `stopping` is set; what was started goes on.

    Parameters
    ----------
    workspace : Workspace
        Whose pipelines.
    stopping : Event
        Ends it, at once where it waits.
    tell : callable
        Is told what came of each time.
    warn : callable
        Is told, once, what keeps a pipeline or the scheduler itself from being looked at.
    """
    warned: set[str] = set()

    def warn_once(sentence: str) -> None:
        if sentence not in warned:
            warned.add(sentence)
            warn(sentence)

    held: int | None = None
    try:
        while not stopping.is_set():
            try:
                held = try_lock(home(workspace) / LOCK) if held is None else held
                waiting = look_once(workspace, tell, warn_once)
            except (StudioError, OSError) as error:  # a full disk, say: it may be mended while this waits
                warn_once(_sentence(error))
                waiting = _LONGEST
            stopping.wait(waiting)
    finally:
        if held is not None:
            os.close(held)


def look_once(workspace: Workspace, tell: Tell, warn: Warn, now: datetime | None = None) -> float:
    """Start what is due now; the seconds until the next look is worth it.

    A pipeline whose file or state cannot be used is told to `warn` and left out, and the others go on.
    """
    now = now or clock.now()
    waiting = _LONGEST
    for name in list_pipelines(workspace):
        try:
            schedule = read_pipeline(workspace, name).schedule
            if schedule is not None:
                waiting = min(waiting, _look_at(workspace, name, schedule, now, tell))
        except Exception as error:  # noqa: BLE001  one pipeline's trouble, foreseen or not, is not that of the others
            warn(f"{name} is left out: {_sentence(error)}")
    return max(waiting, 0.05)


def _look_at(workspace: Workspace, name: str, schedule: Schedule, now: datetime, tell: Tell) -> float:
    done = handled_until(workspace, name, schedule, now)
    due = _last_time(schedule, done, now)
    if due is not None and claim(workspace, name, due):
        outcome = _handle(workspace, name, schedule, due, now)
        try:
            conclude(workspace, due, outcome)
        finally:
            tell(outcome)
    following = schedule.next_time(now)
    return _LONGEST if following is None else (following - now).total_seconds()


def _last_time(schedule: Schedule, after: datetime, until: datetime) -> datetime | None:
    """The last time in the span: those before it were missed, and one run stands for all.

    Short spans come first, so that a schedule of every minute is not counted through a year.
    """
    for span in (*_SPANS, until - after):
        start = max(after, until - span)
        found = None
        for time in schedule.times(start):
            if time > until:
                break
            found = time
        if found is not None or start == after:
            return found
    return None


def _handle(workspace: Workspace, name: str, schedule: Schedule, due: datetime, now: datetime) -> Outcome:
    def outcome(kind: Kind, text: str, activity: str = "") -> Outcome:
        return Outcome(name, clock.to_text(due), kind, text, activity, decided=clock.to_text(clock.now()))

    try:
        return outcome(*_come_of(workspace, name, schedule, due, now))
    except Exception as error:  # noqa: BLE001  the time is taken: whatever it is, what came of it is told
        return outcome("failed", _sentence(error))


def _come_of(
    workspace: Workspace, name: str, schedule: Schedule, due: datetime, now: datetime
) -> tuple[Kind, str, str]:
    """What comes of a time that was taken, as a kind and a sentence, and the activity that it is about."""
    late = now - due
    if late > GRACE and schedule.missed == "skip":
        return "skipped", f"No scheduler was up at that time, and missed times of {name} are skipped.", ""
    going = [one for one in activities.latest(workspace) if one.alive and name in one.names and one.kind != "test"]
    if going:
        return "skipped", f"{going[0].title} of {going[0].started} was still under way.", going[0].id
    started = activities.start(workspace, "run", {"name": name, "environment": schedule.environment})
    return "started", "Started for a time that was missed." if late > GRACE else "Started.", started.id


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return str(CannotUse(error))
    if isinstance(error, StudioError):
        return str(error)
    return f"It met an error that nobody foresaw ({type(error).__name__}: {error!s:.200}). Next: report it."
