"""One scenario beside an earlier one: what was given, what was measured, and the difference in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.files import canonical_json
from studio.workflows.apps.scenario.results import Measure, Result
from studio.workflows.apps.scenario.words import number, spoken, step_name, value


@dataclass(frozen=True)
class Row:
    """One line of a comparison.

    Attributes
    ----------
    name : str
        What it is called.
    now, earlier : str
        As people write it; empty where it was not there.
    words : str
        The difference, or that there is none; empty where nothing can be compared.
    sentence : str
        All of it.
    """

    name: str
    now: str
    earlier: str = ""
    words: str = ""
    sentence: str = ""

    def as_dict(self) -> dict[str, str]:
        """The row with stable keys."""
        return dict(vars(self))


def measures(now: Result, earlier: Result | None = None) -> list[Row]:
    """What `now` measured, beside what `earlier` did."""
    names = _names(now.measures)
    before = {} if earlier is None else {(one.step, one.name): one.value for one in earlier.measures}
    return [_measure(names[one.step, one.name], one, before, earlier) for one in now.measures]


def values(now: Result, earlier: Result | None = None) -> list[Row]:
    """What `now` was given, and where `earlier` was given something else."""
    mine = _values(now)
    theirs = {} if earlier is None else _values(earlier)
    rows = []
    for name in dict.fromkeys([*mine, *theirs]):
        shown = value(mine[name]) if name in mine else ""
        other = value(theirs[name]) if name in theirs else ""
        differs = earlier is not None and _text(mine.get(name)) != _text(theirs.get(name))
        rows.append(Row(name, shown, other, "different" if differs else ""))
    return rows


def _measure(name: str, one: Measure, before: Mapping[tuple[str, str], float], earlier: Result | None) -> Row:
    now = number(one.value)
    if earlier is None:
        return Row(name, now, sentence=f"{name} is {now}.")
    old = before.get((one.step, one.name))
    if old is None:
        return Row(name, now, "", "not measured then", f"{name} is {now}; it was not measured in the earlier scenario.")
    words = _difference(one.value, old)
    told = "as in the earlier scenario" if words == "the same" else f"{words} than in the earlier scenario"
    return Row(name, now, number(old), words, f"{name} is {now}, {told}." if words else f"{name} is {now}.")


def _difference(now: float, old: float) -> str:
    if not (math.isfinite(now) and math.isfinite(old)):
        return ""
    if now == old or number(now) == number(old):
        return "the same"
    return f"{number(abs(now - old))} {'more' if now > old else 'less'}"


def _names(found: tuple[Measure, ...]) -> dict[tuple[str, str], str]:
    """What each measure is called; with its step where several steps have one of its name."""
    steps: dict[str, set[str]] = {}
    for one in found:
        steps.setdefault(one.name, set()).add(one.step)
    return {
        (one.step, one.name): spoken(one.name)
        if len(steps[one.name]) == 1
        else f"{spoken(one.name)}, {step_name(one.step)}"
        for one in found
    }


def _values(result: Result) -> dict[str, Any]:
    """Every parameter by what it is called; with its step where steps have different values."""
    by_name: dict[str, dict[str, Any]] = {}
    for step, found in result.all_values.items():
        for name, given in found.items():
            by_name.setdefault(name, {})[step] = given
    return dict(_called(by_name))


def _called(by_name: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, by_step in by_name.items():
        if len({_text(given) for given in by_step.values()}) == 1:
            yield spoken(name), next(iter(by_step.values()))
        else:
            for step, given in by_step.items():
                yield f"{spoken(name)}, {step_name(step)}", given


def _text(given: Any) -> str:
    return canonical_json(given)
