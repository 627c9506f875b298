"""The values that one column of a contract may hold, as hypothesis strategies.

Numbers and texts come from pandera's own strategies, which join all checks of a column into one.
Built here is what pandera 0.35 cannot make with pandas 3, or makes wrongly: dates (not supported),
times with a zone (overflow beyond the year 9999), times in general (always in nanoseconds, whatever
the unit), floats of few bits (bounds are not rounded), categories and columns without a type
(refused), `unique_values_eq` (never satisfied), column names by pattern (any Unicode). Whole frames
are assembled in `studio.data.testing.making`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from studio.data.contract_file import ColumnRule
from studio.data.testing.limits import Bound, allows, candidates, checks, tightest

if TYPE_CHECKING:
    import pandas as pd
    from hypothesis.strategies import SearchStrategy

# What every unit of time can hold, nanoseconds included.
_FIRST, _LAST = datetime(1678, 1, 1), datetime(2262, 1, 1)
_TEMPORAL = ("date", "timedelta")
_NARROW: dict[str, Literal[16, 32]] = {"float16": 16, "float32": 32}
_STEPS = {"s": timedelta(seconds=1), "ms": timedelta(milliseconds=1)}


@dataclass(frozen=True)
class Values:
    """What a column may hold.

    Attributes
    ----------
    elements : SearchStrategy
        Single values; None is a missing one.
    number : int or None
        How many different ones there are; None for more than a frame has rows.
    edges : list
        Those worth trying first: every listed value, the ends of ranges, a missing one.
    together : list
        Values that must all be there (`unique_values_eq`).
    """

    elements: SearchStrategy[Any]
    number: int | None
    edges: list[Any]
    together: list[Any]


def values_of(rule: ColumnRule) -> Values:
    """The values that `rule` allows.

    Raises
    ------
    NotImplementedError
        When no value is allowed.
    """
    from hypothesis import strategies as st

    listed = candidates(rule)
    number: int | None = None
    if listed is not None:
        if not listed:
            raise NotImplementedError("its checks allow no value at all")
        elements, edges, number = st.sampled_from(listed), listed, len(listed)
    elif (rule.dtype or "").startswith(_TEMPORAL):
        elements, edges = _moments(rule)
    else:
        elements, edges, number = _open_values(rule)
    if holds_nulls(rule):
        elements, edges = st.one_of(elements, st.none()), [*edges, None]
        number = None if number is None else number + 1
    together = [value for name, given in checks(rule) if name == "unique_values_eq" for value in given["value"]]
    return Values(elements, number, edges, together)


def holds_nulls(rule: ColumnRule) -> bool:
    """Whether a column of this rule may hold missing values, by the rule and by its type."""
    return rule.nullable and re.fullmatch(r"bool|u?int\d*", rule.dtype or "") is None


def series(values: Iterable[Any], rule: ColumnRule) -> pd.Series[Any]:
    """`values` (None for missing ones) as a column of the type that `rule` declares, as a file would give it."""
    import pandas as pd

    content = list(values)
    dtype = rule.dtype
    if dtype is None:
        return pd.Series(content, dtype=None if content else object)
    if dtype in {"object", "date"}:
        return pd.Series(content, dtype=object)
    if dtype == "category":
        return pd.Series(content, dtype=None if content else "str").astype("category")
    if dtype in {"datetime", "timedelta"}:
        dtype = f"{dtype}64[us]"
    if dtype.startswith("float"):
        content = [float("nan") if value is None else value for value in content]
    made: pd.Series[Any] = pd.Series(content, dtype=cast("Any", dtype))
    return made


def names_of(pattern: str) -> SearchStrategy[str]:
    """Names that a pattern of columns matches, such as a person would choose."""
    import string

    from hypothesis import strategies as st

    return st.from_regex(
        pattern, fullmatch=True, alphabet=st.sampled_from(string.ascii_lowercase + string.digits + "_")
    )


def _open_values(rule: ColumnRule) -> tuple[SearchStrategy[Any], list[Any], int | None]:
    """Numbers and texts."""
    # pandera learns how to make values for its checks when this is imported, and else ignores them in silence.
    import pandera.backends.pandas.builtin_checks  # noqa: F401

    from studio.data.contracts import column_of

    lower, upper = tightest(rule)
    kind = rule.dtype
    if kind is None or kind in {"category", "object"}:
        end = lower or upper
        kind = "str" if end is None or isinstance(end.value, str) else "float64"
    if kind.lower() in _NARROW:
        return (
            _narrow_floats(_NARROW[kind.lower()], lower, upper),
            _distinct(_edges(lower, upper, 0.0, -1.5), rule),
            None,
        )
    made = column_of(rule.model_copy(update={"dtype": kind}))
    elements = cast("SearchStrategy[Any]", made.set_name("value").strategy_component().elements).map(_plain)
    if kind.lower().startswith(("int", "uint")):
        edges = _edges(lower, upper, *_whole_edges(kind, lower, upper))
        room = None if lower is None or upper is None else int(upper.value) - int(lower.value) + 1
        return elements, _distinct(edges, rule), room if room is not None and room <= 1000 else None
    if kind.lower().startswith("float"):
        return elements, _distinct(_edges(lower, upper, 0.0, -1.5), rule), None
    return elements, _distinct([_first(elements), *_edges(lower, upper)], rule), None


def _narrow_floats(width: Literal[16, 32], lower: Bound | None, upper: Bound | None) -> SearchStrategy[float]:
    """Floats of few bits; pandera hands their bounds on unrounded, which hypothesis refuses."""
    import numpy as np
    from hypothesis import strategies as st

    rounded = np.dtype(f"float{width}").type
    return st.floats(
        min_value=None if lower is None else float(rounded(lower.value)),
        max_value=None if upper is None else float(rounded(upper.value)),
        exclude_min=lower is not None and not lower.included,
        exclude_max=upper is not None and not upper.included,
        allow_nan=False,
        allow_infinity=False,
        width=width,
    )


def _edges(lower: Bound | None, upper: Bound | None, *others: Any) -> list[Any]:
    return [*(end.value for end in (lower, upper) if end is not None), *others]


def _whole_edges(kind: str, lower: Bound | None, upper: Bound | None) -> list[int]:
    bits = int(re.sub(r"\D", "", kind) or 64)
    least, most = (0, 2**bits - 1) if kind.lower().startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if lower is not None:
        least = int(lower.value) if lower.included else int(lower.value) + 1
    if upper is not None:
        most = int(upper.value) if upper.included else int(upper.value) - 1
    return [least, most]


def _distinct(edges: list[Any], rule: ColumnRule) -> list[Any]:
    return [value for value in dict.fromkeys(edges) if allows(rule, value)]


def _moments(rule: ColumnRule) -> tuple[SearchStrategy[Any], list[Any]]:
    """Dates, times and spans of time, on the grid of the column's unit."""
    from hypothesis import strategies as st

    dtype = rule.dtype or ""
    unit = dtype.partition("[")[2][:2].strip(",]")
    step = timedelta(days=1) if dtype == "date" else _STEPS.get(unit, timedelta(microseconds=1))
    if dtype.startswith("timedelta"):  # a contract has no checks for these
        spans = st.timedeltas(timedelta(days=-36500), timedelta(days=36500)).map(lambda span: span // step * step)
        return spans, [timedelta(0), timedelta(days=-1), timedelta(days=36500)]
    zone = dtype.partition(", ")[2].rstrip("]")
    lower, upper = tightest(rule)
    first = _up(_naive(lower.value), step) if lower is not None else _FIRST
    last = _down(_naive(upper.value), step) if upper is not None else _LAST
    if lower is not None and not lower.included and first == _naive(lower.value):
        first += step
    if upper is not None and not upper.included and last == _naive(upper.value):
        last -= step
    if first > last:
        raise NotImplementedError("no moment lies between its bounds")

    def finished(moment: datetime) -> Any:
        value = _down(moment, step)
        if dtype == "date":
            return value.date()
        return _aware(value, zone) if zone else value

    moments = st.datetimes(first, last).map(finished).filter(lambda value: allows(rule, _comparable(value, dtype)))
    edges = [finished(first), finished(last)]
    return moments, [value for value in edges if allows(rule, _comparable(value, dtype))]


def _comparable(value: Any, dtype: str) -> Any:
    import pandas as pd

    return value if dtype == "date" else pd.Timestamp(value)


def _naive(value: Any) -> datetime:
    """A bound as a moment without zone; of one with a zone the moment in UTC."""
    import pandas as pd

    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    moment = pd.Timestamp(value)
    return (moment.tz_convert("UTC").tz_localize(None) if moment.tzinfo else moment).to_pydatetime(warn=False)


def _aware(moment: datetime, zone: str) -> Any:
    import pandas as pd

    return pd.Timestamp(moment).tz_localize("UTC").tz_convert(zone)


def _down(moment: datetime, step: timedelta) -> datetime:
    return _FIRST + (moment - _FIRST) // step * step


def _up(moment: datetime, step: timedelta) -> datetime:
    return _FIRST - (_FIRST - moment) // step * step


def _plain(value: Any) -> Any:
    """A numpy scalar as Python's own, so that a column of any type can hold it."""
    return value.item() if hasattr(value, "item") else value


def _first(elements: SearchStrategy[Any]) -> Any:
    """The simplest of `elements`."""
    from hypothesis import HealthCheck, Phase, find, settings

    quick = settings(
        max_examples=20, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    return find(elements, lambda _: True, settings=quick)
