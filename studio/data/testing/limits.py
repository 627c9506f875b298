"""What the rule of a column allows, as bounds, candidates and a predicate: read once for frames and for mutations."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from studio.data.contract_file import SHORT, ColumnRule
from studio.data.contracts import typed

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equal_to": operator.eq,
    "not_equal_to": operator.ne,
    "greater_than": operator.gt,
    "greater_than_or_equal_to": operator.ge,
    "less_than": operator.lt,
    "less_than_or_equal_to": operator.le,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "str_matches": lambda value, pattern: re.match(pattern, value) is not None,
    "str_contains": lambda value, pattern: re.search(pattern, value) is not None,
    "str_startswith": str.startswith,
    "str_endswith": str.endswith,
}


@dataclass(frozen=True)
class Bound:
    """One end of a range.

    Attributes
    ----------
    check : str
        Which check of the rule says it.
    value : Any
        The end itself, a date as the column's own type.
    included : bool
        Whether the end itself is allowed.
    """

    check: str
    value: Any
    included: bool


def checks(rule: ColumnRule) -> Iterator[tuple[str, dict[str, Any]]]:
    """The checks of `rule` by their long names, texts of dates as dates."""
    for name, given in rule.checks():
        arguments = {}
        for key, value in given.items():
            if key in {"error", "ignore_na"}:
                continue
            many = isinstance(value, tuple)
            arguments[key] = [typed(rule.dtype, one) for one in value] if many else typed(rule.dtype, value)
        yield SHORT.get(name, name), arguments


def bounds(rule: ColumnRule) -> tuple[list[Bound], list[Bound]]:
    """The lower and the upper ends that `rule` declares."""
    lower: list[Bound] = []
    upper: list[Bound] = []
    for name, given in checks(rule):
        if name == "in_range":
            lower.append(Bound(name, given["min_value"], given["include_min"]))
            upper.append(Bound(name, given["max_value"], given["include_max"]))
        elif name.startswith("greater_than"):
            lower.append(Bound(name, given["value"], name.endswith("equal_to")))
        elif name.startswith("less_than"):
            upper.append(Bound(name, given["value"], name.endswith("equal_to")))
    return lower, upper


def tightest(rule: ColumnRule) -> tuple[Bound | None, Bound | None]:
    """The ends that decide: the highest lower one and the lowest upper one; None where there is none."""
    lower, upper = bounds(rule)
    return max(lower, key=_value, default=None), min(upper, key=_value, default=None)


def _value(end: Bound) -> Any:
    return end.value


def candidates(rule: ColumnRule) -> list[Any] | None:
    """All values that `rule` allows where it lists them (or they are true and false); None where it does not."""
    listed: list[Any] | None = [False, True] if rule.dtype in {"bool", "boolean"} else None
    for name, given in checks(rule):
        if name in {"isin", "unique_values_eq"}:
            listed = [value for value in given["value"] if listed is None or value in listed]
        elif name == "equal_to":
            listed = [given["value"]]
    return None if listed is None else [value for value in dict.fromkeys(listed) if allows(rule, value)]


def allows(rule: ColumnRule, value: Any) -> bool:
    """Whether a single value (not missing) keeps all checks of `rule`."""
    try:
        return all(_keeps(name, given, value) for name, given in checks(rule))
    except TypeError:  # a text and a number have no order
        return False


def _keeps(name: str, given: dict[str, Any], value: Any) -> bool:
    if name in _COMPARE:
        return _COMPARE[name](value, given["value"])
    if name in _TEXT:
        return _TEXT[name](str(value), given["value"])
    if name == "in_range":
        above = operator.le if given["include_min"] else operator.lt
        below = operator.le if given["include_max"] else operator.lt
        return bool(above(given["min_value"], value) and below(value, given["max_value"]))
    if name in {"isin", "unique_values_eq"}:
        return value in given["value"]
    if name == "notin":
        return value not in given["value"]
    least, most = given["min_value"] or 0, given["max_value"]
    if given["exact_value"] is not None:
        least = most = given["exact_value"]
    return least <= len(str(value)) and (most is None or len(str(value)) <= most)
