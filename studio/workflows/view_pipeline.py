"""A pipeline for those who look at it: its graph, what a run would do, what a run can be given, what is approved.

A broken pipeline is shown as far as it can be read, with everything that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.environment import environment_digest
from studio.core.errors import BadInput, Problem, Problems, StudioError
from studio.core.workspace import Workspace, find_workspace
from studio.pipelines.cache import Verdict, foresee
from studio.pipelines.form import Field, fields_of, form_schema
from studio.pipelines.graph import plan_as_dict
from studio.pipelines.plan import Plan, Survey, make_plan, survey
from studio.pipelines.records import RunStore
from studio.pipelines.run_heads import RunHead
from studio.pipelines.schedule import Schedule
from studio.pipelines.specification import Pipeline
from studio.workflows.awaited import statuses
from studio.workflows.check_inputs import check_inputs
from studio.workflows.choose_pipeline import choose_pipeline
from studio.workflows.content_states import Content, approval_states, declaration_of, notebooks_of
from studio.workflows.plan_pipeline import PipelineOverview, overview


@dataclass(frozen=True)
class ShownStep:
    """A step, or one part of a fan-out, as far as it is known.

    Attributes
    ----------
    key, name, part, notebook : str
        ``train[model=forest]``, ``train``, ``model=forest`` and the notebook's path.
    values : mapping
        Its parameters' values as JSON; empty where no plan can be made.
    loads, saves, needs : sequence of str
        Datasets; names of steps.
    verdict : Verdict or None
        What a run would do; None where that was not asked for, or cannot be told.
    """

    key: str
    name: str
    part: str
    notebook: str
    values: Mapping[str, Any] = field(default_factory=dict)
    loads: Sequence[str] = ()
    saves: Sequence[str] = ()
    needs: Sequence[str] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True)
class PipelineView:
    """What is known of a pipeline.

    Attributes
    ----------
    name, description : str
        What it is called, and what it makes of what.
    file : str or None
        Its file; None for a pipeline that is nothing but a notebook.
    problems : tuple of Problem
        All that keeps a run from being started.
    sources : tuple of str
        Datasets that are read from where the catalog says.
    steps : tuple of ShownStep
        In the order of a run.
    fields : tuple of Field
        What a run can be given.
    schedule : Schedule or None
        When it runs by itself.
    states : mapping
        The approval of its file and of its notebooks, by subject: ``draft``, ``submitted`` (exactly as it is now),
        ``approved``, ``lapsed``, ``revoked`` or ``invalid``.
    """

    name: str
    description: str = ""
    file: str | None = None
    problems: tuple[Problem, ...] = ()
    sources: tuple[str, ...] = ()
    steps: tuple[ShownStep, ...] = ()
    fields: tuple[Field, ...] = ()
    schedule: Schedule | None = None
    states: Mapping[str, str] = field(default_factory=dict)

    @property
    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of what a run can be given."""
        return form_schema(self.fields)


def list_with_runs() -> list[tuple[PipelineOverview, RunHead | None]]:
    """All pipelines of the workspace, each with its latest run."""
    found = overview()
    runs = RunStore(find_workspace()).latest(one.name for one in found)
    return [(one, runs.get(one.name)) for one in found]


def view_pipeline(name: str, *, verdicts: bool = True) -> PipelineView:
    """All that is known of the pipeline `name`, or of a notebook as a pipeline of one step, by its path.

    Raises
    ------
    Missing
        When there is no such pipeline.
    """
    workspace = find_workspace()
    try:
        pipeline = choose_pipeline(workspace, name, workspace.root)
    except Problems as error:  # there is such a file, and it cannot be read
        return PipelineView(name, file=f"pipelines/{Path(name).stem}.yml", problems=error.problems)
    surveyed = survey(workspace, pipeline)
    fields = tuple(fields_of(pipeline, surveyed.facts, workspace.root))
    plan, problems = _plan(workspace, pipeline, surveyed, fields)
    told: Mapping[str, Verdict] = {}
    if plan is not None and verdicts:
        told, more = _verdicts(workspace, plan)
        problems += more
    states, more = _states(workspace, pipeline, surveyed)
    problems += more
    return PipelineView(
        name=pipeline.name,
        description=pipeline.description,
        file=None if pipeline.notebook is not None else pipeline.shown,
        problems=tuple(problems),
        sources=surveyed.order.sources,
        steps=tuple(_planned(plan, told) if plan is not None else _as_far_as_known(pipeline, surveyed)),
        fields=fields,
        schedule=pipeline.file.schedule,
        states=states,
    )


def _plan(
    workspace: Workspace, pipeline: Pipeline, surveyed: Survey, fields: Sequence[Field]
) -> tuple[Plan | None, list[Problem]]:
    """The plan of a run that is given nothing, or what is wrong. That values are needed is not wrong: a form asks."""
    if surveyed.problems:
        return None, list(surveyed.problems)
    if any(one.required for one in fields):
        return None, []
    try:
        return make_plan(workspace, pipeline, {}, base=workspace.root, surveyed=surveyed), []
    except BadInput as error:
        return None, _problems(error)


def _verdicts(workspace: Workspace, plan: Plan) -> tuple[Mapping[str, Verdict], list[Problem]]:
    try:
        check_inputs(workspace, plan)
        return foresee(workspace, plan, environment_digest()), []
    except StudioError as error:
        return {}, _problems(error)


def _problems(error: StudioError) -> list[Problem]:
    return list(error.problems) if isinstance(error, Problems) else [Problem("", 0, str(error))]


def _planned(plan: Plan, verdicts: Mapping[str, Verdict]) -> list[ShownStep]:
    names = ("key", "name", "part", "notebook", "values", "loads", "saves", "needs")
    return [
        ShownStep(**{name: step[name] for name in names}, verdict=verdicts.get(step["key"]))
        for step in plan_as_dict(plan)["steps"]
    ]


def _as_far_as_known(pipeline: Pipeline, surveyed: Survey) -> list[ShownStep]:
    """The steps without values and parts; those in a circle come last."""
    order = surveyed.order
    names = [*order.names, *(name for name in pipeline.steps if name not in order.names)]
    found = []
    for name in names:
        facts = surveyed.facts.get(name)
        notebook = facts.document.path if facts else pipeline.steps[name].notebook
        loads, saves = (list(facts.loads), list(facts.saves)) if facts else ([], [])
        found.append(ShownStep(name, name, "", notebook, {}, loads, saves, order.needs.get(name, ())))
    return found


def _states(workspace: Workspace, pipeline: Pipeline, surveyed: Survey) -> tuple[dict[str, str], list[Problem]]:
    facts = list(surveyed.facts.values())
    found: list[Content] = notebooks_of(facts)
    try:
        if pipeline.notebook is None and not surveyed.problems:  # what is broken is no content that anybody approved
            found.insert(0, declaration_of(workspace, pipeline, facts))
        return statuses(workspace, found, approval_states(workspace, found)), []
    except StudioError as error:
        return {}, _problems(error)
