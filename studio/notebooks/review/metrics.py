"""Measures of two runs beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST = 500


@dataclass(frozen=True)
class MetricDelta:
    """One measure before and after; None where a run did not log it."""

    name: str
    old: float | None
    new: float | None

    @property
    def absolute(self) -> float | None:
        """New minus old; None where either is missing or not finite."""
        if self.old is None or self.new is None:
            return None
        change = self.new - self.old
        return change if math.isfinite(change) else None

    @property
    def relative(self) -> float | None:
        """The change as a share of the old value's size; None where that is 0 or the change unknown."""
        if self.absolute is None or not self.old:
            return None
        share = self.absolute / abs(self.old)
        return share if math.isfinite(share) else None

    @property
    def direction(self) -> str:
        """``up``, ``down``, ``same``, ``new``, ``gone`` or ``unknown`` (a value is NaN)."""
        if self.old is None:
            return "new"
        if self.new is None:
            return "gone"
        if self.absolute is None:
            return "unknown"
        return "same" if not self.absolute else ("up" if self.absolute > 0 else "down")

    def as_dict(self) -> dict[str, Any]:
        """The delta as JSON data; what is not finite is a text, since JSON has no number for it."""
        return {
            "name": self.name,
            "old": _json(self.old),
            "new": _json(self.new),
            "absolute": self.absolute,
            "relative": self.relative,
            "direction": self.direction,
        }


def metric_deltas(old: Mapping[str, float], new: Mapping[str, float]) -> list[MetricDelta]:
    """All measures of both runs by name."""
    return [MetricDelta(name, _number(old.get(name)), _number(new.get(name))) for name in sorted({*old, *new})]


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _json(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else repr(value)
