"""The server of the apps, put together: who may ask, the answers, the kernels; its end leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from jupyter_server.auth.authorizer import AllowAllAuthorizer
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.netutil import bind_sockets, bind_unix_socket
from tornado.web import Application, RequestHandler
from voila.utils import get_voila_labextensions_path  # type: ignore[import-untyped]

from studio.core.errors import BadInput
from studio.core.files import CannotUse
from studio.core.workspace import Workspace
from studio.server.apps import answers, websocket
from studio.server.apps.access import LOOPBACK, AccessRules
from studio.server.apps.door import Door
from studio.server.apps.kernels import AppKernels, Patience
from studio.server.apps.pages import Pages
from studio.server.apps.rendering import Look
from studio.workflows.apps.door import VARIABLE as DOOR
from studio.workflows.apps.listing import App

_KERNEL = r"(?P<kernel_id>[0-9a-f-]{36})"
_LARGEST = 16 << 20
_INTERVAL = 1.0
_PING = 20_000
"""Milliseconds between two questions whether a page is still there; after three without an answer it is not."""


@dataclass(frozen=True)
class Serving:
    """How apps are to be served.

    Attributes
    ----------
    workspace : Workspace
        The workspace.
    apps : sequence of App
        What is served, and nothing else.
    token : str
        The token; empty only behind a socket.
    ip, port : str, int
        Where to listen; port 0 takes a free one.
    hosts : sequence of str
        Names beside those of the loopback interface that the Host header may have.
    socket : Path or None
        A Unix socket to listen on instead, which only its user may open: whoever stands before it (Jupyter) has looked
        at the token and the Host.
    base_url : str
        The server's own address below the host.
    kernels : int
        The cap.
    ahead : int
        How many pages of each app are kept ready.
    patience : Patience
        How long a kernel is kept without a sign.
    parent : int
        The process for which it serves, with whose end it ends; 0 where there is none.
    """

    workspace: Workspace
    apps: Sequence[App]
    token: str
    ip: str = "127.0.0.1"
    port: int = 8866
    hosts: Sequence[str] = ()
    socket: Path | None = None
    base_url: str = "/"
    kernels: int = 8
    ahead: int = 1
    patience: Patience = field(default_factory=Patience)
    parent: int = 0


class Guarded(Application):
    """tornado's application that first looks who asks."""

    def find_handler(self, request: HTTPServerRequest, **given: Any) -> Any:
        """Who answers a request: the answers only where the request is let in."""
        rules: AccessRules = self.settings["access"]
        found = rules.look(request)
        if found == "remember" and request.method == "GET" and "Upgrade" not in request.headers:
            return self.get_handler_delegate(request, answers.Entry)
        if found not in ("enter", "remember"):
            return self.get_handler_delegate(request, answers.Refusal, {"found": found})
        return super().find_handler(request, **given)


def build(serving: Serving, log: logging.Logger, port: int, door: Path) -> Guarded:
    """The application; `port` is the one that it will listen on, `door` the socket for its kernels."""
    look = Look.of(serving.workspace.settings.project.name, serving.base_url)
    given = {DOOR: str(door)}
    kernels = AppKernels(serving.workspace, serving.kernels, serving.patience, given)
    kernels.log = log.getChild("kernels")
    kernels.log.setLevel(logging.WARNING)
    pages = Pages({app.name: app for app in serving.apps}, kernels, look, ahead=serving.ahead, log=log)
    hosts = None if serving.socket is not None else frozenset(_names(serving))
    rules = AccessRules(hosts, serving.token, f"studio-apps-{port}")
    identity = websocket.Admitted(token="")
    loader = jinja2.FileSystemLoader(look.template_paths)
    base = re.escape(serving.base_url)
    return Guarded(
        [
            (base, answers.List),
            (rf"{base}app/(?P<name>[A-Za-z0-9_-]+)", answers.AppPage),
            (rf"{base}wait/(?P<ticket>[A-Za-z0-9_-]+)", answers.Waiting),
            (rf"{base}alive/{_KERNEL}", answers.Alive),
            (rf"{base}api/kernels/{_KERNEL}", answers.KernelModel),
            (rf"{base}api/kernels/{_KERNEL}/channels", websocket.Channels),
            (rf"{base}voila/api/shutdown/{_KERNEL}", answers.Alive),
            (rf"{base}voila/static/(.*)", answers.Static, {"paths": look.static_paths}),
            (rf"{base}voila/labextensions/(.*)", answers.Extension, {"path": get_voila_labextensions_path()}),
        ],
        default_handler_class=_Nothing,
        access=rules,
        pages=pages,
        templates=jinja2.Environment(loader=loader, autoescape=True),
        log_function=_log(log),
        # What jupyter_server's websocket asks for.
        base_url=serving.base_url,
        kernel_manager=kernels,
        identity_provider=identity,
        authorizer=AllowAllAuthorizer(identity_provider=identity),
        kernel_websocket_connection_class=websocket.Connection,
        cookie_secret=os.urandom(32),
        allow_remote_access=True,  # the Host was compared already
        websocket_max_message_size=_LARGEST,
        ws_ping_interval=_PING,
        ws_ping_timeout=3 * _PING,
    )


