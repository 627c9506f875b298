"""Routes as plain functions: models in, a model out; everything about HTTP is done once, in `studio.server.answering`.

A file of `studio/server/routes/` holds one noun::

    routes = Routes("notebooks")

    @routes.get("state")
    def state(place: Place, asked: NotebookQuery) -> NotebookState: ...

The functions run in a thread, in the context of the workspace (`studio.core.workspace.working_in`). What `get` receives
comes from the query string, what `post` receives from the JSON body. A ``stream`` is an asynchronous generator of
models, sent as server-sent events; whatever blocks in it goes through ``asyncio.to_thread``. Where a stream's model
has a ``number``, it is the event's id, and a browser that comes back is answered from there on: what was asked has
``after`` then. A function that answers a `Page` answers HTML, which runs nothing.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict

Method = Literal["GET", "POST"]
Function = TypeVar("Function", bound=Callable[..., Any])


class Model(BaseModel):
    """What is asked or answered: no unknown keys, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Page(Model):
    """An HTML page, shown under a policy that runs no script, loads nothing and belongs to no origin."""

    html: str


def as_json(answer: BaseModel) -> bytes:
    """A model as JSON that every reader takes: no NaN, and half a character (of a file's name) as its escape."""
    try:
        return answer.model_dump_json().encode()
    except ValueError:
        return json.dumps(answer.model_dump(), default=str).encode()


@dataclass(frozen=True)
class Route:
    """One address.

    Attributes
    ----------
    method : str
        ``GET`` or ``POST``.
    path : str
        Below ``/studio/api/v1/``: ``notebooks/state``.
    call : callable
        The function.
    asked : type or None
        The model of the query string or of the body; None where nothing is asked.
    answer : type
        The model of the answer, or of one event of a stream.
    stream : bool
        Whether it answers with server-sent events.
    """

    method: Method
    path: str
    call: Callable[..., Any]
    asked: type[Model] | None
    answer: type[BaseModel]
    stream: bool = False


@dataclass
class Routes:
    """The routes of one noun."""

    noun: str
    found: list[Route] = field(default_factory=list)

    def get(self, verb: str = "") -> Callable[[Function], Function]:
        """Register a function that looks something up."""
        return self._register("GET", verb)

    def post(self, verb: str = "") -> Callable[[Function], Function]:
        """Register a function that does something."""
        return self._register("POST", verb)

    def stream(self, verb: str = "") -> Callable[[Function], Function]:
        """Register an asynchronous generator of events."""
        return self._register("GET", verb, stream=True)

    def _register(self, method: Method, verb: str, *, stream: bool = False) -> Callable[[Function], Function]:
        def register(call: Function) -> Function:
            hints = get_type_hints(call)
            answer = hints.pop("return")
            if stream:
                answer = get_args(answer)[0]
            names = list(inspect.signature(call).parameters)[1:]  # the first one is the place
            asked = hints[names[0]] if names else None
            self.found.append(Route(method, f"{self.noun}/{verb}".rstrip("/"), call, asked, answer, stream))
            return call

        return register


def nouns() -> list[str]:
    """The nouns: every file of `studio/server/routes/` is one; none is imported."""
    from studio.server import routes

    return sorted(module.name for module in iter_modules(routes.__path__))


def routes_of(noun: str) -> list[Route]:
    """The routes of one of the `nouns`; whatever keeps its file from being imported is raised."""
    found: Routes = import_module(f"studio.server.routes.{noun}").routes
    return found.found


def all_routes() -> list[Route]:
    """The routes of all nouns."""
    return [route for noun in nouns() for route in routes_of(noun)]
