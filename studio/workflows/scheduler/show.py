"""The schedules of a workspace: when each pipeline runs next, what came of it last, and whether anybody looks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from studio.core import clock
from studio.core.errors import StudioError
from studio.core.locks import is_held
from studio.core.workspace import Workspace
from studio.pipelines.schedule import Schedule
from studio.pipelines.specification import list_pipelines, read_pipeline
from studio.workflows.scheduler.outcomes import Outcome, home, outcomes
from studio.workflows.scheduler.service import LOCK


@dataclass(frozen=True)
class Scheduled:
    """One pipeline with a schedule.

    Attributes
    ----------
    pipeline : str
        Its name.
    schedule : Schedule or None
        When it runs; None where the file cannot be read.
    following : tuple of str
        The next times (RFC 3339).
    last : Outcome or None
        What came of the latest time.
    problem : str
        Why the file cannot be read.
    """

    pipeline: str
    schedule: Schedule | None
    following: tuple[str, ...]
    last: Outcome | None
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """With stable keys, for ``--json``."""
        schedule = self.schedule.model_dump(mode="json") if self.schedule else None
        return {
            "pipeline": self.pipeline,
            "schedule": schedule,
            "next": list(self.following),
            "last": self.last.as_dict() if self.last else None,
            "problem": self.problem,
        }


def list_schedules(workspace: Workspace, count: int = 3) -> list[Scheduled]:
    """Every pipeline with a schedule, each with its next `count` times; one that cannot be read says why."""
    found = []
    for name in list_pipelines(workspace):
        try:
            schedule = read_pipeline(workspace, name).schedule
        except StudioError as error:
            found.append(Scheduled(name, None, (), None, str(error)))
            continue
        if schedule is not None:
            found.append(scheduled(workspace, name, schedule, count))
    return found


def scheduled(workspace: Workspace, name: str, schedule: Schedule, count: int = 3) -> Scheduled:
    """One pipeline with its schedule."""
    following = tuple(clock.to_text(time) for time in islice(schedule.times(clock.now()), count))
    return Scheduled(name, schedule, following, next(outcomes(workspace, name), None))


def is_up(workspace: Workspace) -> bool:
    """Whether a scheduler is up in this workspace."""
    return is_held(home(workspace) / LOCK)
