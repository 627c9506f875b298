"""Server-sent events without a Jupyter server: beats, errors before and after the first event, ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from studio.core.errors import BadInput, Missing
from studio.core.workspace import find_workspace
from studio.server import streaming
from studio.server.failures import Failure, explained
from studio.server.place import Place as Root
from studio.server.routing import Model, Route
from studio.server.streaming import Streams, as_event
from tests.conftest import Place


class Told(Model):
    text: str
    number: int = 0


class Reader:
    """What a handler is to a stream."""

    def __init__(self) -> None:
        self.sent = b""
        self.finished = False
        self.when_gone: Callable[[], object] = lambda: None

    def set_header(self, name: str, value: str) -> None:
        pass

    def write(self, text: str | bytes) -> None:
        self.sent += text.encode() if isinstance(text, str) else text

    async def flush(self) -> None:
        await asyncio.sleep(0)

    async def finish(self, **settings: Any) -> None:
        self.finished = True

    def failure(self, error: BaseException) -> Failure:
        assert isinstance(error, BadInput)
        return explained(error)


def stream(call: Callable[..., AsyncIterator[Told]]) -> Route:
    return Route("GET", "probe/stream", call, None, Told, stream=True)


def sent(call: Callable[..., AsyncIterator[Told]], root: Root, seconds: float = 10) -> Reader:
    reader = Reader()

    async def watch() -> None:
        await asyncio.wait_for(Streams().send(reader, stream(call), root, None), seconds)  # type: ignore[arg-type]

    asyncio.run(watch())
    return reader


@pytest.fixture
def root(place: Place) -> Root:
    return Root(place.root)


def test_events_in_their_order_and_an_end(root: Root) -> None:
    async def count(place: Root) -> AsyncIterator[Told]:
        for number in range(1, 4):
            yield Told(text="a\nb", number=number)

    reader = sent(count, root)
    assert reader.finished
    assert reader.sent.decode().split("\n\n") == [
        "retry: 2000",
        *(f'id: {number}\ndata: {{"text":"a\\nb","number":{number}}}' for number in (1, 2, 3)),
        "event: end\ndata: {}",
        "",
    ]


def test_an_error_before_the_first_event_has_a_status_of_its_own(root: Root) -> None:
    async def nothing(place: Root) -> AsyncIterator[Told]:
        raise Missing("There is none. Next: look.")
        yield Told(text="")

    with pytest.raises(Missing):
        sent(nothing, root)


def test_an_error_later_is_an_event(root: Root) -> None:
    async def some(place: Root) -> AsyncIterator[Told]:
        yield Told(text="a")
        await asyncio.sleep(0.05)
        raise Missing("It is gone. Next: look.")

    reader = sent(some, root)
    assert reader.finished
    assert reader.sent.decode().endswith(
        'event: error\ndata: {"message": "It is gone.", "next": "look.", "rule": "Missing", '
        '"problems": [], "number": ""}\n\n'
    )


def test_silence_is_kept_open_by_beats(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "BEAT", 0.05)
    monkeypatch.setattr(streaming, "FIRST", 0.05)

    async def slow(place: Root) -> AsyncIterator[Told]:
        await asyncio.sleep(0.3)
        yield Told(text="a")

    reader = sent(slow, root)
    assert reader.sent.count(b": beat\n\n") >= 2
    assert reader.sent.endswith(b'data: {"text":"a","number":0}\n\nevent: end\ndata: {}\n\n')


def test_a_generator_ends_with_its_reader_and_works_in_the_workspace(root: Root) -> None:
    seen: list[str] = []
    streams = Streams()

    async def endless(place: Root) -> AsyncIterator[Told]:
        try:
            while True:
                seen.append(str(find_workspace().root))
                yield Told(text="a")
                await asyncio.sleep(0.01)
        finally:
            seen.append("closed")

    async def watch() -> None:
        reader = Reader()
        watching = asyncio.create_task(streams.send(reader, stream(endless), root, None))  # type: ignore[arg-type]
        await asyncio.sleep(0.1)
        assert streams.open == 1
        reader.when_gone()
        await asyncio.wait_for(watching, 5)
        assert streams.open == 0

    asyncio.run(watch())
    assert seen[0] == str(root.root.resolve())
    assert seen[-1] == "closed"


def test_no_more_than_so_many_are_open(root: Root) -> None:
    streams = Streams(limit=1)

    async def endless(place: Root) -> AsyncIterator[Told]:
        while True:
            yield Told(text="a")
            await asyncio.sleep(0.01)

    async def watch() -> None:
        first = asyncio.create_task(streams.send(Reader(), stream(endless), root, None))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        with pytest.raises(Failure) as raised:
            await streams.send(Reader(), stream(endless), root, None)  # type: ignore[arg-type]
        assert raised.value.status == 503
        streams.close()
        await asyncio.wait_for(first, 5)

    asyncio.run(watch())


def test_who_reads_slowly_is_not_run_ahead_of(root: Root) -> None:
    made = 0

    class Slow(Reader):
        async def flush(self) -> None:
            await asyncio.sleep(1)

    async def many(place: Root) -> AsyncIterator[Told]:
        nonlocal made
        while True:
            made += 1
            yield Told(text="a" * 1000)

    async def watch() -> None:
        watching = asyncio.create_task(Streams().send(Slow(), stream(many), root, None))  # type: ignore[arg-type]
        await asyncio.sleep(0.3)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(watch())
    assert made < 100


def test_an_event_without_a_number_has_no_id() -> None:
    class Plain(Model):
        text: str

    assert as_event(Plain(text="a")) == b'data: {"text":"a"}\n\n'
