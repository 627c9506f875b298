"""How far a scenario is, from what its activity tells."""

from __future__ import annotations

from typing import Any

import pytest

from studio.workflows.activities import Event
from studio.workflows.apps.scenario.course import Course


def told(*facts: dict[str, Any]) -> Course:
    course = Course()
    for number, fact in enumerate(facts, 1):
        course.take(Event(number, "2026-03-03T09:30:00.000Z", **fact))
    return course


RUN = {"kind": "run", "run": "20260303-093000-abcdef", "total": 4, "status": "running"}


def test_from_the_start_to_the_end() -> None:
    assert (told().status, told().share, told().ended) == ("starting", 0.0, False)
    begun = told({"kind": "started"}, RUN)
    assert (begun.status, begun.run, begun.text) == ("running", RUN["run"], "It has begun: 4 steps to go.")
    step = told(RUN, {"kind": "step started", "step": "train[model=a]", "attempt": 2})
    assert step.text == "Step 1 of 4: train (model: a), attempt 2 …"
    cell = told(
        RUN, {"kind": "step started", "step": "a", "attempt": 1}, {"kind": "cell", "step": "a", "done": 1, "total": 2}
    )
    assert (cell.text, cell.share) == ("Step 1 of 4: a, 50 % …", 0.125)
    known = told(RUN, {"kind": "step finished", "step": "a", "status": "reused"})
    assert (known.text, known.share) == ("Step 1 of 4: a, known already …", 0.25)
    late = told(RUN, {"kind": "step delayed", "step": "a", "seconds": 3.0})
    assert late.text == "Step 1 of 4: a did not succeed; it is tried again in a moment …"
    done = told(RUN, {"kind": "ended", "status": "completed", "run": RUN["run"]})
    assert (done.status, done.share, done.ended, done.text) == ("completed", 1.0, True, "It is done.")


@pytest.mark.parametrize(
    ("status", "ended"),
    [("failed", "failed"), ("died", "failed"), ("refused", "refused"), ("stopped", "stopped"), ("odd", "failed")],
)
def test_ends_without_commands_and_files(status: str, ended: str) -> None:
    course = told(RUN, {"kind": "ended", "status": status, "text": "notebooks/a.ipynb failed. Next: studio runs show"})
    assert course.status == ended
    assert "studio" not in course.text
    assert "notebook" not in course.text
    assert course.told.startswith("notebooks/a.ipynb")
