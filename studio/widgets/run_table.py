"""A table of runs, newest first: one page at a time, and runs can be chosen to look at or to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import traitlets

from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord
from studio.widgets.callbacks import Callback, Callbacks
from studio.widgets.plain import Plain, Sentence, Table
from studio.widgets.run_pages import ListedRuns, Page, Pages, Row, StoredRuns
from studio.widgets.texts import listed, moment, plural, seconds
from studio.widgets.widget import FACTS, Widget


class RunTable(Widget, files="run_table"):
    """Runs as a table.

    Parameters
    ----------
    runs : RunStore or iterable of RunRecord
        A workspace's runs, of which only the page that is looked at is read; or records.
    pipeline : str
        Only runs of this pipeline (of a RunStore).
    size : int
        Rows on a page.

    Attributes
    ----------
    selected : list of str
        The identifiers of the chosen runs, in the order in which they were chosen.
    """

    selected = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _page = traitlets.Dict().tag(**FACTS)

    _heard: ClassVar[Mapping[str, str]] = {"page": "_turned", "select": "_chosen", "refresh": "_refreshed"}

    def __init__(self, runs: RunStore | Iterable[RunRecord], *, pipeline: str = "", size: int = 20) -> None:
        if size < 1:
            raise ValueError("a page needs at least one row")
        self._pages: Pages = StoredRuns(runs, pipeline) if isinstance(runs, RunStore) else ListedRuns(runs)
        self._pipeline = pipeline
        self._size = size
        self._selects = Callbacks()
        self._seen = self._pages.page(0, size)
        super().__init__(_page=self._facts())

    def on_select(self, callback: Callback, *, remove: bool = False) -> None:
        """Call `callback` with the identifiers of the chosen runs whenever a person chooses one more or one less."""
        self._selects.register(callback, remove=remove)

    def refresh(self) -> None:
        """Read the runs anew. May be called from every thread."""
        with self._guard:
            self._pages.refresh()
            self._turn(self._seen.number)

    def records(self) -> list[RunRecord]:
        """The records of the chosen runs, in the order in which they were chosen."""
        found = [self._pages.find(run) for run in self.selected]
        return [record for record in found if record is not None]

    def _turned(self, content: Mapping[str, Any]) -> None:
        number = content.get("page")
        if isinstance(number, int) and number >= 0:
            with self._guard:
                self._turn(number)

    def _refreshed(self, _: Mapping[str, Any]) -> None:
        self.refresh()

    def _chosen(self, content: Mapping[str, Any]) -> None:
        runs = content.get("runs")
        if isinstance(runs, list) and all(isinstance(run, str) for run in runs):
            self._show(selected=list(dict.fromkeys(runs)))
            self._selects.call(list(self.selected), self.tell)

    def _turn(self, number: int) -> None:
        self._seen = self._pages.page(number, self._size)
        self._show(_page=self._facts())

    def _facts(self) -> dict[str, Any]:
        seen: Page = self._seen
        return {
            "rows": [_row_facts(row) for row in seen.rows],
            "number": seen.number,
            "first": seen.number * self._size + 1,
            "more": seen.more,
            "total": seen.total,
            "pipeline": self._pipeline,
            "environments": any(isinstance(row, RunRecord) and row.environment != "dev" for row in seen.rows),
        }

    def _plain(self) -> Plain:
        facts = self._facts()
        rows = [
            (row["run"], row["pipeline"], row["status"], row["steps"], moment(row["started"]), row["time"])
            for row in facts["rows"]
        ]
        total = facts["total"]
        of = f" of {self._pipeline}" if self._pipeline else ""
        title = plural(total, "run") + of if total is not None else f"Runs{of}"
        if not rows:
            return Plain(title, [Sentence(_nothing(self._pipeline))])
        older = [] if total is None or total <= len(rows) else [Sentence(f"{len(rows)} of {total:,} are shown.")]
        return Plain(title, [Table("", ("Run", "Pipeline", "Status", "Steps", "Started", "Time"), rows), *older])


def _nothing(pipeline: str) -> str:
    return f"There is no run yet. Next: studio run {pipeline or 'PIPELINE'}"


def _row_facts(row: Row) -> dict[str, Any]:
    if not isinstance(row, RunRecord):
        return {"run": row.run, "status": "unreadable", "problem": row.reason} | dict.fromkeys(
            ("pipeline", "steps", "started", "time", "environment", "actor"), ""
        )
    return {
        "run": row.id,
        "status": row.status,
        "pipeline": row.pipeline,
        "steps": listed(row.counts()),
        "started": moment(row.started),
        "time": seconds(row.seconds),
        "environment": row.environment,
        "actor": row.actor,
        "problem": "",
    }
