"""What a person waits for before anything happens: help, and the first line of a notebook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.timing import Table, command, in_turn


def measure(runs: int) -> list[Table]:
    """``studio --help`` beside a bare interpreter; ``import studio`` within one."""
    studio = str(Path(sys.executable).with_name("studio"))
    here = Path.cwd()
    command([studio, "--help"], here)  # byte code is there from now on
    whole = in_turn(
        max(runs, 5),
        {
            "python -c pass": lambda: command([sys.executable, "-c", "pass"], here),
            "studio --help": lambda: command([studio, "--help"], here),
        },
    )
    inner = in_turn(max(runs, 5), {"import studio": _import_seconds})
    return [
        Table("Start of the command line", whole, {"studio --help": "under 200 ms"}),
        Table("Import in a kernel", inner, {"import studio": "under 50 ms"}),
    ]


def _import_seconds() -> float:
    code = "import time; t = time.perf_counter(); import studio; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
