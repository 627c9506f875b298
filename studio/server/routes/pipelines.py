"""Pipelines: the list, the graph with what a run would do, the form of their parameters, changes to their file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from studio.server.place import Place
from studio.server.routing import Model, Routes

if TYPE_CHECKING:
    from studio.core.errors import Problem
    from studio.workflows import edit_pipeline
    from studio.workflows.view_pipeline import PipelineView, ShownStep

routes = Routes("pipelines")


class Overview(Model):
    """One pipeline in the list."""

    name: str
    description: str
    steps: int
    problem: str
    last_status: str
    """Of its latest run: running, completed, failed, killed; "" where there is none."""
    last_started: str | None


class Pipelines(Model):
    """All pipelines of the workspace."""

    pipelines: list[Overview]


class PipelineQuery(Model):
    """Which pipeline; whether a run is foreseen step by step (reads digests, so it takes longer)."""

    name: str
    """A pipeline's name, or a notebook by its path in the workspace."""
    verdicts: bool = True


class Verdict(Model):
    """Whether a run would run the step or reuse it, and why."""

    reuse: bool
    undecided: bool
    reason: str


class Step(Model):
    """A step, or one part of a fan-out."""

    key: str
    name: str
    part: str
    notebook: str
    lab_path: str | None
    values: dict[str, JsonValue]
    loads: list[str]
    saves: list[str]
    needs: list[str]
    """Names of steps."""
    verdict: Verdict | None


class Field(Model):
    """A parameter that a run of the pipeline can be given.

    Where steps disagree about a parameter (its type, its value, a fan-out over it), there is a field for each of them.
    """

    name: str
    """``seed``: of all steps that have it; ``train.seed``: of one. As a run takes it."""
    annotation: str
    steps: list[str]
    default: JsonValue
    required: bool
    help: str
    secret: bool
    given: bool
    """Whether the pipeline's file sets it."""


class Wrong(Model):
    """One thing that is wrong with a pipeline, and where."""

    path: str | None
    """The file, as Jupyter calls it."""
    line: int
    """From 1; 0 where none is known. In a notebook ``field`` names the cell."""
    field: str
    message: str


class ScheduleOf(Model):
    """When a pipeline runs by itself, under ``studio scheduler``."""

    cron: str
    timezone: str
    missed: str
    environment: str
    next: str | None
    """When it comes next."""
    last: str
    """What came of the latest time, as a sentence; "" where none came yet."""
    up: bool
    """Whether a scheduler is up; without one nothing starts by itself."""


class Pipeline(Model):
    """One pipeline; a broken one as far as it can be read."""

    name: str
    description: str
    path: str | None
    """Its file, as Jupyter calls it."""
    problem: str
    """What keeps a run from being started, told in one text; "" where nothing does."""
    problems: list[Wrong]
    """The same one by one."""
    sources: list[str]
    steps: list[Step]
    fields: list[Field]
    json_schema: dict[str, Any]
    schedule: ScheduleOf | None
    state: str
    """The approval of its file: draft, submitted, approved, lapsed, revoked, invalid; "" while it is broken."""
    states: dict[str, str]
    """The approval of each notebook, by its subject."""


class AddStep(Model):
    """Put a notebook into a pipeline as a new step; comments and layout of the file stay."""

    pipeline: str
    notebook: str
    """As Jupyter calls it."""
    step: str = ""
    """The step's name; the notebook's without one."""


class NewPipeline(Model):
    """A new pipeline file with these notebooks (as Jupyter calls them) as steps."""

    name: str
    notebooks: list[str]
    description: str = ""


class Written(Model):
    """The file that was written, as Jupyter calls it."""

    path: str
    pipeline: str


@routes.get()
def list_(place: Place) -> Pipelines:
    """All pipelines, each with its latest run."""
    from studio.workflows.view_pipeline import list_with_runs

    del place
    found = [
        Overview(
            name=one.name,
            description=one.description,
            steps=one.steps,
            problem=one.problem,
            last_status=run.status if run else "",
            last_started=run.started if run else None,
        )
        for one, run in list_with_runs()
    ]
    return Pipelines(pipelines=found)


@routes.get("pipeline")
def pipeline(place: Place, asked: PipelineQuery) -> Pipeline:
    """One pipeline: its graph, its form, its approvals."""
    from studio.workflows.view_pipeline import view_pipeline

    view = view_pipeline(place.shown(asked.name), verdicts=asked.verdicts)
    return Pipeline(
        name=view.name,
        description=view.description,
        path=place.lab_path(view.file) if view.file else None,
        problem="\n".join(str(problem) for problem in view.problems),
        problems=[_wrong(place, problem) for problem in view.problems],
        sources=list(view.sources),
        steps=[_step(place, step) for step in view.steps],
        fields=[Field(**field.as_dict()) for field in view.fields],
        json_schema=view.json_schema,
        schedule=_schedule(place, view),
        state=view.states.get(view.file or "", ""),
        states={subject: state for subject, state in view.states.items() if subject != view.file},
    )


@routes.post("add")
def add(place: Place, asked: AddStep) -> Written:
    """Put a notebook into a pipeline."""
    from studio.workflows.edit_pipeline import add_step

    return _written(place, add_step(asked.pipeline, place.subject(asked.notebook), asked.step))


@routes.post("new")
def new(place: Place, asked: NewPipeline) -> Written:
    """Make a pipeline of notebooks."""
    from studio.workflows.edit_pipeline import new_pipeline

    subjects = [place.subject(notebook) for notebook in asked.notebooks]
    return _written(place, new_pipeline(asked.name, subjects, asked.description))


def _step(place: Place, step: ShownStep) -> Step:
    told = step.verdict
    verdict = Verdict(reuse=told.reuse, undecided=told.undecided, reason=told.reason) if told else None
    return Step(
        key=step.key,
        name=step.name,
        part=step.part,
        notebook=step.notebook,
        lab_path=place.lab_path(step.notebook),
        values=dict(step.values),
        loads=list(step.loads),
        saves=list(step.saves),
        needs=list(step.needs),
        verdict=verdict,
    )


def _wrong(place: Place, problem: Problem) -> Wrong:
    path = place.lab_path(problem.path) if problem.path else None
    return Wrong(path=path, line=problem.line, field=problem.field, message=problem.message)


def _schedule(place: Place, view: PipelineView) -> ScheduleOf | None:
    from studio.workflows.scheduler import is_up, scheduled

    if view.schedule is None:
        return None
    facts = scheduled(place.workspace, view.name, view.schedule, 1)
    return ScheduleOf(
        **view.schedule.model_dump(),
        next=next(iter(facts.following), None),
        last=f"{facts.last.time}: {facts.last.outcome}. {facts.last.text}" if facts.last else "",
        up=is_up(place.workspace),
    )


def _written(place: Place, written: edit_pipeline.Written) -> Written:
    return Written(path=place.lab_path(written.path) or written.path, pipeline=written.pipeline)
