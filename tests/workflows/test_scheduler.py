"""A pipeline runs at its times: each once, whoever looks and however often, and what was missed as its file says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.workflows import activities
from studio.workflows.scheduler import GRACE, Outcome, list_schedules, look_once
from studio.workflows.scheduler.outcomes import KEPT, claim, conclude, handled_until, outcomes
from tests.conftest import Place

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Look = Callable[[datetime], list[Outcome]]


@pytest.fixture
def scheduled(place: Place) -> Place:
    """A pipeline that is due at every full hour."""
    place.notebook("notebooks/sum.ipynb", "total = 1")
    write(place)
    return place


def write(place: Place, cron: str = "0 * * * *", missed: str = "skip", environment: str = "dev") -> None:
    """The pipeline's file."""
    place.write(
        "pipelines/total.yml",
        "version: 1\nsteps:\n  sum: {notebook: notebooks/sum.ipynb}\n"
        f'schedule: {{cron: "{cron}", missed: {missed}, environment: {environment}}}\n',
    )


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The environments of the runs that were started, which here do not really run."""
    found: list[str] = []

    def start(workspace: Workspace, kind: str, request: dict[str, str]) -> activities.Activity:
        assert (kind, request["name"]) == ("run", "total")
        found.append(request["environment"])
        return activities.Activity(f"a{len(found)}", kind, "run total", ("total",), "", "completed", "")

    monkeypatch.setattr(activities, "start", start)
    return found


def look(place: Place, now: datetime, warnings: list[str] | None = None) -> list[Outcome]:
    """What came of one look at `now`."""
    told: list[Outcome] = []
    look_once(Workspace(place.root), told.append, (warnings if warnings is not None else []).append, now)
    return told


def test_nothing_before_the_first_look_is_due(scheduled: Place, started: list[str]) -> None:
    assert look(scheduled, NOON + timedelta(minutes=30)) == []
    assert look(scheduled, NOON + timedelta(minutes=59)) == []
    assert started == []


def test_a_time_runs_once(scheduled: Place, started: list[str]) -> None:
    look(scheduled, NOON + timedelta(minutes=30))
    first = look(scheduled, NOON + timedelta(hours=1, seconds=5))
    assert [(one.outcome, one.time, one.activity) for one in first] == [("started", "2026-03-02T13:00:00.000Z", "a1")]
    assert [look(scheduled, NOON + timedelta(hours=1, seconds=after)) for after in (6, 60, 3_000)] == [[], [], []]
    assert len(look(scheduled, NOON + timedelta(hours=2))) == 1
    assert started == ["dev", "dev"]


def test_missed_times_are_skipped(scheduled: Place, started: list[str]) -> None:
    look(scheduled, NOON)
    missed = look(scheduled, NOON + timedelta(hours=30, minutes=20))
    assert [(one.outcome, one.time) for one in missed] == [("skipped", "2026-03-03T18:00:00.000Z")]
    assert started == []
    assert look(scheduled, NOON + timedelta(hours=31))[0].outcome == "started"


def test_missed_times_are_caught_up_with_one_run(scheduled: Place, started: list[str]) -> None:
    write(scheduled, missed="catch up", environment="staging")
    look(scheduled, NOON)
    assert [one.text for one in look(scheduled, NOON + timedelta(days=400, minutes=30))] == [
        "Started for a time that was missed."
    ]
    assert started == ["staging"]


def test_a_little_late_is_in_time(scheduled: Place, started: list[str]) -> None:
    look(scheduled, NOON)
    assert look(scheduled, NOON + timedelta(hours=1) + GRACE)[0].outcome == "started"
    assert look(scheduled, NOON + timedelta(hours=2) + GRACE + timedelta(seconds=1))[0].outcome == "skipped"


def test_other_times_are_another_schedule(scheduled: Place, started: list[str]) -> None:
    look(scheduled, NOON)
    write(scheduled, cron="*/5 * * * *", missed="catch up")
    assert look(scheduled, NOON + timedelta(hours=5, seconds=1)) == []  # promised only from now on
    assert len(look(scheduled, NOON + timedelta(hours=5, minutes=5))) == 1


def test_what_cannot_be_started_says_why(scheduled: Place) -> None:
    look(scheduled, NOON)
    (scheduled.root / "notebooks/sum.ipynb").write_text("{", encoding="utf-8")
    told = look(scheduled, NOON + timedelta(hours=1))
    assert told[0].outcome == "failed"
    assert "notebooks/sum.ipynb" in told[0].text
    assert [one.last for one in list_schedules(Workspace(scheduled.root))] == told


def test_a_broken_file_is_told_and_the_others_go_on(scheduled: Place, started: list[str]) -> None:
    scheduled.write("pipelines/broken.yml", "version: 1\nsteps: {}\nschedule: {cron: x}\n")
    warnings: list[str] = []
    look(scheduled, NOON, warnings)
    assert len(look(scheduled, NOON + timedelta(hours=1), warnings)) == 1
    assert all("broken" in warning for warning in warnings)
    assert {one.pipeline: bool(one.problem) for one in list_schedules(Workspace(scheduled.root))} == {
        "broken": True,
        "total": False,
    }


DEEP = "[" * 100_000
SINCE = {"cron": "0 * * * *", "timezone": "UTC", "since": "2026-03-02T12:00:00.000Z"}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("since.json", json.dumps(SINCE | {"since": "2026-03-02T12:00:00"})),
        ("since.json", json.dumps(SINCE | {"since": 5})),
        ("since.json", json.dumps(SINCE | {"cron": ["0"]})),
        ("since.json", DEEP),
        ("since.json", "{"),
        ("since.json", "folder"),
        ("since.json", "pipe"),
        ("99999999T9999Z.json", "{}"),
    ],
)
def test_damaged_state_of_one_pipeline_leaves_that_one_out(
    scheduled: Place, started: list[str], file: str, content: str
) -> None:
    whole = (scheduled.root / "pipelines/total.yml").read_text(encoding="utf-8")
    scheduled.write("pipelines/another.yml", whole)  # which comes first
    look(scheduled, NOON)
    damaged = scheduled.root / ".studio/schedule/another" / file
    damaged.unlink(missing_ok=True)
    if content == "folder":
        damaged.mkdir()
    elif content == "pipe":
        os.mkfifo(damaged)
    else:
        damaged.write_text(content, encoding="utf-8")
    warnings: list[str] = []
    assert [one.pipeline for one in look(scheduled, NOON + timedelta(hours=1), warnings)] == ["total"]
    (warning,) = warnings
    assert warning.startswith(f"another is left out: .studio/schedule/another/{file} is damaged: ")
    assert [one.pipeline for one in list_schedules(Workspace(scheduled.root))] == ["another", "total"]


@pytest.mark.parametrize("error", [RecursionError("too deep"), OSError(5, "Input/output error", "x"), KeyError("x")])
def test_a_time_whose_handling_fails_is_not_left_open(
    scheduled: Place, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    look(scheduled, NOON)
    monkeypatch.setattr(activities, "start", fail)
    (told,) = look(scheduled, NOON + timedelta(hours=1))
    assert told.outcome == "failed"
    assert str(error.args[-1]) in told.text
    assert [one.last for one in list_schedules(Workspace(scheduled.root))] == [told]


def test_a_damaged_outcome_is_passed_over(scheduled: Place, started: list[str]) -> None:
    look(scheduled, NOON)
    told = look(scheduled, NOON + timedelta(hours=1))
    folder = scheduled.root / ".studio/schedule/total"
    whole = json.loads((folder / "20260302T1300Z.json").read_bytes())
    contents = [DEEP, "[]", json.dumps(whole | {"text": 5}), json.dumps(whole | {"outcome": "odd"})]
    for hour, content in enumerate(contents, start=14):
        (folder / f"20260302T{hour}00Z.json").write_text(content, encoding="utf-8")
    os.mkfifo(folder / "20260302T2000Z.json")
    assert list(outcomes(Workspace(scheduled.root), "total")) == told


def test_a_time_that_cannot_be_taken_whole_is_not_taken(scheduled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    workspace = Workspace(scheduled.root)
    with monkeypatch.context() as patch:
        patch.setattr(json, "dump", full)
        with pytest.raises(CannotWrite):
            claim(workspace, "total", NOON)
    assert claim(workspace, "total", NOON)


def test_a_damaged_activity_stops_no_schedule(scheduled: Place) -> None:
    look(scheduled, NOON)
    folder = scheduled.root / ".studio/activities/20991231-000000-abcdef"
    asked = {"id": folder.name, "kind": "run", "title": "run x", "names": ["x"], "started": "2026-01-01T00:00:00Z"}
    scheduled.write(f".studio/activities/{folder.name}/request.json", json.dumps(asked))
    scheduled.write(f".studio/activities/{folder.name}/events.jsonl", DEEP + "\n")
    (scheduled.root / "notebooks/sum.ipynb").write_text("{", encoding="utf-8")  # it comes as far as to its start
    (told,) = look(scheduled, NOON + timedelta(hours=1))
    assert "notebooks/sum.ipynb" in told.text


def test_the_run_before_is_not_overtaken(scheduled: Place, started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    look(scheduled, NOON)
    going = activities.Activity("a0", "run", "run total", ("total",), "2026-03-02T12:00:00Z", "running", "")
    monkeypatch.setattr(activities, "latest", lambda _: [going])
    assert [one.outcome for one in look(scheduled, NOON + timedelta(hours=1))] == ["skipped"]
    monkeypatch.setattr(activities, "latest", lambda _: [])
    assert [one.outcome for one in look(scheduled, NOON + timedelta(hours=2))] == ["started"]


def test_old_outcomes_go(scheduled: Place) -> None:
    workspace = Workspace(scheduled.root)
    for hour in range(KEPT + 20):
        due = NOON + timedelta(hours=hour)
        assert claim(workspace, "total", due)
        conclude(workspace, due, Outcome("total", str(due), "started"))
    assert next(one.time for one in outcomes(workspace, "total")) == str(NOON + timedelta(hours=KEPT + 19))
    assert len(list(outcomes(workspace, "total"))) == KEPT


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 300), min_size=1, max_size=12), st.sampled_from(["skip", "catch up"]))
def test_however_often_somebody_looks(scheduled: Place, started: list[str], pauses: list[int], missed: str) -> None:
    """A scheduler that is up now and then: no time twice, none from before, and times only go forward."""
    write(scheduled, missed=missed)
    subprocess.run(["rm", "-rf", str(scheduled.root / ".studio")], check=True)
    now = NOON
    look(scheduled, now)
    told: list[Outcome] = []
    for pause in pauses:
        now += timedelta(minutes=pause)
        told += look(scheduled, now)
    times = [one.time for one in told]
    assert times == sorted(set(times))
    assert all(time > "2026-03-02T12:00:00.000Z" for time in times)
    if missed == "catch up":
        hours = (now - NOON) // timedelta(hours=1)
        assert bool(told) == (hours > 0)
        assert all(one.outcome == "started" for one in told)


def test_many_who_claim_one_time(scheduled: Place) -> None:
    """Eight programs at once: one of them gets it."""
    code = (
        "import sys; from datetime import *; from pathlib import Path; from studio.core.workspace import Workspace\n"
        "from studio.workflows.scheduler.outcomes import claim\n"
        "place = Workspace(Path(sys.argv[1])); sys.stdin.read()\n"
        "print(sum(claim(place, 'total', datetime(2026, 1, 1, hour, tzinfo=UTC)) for hour in range(20)))"
    )
    words = [sys.executable, "-c", code, str(scheduled.root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    programs = [subprocess.Popen(words, **pipes) for _ in range(8)]  # type: ignore[call-overload]
    assert sum(int(program.communicate("")[0]) for program in programs) == 20
    until = handled_until(
        Workspace(scheduled.root), "total", list_schedules(Workspace(scheduled.root))[0].schedule, NOON
    )
    assert until == NOON


@pytest.mark.heavy
def test_two_services_of_which_one_is_killed_run_each_minute_once(scheduled: Place, tmp_path: Path) -> None:
    """The real thing, every minute: the first is killed, the second goes on, and each minute has one run."""
    write(scheduled, cron="* * * * *")

    def serving(name: str) -> subprocess.Popen[bytes]:
        with (tmp_path / name).open("wb") as log:
            words = [sys.executable, "-m", "studio.cli", "scheduler"]
            return subprocess.Popen(words, cwd=scheduled.root, stdout=log, stderr=log, start_new_session=True)

    services = [serving("one.log"), serving("two.log")]
    try:
        seen = waited(scheduled, 1)
        os.killpg(services[0].pid, signal.SIGKILL)
        seen = waited(scheduled, 2)
    finally:
        for service in services:
            service.send_signal(signal.SIGTERM)
        statuses = [service.wait(20) for service in services]
    assert statuses == [-signal.SIGKILL, 0]
    assert "The scheduler ended" in (tmp_path / "two.log").read_text(encoding="utf-8")
    workspace = Workspace(scheduled.root)
    ended = time.monotonic() + 60
    while any(one.alive for one in activities.latest(workspace)) and time.monotonic() < ended:
        time.sleep(0.2)
    assert {one.status for one in activities.latest(workspace)} == {"completed"}
    assert len(activities.latest(workspace)) == len(seen)
    assert set(Counter(one.time for one in outcomes(workspace, "total")).values()) == {1}
    listed = scheduled.studio("pipelines", "schedules", "--json").json
    assert listed["up"] is False
    assert listed["schedules"][0]["last"]["outcome"] == "started"


def waited(place: Place, count: int) -> list[Outcome]:
    """The outcomes, once there are that many."""
    end = time.monotonic() + 130
    while time.monotonic() < end:
        found = [one for one in outcomes(Workspace(place.root), "total") if one.outcome == "started"]
        if len(found) >= count:
            return found
        time.sleep(0.2)
    files = {path.name: json.loads(path.read_bytes()) for path in (place.root / ".studio/schedule/total").glob("*")}
    raise AssertionError(f"{count} runs were waited for: {files}")
