"""Who may ask the server of the apps anything at all: the right Host, and the token or the cookie that came of it.

Everything passes here, files included, before tornado looks for who answers. The Host is compared because a page of
somebody else's may have its name resolved to this machine (DNS rebinding), which no token in a cookie resists.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from tornado.httputil import HTTPServerRequest

LOOPBACK = ("localhost", "127.0.0.1", "::1")
Access = Literal["enter", "remember", "host", "token"]
"""``enter``; ``remember``: the token was right and in the address; else what refused."""
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?", re.IGNORECASE)
_DAY = 24 * 3600


@dataclass(frozen=True)
class AccessRules:
    """The rules of one server.

    Attributes
    ----------
    hosts : collection of str
        Names that the Host header may have, in lower case and without a port; ``None`` where somebody else has
        looked at it already, who alone can reach this server (Jupyter, through a socket that only its user may open).
    token : str
        The token; empty under the same condition.
    name : str
        The cookie's name; each port has its own, because cookies of a host are sent to all of its ports.
    """

    hosts: Collection[str] | None
    token: str
    name: str
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def look(self, request: HTTPServerRequest) -> Access:
        """What is to be done with a request."""
        if self.hosts is not None and host_of(request) not in self.hosts:
            return "host"
        if not self.token:
            return "enter"
        given = self._given(request)
        if given is not None:
            # A wrong token is refused whatever else is known: who typed it wants to know.
            return given
        return "enter" if self._remembered(request) else "token"

    def cookie(self) -> str:
        """The value of the cookie; it says nothing about the token to who reads it."""
        return hmac.new(self.key, self.token.encode(), sha256).hexdigest()

    def cookie_age(self) -> int:
        """For how many seconds a browser keeps it; it is worth nothing once the server has ended."""
        return 30 * _DAY

    def _given(self, request: HTTPServerRequest) -> Access | None:
        header = request.headers.get("Authorization", "")
        kind, _, value = header.partition(" ")
        if kind.lower() in ("token", "bearer"):
            return "enter" if self._is_token(value.strip()) else "token"
        values = request.query_arguments.get("token")
        if values:
            return "remember" if self._is_token(values[-1].decode("utf-8", "replace")) else "token"
        return None

    def _is_token(self, value: str) -> bool:
        return hmac.compare_digest(value.encode(), self.token.encode())

    def _remembered(self, request: HTTPServerRequest) -> bool:
        found = request.cookies.get(self.name)
        return found is not None and hmac.compare_digest(found.value.encode(), self.cookie().encode())


def host_of(request: HTTPServerRequest) -> str:
    """The Host header's name in lower case, without a port; empty where it is no name."""
    found = _HOST.fullmatch(request.headers.get("Host", ""))
    return (found[1] or found[2]).lower().rstrip(".") if found else ""


def same_origin(request: HTTPServerRequest) -> bool:
    """Whether a request that changes something comes from a page of this server, as far as a browser tells."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("Host", "")


def without_token(request: HTTPServerRequest) -> str:
    """The address that was asked, without the token, which is to be seen in no history."""
    pairs = [pair for pair in parse_qsl(request.query, keep_blank_values=True) if pair[0] != "token"]
    # A path that starts with two slashes would be taken for another server's name.
    path = "/" + request.path.lstrip("/")
    return f"{path}?{urlencode(pairs)}" if pairs else path
