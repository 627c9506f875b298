"""Pages of runs, newest first: read when they are looked at, so that ten thousand runs cost no more than one page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from studio.core.errors import BadInput
from studio.pipelines.records import RunStore, Unreadable
from studio.pipelines.run_record import RunRecord

Row = RunRecord | Unreadable


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    rows : tuple
        Records of runs, and what is known of those that cannot be read.
    number : int
        Which page, from 0.
    more : bool
        Whether older runs follow.
    total : int or None
        How many runs there are in all; None while only a part was looked at.
    """

    rows: tuple[Row, ...]
    number: int
    more: bool
    total: int | None


class Pages(Protocol):
    """Where pages come from."""

    def page(self, number: int, size: int) -> Page:
        """Page `number` (from 0), or the last one where there are fewer."""

    def find(self, run: str) -> RunRecord | None:
        """The record of a run; None where there is none that can be read."""

    def refresh(self) -> None:
        """See the runs that are there now."""


class ListedRuns:
    """Pages of records that are at hand."""

    def __init__(self, runs: Iterable[Row]) -> None:
        self._rows: Sequence[Row] = sorted(runs, key=_identifier, reverse=True)

    def page(self, number: int, size: int) -> Page:
        """Page `number`, or the last one."""
        last = max(0, (len(self._rows) - 1) // size)
        number = min(number, last)
        rows = tuple(self._rows[number * size : (number + 1) * size])
        return Page(rows, number, number < last, len(self._rows))

    def find(self, run: str) -> RunRecord | None:
        """The record of the run."""
        return next((row for row in self._rows if isinstance(row, RunRecord) and row.id == run), None)

    def refresh(self) -> None:
        """Nothing can have changed."""


class StoredRuns:
    """Pages of a workspace's runs, of one pipeline or of all; no record is read before its page is."""

    def __init__(self, store: RunStore, pipeline: str = "") -> None:
        self._store = store
        self._pipeline = pipeline
        self.refresh()

    def refresh(self) -> None:
        """See the runs that are there now."""
        self._ids = self._store.ids()
        self._found: list[str] = []
        self._whole = False
        self._ahead = self._matching()

    def page(self, number: int, size: int) -> Page:
        """Page `number`, or the last one."""
        ids, total = self._matched((number + 1) * size + 1) if self._pipeline else (self._ids, len(self._ids))
        last = max(0, (len(ids) - 1) // size)
        number = min(number, last)
        shown = ids[number * size : (number + 1) * size]
        return Page(tuple(map(self._row, shown)), number, number < last, total)

    def find(self, run: str) -> RunRecord | None:
        """The record of the run."""
        row = self._row(run)
        return row if isinstance(row, RunRecord) else None

    def _row(self, run: str) -> Row:
        try:
            return self._store.read(run)
        except BadInput as error:
            return Unreadable(run, str(error))

    def _matched(self, count: int) -> tuple[Sequence[str], int | None]:
        """The pipeline's newest runs, at least `count` of them where there are so many; and how many, once known."""
        while len(self._found) < count:
            run = next(self._ahead, None)
            if run is None:
                self._whole = True
                break
            self._found.append(run)
        return self._found, len(self._found) if self._whole else None

    def _matching(self) -> Iterator[str]:
        for run in self._ids:
            row = self._row(run)
            if isinstance(row, RunRecord) and row.pipeline == self._pipeline:
                yield run


def _identifier(row: Row) -> str:
    return row.id if isinstance(row, RunRecord) else row.run
