"""The bounds of ``Annotated``: what each asks of a value, and how that is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from studio.notebooks.kinds import Bound
from studio.notebooks.rendering import cut
from studio.notebooks.scalars import Misfit


def kept(value: Any, bounds: tuple[Bound, ...]) -> Any:
    """`value` itself if it keeps every bound.

    Raises
    ------
    Misfit
        When it breaks one, or cannot be compared with it.
    """
    for bound in bounds:
        try:
            fits = _FITS[bound.name](value, bound.value)
        except TypeError as error:
            raise Misfit(f"{cut(value)} cannot be compared with the bound {cut(bound.value)}: {error}.") from error
        if not fits:
            raise Misfit(f"{cut(value)} is not allowed: it must {_MUST[bound.name].format(cut(bound.value))}.")
    return value


def _is_multiple(value: float, unit: float) -> bool:
    if not math.isfinite(value):
        return False
    if type(value) is int and type(unit) is int:
        return value % unit == 0
    # As pydantic: within a float's last digits, so that 0.3 is a multiple of 0.1.
    rest = float(value) % float(unit)
    limit = abs(float(value)) / 1e9
    return abs(rest) <= limit or abs(rest - float(unit)) <= limit


_FITS: Mapping[str, Callable[[Any, Any], bool]] = {
    "ge": lambda value, bound: bool(value >= bound),
    "gt": lambda value, bound: bool(value > bound),
    "le": lambda value, bound: bool(value <= bound),
    "lt": lambda value, bound: bool(value < bound),
    "multiple_of": _is_multiple,
    "min_length": lambda value, bound: len(value) >= bound,
    "max_length": lambda value, bound: len(value) <= bound,
}
_MUST = {
    "ge": "be at least {}",
    "gt": "be more than {}",
    "le": "be at most {}",
    "lt": "be less than {}",
    "multiple_of": "be a multiple of {}",
    "min_length": "have a length of at least {}",
    "max_length": "have a length of at most {}",
}
