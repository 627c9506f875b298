"""What a page sends is measured before anybody reads it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from studio.server.apps import websocket
from studio.server.apps.websocket import Connection, is_sound
from tests.server.apps.serving import SUBPROTOCOL, message

GOOD = message("comm_msg", {"comm_id": "c1", "data": {}})


def framed(*offsets: int, body: bytes = b"") -> bytes:
    return b"".join(number.to_bytes(8, "little") for number in (len(offsets), *offsets)) + body


def with_buffers(count: int) -> bytes:
    parts = [b"shell", b"{}", b"{}", b"{}", b"{}", *[b""] * count]
    start = 8 * (len(parts) + 2)
    offsets = [start + sum(map(len, parts[:place])) for place in range(len(parts) + 1)]
    return framed(*offsets, body=b"".join(parts))


@pytest.mark.parametrize("sound", [GOOD, with_buffers(0), with_buffers(300)])
def test_what_a_browser_sends_is_read(sound: bytes) -> None:
    assert is_sound(sound)
    channel, parts = deserialize_msg_from_ws_v1(sound)  # type: ignore[no-untyped-call]
    assert channel == "shell"
    assert len(parts) >= 4


@pytest.mark.parametrize(
    "bad",
    [
        "",
        GOOD.decode("latin-1"),
        b"",
        b"\x01",
        (10**9).to_bytes(8, "little"),
        b"\xff" * 8,
        b"\xff" * 64,
        (0).to_bytes(8, "little") + GOOD[8:],
        framed(),
        framed(8, 16),
        framed(*[56] * 5),
        framed(56, 56, 56, 56, 56, 57),
        framed(56, 57, 56, 57, 57, 57, body=b"x"),
        framed(56, 2**63, 2**63, 2**63, 2**63, 2**64 - 1),
        GOOD[:-1],
        with_buffers(websocket.MOST_PARTS),
    ],
    ids=range(16),
)
def test_a_message_whose_numbers_do_not_fit_it_is_not_read(bad: bytes | str) -> None:
    begun = time.monotonic()
    assert not is_sound(bad)
    assert time.monotonic() - begun < 1


class Browser:
    """As far as the connection knows it."""

    def __init__(self, subprotocol: str | None) -> None:
        self.selected_subprotocol = subprotocol
        self.closed: list[int] = []

    def close(self, code: int, reason: str) -> None:
        assert reason
        self.closed.append(code)


@pytest.mark.parametrize(("subprotocol", "sent"), [(SUBPROTOCOL, b"\xff" * 8), (SUBPROTOCOL, "{}"), (None, "{}")])
def test_whoever_sends_what_cannot_be_read_is_disconnected(
    monkeypatch: pytest.MonkeyPatch, subprotocol: str | None, sent: Any
) -> None:
    heard: list[bytes] = []
    monkeypatch.setattr(
        ZMQChannelsWebsocketConnection, "handle_incoming_message", lambda _, incoming: heard.append(incoming)
    )
    browser = Browser(subprotocol)

    class Alone(Connection):
        websocket_handler: Any = browser

        def __init__(self) -> None:
            """Without a kernel."""

    connection = Alone()
    for one in (sent, sent, GOOD):
        connection.handle_incoming_message(one)
    assert (heard, browser.closed) == ([], [1002]), "once, and nothing is read after that"
    well = Alone()
    browser.selected_subprotocol = SUBPROTOCOL
    well.handle_incoming_message(GOOD)
    assert heard == [GOOD]
