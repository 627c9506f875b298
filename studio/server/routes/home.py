"""What needs this person now, and what happened lately."""

from __future__ import annotations

from typing import Literal

from studio.server.place import Place
from studio.server.routing import Model, Routes

routes = Routes("home")


class Need(Model):
    """Something that waits for somebody."""

    kind: Literal["review", "returned", "failed run", "lapsed", "problem"]
    """A review that waits for me, my submission that was rejected, a failed latest run, a lapsed approval, a fault."""
    title: str
    text: str
    time: str | None
    submission: str = ""
    run: str = ""
    pipeline: str = ""
    path: str | None = None
    """A file, as Jupyter calls it."""


class Happening(Model):
    """Something that happened."""

    time: str
    text: str
    kind: str
    run: str = ""
    submission: str = ""
    subject: str = ""


class Home(Model):
    """The home panel. A part that cannot be read is a need of the kind ``problem``."""

    needs: list[Need]
    happened: list[Happening]
    running: list[str]
    """Runs that go on now."""


@routes.get()
def home(place: Place) -> Home:
    """What needs this person, and what happened."""
    from studio.workflows.home import look_home

    found = look_home()
    needs = [
        Need(
            kind=need.kind,
            title=need.title,
            text=need.text,
            time=need.time,
            submission=need.submission,
            run=need.run,
            pipeline=need.pipeline,
            path=place.lab_path(need.subject) if need.subject else None,
        )
        for need in found.needs
    ]
    happened = [Happening(**vars(one)) for one in found.happened]
    return Home(needs=needs, happened=happened, running=list(found.running))
