"""`test_notebook`: the rung "code" of the ladder, one case a test."""

# ruff: noqa: PT028 - test_notebook is no test

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from studio.core.report import Case, Status
from studio.core.workspace import Workspace
from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.testing.kernels import Kernels
from studio.notebooks.testing.results import CannotTest, Found, Ran, Trouble
from studio.notebooks.testing.session import NotebookTests
from studio.notebooks.testing.slices import Contracted, names_of_tests

_OUTPUT_LIMIT = 100_000
"""Characters of output kept of one case: reports are read by people."""


def test_notebook(
    workspace: Workspace,
    document: NotebookDocument,
    kernels: Kernels,
    *,
    whole: bool = False,
    select: Collection[str] | None = None,
    environment: Mapping[str, str] | None = None,
    on_case: Callable[[Case], None] | None = None,
) -> list[Case]:
    """Run the tests of a notebook, then the contracts of its functions, in real kernels.

    Parameters
    ----------
    workspace : Workspace
        Where it lies; a sampled one makes ``studio.load`` give the samples.
    document : NotebookDocument
        What is tested.
    kernels : Kernels
        Where kernels come from; none is left when this returns or raises.
    whole : bool
        Whether every cell is run from top to bottom, and not only those that the tests need.
    select : collection of str, optional
        Names of tests: ``test_a``, ``test_a[1-2]``, ``TestShop``, ``TestShop::test_open``,
        ``contract: prepare takes customers``.
    environment : Mapping[str, str], optional
        What the kernels' environment has besides the caller's.
    on_case : callable, optional
        Told each case when it is known.

    Returns
    -------
    list of Case
        In the order of the notebook; empty where it has neither tests nor contracts. What a notebook does never
        raises here.
    """
    tests = NotebookTests(workspace, document, kernels, whole=whole, environment=environment)
    course = _Course(tests, select, on_case or (lambda _: None))
    try:
        course.run()
        tests.close()
    finally:
        tests.kill()
    return course.cases


test_notebook.__test__ = False  # type: ignore[attr-defined]  # for pytest, where a test module imports it


