"""What needs this person now, and what happened lately."""

from __future__ import annotations

from typing import Literal

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


# get "" -> Home
