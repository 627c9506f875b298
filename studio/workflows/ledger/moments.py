"""Days and times as people type them, made into moments: a day is one of this machine's time zone, and so said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from studio.core.errors import BadInput

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Moment:
    """A moment, and how it came about.

    Attributes
    ----------
    text : str
        What was typed.
    moment : datetime
        In UTC.
    explanation : str
        What was made of it, such as "the end of 2026-03-03 in this machine's time zone, UTC+01:00"; empty where the
        typed text named the moment itself.
    """

    text: str
    moment: datetime
    explanation: str


def end_of(text: str, option: str) -> Moment:
    """The last millisecond of a day, or the very moment; BadInput where `text`, given to `option`, is neither."""
    return _moment(text, option, end=True)


def start_of(text: str, option: str) -> Moment:
    """The first millisecond of a day, or the very moment; BadInput where `text`, given to `option`, is neither."""
    return _moment(text, option, end=False)


def _moment(text: str, option: str, *, end: bool) -> Moment:
    wanted = text.strip()
    try:
        if _DAY.fullmatch(wanted):
            day = date.fromisoformat(wanted)
            # The end is found from the next day's start: a day may have 23 or 25 hours.
            local = datetime.combine(day + timedelta(days=1), time()) if end else datetime.combine(day, time())
            moment = local.astimezone() - _MILLISECOND if end else local.astimezone()
            edge = f"the {'end' if end else 'start'} of {wanted}"
            return Moment(text, moment.astimezone(UTC), f"{edge} in this machine's time zone, {_zone(moment)}")
        given = datetime.fromisoformat(wanted)
        moment = given.astimezone()
        explanation = "" if given.tzinfo else f"{wanted} in this machine's time zone, {_zone(moment)}"
        return Moment(text, moment.astimezone(UTC), explanation)
    except (ValueError, OverflowError, OSError) as error:
        raise BadInput(
            f"{option} {text!r} is neither a day nor a time. "
            "Next: write it as 2026-03-03, 2026-03-03T18:30 or 2026-03-03T17:30:00Z"
        ) from error


def _zone(moment: datetime) -> str:
    name = moment.strftime("%z")
    return f"UTC{name[:3]}:{name[3:5]}" if name.strip("+-0") else "UTC"
