"""What a run would do, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.core.environment import environment_digest
from studio.core.workspace import Workspace, find_workspace
from studio.pipelines.cache import Verdict, foresee
from studio.pipelines.plan import Plan, make_plan
from studio.pipelines.specification import list_pipelines, read_pipeline
from studio.workflows.check_inputs import check_inputs
from studio.workflows.choose_pipeline import choose_pipeline


@dataclass(frozen=True)
class Foreseen:
    """A plan, and for each step whether it would run or be reused, and why."""

    workspace: Workspace
    plan: Plan
    verdicts: Mapping[str, Verdict]


@dataclass(frozen=True)
class PipelineOverview:
    """A pipeline in a list; `problem` says why it cannot be read, where it cannot."""

    name: str
    description: str
    steps: int
    problem: str

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {"name": self.name, "description": self.description, "steps": self.steps, "problem": self.problem}


def plan_pipeline(name: str, given: Mapping[str, str], base: Path, *, verdicts: bool = True) -> Foreseen:
    """The plan of a pipeline (or of a notebook, by its path), with what a run would do at each step.

    Raises
    ------
    BadInput, Problems
        When anything that was given or declared is wrong.
    """
    workspace = find_workspace()
    plan = make_plan(workspace, choose_pipeline(workspace, name, base), given, base=base)
    if not verdicts:
        return Foreseen(workspace, plan, {})
    check_inputs(workspace, plan)
    return Foreseen(workspace, plan, foresee(workspace, plan, environment_digest()))


def overview() -> list[PipelineOverview]:
    """All pipelines of the workspace; a broken one is listed with its problem."""
    from studio.core.errors import StudioError

    workspace = find_workspace()
    found = []
    for name in list_pipelines(workspace):
        try:
            pipeline = read_pipeline(workspace, name)
        except StudioError as error:
            found.append(PipelineOverview(name, "", 0, str(error)))
        else:
            found.append(PipelineOverview(name, pipeline.description, len(pipeline.steps), ""))
    return found
