"""Measure Studio beside what it is compared with, in one run, and print tables of medians and ratios.

``make bench``, or ``python -m tests.benchmarks [--runs N] [NAME …]``. Ratios count, not seconds.
"""

from __future__ import annotations

import argparse
import platform
import sys

from tests.benchmarks import apps, checking, commands, graphs, lab, reuse, reviewing, steps, testing

BENCHMARKS = {
    "apps": apps.measure,
    "commands": commands.measure,
    "checking": checking.measure,
    "graphs": graphs.measure,
    "lab": lab.measure,
    "reuse": reuse.measure,
    "reviewing": reviewing.measure,
    "steps": steps.measure,
    "testing": testing.measure,
}


def main() -> None:
    """Run the named benchmarks (default: all)."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured (median is shown)")
    given = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {_cores()} cores, median of {given.runs}\n")
    for name in given.names or BENCHMARKS:
        for table in BENCHMARKS[name](given.runs):
            print(table.text(), end="\n\n", flush=True)


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


if __name__ == "__main__":
    main()
