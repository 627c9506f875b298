"""The ledger for a page: events newest first, page by page, and whether it is whole."""

from __future__ import annotations

from pydantic import JsonValue

from studio.server.routing import Model, Routes

routes = Routes("ledger")


class EventsQuery(Model):
    """A page of events, newest first."""

    kind: str = ""
    subject: str = ""
    actor: str = ""
    before: int = 0
    """Only events before this number; 0 for the newest."""
    limit: int = 100


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


# get "" EventsQuery -> Events;  post "verify" -> Verified
