"""What an activity can be asked for, as it stands in its ``request.json``; checked before a program is started.

The file is read here only, and strictly: whoever may write into ``.studio/`` may have put anything there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, JsonValue, field_validator

from studio.core import clock
from studio.core.documents import Section, validate
from studio.core.errors import BadInput, Problems
from studio.core.files import open_regular
from studio.core.identifiers import suggest
from studio.core.settings import Rung
from studio.core.workspace import Workspace

REQUEST = "request.json"
FORMAT: Literal[1] = 1
Kind = Literal["run", "resume", "test", "submit"]


class RunAsked(Section):
    """Run a pipeline or a notebook."""

    name: Annotated[str, Field(description="A pipeline's name, or a notebook's path in the workspace.")]
    values: Annotated[
        dict[str, str], Field(description="Values as on the command line: name or step.name -> text.")
    ] = Field(default_factory=dict)
    jobs: Annotated[int | None, Field(ge=1, le=256)] = None
    force: bool = False
    start: str | None = None
    only: str | None = None
    environment: str = "dev"

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, values: Any) -> Any:
        return {name: as_text(value) for name, value in values.items()} if isinstance(values, Mapping) else values

    @property
    def names(self) -> tuple[str, ...]:
        """What it is about."""
        return (self.name,)

    @property
    def title(self) -> str:
        """What it is, in few words."""
        place = f" in {self.environment}" if self.environment != "dev" else ""
        return f"run {self.name}{place}"

    def check(self, workspace: Workspace) -> RunAsked:
        """Make the plan: all that is wrong with names and values is told at once, and a secret is never written down.

        Raises
        ------
        BadInput, Problems
            When anything that was given or declared is wrong.
        """
        from studio.pipelines.plan import make_plan
        from studio.workflows.choose_pipeline import choose_pipeline

        workspace.settings.environment(self.environment)
        pipeline = choose_pipeline(workspace, self.name, workspace.root)
        try:
            plan = make_plan(workspace, pipeline, self.values, base=workspace.root)
        except Problems as error:  # a form has fields, and no options of a command line
            named = (replace(one, field=one.field.removeprefix("-p ")) for one in error.problems)
            raise Problems(named) from error
        known = {name for step in plan.steps for name in (step.name, step.key)}
        for step in (self.start, self.only):
            if step is not None and step not in known:
                raise BadInput(f"The pipeline {plan.pipeline} has no step {step[:100]!r}. {suggest(step, known)}")
        return self.model_copy(update={"name": pipeline.notebook or pipeline.name})


class ResumeAsked(Section):
    """Continue a run."""

    run: Annotated[str, Field(description="A run's identifier.")]
    jobs: Annotated[int | None, Field(ge=1, le=256)] = None
    name: Annotated[str, Field(description="What it ran; looked up.")] = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What it is about."""
        return (self.name,)

    @property
    def title(self) -> str:
        """What it is, in few words."""
        return f"resume {self.name} ({self.run})"

    def check(self, workspace: Workspace) -> ResumeAsked:
        """Look the run up.

        Raises
        ------
        Missing
            When there is no such run.
        StillRunning
            When its runner lives.
        AlreadyComplete
            When nothing is left to do.
        """
        from studio.pipelines.records import RunStore, StillRunning

        record = RunStore(workspace).read(self.run)
        if record.status == "running":
            raise StillRunning(record.id)
        if record.status == "completed":
            from studio.workflows.run_pipeline import AlreadyComplete

            raise AlreadyComplete(record.id, record.name)
        return self.model_copy(update={"run": record.id, "name": record.name})


class TestsAsked(Section):
    """Climb the ladder of tests."""

    __test__ = False

    names: Annotated[tuple[str, ...], Field(min_length=1, description="Pipelines by name, notebooks by path.")]
    rungs: tuple[Rung, ...] = ()
    tests: Annotated[
        tuple[str, ...], Field(description="Tests in the notebooks by name: these alone, and no other rung.")
    ] = ()

    @property
    def title(self) -> str:
        """What it is, in few words."""
        return f"test {', '.join(self.names)}{': ' if self.tests else ''}{', '.join(self.tests)}"

    def check(self, workspace: Workspace) -> TestsAsked:
        """Look up what is to be tested; BadInput where it does not exist or cannot be read."""
        from studio.workflows.climb_targets import check_tests, choose_targets

        check_tests(workspace, choose_targets(workspace, self.names, workspace.root), self.tests)
        return self


class SubmissionAsked(Section):
    """Test and submit for review."""

    names: Annotated[tuple[str, ...], Field(min_length=1, description="Pipelines by name, notebooks by path.")]
    message: str = ""

    @property
    def title(self) -> str:
        """What it is, in few words."""
        return f"submit {', '.join(self.names)}"

    def check(self, workspace: Workspace) -> SubmissionAsked:
        """Look up what is to be submitted, and whether this person may.

        Raises
        ------
        BadInput, Problems
            When it does not exist or cannot be read.
        NotAllowed
            When the policy says no.
        """
        from studio.governance.decide import Resource, decide
        from studio.governance.people import current_actor
        from studio.workflows.content_states import contents_named
        from studio.workflows.decisions import require
        from studio.workflows.messages import check_message

        check_message(self.message)
        actor = current_actor(workspace)
        for content in contents_named(workspace, self.names, workspace.root):
            require(decide(workspace, actor, "submit", Resource(subject=content.subject)))
        return self


Asked = RunAsked | ResumeAsked | TestsAsked | SubmissionAsked
ASKED: dict[str, type[Asked]] = {
    "run": RunAsked,
    "resume": ResumeAsked,
    "test": TestsAsked,
    "submit": SubmissionAsked,
}


def parse(kind: str, request: Mapping[str, Any]) -> Asked:
    """The request of an activity of `kind`; Problems for what does not fit."""
    if kind not in ASKED:
        raise BadInput(f"There is no activity {kind!r}. {suggest(kind, get_args(Kind))}")
    return validate(ASKED[kind], dict(request), "")


class Request(Section):
    """The file itself: who reads it finds all that was asked."""

    model_config = ConfigDict(strict=True)

    version: Literal[1] = FORMAT
    id: str
    kind: Kind
    title: str
    names: tuple[str, ...]
    started: str
    request: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("names")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any("\0" in name for name in value):
            raise ValueError("no name holds a null character")
        return value

    @field_validator("started")
    @classmethod
    def _is_time(cls, value: str) -> str:
        clock.from_text(value)
        return value

    @field_validator("request")
    @classmethod
    def _names_an_environment(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if not isinstance(value.get("environment", ""), str):
            raise ValueError("an environment is called by its name")
        return value

    @property
    def environment(self) -> str:
        """The environment that a run was asked for; "" for the others."""
        return str(self.request.get("environment", ""))


def read_request(folder: Path) -> Request:
    """What stands in the folder of an activity.

    Raises
    ------
    OSError, ValueError
        When the file cannot be read, is not of this format, or is that of another activity.
    """
    with open_regular(folder / REQUEST) as file:
        found = Request.model_validate_json(file.read())
    if found.id != folder.name:
        raise ValueError(f"it is the request of the activity {found.id[:60]!r}")
    return found


def as_text(value: JsonValue) -> str:
    """A value of a form as it would be typed on the command line."""
    match value:
        case str():
            return value
        case {"secret": str(name), **rest} if not rest:
            return name
        case {"float": str(name), **rest} if not rest:
            return name
        case float() if not math.isfinite(value):
            return repr(value)
    return json.dumps(value, ensure_ascii=False)
