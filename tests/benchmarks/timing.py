"""Timing whole commands and calls in turn, and the table in which they are shown."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    """A benchmark's result: rows of medians in seconds, a ratio to the first row, and a note on the goal."""

    title: str
    rows: dict[str, list[float]] = field(default_factory=dict)
    goals: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The table as text."""
        first = statistics.median(next(iter(self.rows.values())))
        width = max(len(name) for name in self.rows) + 2
        lines = [self.title, f"  {'':{width}}{'median':>10}{'min':>10}{'max':>10}{'ratio':>8}  goal"]
        for name, times in self.rows.items():
            middle = statistics.median(times)
            lines.append(
                f"  {name:{width}}{_shown(middle):>10}{_shown(min(times)):>10}{_shown(max(times)):>10}"
                f"{middle / first:8.2f}  {self.goals.get(name, '')}".rstrip()
            )
        return "\n".join(lines)


def in_turn(runs: int, measured: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Each measurement once per round, so that a machine that slows down slows all of them."""
    times: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(runs):
        for name, measure in measured.items():
            times[name].append(measure())
    return times


def command(words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> float:
    """Seconds that a whole command takes; RuntimeError with its output when it fails."""
    started = time.perf_counter()
    done = subprocess.run(
        list(words), cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    elapsed = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(words)} left with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
    return elapsed


def _shown(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
