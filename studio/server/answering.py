"""Everything about HTTP, once: who asks, what was asked, the thread it runs in, the answer or the error.

One handler answers below ``/studio/api/v1/``. It is loaded with Jupyter, so it imports nothing that Jupyter has not
imported already; a noun's routes are imported when the noun is first asked for, in a thread. A noun whose file cannot
be imported costs that noun alone.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

if TYPE_CHECKING:
    from studio.server.failures import Failure
    from studio.server.place import Place
    from studio.server.routing import Model, Route
    from studio.server.streaming import Streams
    from studio.server.threads import Threads

PREFIX = "/studio/api/v1/"
JSON = "application/json"
PAGE_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
"""Of a `Page`: no script, nothing fetched, an origin of its own; it may be framed by JupyterLab."""


@dataclass
class Answering:
    """What all requests share; made by the first of them."""

    place: Place
    threads: Threads
    streams: Streams

    @classmethod
    def at(cls, root: str, base_url: str) -> Answering:
        """For the Jupyter server that shows the folder `root`; takes a moment, for what it imports."""
        from importlib import import_module
        from pathlib import Path

        from studio.server.place import Place
        from studio.server.streaming import Streams
        from studio.server.threads import Threads

        import_module("studio.server.asking")  # every request needs it
        return cls(Place(Path(root), base_url), Threads(), Streams())

    def close(self) -> None:
        """Jupyter stops: streams end, nothing new is taken on."""
        self.streams.close()
        self.threads.close()


class AnsweringHandler(APIHandler):
    """Answers every route."""

    auth_resource = "studio"

    def initialize(self, answering: Callable[[], Awaitable[Answering]]) -> None:
        """Take what `StudioExtension` made."""
        self._make = answering
        self.when_gone: Callable[[], object] | None = None
        self._known_by_host = True

    def check_host(self) -> bool:
        """Jupyter's look at the Host header, remembered: its refusal says no more than 403."""
        self._known_by_host = bool(super().check_host())
        return self._known_by_host

    def on_connection_close(self) -> None:
        """End the stream whose reader is gone (tornado has taken hold of this very method before the request)."""
        if self.when_gone is not None:
            self.when_gone()
        super().on_connection_close()

    @property
    def _track_activity(self) -> bool:  # type: ignore[override]
        # Panels ask again and again; a server with nobody in front of it may be culled all the same.
        return self.request.method == "POST"

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Look something up, or follow a stream."""
        await self._answer("GET", path)

    @web.authenticated
    @authorized
    async def post(self, path: str) -> None:
        """Do something."""
        await self._answer("POST", path)

    async def _answer(self, method: str, path: str) -> None:
        from studio.server.failures import Failure

        try:
            answering = await self._make()
            route = await answering.threads.run(partial(find_route, method, path.rstrip("/")))
            asked = self._asked(route)
            if route.stream:
                await answering.streams.send(self, route, answering.place, asked)
            else:
                body, kind = await answering.threads.run(partial(called, route, answering.place, asked))
                if kind != JSON:
                    self.set_header("Content-Security-Policy", PAGE_POLICY)
                    self.set_header("Cross-Origin-Resource-Policy", "same-origin")
                self.set_header("X-Content-Type-Options", "nosniff")
                self.set_header("Cache-Control", "no-store")
                await self.finish(body, set_content_type=kind)
        except Failure as failure:
            await self.fail(failure)
        except Exception as error:  # noqa: BLE001  whatever it is, the others are answered on
            await self.fail(self.failure(error))

    def _asked(self, route: Route) -> Model | None:
        from studio.server.asking import from_body, from_query

        if route.method == "POST":
            return from_body(route, self.request.body)
        last = self.request.headers.get("Last-Event-ID", "") if route.stream else ""
        return from_query(route, self.request.query_arguments, last)

    def failure(self, error: BaseException) -> Failure:
        """What is answered in place of `error`; one that nobody foresaw leaves its traceback in the log."""
        from studio.core.errors import StudioError
        from studio.core.files import CannotUse
        from studio.server.failures import Failure, explained, unexpected

        if isinstance(error, Failure):
            return error
        if isinstance(error, StudioError):
            return explained(error)
        if isinstance(error, OSError):
            self.log.warning("Studio: %s", self.request.path, exc_info=error)
            return explained(CannotUse(error))
        failure = unexpected(f"{self.request.method} {self.request.path}")
        self.log.error("Studio: error number %s", failure.number, exc_info=error)
        return failure

    async def fail(self, failure: Failure) -> None:
        """Answer an error."""
        self.set_status(failure.status)
        for name, value in failure.headers.items():
            self.set_header(name, value)
        self.set_header("Cache-Control", "no-store")
        await self.finish(json.dumps(failure.body()), set_content_type=JSON)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer what tornado and Jupyter refuse in the shape of all errors."""
        from studio.server.failures import by_status, foreign_host

        if not self._known_by_host:
            self.finish(json.dumps(foreign_host().body()), set_content_type=JSON)
            return
        error = kwargs.get("exc_info", (None, None, None))[1]
        reason = getattr(error, "log_message", None) or getattr(error, "reason", None) or ""
        self.finish(json.dumps(by_status(status_code, str(reason)).body()), set_content_type=JSON)


def find_route(method: str, path: str) -> Route:
    """The route at `path`.

    Raises
    ------
    Failure
        When there is none (404), it has another method (405), or the file of its noun cannot be imported (500).
    """
    from studio.core.identifiers import suggest
    from studio.server.failures import Failure
    from studio.server.routing import nouns, routes_of

    noun = path.partition("/")[0]
    if noun not in nouns():
        raise Failure(404, f"There is no noun {noun[:60]!r} at {PREFIX}. {suggest(noun, nouns())}", rule="Missing")
    try:
        here = [route for route in routes_of(noun) if route.path == path]
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise Failure(
            500,
            f"The part {noun!r} of Studio's server could not be loaded ({reason}); everything else works.",
            "studio doctor, then repair the installation and restart Jupyter.",
            "NotLoaded",
        ) from error
    if not here:
        known = [route.path for route in routes_of(noun)]
        raise Failure(404, f"There is no address {PREFIX}{path[:100]}. {suggest(path, known)}", rule="Missing")
    for route in here:
        if route.method == method:
            return route
    right = here[0].method
    message = f"{PREFIX}{path} is asked with {right}, not {method}."
    raise Failure(405, message, rule="Method", headers={"Allow": right})


def called(route: Route, place: Place, asked: Model | None) -> tuple[bytes, str]:
    """What the function of `route` answers, as bytes and their content type; runs in a thread."""
    from studio.core.workspace import working_in
    from studio.server.routing import Page, as_json

    with working_in(place.root):
        answer = route.call(place) if route.asked is None else route.call(place, asked)
    if not isinstance(answer, route.answer):
        raise TypeError(f"{route.path} answered {type(answer).__name__}, and {route.answer.__name__} was promised")
    if isinstance(answer, Page):
        return answer.html.encode("utf-8", "replace"), "text/html; charset=utf-8"
    return as_json(answer), JSON
