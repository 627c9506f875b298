"""When a pipeline runs by itself: times as cron means them, in a zone whose clocks are changed, and clear refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import Problems
from studio.core.workspace import Workspace
from studio.pipelines.declaration import declaration_fingerprint
from studio.pipelines.schedule import Schedule
from studio.pipelines.specification import read_pipeline
from tests.conftest import Place

FILE = "version: 1\nsteps:\n  sum: {notebook: notebooks/sum.ipynb}\n"


def times(schedule: Schedule, after: str, count: int) -> list[str]:
    """The first times, as texts."""
    found = islice(schedule.times(datetime.fromisoformat(after).replace(tzinfo=UTC)), count)
    return [f"{time:%Y-%m-%d %H:%M}" for time in found]


def test_cron_in_a_time_zone() -> None:
    schedule = Schedule(cron="30 6 * * mon-fri", timezone="Europe/Berlin")
    assert times(schedule, "2026-01-02 06:00", 2) == ["2026-01-05 05:30", "2026-01-06 05:30"]
    assert times(schedule, "2026-07-03 12:00", 1) == ["2026-07-06 04:30"]


def test_a_time_itself_is_not_after_itself() -> None:
    assert times(Schedule(cron="* * * * *"), "2026-01-01 00:00", 2) == ["2026-01-01 00:01", "2026-01-01 00:02"]


def test_the_hour_that_comes_twice_and_the_one_that_does_not_come() -> None:
    schedule = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    assert times(schedule, "2026-10-24 12:00", 3) == ["2026-10-25 00:30", "2026-10-25 01:30", "2026-10-26 01:30"]
    assert times(schedule, "2026-03-28 12:00", 2) == ["2026-03-29 01:30", "2026-03-30 00:30"]


FIELDS = st.tuples(
    st.sampled_from(["*", "0", "30", "*/20"]),
    st.sampled_from(["*", "2", "1-3", "*/6"]),
    st.sampled_from(["*", "1", "20-31"]),
    st.sampled_from(["*", "3,10"]),
    st.sampled_from(["*", "mon-fri", "sun"]),
)


@settings(deadline=None, max_examples=60)
@given(
    FIELDS,
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
)
def test_times_only_ever_go_forward(fields: tuple[str, ...], zone: str, after: datetime) -> None:
    start = after.replace(tzinfo=UTC)
    found = list(islice(Schedule(cron=" ".join(fields), timezone=zone).times(start), 12))
    assert all(earlier < later for earlier, later in pairwise([start, *found]))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{cron: "daily"}', "Five fields are expected here"),
        ('{cron: "0 0 6 * * *"}', "Five fields are expected here"),
        ('{cron: "61 * * * *"}', "higher than the maximum value"),
        ('{cron: "0 0 31 2 *"}', "never does"),
        ('{cron: "0 6 * * 0"}', "sun, mon, tue"),
        ('{cron: "0 6 * * 1-5"}', "sun, mon, tue"),
        ('{cron: "0 6 * * *", timezone: Europe/Berlni}', "Did you mean 'Europe/Berlin'?"),
        ('{cron: "\u0663 * * * *"}', "Five fields are expected here"),
        ('{cron: "0 6 * *\u00a0*"}', "Five fields are expected here"),
        ('{cron: "0 6 * * *", missed: sometimes}', "catch up"),
        ('{cron: "0 6 * * *", zone: UTC}', "zone"),
        ("{}", "cron"),
    ],
)
def test_a_wrong_schedule_names_file_and_line(place: Place, written: str, said: str) -> None:
    place.write("pipelines/total.yml", f"{FILE}schedule: {written}\n")
    with pytest.raises(Problems) as caught:
        read_pipeline(Workspace(place.root), "total")
    assert any(problem.line == 4 and said in str(problem) for problem in caught.value.problems), str(caught.value)


@pytest.mark.parametrize("zone", ["Q" * 100_000, "", "0123"])
def test_an_unknown_time_zone_is_told_in_short(zone: str) -> None:
    with pytest.raises(ValueError, match="is no time zone") as caught:
        Schedule(cron="0 6 * * *", timezone=zone)
    said = caught.value.errors()[0]["msg"]  # type: ignore[attr-defined]
    assert len(said) < 200
    assert said.count("/") == 2


def test_when_something_runs_is_not_what_runs(place: Place) -> None:
    workspace = Workspace(place.root)
    found = []
    for schedule in ("", 'schedule: {cron: "0 6 * * *"}\n', 'schedule: {cron: "0 7 * * *", missed: catch up}\n'):
        place.write("pipelines/total.yml", FILE + schedule)
        found.append(declaration_fingerprint(workspace, read_pipeline(workspace, "total"), ()).digest)
    assert len(set(found)) == 1
