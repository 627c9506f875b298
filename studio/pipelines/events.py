"""What a run tells whoever watches it: plain facts in the past tense, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class RunStarted:
    """A run began; `steps` are the keys of all its steps in order."""

    run: str
    pipeline: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class StepStarted:
    """A step's notebook began (again, when `attempt` is more than 1) because of `reason`."""

    step: str
    attempt: int
    reason: str


@dataclass(frozen=True)
class CellFinished:
    """`done` of a step's `total` code cells have finished."""

    step: str
    done: int
    total: int


@dataclass(frozen=True)
class StepFinished:
    """A step came to its end: "completed", "reused", "failed", "killed" or "not run"."""

    step: str
    status: str
    seconds: float
    reason: str


@dataclass(frozen=True)
class StepDelayed:
    """A step failed and will be tried again in `seconds`."""

    step: str
    attempt: int
    seconds: float
    reason: str


@dataclass(frozen=True)
class RunFinished:
    """A run came to its end: "completed", "failed" or "killed"."""

    run: str
    status: str
    seconds: float


Event = RunStarted | StepStarted | CellFinished | StepFinished | StepDelayed | RunFinished
Listener = Callable[[Event], None]
"""Called from the runner's threads, one call at a time."""
