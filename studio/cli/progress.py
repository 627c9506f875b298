"""A run as it happens: a live table on a terminal, plain lines elsewhere; both on stderr."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from studio.cli.output import seconds, short
from studio.pipelines import events

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

_MARKS = {"completed": "done", "reused": "reused", "failed": "FAILED", "killed": "killed", "not run": "not run"}
_STYLES = {"completed": "green", "reused": "cyan", "failed": "bold red", "killed": "bold red", "not run": "dim"}
_LINES_SHOWN = 24
_REASON_LENGTH = 90


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[events.Listener]:
    """A listener that shows the events of one run while the block lasts."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        live = LiveProgress()
        try:
            yield live
        finally:
            live.stop()
    else:
        yield PlainProgress()


class PlainProgress:
    """One line an event, for logs and continuous integration; many reused steps are not listed one by one."""

    def __init__(self) -> None:
        self._reused = 0
        self._started = time.monotonic()

    def __call__(self, event: events.Event) -> None:
        """Print what is worth a line."""
        match event:
            case events.RunStarted():
                self._line(f"run {event.run} of {event.pipeline}: {_count(len(event.steps), 'step')}")
            case events.StepStarted():
                again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
                self._line(f"{event.step}: started{again}, {short(event.reason, _REASON_LENGTH)}")
            case events.StepDelayed():
                reason = short(event.reason, _REASON_LENGTH)
                self._line(f"{event.step}: failed, next attempt in {seconds(event.seconds)}: {reason}")
            case events.StepFinished(status="reused"):
                self._reused += 1
                if self._reused <= _LINES_SHOWN:
                    self._line(f"{event.step}: reused, {event.reason}")
                elif self._reused == _LINES_SHOWN + 1:
                    self._line("more steps are reused …")
            case events.StepFinished(status="not run"):
                pass
            case events.StepFinished():
                self._line(f"{event.step}: {event.status} after {seconds(event.seconds)}")
            case _:
                pass

    def _line(self, text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self._started:7.1f} s  {text}\n")
        sys.stderr.flush()


class LiveProgress:
    """A table with a row a step: state, cells done, time; redrawn in place, at most ten times a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, _Row] = {}
        self._title = ""
        self._live: Live | None = None

    def __call__(self, event: events.Event) -> None:
        """Take in one event; the table redraws itself."""
        with self._lock:
            self._take(event)
        if self._live is None and isinstance(event, events.RunStarted):
            self._start()

    def stop(self) -> None:
        """Leave the table as it stands."""
        if self._live is not None:
            self._live.stop()

    def _start(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(stderr=True), get_renderable=self._table, refresh_per_second=10)
        self._live.start()

    def _take(self, event: events.Event) -> None:
        match event:
            case events.RunStarted():
                self._title = f"run {event.run} of {event.pipeline}"
                self._rows = {step: _Row() for step in event.steps}
            case events.StepStarted():
                row = self._rows[event.step]
                row.state, row.reason, row.started, row.done = "running", event.reason, time.monotonic(), 0
                row.attempt = event.attempt
            case events.CellFinished():
                row = self._rows[event.step]
                row.done, row.total = event.done, event.total
            case events.StepDelayed():
                self._rows[event.step].state = "waiting"
            case events.StepFinished():
                row = self._rows[event.step]
                row.state, row.reason, row.seconds, row.started = event.status, event.reason, event.seconds, None
            case _:
                pass

    def _table(self) -> Table:
        from rich.table import Table

        table = Table(title=self._title, title_justify="left", box=None, padding=(0, 2, 0, 0), show_header=False)
        with self._lock:
            rows = list(self._rows.items())
        running = [item for item in rows if item[1].state == "running"]
        finished = [item for item in rows if item[1].state not in ("running", "to come")]
        if len(rows) > _LINES_SHOWN:  # a long pipeline: what runs, and the latest of what is done
            table.caption = f"{len(finished)} of {len(rows)} steps finished"
            keep = finished[-(_LINES_SHOWN - len(running)) :] if len(running) < _LINES_SHOWN else []
            rows = [*keep, *running[:_LINES_SHOWN]]
        for key, row in rows:
            table.add_row(*row.cells(key))
        return table


class _Row:
    def __init__(self) -> None:
        self.state = "to come"
        self.reason = ""
        self.started: float | None = None
        self.seconds: float | None = None
        self.done = self.total = 0
        self.attempt = 1

    def cells(self, key: str) -> tuple[Text, ...]:
        from rich.text import Text

        mark = _MARKS.get(self.state, self.state)
        elapsed = time.monotonic() - self.started if self.started is not None else self.seconds
        style = _STYLES.get(self.state, "yellow" if self.state == "running" else "dim")
        cells = f"cell {self.done}/{self.total}" if self.state == "running" and self.total else ""
        note = f"attempt {self.attempt}" if self.attempt > 1 and self.state == "running" else self.reason
        return (
            Text(key, overflow="ellipsis"),
            Text(mark, style=style),
            Text(seconds(elapsed) if elapsed else "", justify="right"),
            Text(cells or note, style="dim", overflow="ellipsis", no_wrap=True),
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
