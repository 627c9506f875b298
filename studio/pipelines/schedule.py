"""When a pipeline runs by itself: the ``schedule:`` of its file, and the times that come of it.

Times are those of cron in a named time zone, computed by APScheduler: where clocks are put forward, a time that does
not exist is moved, and where they are put back, one that comes twice counts twice. All five fields have to fit.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from studio.core.documents import Section
from studio.core.identifiers import nearest

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_EXPECTED = "five fields are expected here: minute, hour, day of month, month, day of week, such as 30 6 * * mon-fri"


class Schedule(Section):
    """When a pipeline runs by itself, under ``studio scheduler``."""

    cron: Annotated[
        str, Field(description="Minute, hour, day of month, month, day of week, as in cron: 30 6 * * mon-fri.")
    ]
    timezone: Annotated[str, Field(description="The time zone of these times, such as Europe/Berlin.")] = "UTC"
    missed: Annotated[
        Literal["skip", "catch up"],
        Field(description="What happens to times at which no scheduler was up: nothing, or one run for all of them."),
    ] = "skip"
    environment: Annotated[str, Field(min_length=1, description="The environment that it runs in.")] = "dev"

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        if len(value.split()) != 5 or not value.isascii():  # digits of other scripts are digits to what reads them
            raise ValueError(_EXPECTED)
        if any(sign.isdigit() for sign in value.split()[4].partition("#")[0]):
            # 0 is Sunday to cron and Monday to others, and nobody sees which of them reads.
            raise ValueError("days of the week are written by name here: sun, mon, tue, wed, thu, fri, sat")
        try:
            trigger = _trigger(value, "UTC")
        except ValueError as error:
            raise ValueError(f"{_EXPECTED} ({error})") from None
        if trigger.get_next_fire_time(None, datetime(2024, 1, 1, tzinfo=UTC)) is None:
            raise ValueError(f"a time that comes is expected here, and {value!r} never does")
        return value

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        known = zoneinfo.available_timezones()
        if value not in known:
            near = nearest(value[:60], known)
            following = f"Did you mean {near!r}?" if near else "Next: name it as in Europe/Berlin or America/New_York"
            raise ValueError(f"{value[:60]!r} is no time zone. {following}")
        return value

    def times(self, after: datetime) -> Iterator[datetime]:
        """The times later than `after`, in UTC, without end."""
        trigger, last = _trigger(self.cron, self.timezone), after.astimezone(UTC)
        while (found := trigger.get_next_fire_time(None, last + timedelta(microseconds=1))) is not None:
            step = timedelta(minutes=1)
            while found is not None and found <= last:  # in the hour that comes twice it may stand still
                found, step = trigger.get_next_fire_time(None, last + step), step + timedelta(minutes=1)
            if found is None:
                return
            last = found.astimezone(UTC)
            yield last

    def next_time(self, after: datetime) -> datetime | None:
        """The first time later than `after`, in UTC; None where none comes any more."""
        return next(self.times(after), None)


def _trigger(cron: str, timezone: str) -> CronTrigger:
    from apscheduler.triggers.cron import CronTrigger  # half a tenth of a second, for pipelines with a schedule only

    return CronTrigger.from_crontab(cron, timezone=timezone)
