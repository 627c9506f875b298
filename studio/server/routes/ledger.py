"""The ledger for a page: events newest first, page by page, and whether it is whole."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from studio.server.place import Place
from studio.server.routing import Model, Routes

routes = Routes("ledger")


class EventsQuery(Model):
    """A page of events, newest first."""

    kind: str = ""
    subject: str = ""
    actor: str = ""
    before: Annotated[int, Field(ge=0)] = 0
    """Only events before this number; 0 for the newest."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class Event(Model):
    """One event."""

    sequence: int
    time: str
    kind: str
    actor: str
    subject: str
    environment: str
    sentence: str
    """What happened, as people say it."""
    details: dict[str, JsonValue]


class Events(Model):
    """A page."""

    events: list[Event]
    more: bool
    kinds: list[str]


class Verified(Model):
    """Whether the ledger is whole."""

    ok: bool
    events: int
    faults: list[str]
    """What is wrong, a sentence each; approvals whose anchors could not be read are among them and harm nothing."""


@routes.get()
def page(place: Place, asked: EventsQuery) -> Events:
    """A page of events."""
    from studio.ledger.event import KINDS
    from studio.workflows.ledger.sentences import sentence
    from studio.workflows.ledger.show import page_of_events

    del place
    found = page_of_events(**asked.model_dump())
    events = [
        Event(
            sequence=event.sequence,
            time=event.time,
            kind=event.kind,
            actor=event.actor,
            subject=event.subject,
            environment=event.environment,
            sentence=sentence(event),
            details=event.details,
        )
        for event in found.events
    ]
    return Events(events=events, more=found.more, kinds=list(KINDS))


@routes.post("verify")
def verify(place: Place) -> Verified:
    """Look at every event and every anchor."""
    from studio.workflows.ledger.verify import verify_ledger

    del place
    found = verify_ledger([])
    unread = [f"{path} cannot be read, so its anchors were not looked at." for path in found.unreadable]
    result = found.verification
    return Verified(ok=result.ok, events=result.events, faults=[*(one.sentence for one in result.faults), *unread])
