from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from studio.core.errors import BadInput, StudioError
from studio.core.workspace import working_in
from studio.ledger.event import KINDS
from studio.ledger.ledger import open_ledger
from studio.server.place import Place as Root
from studio.server.routes import ledger as routes
from tests.conftest import Place
from tests.ledger.conftest import tampering

TRAIN = "notebooks/train.ipynb"
STORY: list[tuple[str, str, str, str, dict[str, Any], str]] = [
    (
        "submitted",
        "ann",
        TRAIN,
        "",
        {"ok": True, "message": "more\nfeatures"},
        f"ann submitted {TRAIN} for review: more features",
    ),
    ("submitted", "ann", TRAIN, "", {"ok": False}, f"ann submitted {TRAIN} for review, and its tests failed."),
    ("commented", "bob", TRAIN, "", {"cell": 3, "text": "why?"}, f"bob commented on cell 3 of {TRAIN}: why?"),
    ("commented", "bob", TRAIN, "", {"cell": None, "text": "fine"}, f"bob commented on {TRAIN}: fine"),
    ("approved", "bob", TRAIN, "", {"message": ""}, f"bob approved {TRAIN}."),
    ("rejected", "bob", TRAIN, "", {"message": "no"}, f"bob rejected {TRAIN}: no"),
    ("revoked", "bob", TRAIN, "", {"message": "wrong"}, f"bob revoked the approval of {TRAIN}: wrong"),
    (
        "run refused",
        "ann",
        "pipelines/churn.yml",
        "prod",
        {
            "pipeline": "churn",
            "reasons": ["It was never approved. Next: submit it.", "The tree is dirty. Next: commit."],
        },
        "A run of churn by ann was refused in prod: It was never approved. The tree is dirty.",
    ),
    ("run accepted", "bob", "p", "prod", {"pipeline": "churn", "run": "r1"}, "bob started run r1 of churn in prod."),
    ("run ended", "bob", "p", "prod", {"run": "r1", "status": "completed"}, "Run r1 of p in prod: completed."),
    ("promoted", "bob", "churn", "prod", {"model": "churn", "version": 3}, "bob promoted churn 3 to prod."),
    ("rolled back", "bob", "churn", "prod", {"model": "churn", "version": 2}, "bob rolled prod back to churn 2."),
]


@pytest.fixture
def root(place: Place) -> Iterator[Root]:
    with working_in(place.root):
        yield Root(place.root)


@pytest.fixture
def told(root: Root) -> Root:
    ledger = open_ledger(root.workspace)
    for kind, actor, subject, environment, details, _ in STORY:
        ledger.append(kind, actor=actor, subject=subject, environment=environment, details=details)
    return root


def ask(root: Root, **asked: Any) -> routes.Events:
    return routes.page(root, routes.EventsQuery(**asked))


def test_there_is_no_ledger_yet(root: Root) -> None:
    found = ask(root)
    assert (found.events, found.more, found.kinds) == ([], False, list(KINDS))
    assert routes.verify(root) == routes.Verified(ok=True, events=0, faults=[])
    assert not (root.root / ".studio").exists(), "looking makes nothing"


def test_every_kind_has_a_sentence(told: Root) -> None:
    assert [event.sentence for event in ask(told).events] == [row[-1] for row in STORY[::-1]]
    assert {row[0] for row in STORY} == set(KINDS)


def test_an_event_of_a_newer_studio_and_a_long_message() -> None:
    from studio.ledger.event import Event
    from studio.workflows.ledger.sentences import sentence

    event = Event(1, "", "", "served", "eve", "churn", "prod", {"message": "x" * 1000}, "", "")
    assert sentence(event) == f"eve: served, churn: {'x' * 300}…"


def test_pages_newest_first(told: Root) -> None:
    first = ask(told, limit=5)
    assert ([event.sequence for event in first.events], first.more) == ([12, 11, 10, 9, 8], True)
    second = ask(told, limit=7, before=8)
    assert ([event.sequence for event in second.events], second.more) == ([7, 6, 5, 4, 3, 2, 1], False)
    assert ask(told, limit=7, before=1).events == []


def test_what_fits(told: Root) -> None:
    assert [event.sequence for event in ask(told, kind="submitted").events] == [2, 1]
    assert [event.sequence for event in ask(told, actor="ann").events] == [8, 2, 1]
    assert [event.sequence for event in ask(told, subject="churn", actor="bob", limit=1).events] == [12]
    assert ask(told, subject="churn", actor="bob", limit=1).more
    assert ask(told, subject="' or 1=1 --").events == []
    with pytest.raises(BadInput, match=r"no kind of event 'submited'\. Did you mean 'submitted'"):
        ask(told, kind="submited")


def test_what_is_told_of_one_event(told: Root) -> None:
    (event,) = ask(told, kind="run refused").events
    assert (event.actor, event.subject, event.environment) == ("ann", "pipelines/churn.yml", "prod")
    assert event.details["pipeline"] == "churn"
    assert event.time.endswith("Z")


def test_meddling_is_told(told: Root) -> None:
    connection = tampering(told.workspace.ledger)
    connection.execute("UPDATE ledger_events SET actor = 'eve' WHERE sequence = 5")
    connection.close()
    found = routes.verify(told)
    assert (found.ok, found.events) == (False, len(STORY))
    assert "5" in found.faults[0]


def test_an_approval_that_cannot_be_read(told: Root, place: Place) -> None:
    place.write("pipelines/approvals/notebooks/train.json", "{")
    found = routes.verify(told)
    assert found.ok
    assert found.faults == [
        "pipelines/approvals/notebooks/train.json cannot be read, so its anchors were not looked at."
    ]


def test_a_ledger_that_is_no_database(root: Root, place: Place) -> None:
    place.write(".studio/ledger.db", "no database at all, and long enough to be looked at\n" * 100)
    for call in (lambda: ask(root), lambda: routes.verify(root)):
        with pytest.raises(StudioError, match="ledger"):
            call()
