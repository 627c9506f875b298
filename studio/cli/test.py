"""``studio test``: the ladder of tests, for a person at a terminal and for continuous integration."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from studio.cli.completion import pipeline_names
from studio.cli.output import Json, say, seconds, show, table
from studio.core.report import Case, Report

_RUNG_HELP = "Only this rung: pipeline, code, data or model (may be given several times)."


def climb(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NOTEBOOK|PIPELINE|all]...",
            help="What to test; without a name, everything.",
            autocompletion=pipeline_names,
        ),
    ] = None,
    rung: Annotated[list[str] | None, typer.Option("--rung", metavar="RUNG", help=_RUNG_HELP)] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the report as JUnit XML too.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, max=256, help="Steps and notebooks at the same time.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Test notebooks, data and models.

    The rungs: the pipeline runs on samples, the tests in notebooks run in kernels, contracts are held against data and
    against broken rows, gates judge the model. The exit status is 1 when anything fails.
    """
    from studio.cli.progress import progress
    from studio.workflows.climb_ladder import LadderRequest, Watching, climb_ladder

    started = time.monotonic()
    request = LadderRequest(
        names=tuple(names or ()), base=Path.cwd(), rungs=frozenset(rung or ()), junit=junit, jobs=jobs
    )
    unfinished = "Interrupted: the tests did not come to their end, and no report was written."
    with stoppable(unfinished), progress() as listener, told_cases() as case:
        climbed = climb_ladder(request, Watching(run=listener, case=case))
    show(climbed.report.as_dict(), as_json, lambda: report_text(climbed.report, time.monotonic() - started))
    raise typer.Exit(climbed.exit_status)


@contextmanager
def stoppable(sentence: str) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end the block; then `sentence`, and 128 + the signal's number as exit status.

    Kernels, which stand in sessions of their own, are ended on the way out, as on any error.
    """
    from studio.workflows.functional_run import Stopped

    def stop(number: int, _: object) -> None:
        raise Stopped(number)

    numbers = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if os.name == "posix" else [])
    here = threading.current_thread() is threading.main_thread()
    # What is ignored by the caller's will (nohup) stays so.
    heard = [number for number in numbers if here and signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    except Stopped as stopped:
        say(sentence)
        raise typer.Exit(128 + stopped.number) from None
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextmanager
def told_cases() -> Iterator[Callable[[Case], None]]:
    """A listener that says each case that needs a look at once, and what came of each subject when it is done."""
    own: list[Case] = []

    def finish() -> None:
        if own:
            say(f"{own[0].rung}: {own[0].subject}: {Report(tuple(own)).summary()}")
            own.clear()

    def tell(case: Case) -> None:
        if own and (own[0].rung, own[0].subject) != (case.rung, case.subject):
            finish()
        own.append(case)
        if not case.ok:
            say(f"{case.status.upper()} {case.place}: {case.name}")

    yield tell
    finish()


def report_text(report: Report, took: float | None = None) -> str:
    """The failures with all that helps to mend them, then one line a subject, then the sum."""
    if not report.cases:
        return "Nothing to test: no test cell, no contract, no pipeline. Next: write a cell of tests, tagged 'test'."
    parts = [_failure(case) for case in report.cases if not case.ok]
    skipped = [case for case in report.cases if case.status == "skipped"]
    subjects = dict.fromkeys((case.rung, case.subject) for case in report.cases)
    rows = []
    for rung, subject in subjects:
        own = [case for case in report.cases if (case.rung, case.subject) == (rung, subject)]
        count = [sum(case.status in statuses for case in own) for statuses in _COLUMNS]
        rows.append((rung, subject, *(number or "" for number in count), seconds(sum(case.seconds for case in own))))
    parts.append(table(["RUNG", "SUBJECT", "PASSED", "FAILED", "SKIPPED", "TIME"], rows))
    if skipped:
        reasons = dict.fromkeys(f"  {case.place}: {case.name}: {case.message}" for case in skipped)
        parts.append("\n".join(["Skipped:", *reasons]))
    parts.append(report.summary() + (f" in {seconds(took)}." if took is not None else "."))
    return "\n\n".join(parts)


_COLUMNS = (("passed",), ("failed", "error"), ("skipped",))


def _failure(case: Case) -> str:
    lines = [f"{case.status.upper()} {case.name}", f"  {case.place}"]
    lines += [f"  {line}" for line in case.message.splitlines()]
    if case.detail and case.detail.strip() != case.message.strip():
        lines += ["", *(f"    {line}" for line in case.detail.splitlines())]
    if case.output:
        lines += ["", "    printed:", *(f"    {line}" for line in case.output.splitlines()[-20:])]
    return "\n".join(lines)
