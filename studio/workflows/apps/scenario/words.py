"""Names, numbers and times as people say them who read results and no code."""

from __future__ import annotations

import math
import re
from typing import Any

from studio.core import clock

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def spoken(name: str) -> str:
    """A name of a file, a step or a measure as words: ``test_auc`` -> ``Test auc``."""
    words = re.sub(r"[_\s-]+", " ", name).strip() or name
    return words[:1].upper() + words[1:]


def step_name(key: str) -> str:
    """A step's key as words: ``train[model=forest]`` -> ``train (model: forest)``."""
    name, _, part = key.partition("[")
    words = re.sub(r"[_-]+", " ", name)
    told = ", ".join(f"{one.partition('=')[0]}: {one.partition('=')[2]}" for one in part.rstrip("]").split(",") if one)
    return f"{words} ({told})" if told else words


def number(value: float) -> str:
    """A measure with four digits that count, thousands apart."""
    if not math.isfinite(value):
        return "no number"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "\N{MINUS SIGN}")
    text = f"{value:.4g}"
    if "e" in text and 1e-4 <= abs(value) < 1e15:
        text = f"{value:,.0f}"
    return text.replace("-", "\N{MINUS SIGN}")


def value(given: Any) -> str:
    """A parameter's value as people write it."""
    match given:
        case None:
            text = "none"
        case bool():
            text = "yes" if given else "no"
        case int() | float():
            text = number(float(given))
        case {"secret": str(name)}:
            text = f"the secret {name}"
        case list():
            text = ", ".join(value(one) for one in given) or "(none)"
        case dict():
            text = ", ".join(f"{key}: {value(one)}" for key, one in given.items()) or "(none)"
        case _:
            text = str(given) or "(empty)"
    return text


def moment(text: str | None) -> str:
    """A time of a record: ``3 March 2026, 09:30 UTC``; empty where there is none."""
    if not text:
        return ""
    when = clock.from_text(text)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"


def duration(seconds: float | None) -> str:
    """``12 seconds``, ``3 minutes``, ``2 hours 5 minutes``; empty where none is known."""
    if seconds is None:
        return ""
    whole = max(1, round(seconds))
    if whole < 90:
        return counted(whole, "second")
    minutes = round(whole / 60)
    if minutes < 90:
        return counted(minutes, "minute")
    return f"{counted(minutes // 60, 'hour')} {counted(minutes % 60, 'minute')}"


def counted(count: int, one: str) -> str:
    """``1 step``, ``1,200 steps``."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def listed(names: list[str], most: int = 3) -> str:
    """``a``, ``a and b``, ``a, b and c``; of many the first ones and how many there are beside them."""
    if len(names) > most:
        names = [*names[:most], f"{len(names) - most} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
