"""Server-sent events: a stream is one generator that ends with its reader; a beat keeps the line open between events.

A stream that fails sends an event ``error`` (with the body that an error answer has), one that is over sends ``end``:
a browser's EventSource would otherwise come back for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from tornado.iostream import StreamClosedError

from studio.core.workspace import working_in
from studio.server.failures import Failure

if TYPE_CHECKING:
    from studio.server.answering import AnsweringHandler
    from studio.server.place import Place
    from studio.server.routing import Model, Route

STREAMS = 60
BEAT = 10.0
"""Seconds of silence after which a comment is sent, so that proxies keep the line and a dead reader is noticed."""
FIRST = 1.0
"""Seconds in which a stream may still fail with an HTTP status of its own."""
_AHEAD = 50
_RETRY = 2000


class Streams:
    """The streams that are open."""

    def __init__(self, limit: int = STREAMS) -> None:
        self._limit = limit
        self._open: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many are open."""
        return len(self._open)

    async def send(self, handler: AnsweringHandler, route: Route, place: Place, asked: Model | None) -> None:
        """Send the events of `route` until they end or the reader goes.

        Raises
        ------
        Failure
            When too many streams are open (503).
        Exception
            What the generator raises before its first event.
        """
        if len(self._open) >= self._limit:
            message = f"{self._limit} streams of Studio are open, which is all that this server keeps."
            raise Failure(503, message, "close a page that watches a run.", "Busy", headers={"Retry-After": "5"})
        events: asyncio.Queue[Any] = asyncio.Queue(_AHEAD)
        task = asyncio.create_task(_collect(route, place, asked, events))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        handler.when_gone = task.cancel
        try:
            await _send(handler, events, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def close(self) -> None:
        """End all of them."""
        for task in self._open:
            task.cancel()


async def _collect(route: Route, place: Place, asked: Model | None, events: asyncio.Queue[Any]) -> None:
    with working_in(place.root):
        generator: AsyncGenerator[Any, None] = route.call(place) if route.asked is None else route.call(place, asked)
        async with contextlib.aclosing(generator):
            async for event in generator:
                await events.put(event)


async def _send(handler: AnsweringHandler, events: asyncio.Queue[Any], task: asyncio.Task[None]) -> None:
    first = await _next(events, task, FIRST)
    if first is None and task.done() and not task.cancelled() and task.exception() is not None:
        await task  # raised for an ordinary answer
    handler.set_header("Content-Type", "text/event-stream")
    handler.set_header("Cache-Control", "no-store")
    handler.set_header("X-Accel-Buffering", "no")
    with contextlib.suppress(StreamClosedError):
        handler.write(f"retry: {_RETRY}\n\n")
        event = first
        while True:
            if event is not None:
                handler.write(as_event(event))
            elif task.done() and events.empty():
                break
            else:
                handler.write(": beat\n\n")
            await handler.flush()
            event = await _next(events, task, BEAT)
        handler.write(_ending(handler, task))
        await handler.finish(set_content_type="text/event-stream")


async def _next(events: asyncio.Queue[Any], task: asyncio.Task[None], seconds: float) -> Any:
    """The next event; None after `seconds` without one, or when there will be none."""
    if not events.empty():
        return events.get_nowait()
    waiting = asyncio.create_task(events.get())
    try:
        await asyncio.wait({waiting, task}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        return None if events.empty() else events.get_nowait()
    finally:
        waiting.cancel()


def as_event(event: Any) -> bytes:
    """A model as one event; its ``number``, where it has one, is the event's id."""
    from studio.server.routing import as_json

    number = getattr(event, "number", None)
    name = f"id: {number}\n" if isinstance(number, int) else ""
    return f"{name}data: ".encode() + as_json(event) + b"\n\n"


def _ending(handler: AnsweringHandler, task: asyncio.Task[None]) -> str:
    if task.cancelled():
        return ""  # Jupyter stops: the reader may come back to the next one
    error = task.exception()
    if error is None:
        return "event: end\ndata: {}\n\n"
    return f"event: error\ndata: {json.dumps(handler.failure(error).body())}\n\n"
