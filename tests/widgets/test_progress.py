from __future__ import annotations

import pytest

from studio.core import clock
from studio.pipelines import events
from studio.widgets.progress import Progress
from tests.widgets.conftest import run, step


@pytest.fixture
def progress():
    return Progress.of(["a", "b[x=1]", "b[x=2]", "c"])


def status(progress):
    return [part.status for part in progress.parts.values()]


def test_nothing_is_known_before_a_run(progress):
    assert status(progress) == [""] * 4
    assert progress.facts(["a"]) == {
        "status": "",
        "reason": "",
        "share": None,
        "done": 0,
        "total": 0,
        "seconds": None,
        "counts": {},
    }


def test_events_are_taken_in(progress):
    progress.take(events.RunStarted("r1", "p", ("a", "b[x=1]", "b[x=2]")))
    assert status(progress) == ["waiting", "waiting", "waiting", ""]
    progress.take(events.StepStarted("a", 1, "it has not completed before"))
    progress.take(events.CellFinished("a", 2, 8))
    facts = progress.facts(["a"])
    assert (facts["status"], facts["share"], facts["done"], facts["total"]) == ("running", 0.25, 2, 8)
    assert facts["seconds"] >= 0
    progress.take(events.StepDelayed("a", 1, 5.0, "no connection"))
    assert progress.parts["a"].reason == "attempt 1 failed, again in 5 s: no connection"
    progress.take(events.StepStarted("a", 2, "again"))
    assert progress.parts["a"].reason == "again (attempt 2)"
    progress.take(events.StepFinished("a", "completed", 3.5, ""))
    assert progress.facts(["a"])["seconds"] == 3.5
    assert progress.facts(["a"])["share"] == 1.0
    progress.take(events.RunFinished("r1", "failed", 9.0))
    assert (progress.run, progress.status, progress.elapsed) == ("r1", "failed", 9.0)


def test_a_step_of_another_graph_changes_nothing(progress):
    progress.take(events.StepStarted("elsewhere", 1, ""))
    assert status(progress) == [""] * 4


def test_a_second_run_begins_anew(progress):
    progress.take(events.StepFinished("a", "failed", 1.0, "no"))
    progress.take(events.RunStarted("r2", "p", ("a",)))
    assert status(progress)[0] == "waiting"


def test_parts_are_summed_up_with_the_worst_first(progress):
    keys = ["b[x=1]", "b[x=2]"]
    progress.take(events.RunStarted("r1", "p", tuple(progress.parts)))
    progress.take(events.StepStarted("b[x=1]", 1, "new"))
    assert progress.facts(keys)["status"] == "running"
    progress.take(events.StepFinished("b[x=1]", "completed", 1.0, ""))
    assert progress.facts(keys)["status"] == "waiting"
    assert (progress.facts(keys)["done"], progress.facts(keys)["total"], progress.facts(keys)["share"]) == (1, 2, 0.5)
    progress.take(events.StepFinished("b[x=2]", "failed", 2.0, "no data"))
    facts = progress.facts(keys)
    assert (facts["status"], facts["reason"], facts["seconds"]) == ("failed", "no data", 2.0)
    assert facts["counts"] == {"failed": 1, "completed": 1}
    assert progress.counts() == {"completed": 1, "waiting": 2, "failed": 1}


def test_what_an_activity_wrote_is_taken_like_the_events_themselves(progress):
    told = [
        {"kind": "started", "text": "run p"},
        {"kind": "run", "run": "r1", "total": 3, "text": "p", "status": "running"},
        {"kind": "step started", "step": "a", "attempt": 1, "text": "new"},
        {"kind": "cell", "step": "a", "done": 1, "total": 4},
        {"kind": "step finished", "step": "a", "status": "completed", "seconds": 2.0},
        {"kind": "step delayed", "step": "c", "attempt": 1, "seconds": 1.0, "text": "no"},
        {"kind": "case", "text": "test_x", "status": "passed"},
        {"kind": "run", "run": "r1", "status": "failed", "seconds": 4.0},
        {"kind": "ended", "status": "failed"},
    ]
    for event in told:
        progress.take(event)
    assert status(progress) == ["completed", "waiting", "waiting", "delayed"]
    assert (progress.run, progress.status, progress.seconds) == ("r1", "failed", 4.0)


def test_a_record_is_read(progress):
    record = run("r1", step("a"), step("b[x=1]", "failed", error={"message": "KeyError: 'x'"}), status="failed")
    progress.read(record)
    assert status(progress) == ["completed", "failed", "", ""]
    assert progress.parts["b[x=1]"].reason == "KeyError: 'x'"
    assert progress.seconds == 75.2


def test_the_cells_of_a_step_that_runs_survive_its_record(progress):
    progress.take(events.StepStarted("a", 1, "new"))
    progress.take(events.CellFinished("a", 3, 9))
    started = clock.to_text(clock.now())
    progress.read(run("r1", step("a", "running", seconds=None, started=started), status="running", seconds=None))
    assert (progress.parts["a"].done, progress.parts["a"].total) == (3, 9)
    assert 0 <= progress.parts["a"].elapsed < 60
