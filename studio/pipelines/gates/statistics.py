"""The figures behind the gates, as plain functions of arrays; random numbers are seeded, so a figure is repeatable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

SEED = 20_260_101
_QUARTERS_FROM = 10
"""A column of numbers with more different values than this is cut at its quartiles."""


class Undefined(ValueError):
    """A figure that these rows do not have; the message is a sentence."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its bootstrap interval, and from how many rows."""

    value: float
    low: float
    high: float
    n: int


def resampled(groups: Array) -> Iterator[Array]:
    """Row numbers of one bootstrap sample after the other, without end.

    Whole groups are drawn with replacement, as many as there are: rows of one group depend on each other. Where every
    row is a group of its own, this is the ordinary bootstrap.

    Parameters
    ----------
    groups : array of int, shape (rows,)
        The number of each row's group, from 0.
    """
    import numpy as np

    random = np.random.default_rng(SEED)
    count, rows = int(groups.max()) + 1, np.arange(len(groups))
    while True:
        times = np.bincount(random.integers(count, size=count), minlength=count)
        yield np.repeat(rows, times[groups])


def paired_difference(
    first: Callable[[Array], float],
    second: Callable[[Array], float],
    groups: Array,
    *,
    confidence: float = 0.95,
    resamples: int = 500,
) -> Interval:
    """By how much the score `first` is above the score `second`, both asked about the same rows.

    The interval is the percentile interval of the paired bootstrap: in each sample both are asked about the same drawn
    rows, and the interval reaches from the (1 - confidence) / 2 quantile of the differences to the
    (1 + confidence) / 2 quantile (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, section 13.3).

    Parameters
    ----------
    first, second : callable
        From row numbers to the score on these rows; NaN where it is not defined on them (such samples are drawn anew).
    groups : array of int, shape (rows,)
        The number of each row's group; see `resampled`.
    confidence : float
        Between 0.5 and 1.
    resamples : int
        How many samples.

    Raises
    ------
    Undefined
        When a score is not defined on all rows, or on most samples.
    """
    import numpy as np

    everything = np.arange(len(groups))
    value = first(everything) - second(everything)
    if not np.isfinite(value):
        raise Undefined("The metric is not defined on these rows; has the label one value only?")
    found: list[float] = []
    for tried, rows in enumerate(resampled(groups), start=1):
        difference = first(rows) - second(rows)
        if np.isfinite(difference):
            found.append(float(difference))
        if len(found) == resamples:
            break
        if tried >= 3 * resamples:
            raise Undefined(
                f"The metric is defined on {len(found)} of {tried} bootstrap samples only; there are too few rows."
            )
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(value), float(low), float(high), len(groups))


def is_worse(difference: Interval, tolerance: float) -> bool:
    """Whether the data show a loss beyond `tolerance`: the interval of the difference lies below -tolerance.

    A difference that may as well be noise is no proof against the candidate, whatever its sign.
    """
    return difference.high < -tolerance


def calibration_error(probability: Array, happened: Array, bins: int = 10) -> float:
    r"""The expected calibration error, in groups of about equal size by probability.

    .. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n} \left| \bar{p}_b - \bar{y}_b \right|

    (Naeini, Cooper and Hauskrecht, *Obtaining Well Calibrated Probabilities Using Bayesian Binning*, AAAI 2015; groups
    of equal size as in Nguyen and O'Connor, EMNLP 2015). Equal probabilities are always in one group, so the order of
    the rows does not matter.

    Parameters
    ----------
    probability : array of float, shape (rows,)
        What was promised.
    happened : array of bool, shape (rows,)
        What came.
    bins : int
        How many groups.
    """
    import numpy as np

    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"))
    group = np.searchsorted(edges, probability, side="left")
    size = np.bincount(group)
    promised, came = (np.bincount(group, weights=values.astype(float)) for values in (probability, happened))
    return float(np.abs(promised - came).sum() / size.sum())


def slices(column: pd.Series[Any]) -> Iterator[tuple[str, Array]]:
    """Each level of `column` and the numbers of its rows; many numbers are cut at their quartiles."""
    import numpy as np
    import pandas as pd

    numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if numbers and column.nunique() > _QUARTERS_FROM:
        column = pd.qcut(column, 4, duplicates="drop")
    levels = column.astype("object").where(column.notna(), "missing")
    codes, names = pd.factorize(levels)
    for code in sorted(range(len(names)), key=lambda code: str(names[code])):
        yield str(names[code]), np.flatnonzero(codes == code)