class _Nothing(answers.Answer):
    """Any other address."""

    def prepare(self) -> None:
        """There is nothing there."""
        self.say("This did not work", "There is nothing at this address.", status=404, again=self.look.base_url)


def serve(serving: Serving, log: logging.Logger, ready: Callable[[str, str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then end all kernels.

    Parameters
    ----------
    serving : Serving
        What and how.
    log : logging.Logger
        For the operator.
    ready : callable
        Called with the address, with and without its token, once the server listens.

    Raises
    ------
    BadInput
        When the port or the socket is taken or not allowed, or the template is not installed.
    """
    logging.getLogger("tornado.general").addFilter(_is_news)
    asyncio.run(_serve(serving, log, ready))


def _is_news(record: logging.LogRecord) -> bool:
    """All but one remark: tornado takes jupyter_server's milliseconds for seconds of its own, which hurts nobody."""
    return "websocket_ping_timeout" not in str(record.msg)


async def _serve(serving: Serving, log: logging.Logger, ready: Callable[[str, str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    sockets = _listening(serving)
    port = 0 if serving.socket is not None else int(sockets[0].getsockname()[1])
    async with AsyncExitStack() as ending:  # what was opened last is closed first
        if serving.socket is not None:
            ending.callback(serving.socket.unlink, missing_ok=True)
        door = Door(serving.workspace, log)
        ending.push_async_callback(door.close)
        await door.open()
        application = build(serving, log, port, door.path)
        pages: Pages = application.settings["pages"]
        server = HTTPServer(application, max_buffer_size=_LARGEST, xheaders=False)
        server.add_sockets(sockets)
        ending.push_async_callback(server.close_all_connections)
        ending.push_async_callback(pages.kernels.end_all)
        ending.push_async_callback(pages.close)
        ending.callback(server.stop)
        plain = f"http://{_shown(serving.ip)}:{port}{serving.base_url}"
        ready(f"{plain}?token={serving.token}", plain)
        while not stop.is_set() and (not serving.parent or os.getppid() == serving.parent):
            pages.kernels.tend()
            pages.tend()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _INTERVAL)


def _listening(serving: Serving) -> list[socket.socket]:
    try:
        if serving.socket is not None:
            return [bind_unix_socket(str(serving.socket), mode=0o600)]
        return bind_sockets(serving.port, serving.ip)
    except OSError as error:
        if serving.socket is not None:
            raise CannotUse(error) from error
        reason = error.strerror or str(error)
        raise BadInput(
            f"The apps cannot be served at {_shown(serving.ip)}:{serving.port}: {reason}. "
            "Next: give another port, such as --port 0 for any that is free."
        ) from error


def _names(serving: Serving) -> list[str]:
    own = [serving.ip.lower()] if serving.ip not in ("0.0.0.0", "::", "") else []  # noqa: S104 - compared, not bound
    return [*LOOPBACK, *own, *(name.lower() for name in serving.hosts)]


def _shown(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def _log(log: logging.Logger) -> Callable[[RequestHandler], None]:
    """An access log without what stands after the path: a token may."""

    def line(answer: RequestHandler) -> None:
        status, request = answer.get_status(), answer.request
        level = logging.DEBUG if status < 400 else logging.INFO if status < 500 else logging.ERROR
        path = json.dumps(request.path)[1:-1]
        log.log(level, "%d %s %s (%.0f ms)", status, request.method, path, 1000 * request.request_time())

    return line
