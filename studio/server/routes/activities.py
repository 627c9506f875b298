"""What takes longer than an answer may: runs, tests, submissions; started, watched as server-sent events, stopped."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from studio.server.routing import Model, Routes

routes = Routes("activities")


class StartRun(Model):
    """Run a pipeline by its name, or a notebook by its path."""

    name: str
    """A pipeline's name, or a notebook as Jupyter calls it (ends in .ipynb)."""
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
    started: str
    status: Literal["starting", "running", "completed", "failed", "refused", "stopped", "died"]
    run: str
    """The run's identifier once it is known; "" before, and for tests."""


class Activities(Model):
    """The latest activities, newest first."""

    activities: list[Activity]


class ActivityEvent(Model):
    """One thing that happened; `number` is the event's place, from 1 (send it as Last-Event-ID to go on after it)."""

    number: int
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


# post "run" StartRun -> Activity;  post "resume" ResumeRun -> Activity
# post "test" StartTests -> Activity;  post "submit" StartSubmission -> Activity
# get "" -> Activities;  post "stop" ActivityQuery -> Activity
# stream "events" ActivityEventsQuery -> ActivityEvent
