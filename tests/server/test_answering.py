"""What every route has in common: how it is asked, how errors are told, how much is taken on."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
import re
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import Field

import studio
from studio.core.errors import BadInput, Missing, Problem, Problems, Refused, StudioError
from studio.core.workspace import find_workspace
from studio.server import answering, failures
from studio.server.answering import AnsweringHandler, called, find_route
from studio.server.asking import BODY_LIMIT, from_body, from_query
from studio.server.failures import STATUSES, Failure, explained, status_of
from studio.server.place import Place as Root
from studio.server.routing import Model, Page, Route, Routes, all_routes, as_json, nouns
from studio.server.threads import Threads
from tests.conftest import Place
from tests.server.asking import Client


class Asked(Model):
    name: str
    count: int = 1
    names: list[str] = Field(default_factory=list)
    wanted: bool = False
    ratio: float | None = None
    after: int = 0


class Told(Model):
    text: str
    number: int = 0


def route(call: object = None, asked: type[Model] | None = Asked, **more: object) -> Route:
    return Route("GET", "probe/it", call or (lambda place, asked: Told(text="")), asked, Told, **more)  # type: ignore[arg-type]


# ---------------------------------------------------------------- how it is asked


def test_a_query_string_is_read_by_the_model() -> None:
    asked = from_query(
        route(), {"name": [b"a"], "count": [b"3"], "names": [b"x", b"y"], "wanted": [b"true"], "ratio": [b"0.5"]}
    )
    assert asked == Asked(name="a", count=3, names=["x", "y"], wanted=True, ratio=0.5)


def test_what_jupyter_and_jupyterlab_add_to_a_query_string_is_none_of_it() -> None:
    given = {"name": [b"a"], "token": [b"t"], "_xsrf": [b"x"], "no_track_activity": [b"1"], "1767225600000": [b""]}
    assert from_query(route(), given) == Asked(name="a")


def test_a_stream_goes_on_where_the_browser_says() -> None:
    assert from_query(route(), {"name": [b"a"]}, "17") == Asked(name="a", after=17)
    with pytest.raises(Problems):
        from_query(route(), {"name": [b"a"]}, "not a number")


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "name", "is missing"),
        ({"name": [b"a"], "cuont": [b"1"]}, "cuont", "Did you mean 'count'?"),
        ({"name": [b"a", b"b"]}, "name", "given more than once"),
        ({"name": [b"a"], "count": [b"x"]}, "count", "A whole number is expected here"),
        ({"name": [b"a"], "wanted": [b"perhaps"]}, "wanted", "true or false is expected here"),
        ({"name": [b"\xff"]}, "name", "not UTF-8"),
    ],
)
def test_a_query_that_does_not_fit_is_told_by_field(given: dict[str, list[bytes]], field: str, words: str) -> None:
    with pytest.raises(Problems) as raised:
        from_query(route(), given)
    assert raised.value.problems[0].field == field
    assert words in raised.value.problems[0].message


def test_where_nothing_is_asked_nothing_may_be_given() -> None:
    assert from_query(route(asked=None), {"token": [b"t"]}) is None
    assert from_body(route(asked=None), b"  ") is None
    assert from_body(route(asked=None), b"{}") is None
    with pytest.raises(Problems, match="Nothing is asked for at this address"):
        from_query(route(asked=None), {"name": [b"a"]})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"[1]", "no object"),
        (b'"a"', "no object"),
        (b'{"name": "a", "name": "b"}', "stands twice"),
        (b'{"name": "\\ud800"}', "half a character"),
        (b'{"name": "a", "ratio": 1e999}', "too large for a float"),
        (b'{"name": "a", "ratio": NaN}', "NaN or an infinity"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_body_is_strict_json(body: bytes, words: str) -> None:
    with pytest.raises((Failure, Problems)) as raised:
        from_body(route(), body)
    if isinstance(raised.value, Failure):
        assert raised.value.status == 400
        assert words in raised.value.message


@pytest.mark.slow
def test_a_body_has_a_limit(anna: Client) -> None:
    answer = anna.ask("POST", "activities/run", b'{"name": "' + b"a" * BODY_LIMIT + b'"}')
    assert answer.status == 413
    assert answer.json["message"] == "The request's body is larger than 8 MB."


@pytest.mark.slow
def test_an_unknown_key_of_a_body_is_refused(anna: Client) -> None:
    answer = anna.post("activities/run", name="small", jobz=2)
    assert answer.status == 400
    assert answer.json["problems"][0]["field"] == "jobz"
    assert "Did you mean 'jobs'?" in answer.json["problems"][0]["message"]


# ---------------------------------------------------------------- which address


@pytest.mark.slow
def test_an_address_that_is_none(anna: Client) -> None:
    assert anna.get("sesion").json["message"] == "There is no noun 'sesion' at /studio/api/v1/. Did you mean 'session'?"
    assert "Did you mean 'notebooks/state'?" in anna.get("notebooks/stat").json["message"]
    assert anna.get("notebooks/stat").status == 404
    wrong = anna.get("notebooks/fix")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert anna.ask("PUT", "session").status == 405
    assert anna.get("routing").status == 404
    assert anna.get("../../../api/status").status in {403, 404}


def test_no_two_routes_share_an_address_and_every_noun_has_some() -> None:
    found = all_routes()
    assert len({(one.method, one.path) for one in found}) == len(found)
    assert {one.path.partition("/")[0] for one in found} == set(nouns())
    assert all(issubclass(one.answer, Model) for one in found)


def test_a_noun_that_cannot_be_imported_costs_that_noun_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.server import routing

    def broken(noun: str) -> list[Route]:
        if noun == "reviews":
            raise ImportError("No module named 'nbdime'")
        return [Route("GET", "session", lambda place: Told(text=""), None, Told)]

    monkeypatch.setattr(routing, "routes_of", broken)
    assert find_route("GET", "session").path == "session"
    with pytest.raises(Failure) as raised:
        find_route("GET", "reviews")
    assert raised.value.status == 500
    assert "The part 'reviews' of Studio's server could not be loaded" in raised.value.message
    assert "No module named 'nbdime'" in raised.value.message


# ---------------------------------------------------------------- what is answered


def test_a_function_runs_in_the_workspace_that_jupyter_shows(place: Place, tmp_path: Path) -> None:
    def where(root: Root, asked: Asked) -> Told:
        return Told(text=f"{find_workspace().root}{threading.current_thread().name}")

    async def ask() -> tuple[bytes, str]:
        threads = Threads()
        try:
            return await threads.run(lambda: called(route(where), Root(place.root), Asked(name="a")))
        finally:
            threads.close()

    body, kind = asyncio.run(ask())
    assert kind == "application/json"
    assert str(place.root) in body.decode()
    assert "studio" in body.decode()


def test_a_page_runs_nothing(place: Place) -> None:
    shown = Route("GET", "probe/page", lambda root: Page(html="<p>é"), None, Page)
    body, kind = called(shown, Root(place.root), None)
    assert (body.decode(), kind) == ("<p>é", "text/html; charset=utf-8")
    policy = answering.PAGE_POLICY
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script" not in policy


def test_a_function_must_keep_its_promise(place: Place) -> None:
    with pytest.raises(TypeError, match="Told was promised"):
        called(route(lambda root, asked: {"text": "a"}), Root(place.root), Asked(name="a"))


def test_every_answer_is_json_that_every_reader_takes() -> None:
    class Loose(Model):
        values: dict[str, object]

    assert as_json(Loose(values={"a": [float("nan"), float("inf")]})) == b'{"values":{"a":[null,null]}}'
    assert as_json(Loose(values={"a": "\ud800"})) == b'{"values": {"a": "\\ud800"}}'


# ---------------------------------------------------------------- errors


class Odd(Refused):
    pass


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("a"), 400),
        (Problems([Problem("a", 1, "b")]), 400),
        (Missing("a"), 404),
        (Odd("a"), 403),
        (StudioError("a"), 500),
    ],
)
def test_the_table_of_errors(error: StudioError, status: int) -> None:
    assert status_of(error) == status
    assert explained(error).status == status


def test_every_error_of_the_table_is_there() -> None:
    rooms = ("studio.workflows", "studio.core", "studio.data", "studio.pipelines.records")
    for module in pkgutil.walk_packages(studio.__path__, "studio."):
        if module.name.startswith(rooms) and not re.search(r"templates|starter|worker|__main__", module.name):
            importlib.import_module(module.name)
    assert set(STATUSES) <= {one.__name__ for one in descendants(StudioError)} | {"StudioError"}


def descendants(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from descendants(one)


def test_an_error_s_next_step_stands_apart() -> None:
    failure = explained(BadInput("It is so. Next: do that."))
    assert (failure.message, failure.next, failure.rule) == ("It is so.", "do that.", "BadInput")
    several = explained(StudioError("One. Next: a.\nTwo. Next: b."))
    assert (several.message, several.next) == ("One. Next: a.\nTwo. Next: b.", "")
    problems = explained(Problems([Problem("a.yml", 3, "No. Next: b.", "x"), Problem("a.yml", 4, "Nor this.")]))
    assert problems.message == "2 problems."
    assert problems.problems[0] == {"path": "a.yml", "line": 3, "field": "x", "message": "No. Next: b."}


def test_what_nobody_foresaw_is_told_by_its_number_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    class Handler(AnsweringHandler):
        def __init__(self) -> None:
            self.request = type("Request", (), {"method": "GET", "path": "/x"})()  # type: ignore[assignment]

        log = logging.getLogger("probe")

    try:
        raise ZeroDivisionError("the secret part")
    except ZeroDivisionError as error:
        failure = Handler().failure(error)
    assert failure.status == 500
    assert "secret" not in str(failure.body())
    assert failure.number
    assert failure.number in failure.message
    assert failure.number in caplog.text
    assert "the secret part" in caplog.text
    assert Handler().failure(PermissionError(13, "Permission denied", "/x/y")).status == 400


@pytest.mark.slow
def test_an_html_page_of_tornado_never_comes(anna: Client) -> None:
    for answer in (anna.ask("PUT", "session"), anna.get("nothing"), anna.ask("GET", "session?x=" + "a" * 20_000)):
        assert answer.status >= 400
        assert answer.headers.get("content-type") == "application/json"
        assert set(answer.json) == set(failures.by_status(500, "").body())


# ---------------------------------------------------------------- how much is taken on


def test_more_than_the_threads_can_take_is_told_at_once() -> None:
    async def crowd() -> None:
        threads = Threads(threads=1, waiting=1)
        gate = threading.Event()
        first = [asyncio.create_task(threads.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(Failure) as raised:
            await threads.run(lambda: None)
        assert raised.value.status == 503
        assert raised.value.headers["Retry-After"]
        gate.set()
        await asyncio.gather(*first)
        assert await threads.run(lambda: 7) == 7
        threads.close()

    asyncio.run(crowd())


def test_what_is_asked_of_a_server_that_ends_is_told_that_it_does() -> None:
    threads = Threads()
    threads.close()
    with pytest.raises(Failure, match="Jupyter is stopping") as raised:
        asyncio.run(threads.run(lambda: None))
    assert raised.value.status == 503


@pytest.mark.slow
def test_session(anna: Client, small: Place) -> None:
    found = anna.ok(anna.get("session"))
    assert found == {
        "workspace": str(small.root),
        "prefix": "",
        "project": "small",
        "actor": "anna",
        "name": "Anna Berger",
        "roles": ["data scientist"],
        "open": False,
        "environments": found["environments"],
    }
    assert {"dev", "staging", "prod"} <= set(found["environments"])


def test_registering_a_route_reads_its_models() -> None:
    routes = Routes("probe")

    @routes.get("one")
    def one(place: Root, asked: Asked) -> Told:
        return Told(text=asked.name)

    @routes.stream("more")
    async def more(place: Root) -> AsyncIterator[Told]:
        yield Told(text="")

    first, second = routes.found
    assert (first.path, first.asked, first.answer, first.stream) == ("probe/one", Asked, Told, False)
    assert (second.path, second.asked, second.answer, second.stream) == ("probe/more", None, Told, True)
