"""What tests, contract checks and gates found: the counts, what failed first, and the detail of each case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import traitlets

from studio.core.errors import BadInput
from studio.core.report import Case, Report
from studio.widgets.callbacks import Callback, Callbacks
from studio.widgets.plain import Block, Plain, Sentence, Table
from studio.widgets.texts import cut, listed, plural, seconds
from studio.widgets.widget import FACTS, Widget

_ORDER = ("failed", "error", "skipped", "passed")
_MOST = 2_000
_LONGEST = 20_000
_PLAIN_DETAILS = 20


class TestResults(Widget, files="test_results"):
    """A report of tests.

    Parameters
    ----------
    report : Report or mapping
        A report, or what its ``as_dict`` gives: the file that is kept, the output of ``studio test --json``.

    Raises
    ------
    BadInput
        When `report` is something else.
    """

    __test__ = False  # a class of this name is no test of pytest's

    _results = traitlets.Dict().tag(**FACTS)

    _heard: ClassVar[Mapping[str, str]] = {"select": "_chosen"}

    def __init__(self, report: Report | Mapping[str, Any]) -> None:
        self._report = _read(report)
        self._selects = Callbacks()
        super().__init__(_results=self._facts())

    def show(self, report: Report | Mapping[str, Any]) -> None:
        """Show another report. May be called from every thread; BadInput when it is none."""
        self._report = _read(report)
        self._show(_results=self._facts())

    def on_select(self, callback: Callback, *, remove: bool = False) -> None:
        """Call `callback` with the case (``studio.core.report.Case``) whose place a person asks for."""
        self._selects.register(callback, remove=remove)
        self._show(_results=self._facts())

    def _cases(self) -> list[Case]:
        return sorted(self._report.cases, key=lambda case: _ORDER.index(case.status))

    def _facts(self) -> dict[str, Any]:
        cases = self._cases()
        return {
            "ok": self._report.ok,
            "title": self._title(),
            "counts": {status: self._report.counts()[status] for status in _ORDER},
            "seconds": sum(case.seconds for case in cases),
            "cases": [_case_facts(case) for case in cases[:_MOST]],
            "left_out": max(0, len(cases) - _MOST),
            "selectable": bool(self._selects),
        }

    def _title(self) -> str:
        if not self._report.cases:
            return "No tests"
        counts = self._report.counts()
        return listed({status: counts[status] for status in _ORDER})

    def _chosen(self, content: Mapping[str, Any]) -> None:
        at, cases = content.get("case"), self._cases()
        if isinstance(at, int) and 0 <= at < len(cases):
            self._selects.call(cases[at], self.tell)

    def _plain(self) -> Plain:
        cases = self._cases()
        if not cases:
            return Plain("No tests", [Sentence("Nothing was tested.")])
        rows = [(case.name, case.status, case.place, seconds(case.seconds), cut(case.message, 400)) for case in cases]
        failed = [case for case in cases if not case.ok and (case.detail or case.output)][:_PLAIN_DETAILS]
        blocks = [Block(f"{case.name}: what was found", _told(case)) for case in failed]
        head = ("Test", "Result", "Where", "Time", "Why")
        return Plain(f"{plural(len(cases), 'test')}: {self._title()}", [Table("", head, rows), *blocks])


def _read(report: Report | Mapping[str, Any]) -> Report:
    if isinstance(report, Report):
        return report
    try:
        return Report.from_dict(report)
    except (TypeError, KeyError, AttributeError) as error:
        raise BadInput(
            f"{type(report).__name__} is no report of tests. Next: pass a studio.core.report.Report, or the content of "
            "a report's JSON file."
        ) from error


def _case_facts(case: Case) -> dict[str, Any]:
    texts = {"message": case.message, "detail": case.detail, "output": case.output}
    return {
        "name": case.name,
        "rung": case.rung,
        "status": case.status,
        "place": case.place,
        "time": seconds(case.seconds),
        "values": {str(key): cut(str(value)) for key, value in list(case.values.items())[:20]},
        **{key: cut(text, _LONGEST) for key, text in texts.items()},
    }


def _told(case: Case) -> str:
    return "\n\n".join(part for part in (case.detail, case.output) if part)