class _Course:
    def __init__(self, tests: NotebookTests, select: Collection[str] | None, tell: Callable[[Case], None]) -> None:
        self.cases: list[Case] = []
        self._tests = tests
        self._select = select
        self._tell = tell
        self._shown = names_of_tests(tests.slices.tests)

    def run(self) -> None:
        cells = [cell for cell in self._tests.slices.tests if self._may_hold(cell)]
        contracts = [found for found in self._tests.slices.contracted if self._wants(_title(found))]
        if not self._tests.document.is_python or not (cells or contracts):
            return
        self._tests.choose([cell.index for cell in cells], contracts)
        for number, cell in enumerate(cells):
            self._test_cell(cell, more=number + 1 < len(cells))
        if self._tests.slices.whole and self._select is None:
            self._rest()
        for function in contracts:
            self._keep(self._contract(function))

    def _test_cell(self, cell: Cell, *, more: bool) -> None:
        begun = time.monotonic()
        try:
            loaded = self._tests.tests(cell)
        except CannotTest as error:
            for name, line in self._names_without(cell, error.trouble):
                if self._select is None or not name or self._wants(name):
                    self._keep(self._in_trouble(cell, name, line, error.trouble, time.monotonic() - begun))
            return
        wanted = [test for test in loaded.tests if self._wants(test.name)]
        for trouble in loaded.troubles:
            self._keep(self._in_trouble(cell, trouble.name, trouble.line, trouble, 0.0))
        for number, test in enumerate(wanted):
            following = wanted[number + 1] if number + 1 < len(wanted) else None
            try:
                ran = self._tests.run(test, following, more=more)
            except CannotTest as error:
                self._keep(self._in_trouble(cell, test.name, test.line, error.trouble, 0.0))
            else:
                self._keep(self._case(cell, test, ran))

    def _names_without(self, cell: Cell, trouble: Trouble) -> list[tuple[str, int | None]]:
        """What the cases of a cell that could not be loaded are called: its tests, as its source shows them."""
        shown: list[tuple[str, int | None]] = [*self._shown.get(cell.index, ())]
        if trouble.cell == cell.index and not trouble.skipped:
            return [("", trouble.line)]
        return shown or [("", None)]

    def _in_trouble(self, cell: Cell, name: str, line: int | None, trouble: Trouble, seconds: float) -> Case:
        return Case(
            "code",
            self._tests.document.path,
            name or f"cell {cell.number}",
            "skipped" if trouble.skipped else "error",
            seconds,
            trouble.message if trouble.cell in {cell.index, None} else f"{trouble.message} (this test needs that cell)",
            trouble.detail,
            _cut(trouble.output),
            cell.number,
            line,
        )

    def _case(self, cell: Cell, test: Found, ran: Ran) -> Case:
        status, message, detail, line = judged(ran)
        sections = [text for report in ran.reports[-1:] for title, text in report.get("sections", ())]
        return Case(
            "code",
            self._tests.document.path,
            test.name,
            status,
            ran.seconds if ran.lost else sum(report["duration"] for report in ran.reports),
            message,
            detail,
            _cut("".join(sections) + ran.output),
            cell.number,
            line or ran.line or test.line,
        )

    def _rest(self) -> None:
        """In a whole run, the cells below the last test; those of all cells that did not work."""
        try:
            self._tests.reach(len(self._tests.document.cells))
        except CannotTest as error:
            if not self.cases:
                self._keep(Case("code", self._tests.document.path, "kernel", "error", message=error.trouble.message))
            return
        for index, trouble in sorted(self._tests.troubles.items()):
            cell = self._tests.document.cells[index]
            if cell.role != "test" and trouble.cell == index:
                self._keep(self._in_trouble(cell, "", trouble.line, trouble, 0.0))

    def _contract(self, function: Contracted) -> Case:
        cell = self._tests.document.cells[function.cell]
        begun = time.monotonic()
        limit = self._tests.timeout
        try:
            reply = self._tests.check(function, limit)
        except CannotTest as error:
            seconds = time.monotonic() - begun
            return self._in_trouble(cell, _title(function), function.line, error.trouble, seconds)
        told: Mapping[str, Any] = {"status": "error", "detail": reply.traceback, "message": reply.evalue}
        if reply.answers:
            told = reply.answers[0]
        elif reply.status in {"died", "timeout"}:
            fact = reply.message or f"it did not finish within {limit:g} s."
            told = {
                "status": "failed",
                "message": f"{function.name} could not be checked to its end: {fact}",
                "detail": "",
            }
        return Case(
            "code",
            self._tests.document.path,
            _title(function),
            told["status"],
            time.monotonic() - begun,
            told["message"],
            told["detail"],
            _cut(reply.output),
            cell.number,
            function.line,
        )

    def _may_hold(self, cell: Cell) -> bool:
        names = [name for name, _ in self._shown.get(cell.index, ())]
        return self._select is None or any(
            _is_part(name, wanted) or _is_part(wanted, name) for name in names for wanted in self._select
        )

    def _wants(self, name: str) -> bool:
        return self._select is None or any(_is_part(name, wanted) for wanted in self._select)

    def _keep(self, case: Case) -> None:
        self.cases.append(case)
        self._tell(case)


def judged(ran: Ran) -> tuple[Status, str, str, int | None]:
    """What came of a test: status, one line, the traceback and the line in its cell."""
    if ran.lost:
        return "failed", ran.lost, ran.detail, None
    for report in ran.reports:
        first = (str(report["message"]).splitlines() or [""])[0]
        if report["outcome"] == "failed":
            status: Status = "failed" if report["when"] == "call" else "error"
            where = "" if report["when"] == "call" else f"in {report['when']}: "
            return status, f"{where}{first}", report["text"], report["line"]
        if report["outcome"] == "skipped":
            reason = report["longrepr"][2] if isinstance(report["longrepr"], list) else first
            reason = f"expected to fail: {report['wasxfail']}".removesuffix(": ") if "wasxfail" in report else reason
            return "skipped", str(reason).removeprefix("Skipped: "), "", None
    unexpected = any("wasxfail" in report for report in ran.reports)
    return "passed", "passed though it was expected to fail" if unexpected else "", "", None


def _title(function: Contracted) -> str:
    return f"contract: {function.name} takes {function.takes}"


def _is_part(name: str, wanted: str) -> bool:
    """Whether the test `name` is meant by `wanted`: itself, its class, or the function of which it is a case."""
    return name == wanted or name.startswith((f"{wanted}[", f"{wanted}::"))


def _cut(text: str) -> str:
    if len(text) <= _OUTPUT_LIMIT:
        return text
    half = _OUTPUT_LIMIT // 2
    return f"{text[:half]}\n[studio] … {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"
