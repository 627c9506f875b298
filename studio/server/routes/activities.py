"""What takes longer than an answer may: runs, tests, submissions; started, watched as server-sent events, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, JsonValue

from studio.server.place import Place
from studio.server.routing import Model, Routes

if TYPE_CHECKING:
    from studio.workflows.activities import Activity as Found
    from studio.workflows.activities import Tail

routes = Routes("activities")
_LOOK_EVERY = 0.2


class StartRun(Model):
    """Run a pipeline by its name, or a notebook by its path."""

    name: str
    """A pipeline's name, or a notebook as Jupyter calls it (ends in .ipynb, .py or .md)."""
    values: dict[str, JsonValue] = Field(default_factory=dict)
    """``name`` or ``step.name`` -> value; a text is taken as it would be on the command line."""
    jobs: int | None = None
    force: bool = False
    start: str | None = None
    only: str | None = None
    environment: str = "dev"


class ResumeRun(Model):
    """Continue a run."""

    run: str
    jobs: int | None = None


class StartTests(Model):
    """Test notebooks (as Jupyter calls them) and pipelines (by name)."""

    names: list[str]
    rungs: list[Literal["code", "data", "pipeline", "model"]] = Field(default_factory=list)
    tests: list[str] = Field(default_factory=list)
    """Tests in the notebooks by name: these alone are run, and no other rung."""


class StartSubmission(Model):
    """Test and submit notebooks and pipelines for review."""

    names: list[str]
    message: str = ""


class ActivityQuery(Model):
    """Which activity."""

    id: str


class ActivityEventsQuery(ActivityQuery):
    """Which activity, and after which of its events."""

    after: int = 0
    """Only events after this number; a browser's Last-Event-ID stands for it when it comes back."""


class Activity(Model):
    """Something that goes on in a process of its own, or has ended."""

    id: str
    kind: Literal["run", "resume", "test", "submit"]
    title: str
    """``run churn``, ``test notebooks/a.ipynb``."""
    names: list[str]
    """Pipelines by name, notebooks by subject."""
    pipeline: str
    """The pipeline that it is about, the first of several; "" for a notebook."""
    path: str | None
    """The notebook that it is about, the first of several, as Jupyter calls it; None where Jupyter shows none."""
    started: str
    status: Literal["starting", "running", "completed", "failed", "refused", "stopped", "died"]
    run: str
    """The run's identifier once it is known; "" before, and for tests."""
    text: str
    """The sentence that ended it, next step included; "" while it goes on."""


class Activities(Model):
    """The latest activities, newest first."""

    activities: list[Activity]


class ActivityEvent(Model):
    """One thing that happened; `number` is the event's place, from 1 (send it as Last-Event-ID to go on after it)."""

    number: int
    time: str
    kind: Literal["started", "run", "step started", "cell", "step delayed", "step finished", "case", "message", "ended"]
    run: str = ""
    step: str = ""
    attempt: int = 0
    done: int = 0
    total: int = 0
    status: str = ""
    """Of a step, of a case, or (kind ``ended``) of the activity."""
    seconds: float = 0.0
    text: str = ""
    """The reason, the case's name, or the sentence that ends it (an error owns its sentence, next step included)."""
    subject: str = ""
    detail: str = ""
    result: dict[str, JsonValue] | None = None
    """At the end: what ``--json`` of the command prints."""


@routes.post("run")
def run(place: Place, asked: StartRun) -> Activity:
    """Start a run."""
    return _start(place, "run", {**asked.model_dump(exclude={"name"}), "name": place.named(asked.name)})


@routes.post("resume")
def resume(place: Place, asked: ResumeRun) -> Activity:
    """Continue a run."""
    return _start(place, "resume", asked.model_dump())


@routes.post("test")
def test(place: Place, asked: StartTests) -> Activity:
    """Start tests."""
    names = [place.named(name) for name in asked.names]
    return _start(place, "test", {"names": names, "rungs": asked.rungs, "tests": asked.tests})


@routes.post("submit")
def submit(place: Place, asked: StartSubmission) -> Activity:
    """Start a submission."""
    names = [place.named(name) for name in asked.names]
    return _start(place, "submit", {"names": names, "message": asked.message})


@routes.get()
def list_(place: Place) -> Activities:
    """The latest activities."""
    from studio.workflows.activities import latest

    return Activities(activities=[_shown(place, one) for one in latest(place.workspace)])


@routes.post("stop")
def stop(place: Place, asked: ActivityQuery) -> Activity:
    """Ask an activity to end, as Ctrl-C would."""
    from studio.workflows import activities

    return _shown(place, activities.stop(place.workspace, asked.id))


@routes.stream("events")
async def events(place: Place, asked: ActivityEventsQuery) -> AsyncIterator[ActivityEvent]:
    """The events of an activity, from the first or after a number, to its end."""
    tail = await asyncio.to_thread(_tail, place, asked)
    while True:
        for event in await asyncio.to_thread(tail.new):
            yield ActivityEvent(**event.as_dict())
        if tail.ended:
            return
        await asyncio.sleep(_LOOK_EVERY)


def _tail(place: Place, asked: ActivityEventsQuery) -> Tail:
    from studio.workflows.activities import tail_of

    return tail_of(place.workspace, asked.id, asked.after)


def _start(place: Place, kind: str, request: Mapping[str, Any]) -> Activity:
    from studio.workflows import activities

    return _shown(place, activities.start(place.workspace, kind, request))


def _shown(place: Place, found: Found) -> Activity:
    from studio.notebooks.document import is_notebook
    from studio.workflows.activities.records import as_json

    name = next(iter(found.names), "")
    notebook = is_notebook(name)
    path = place.lab_path(name) if notebook else None
    return Activity(**as_json(found), pipeline="" if notebook else name, path=path)
