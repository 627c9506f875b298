"""The connection between a page and its kernel: widgets' messages, and never a traceback.

What a kernel says on its standard error is not for who uses an app, and an error is told by its number: the operator
finds the traceback under it in the log.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.web import HTTPError

from studio.server.apps.kernels import AppKernels
from studio.server.apps.security_headers import security_headers
from studio.workflows.apps import faults

PROTOCOL = "v1.kernel.websocket.jupyter.org"
MOST_PARTS = 10_000
"""Parts of a message: a widget's buffers are some dozens."""
_FEWEST_PARTS = 5
"""The channel, and header, parent, metadata and content."""
_NUMBER = 8
_BAD_MESSAGE = 1002
"""Of the websocket protocol (RFC 6455, 7.4.1): the endpoint ends the connection due to a protocol error."""
_HEADER, _CONTENT = 0, 3
_TRACEBACK = "Traceback (most recent call last)"


class Admitted(IdentityProvider):
    """Whoever was let in; there is one kind of visitor."""

    async def get_user(self, handler: Any) -> User:  # noqa: ARG002 - jupyter_server's signature
        """The visitor."""
        return User("visitor")

    @property
    def auth_enabled(self) -> bool:
        """Whether somebody has looked: all requests are looked at."""
        return True


def is_sound(message: bytes | str) -> bool:
    """Whether a message can be taken apart as its numbers say.

    It begins with a count, and as many places at which its parts begin and the last one ends (each number 8 bytes,
    little-endian). jupyter_server believes them, and would count to whatever a page says.
    """
    if isinstance(message, str) or len(message) < _NUMBER:
        return False
    count = int.from_bytes(message[:_NUMBER], "little")
    if not _FEWEST_PARTS < count <= MOST_PARTS or _NUMBER * (count + 1) > len(message):
        return False
    places = struct.unpack_from(f"<{count}Q", message, _NUMBER)
    return places[-1] <= len(message) and all(start <= end for start, end in pairwise(places))


class Connection(ZMQChannelsWebsocketConnection):
    """jupyter_server's connection, with what is sent to the browser reduced to what its visitor may see."""

    _refused = False

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Let jupyter_server read what can be read; whoever sends anything else is no page, and is disconnected."""
        if self._refused:
            return
        if self.subprotocol == PROTOCOL and is_sound(incoming_msg):
            super().handle_incoming_message(incoming_msg)
            return
        self._refused = True
        self.log.warning("a connection was ended: what it sent is no message of a page")
        self.websocket_handler.close(_BAD_MESSAGE, "This is no message of a page.")

    def _on_error(self, channel: str, msg: Any, msg_list: list[Any]) -> None:
        """Take over what jupyter_server does about tracebacks: `_on_zmq_reply` does more."""

    def _on_zmq_reply(self, stream: Any, msg_list: Any) -> None:
        reduced = self._reduced(msg_list)
        if reduced is not None:
            super()._on_zmq_reply(stream, reduced)  # type: ignore[no-untyped-call]

    def _reduced(self, parts: Any) -> Any:
        """The message as it may be sent; None where it may not."""
        if isinstance(parts, dict):
            return None  # a browser that does not speak today's protocol: none that Voila's program runs in
        header = self.session.unpack(parts[_HEADER])
        kind = header["msg_type"]
        if kind == "stream":
            return self._stream(parts)
        if kind == "error":
            content = self.session.unpack(parts[_CONTENT])
            number = self._note("\n".join(map(str, content.get("traceback") or [content.get("evalue", "")])))
            return self._replaced(parts, header | {"msg_type": "display_data"}, faults.said(number))
        if kind.endswith("_reply"):
            return self._reply(parts)
        return None if kind == "execute_input" else parts

    def _stream(self, parts: list[Any]) -> list[Any] | None:
        content = self.session.unpack(parts[_CONTENT])
        if content.get("name") != "stderr":
            return parts
        if _TRACEBACK in str(content.get("text")):
            self._note(str(content["text"]))
        return None

    def _reply(self, parts: list[Any]) -> list[Any]:
        if self.session.unpack(parts[_CONTENT]).get("status") != "error":
            return parts
        kept = {"status": "error", "ename": "", "evalue": "", "traceback": []}
        return [*parts[:_CONTENT], self.session.pack(kept), *parts[_CONTENT + 1 :]]

    def _replaced(self, parts: list[Any], header: dict[str, Any], text: str) -> list[Any]:
        content = {"data": {"text/plain": text}, "metadata": {}, "transient": {}}
        return [self.session.pack(header), *parts[1:_CONTENT], self.session.pack(content)]

    def _note(self, text: str) -> str:
        """Write an error into the log, and let the page say its number."""
        kernels: AppKernels = self.multi_kernel_manager
        kept = kernels.kept.get(self.kernel_id)
        number = faults.note(kernels.workspace, kept.app if kept else "", text)
        self.log.error("error %s in the app %s", number, kept.app if kept else "")
        if kept is not None:
            kept.faults.append(number)
        return number


class Channels(KernelWebsocketHandler):
    """The websocket of a page."""

    async def pre_get(self) -> None:
        """Connect to a kernel whose page somebody has; one that is about to end would be waited for in vain."""
        kernels: AppKernels = self.kernel_manager
        if kernels.shown(self.kernel_id) is None:
            raise HTTPError(404)
        await super().pre_get()  # type: ignore[no-untyped-call]

    def write_error(self, status_code: int, **_: Any) -> None:
        """No page of Jupyter's: a browser shows none for a websocket."""
        self.set_status(status_code)
        for name, value in security_headers(self, app=False).items():
            self.set_header(name, value)
        self.finish()
