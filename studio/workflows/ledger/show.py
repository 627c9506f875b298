"""What the ledger says: its events, and what held at the end of a day or at a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from studio.core import clock
from studio.core.errors import BadInput
from studio.core.identifiers import nearest, suggest
from studio.core.workspace import find_workspace
from studio.ledger.event import KINDS, Event
from studio.ledger.ledger import open_ledger
from studio.ledger.state import State, state_at
from studio.workflows.ledger.moments import Moment, end_of, start_of


@dataclass(frozen=True)
class Shown:
    """The last events of those that were asked for, oldest first.

    Attributes
    ----------
    events : list of Event
        At most as many as were wanted.
    total : int
        How many fit.
    hint : str
        What may have been meant where nothing fits; else empty.
    """

    events: list[Event]
    total: int
    hint: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The events with stable keys, for ``--json``."""
        return {"total": self.total, "events": [event.as_dict() for event in self.events]}


@dataclass(frozen=True)
class ShownState:
    """What held at a moment, and how the moment was named."""

    asked: Moment
    state: State

    def as_dict(self) -> dict[str, Any]:
        """The state with stable keys, for ``--json``."""
        return {"on": self.asked.text, **self.state.as_dict()}


def show_events(
    *,
    since: str | None = None,
    until: str | None = None,
    kind: str | None = None,
    subject: str | None = None,
    actor: str | None = None,
    limit: int = 50,
) -> Shown:
    """The last `limit` events that fit.

    Raises
    ------
    BadInput
        When a time or a kind is none.
    LedgerUnavailable, LedgerFailed, LedgerDamaged
        When the ledger cannot be read.
    """
    workspace = find_workspace()
    if kind is not None and kind not in KINDS:
        raise BadInput(f"There is no kind of event {kind!r}. {suggest(kind, KINDS)}")
    first = clock.to_text(start_of(since, "--since").moment) if since else ""
    last = end_of(until, "--until").moment if until else None
    ledger = open_ledger(workspace)
    fitting = ledger.events(kinds=None if kind is None else [kind], subject=subject, until=last)
    fitting = [event for event in fitting if event.time >= first and actor in (None, event.actor)]
    hint = "" if fitting or (subject is None and actor is None) else _hint(ledger.events(), subject, actor)
    return Shown(fitting[-limit:], len(fitting), hint)


@dataclass(frozen=True)
class EventPage:
    """Some events, newest first, and whether there are older ones."""

    events: list[Event]
    more: bool


def page_of_events(
    *, kind: str = "", subject: str = "", actor: str = "", before: int = 0, limit: int = 100
) -> EventPage:
    """Up to `limit` events that fit, newest first: all, or those numbered below `before`.

    Raises
    ------
    BadInput
        When there is no such kind.
    LedgerUnavailable, LedgerFailed, LedgerDamaged
        When the ledger cannot be read.
    """
    if kind and kind not in KINDS:
        raise BadInput(f"There is no kind of event {kind!r}. {suggest(kind, KINDS)}")
    found = open_ledger(find_workspace()).latest(
        limit + 1,
        kinds=[kind] if kind else None,
        subject=subject or None,
        actor=actor or None,
        before=before or None,
    )
    return EventPage(found[:limit], len(found) > limit)


def show_state(on: str, subject: str | None = None) -> ShownState:
    """What held at the end of the day, or at the moment, that `on` names; only about `subject` where one is given.

    Raises
    ------
    BadInput
        When `on` is no time.
    LedgerUnavailable, LedgerFailed, LedgerDamaged
        When the ledger cannot be read.
    """
    workspace = find_workspace()
    asked = end_of(on, "--on")
    state = state_at(open_ledger(workspace).events(), asked.moment)
    if subject is not None:
        state = replace(
            state,
            approved=tuple(item for item in state.approved if item.subject == subject),
            ended=tuple(item for item in state.ended if item.subject == subject),
            runs=tuple(
                item
                for item in state.runs
                if subject in (item.subject, item.pipeline, *(content.path for content in item.contents))
            ),
            models=tuple(item for item in state.models if subject == item.model),
        )
    return ShownState(asked, state)


def _hint(events: list[Event], subject: str | None, actor: str | None) -> str:
    """The subject or actor that was nearly named."""
    for wanted, known in ((subject, {event.subject for event in events}), (actor, {event.actor for event in events})):
        near = nearest(wanted, known) if wanted is not None and wanted not in known else None
        if near is not None:
            return f"Did you mean {near!r}?"
    return ""
