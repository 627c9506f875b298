"""A run with nothing changed: the whole command, and what each of 1,000 reused steps costs."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.timing import Table, command, in_turn
from tests.benchmarks.workspaces import make_wide_workspace, six_steps

STEPS = 1_000


def measure(runs: int) -> list[Table]:
    """The six-step pipeline again, and a pipeline of 1,000 steps again."""
    studio = str(Path(sys.executable).with_name("studio"))
    with tempfile.TemporaryDirectory() as folder:
        small = six_steps(Path(folder) / "small")
        command([studio, "run", "six"], small)
        wide = make_wide_workspace(Path(folder) / "wide", STEPS)
        times = in_turn(
            runs,
            {
                "studio --help": lambda: command([studio, "--help"], small),
                "six steps, all reused": lambda: _settled(command([studio, "run", "six"], small)),
                f"{STEPS:,} steps, all reused": lambda: _settled(command([studio, "run", "wide"], wide)),
            },
        )
    per_step = [
        (many - few) / (STEPS - 6)
        for many, few in zip(times[f"{STEPS:,} steps, all reused"], times["six steps, all reused"], strict=True)
    ]
    return [
        Table("Nothing changed (whole command)", times, {"six steps, all reused": "under 1.5 s"}),
        Table("Nothing changed (each further step)", {"a reused step": per_step}, {"a reused step": "under 5 ms"}),
    ]


def _settled(elapsed: float) -> float:
    time.sleep(
        6
    )  # the record in MLflow is written by a process of its own, which must not disturb the next measurement
    return elapsed
