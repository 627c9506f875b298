"""Functions called with frames that are made of nothing but a contract."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.workspace import SAMPLED, Workspace
from studio.data.contracts import Contract, ContractBroken, read_contract
from studio.data.testing.making import boundaries, decided, frames, hypothesis_home, satisfied

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["boundaries", "check_function", "frames"]
_SHOWN_ROWS = 10


def check_function(
    workspace_root: Path, function: Callable[[Any], Any], takes: str, gives: str | None, examples: int
) -> None:
    """Call `function` with frames that keep the contract `takes`, and check its results against `gives`.

    First come the frames of `boundaries`, then `examples` drawn ones; the same each time.

    Raises
    ------
    AssertionError
        When it raises, or its result breaks the contract; with the smallest such frame that was found.
    BadInput
        When a contract cannot be read, or no frame can be made of it.
    """
    from hypothesis import given
    from hypothesis.errors import Flaky

    workspace = Workspace(workspace_root, sampled=os.environ.get(SAMPLED) == "1")
    contract = read_contract(workspace, takes)
    trial = _Trial(function, contract, read_contract(workspace, gives) if gives else None)
    with hypothesis_home(workspace):
        made = frames(contract)
        try:
            for frame in boundaries(contract):
                trial(frame)
            satisfied(contract, decided(examples)(given(made)(trial.hypothetical)))
        except (_Broken, _LongEnough, Flaky):
            raise trial.told() from trial.reason


class _Broken(Exception):
    """The function did not do what its mark says."""


class _LongEnough(BaseException):
    """Shrinking has used its time; not an Exception, so that hypothesis lets it through at once."""


class _Trial:
    """One function under generated frames; remembers the smallest frame for which it failed."""

    CALLS_AFTER_FAILURE = 200

    def __init__(self, function: Callable[[Any], Any], takes: Contract, gives: Contract | None) -> None:
        self.function, self.takes, self.gives = function, takes, gives
        self.name = getattr(function, "__name__", repr(function))
        self.frame: pd.DataFrame | None = None
        self.fact = ""
        self.reason: Exception | None = None
        self.calls_left: float = math.inf

    def __call__(self, frame: pd.DataFrame) -> None:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise _LongEnough
        fact, reason = self._fact(frame)
        if fact:
            if self.frame is None:
                self.calls_left = self.CALLS_AFTER_FAILURE
            self.frame, self.fact, self.reason = frame, fact, reason
            raise _Broken(fact)

    @property
    def hypothetical(self) -> Callable[[pd.DataFrame], None]:
        """The trial as the plain function that hypothesis wants."""

        def trial(frame: pd.DataFrame) -> None:
            self(frame)

        return trial

    def told(self) -> AssertionError:
        """The failure as a person reads it."""
        assert self.frame is not None
        rows = len(self.frame)
        size = f"{rows} row{'s' * (rows != 1)}"
        return AssertionError(
            f"{self.name}() {self.fact}\nThe smallest frame found that keeps {self.takes.name!r} ({size}):\n"
            f"{shown_frame(self.frame)}"
        )

    def _fact(self, frame: pd.DataFrame) -> tuple[str, Exception | None]:
        """What went wrong with `frame`; empty when nothing."""
        import pandas as pd

        try:
            result = self.function(frame.copy())
        except Exception as error:  # noqa: BLE001 - whatever a notebook's function raises is the finding
            said = str(error).strip()
            return f"raised {type(error).__name__}{f': {said}' if said else ''}", error
        if self.gives is None:
            return "", None
        if not isinstance(result, pd.DataFrame):
            return f"returned a {type(result).__name__}, and {self.gives.name!r} is the contract of a frame.", None
        try:
            self.gives.validated(result, "What it returned")
        except ContractBroken as error:
            return f"returned a frame that breaks the contract {self.gives.name!r}.\n{error}", None
        return "", None


def shown_frame(frame: pd.DataFrame) -> str:
    """At most ten rows of `frame`, one column a line, values as Python writes them."""
    head = frame.head(_SHOWN_ROWS)
    width = max((len(str(name)) for name in head.columns), default=0)
    lines = []
    for position, name in enumerate(head.columns):
        values = ", ".join(_short(value) for value in head.iloc[:, position].tolist())
        lines.append(f"  {str(name).ljust(width)}  {values}")
    if len(frame) > _SHOWN_ROWS:
        lines.append(f"  … and {len(frame) - _SHOWN_ROWS} rows more")
    return "\n".join(lines) or "  (no columns)"


def _short(value: Any) -> str:
    import pandas as pd

    text = "missing" if pd.isna(value) else str(value) if isinstance(value, pd.Timestamp) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
