"""What is written down about the routes is what they are: the types of the front end, and the table for people."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, JsonValue

from studio.server.routing import Model, Page, Route, all_routes
from tools import api

ROOT = Path(__file__).parents[2]


def test_the_types_of_the_front_end_are_those_of_the_models() -> None:
    assert api.FILE.read_text(encoding="utf-8") == api.api(), "Next: make api"


def row(route: Route) -> str:
    asked = f"`{route.asked.__name__}`" if route.asked is not None else ""
    answer = f"events of `{route.answer.__name__}`" if route.stream else f"`{route.answer.__name__}`"
    return f"| {route.method} | `{route.path}` | {asked} | {'an HTML page' if route.answer is Page else answer} |"


def test_the_table_of_addresses_is_whole() -> None:
    text = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith(("| GET |", "| POST |"))]
    assert table == [row(route) for route in sorted(all_routes(), key=lambda route: (route.path, route.method))]


class Inner(Model):
    """What is
    inside, in two lines */."""

    choice: str


class Probe(Model):
    """One of each kind."""

    text: str
    """What it ``says``."""
    number: int | None = None
    values: dict[str, JsonValue] = Field(default_factory=dict)
    inner: list[Inner]
    pairs: dict[str, list[int]]


def test_every_kind_of_field_has_its_type() -> None:
    assert api._interface(Probe, optional=True) == (
        "/** One of each kind. */\n"
        "export interface Probe {\n"
        "  /** What it `says`. */\n"
        "  text: string;\n"
        "  number?: number | null;\n"
        "  values?: { [key: string]: JsonValue };\n"
        "  inner: Inner[];\n"
        "  pairs: { [key: string]: number[] };\n"
        "}\n"
    )
    assert "number: number | null;" in api._interface(Probe, optional=False), "an answer has all its keys"
    assert " * inside, in two lines *\\/.\n" in api._interface(Inner, optional=False)


def test_a_kind_that_typescript_would_not_know_is_refused() -> None:
    with pytest.raises(SystemExit, match="No TypeScript type is known"):
        api._type({"type": "string?"})


def test_a_changed_model_makes_the_types_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.server.routes import session

    monkeypatch.setattr(session.Session.model_fields["open"], "annotation", int)
    session.Session.model_rebuild(force=True)
    try:
        assert "  open: number;" in api.api()
    finally:
        monkeypatch.undo()
        session.Session.model_rebuild(force=True)
    assert "  open: boolean;" in api.api()
