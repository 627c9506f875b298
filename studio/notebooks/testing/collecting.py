"""Notebooks as pytest's own files and items, for plain ``pytest``: what it shows, selects and writes is as ever.

An item is run by `Bench` in a kernel, which sends back pytest's reports; here they only get the item's name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from studio.core.environment import environment_digest
from studio.core.errors import StudioError
from studio.core.files import canonical_json, digest_bytes, write_json
from studio.core.locks import lock
from studio.core.workspace import Workspace
from studio.notebooks.document import Cell, NotebookDocument, read_notebook
from studio.notebooks.testing.cases import judged
from studio.notebooks.testing.kernels import Kernels
from studio.notebooks.testing.listing import Unreadable, tests_in
from studio.notebooks.testing.results import CannotTest, Found, Ran, Trouble
from studio.notebooks.testing.session import NotebookTests
from studio.notebooks.testing.slices import Slices

_FORMAT = 1
"""Of the remembered answers."""


class NotebookFile(pytest.File):
    """A notebook that has test cells."""

    bench: Bench
    document: NotebookDocument

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Its tests; a kernel is asked where the source does not say which there are."""
        try:
            self.document = read_notebook(self.bench.workspace, self.path)
        except StudioError as error:
            raise self.CollectError(str(error)) from error
        if not self.document.is_python:
            return
        tests = self.bench.tests_of(self)
        classes: dict[str, list[tuple[Found, list[pytest.Mark]]]] = {}
        for found, marks in tests:
            first, inside, _ = found.name.partition("::")
            if not inside:
                yield NotebookTest.of(self, found, marks, found.name)
            elif first not in classes:
                classes[first] = [pair for pair in tests if pair[0].name.startswith(f"{first}::")]
                yield NotebookClass.of(self, first, classes[first])


class NotebookClass(pytest.Collector):
    """A class of tests."""

    tests: list[tuple[Found, list[pytest.Mark]]]

    @classmethod
    def of(cls, parent: pytest.Collector, name: str, tests: list[tuple[Found, list[pytest.Mark]]]) -> NotebookClass:
        """The class `name` with its tests."""
        made: NotebookClass = cls.from_parent(parent, name=name)
        made.tests = tests
        return made

    def collect(self) -> Iterator[pytest.Item]:
        """Its tests."""
        for found, marks in self.tests:
            yield NotebookTest.of(self, found, marks, found.name.partition("::")[2])


class NotebookTest(pytest.Item):
    """One test of a notebook."""

    found: Found

    @classmethod
    def of(cls, parent: pytest.Collector, found: Found, marks: Iterable[pytest.Mark], name: str) -> NotebookTest:
        """The item of a test."""
        # The identifier is given, since pytest tells names and parameters apart by it (`--lf`).
        made: NotebookTest = cls.from_parent(parent, name=name, nodeid=f"{parent.nodeid}::{name}")
        made.found = found
        for mark in marks:
            made.add_marker(getattr(pytest.mark, mark.name).with_args(*mark.args, **mark.kwargs))
        made.extra_keyword_matches |= {f"cell{found.cell + 1}"}
        return made

    @property
    def file(self) -> NotebookFile:
        """Its notebook."""
        file = self.getparent(NotebookFile)
        assert file is not None
        return file

    def runtest(self) -> None:
        """Not called: the notebook's kernel runs it."""
        raise AssertionError("the tests of notebooks are run in a kernel")

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is; the line in its cell says nothing about the file's lines."""
        return self.path, None, f"{self.found.name} (cell {self.found.cell + 1})"


class Bench:
    """Runs the items: one kernel at a time, kept as long as the items are of one notebook.

    Parameters
    ----------
    workspace : Workspace
        Where the notebooks are.
    kernels : Kernels
        Where their kernels come from.
    environment : callable
        What the kernel of a notebook has in its environment besides the caller's.
    options : list of str
        Options of the pytest in the kernel.
    timeout : float or None
        Seconds for a test; None for studio.toml's.
    """

    def __init__(
        self,
        workspace: Workspace,
        kernels: Kernels,
        environment: Callable[[NotebookDocument], Mapping[str, str]],
        options: list[str],
        timeout: float | None,
    ) -> None:
        self.workspace = workspace
        self._kernels = kernels
        self._environment = environment
        self._options = options
        self._timeout = timeout
        self._open: tuple[NotebookFile, NotebookTests] | None = None

    # ------------------------------------------------------------------ collection

    def tests_of(self, file: NotebookFile) -> list[tuple[Found, list[pytest.Mark]]]:
        """The tests of a notebook in their order, each with its marks."""
        found: dict[int, list[tuple[Found, list[pytest.Mark]]]] = {}
        asked = []
        slices = Slices(file.document)
        for cell in slices.tests:
            try:
                found[cell.index] = tests_in(file, file.document, cell)
            except Unreadable:
                asked.append(cell)
        if asked:
            found |= self._answers(slices, asked)
        return [pair for index in sorted(found) for pair in found[index]]

    def _answers(self, slices: Slices, cells: list[Cell]) -> dict[int, list[tuple[Found, list[pytest.Mark]]]]:
        """What a kernel says of `cells`; remembered, and asked by one process only."""
        wanted = {index for cell in cells for index in (*slices.needed(cell.index), cell.index)}
        sources = [[index, slices.document.cells[index].source] for index in sorted(wanted)]
        asked = [_FORMAT, slices.document.path, sources, [cell.index for cell in cells], environment_digest()]
        memory = self.workspace.cache / "tests" / f"{digest_bytes(canonical_json(asked).encode())}.json"
        with lock(memory.with_suffix(".lock"), seconds=86_400):
            content = _read(memory)
            if content is None:
                content, complete = self._ask(self._new(slices.document), cells)
                if complete:
                    write_json(memory, content, durable=False)
        return {int(index): [_found(int(index), entry) for entry in content[index]] for index in content}

    def _ask(self, tests: NotebookTests, cells: list[Cell]) -> tuple[dict[str, Any], bool]:
        content: dict[str, Any] = {}
        complete = True
        tests.choose([cell.index for cell in cells])
        try:
            for cell in cells:
                try:
                    loaded = tests.tests(cell)
                except CannotTest:
                    # Told when the item is run, so that the tests of other cells are run all the same.
                    content[str(cell.index)] = [{"name": f"cell {cell.number}", "line": None, "marks": []}]
                    complete = False
                else:
                    content[str(cell.index)] = [
                        {"name": test.name, "line": test.line, "marks": list(test.marks)} for test in loaded.tests
                    ]
        finally:
            tests.kill()
        return content, complete

    # ------------------------------------------------------------------ running

    def run(self, item: NotebookTest, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        """Run one item; its reports."""
        file = item.file
        if self._open is None or self._open[0] is not file:
            self.close()
            tests = self._new(file.document)
            same = [other for other in item.session.items if isinstance(other, NotebookTest) and other.file is file]
            tests.choose({other.found.cell for other in same})
            self._open = (file, tests)
        tests = self._open[1]
        following = nextitem.found if isinstance(nextitem, NotebookTest) and nextitem.file is file else None
        begun = time.time()
        try:
            ran = tests.run(item.found, following)
        except CannotTest as error:
            reports = _of_trouble(item, error.trouble, begun)
        else:
            reports = _of_ran(item, ran, begun)
        # The time of the kernel's start and of the cells that the test needed, so that --durations shows it.
        reports[0].duration += max(0.0, time.time() - begun - sum(report.duration for report in reports))
        if following is None:
            self.close()
        return reports

    def close(self, *, at_once: bool = False) -> None:
        """End the kernel that is open."""
        opened, self._open = self._open, None
        if opened is not None:
            try:
                if not at_once:
                    opened[1].close()
            finally:
                opened[1].kill()

    def _new(self, document: NotebookDocument) -> NotebookTests:
        return NotebookTests(
            self.workspace,
            document,
            self._kernels,
            environment=self._environment(document),
            options=self._options,
            timeout=self._timeout,
        )


def _found(cell: int, entry: Mapping[str, Any]) -> tuple[Found, list[pytest.Mark]]:
    marks = [getattr(pytest.mark, name).with_args(*args, **named).mark for name, args, named in entry["marks"]]
    return Found(cell, entry["name"], entry["line"]), marks


def _read(memory: Path) -> dict[str, Any] | None:
    import json

    try:
        content: dict[str, Any] = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content


def _report(
    item: NotebookTest, when: Any, begun: float, *, outcome: Any = "passed", text: Any = None, output: str = ""
) -> pytest.TestReport:
    now = time.time()
    return pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords=dict.fromkeys(item.keywords, 1),
        outcome=outcome,
        longrepr=text,
        when=when,
        sections=[(f"Captured output {when}", output)] if output else [],
        duration=now - begun if outcome != "passed" else 0.0,
        start=begun,
        stop=now,
        user_properties=_properties(item),
    )


def _properties(item: NotebookTest) -> list[tuple[str, object]]:
    return [("notebook", item.file.document.path), ("cell", str(item.found.cell + 1))]


def _of_trouble(item: NotebookTest, trouble: Trouble, begun: float) -> list[pytest.TestReport]:
    place = f"{item.file.document.path}: cell {item.found.cell + 1}"
    blamed = trouble.cell == item.found.cell or trouble.cell is None
    told = trouble.message if blamed else f"{trouble.message}. The test in cell {item.found.cell + 1} needs that cell."
    text: Any = "\n".join(part for part in (f"{item.file.document.path}: {told}", trouble.detail) if part)
    if trouble.skipped:
        text = (place, trouble.line or 0, f"Skipped: {trouble.message}")
    outcome = "skipped" if trouble.skipped else "failed"
    return [
        _report(item, "setup", begun, outcome=outcome, text=text, output=trouble.output),
        _report(item, "teardown", begun),
    ]


def _of_ran(item: NotebookTest, ran: Ran, begun: float) -> list[pytest.TestReport]:
    if ran.lost:
        _, message, detail, _ = judged(ran)
        place = f"{item.file.document.path}: cell {item.found.cell + 1}"
        text = "\n".join(part for part in (f"{place}: {message}", detail) if part)
        return [
            _report(item, "setup", begun),
            _report(item, "call", time.time() - ran.seconds, outcome="failed", text=text, output=ran.output),
            _report(item, "teardown", begun),
        ]
    reports = []
    for data in ran.reports:
        plain = {key: value for key, value in data.items() if key not in {"text", "message", "line"}}
        report: pytest.TestReport = item.config.hook.pytest_report_from_serializable(config=item.config, data=plain)
        report.nodeid, report.location = item.nodeid, item.location
        report.keywords = dict.fromkeys(item.keywords, 1)
        report.user_properties = [*report.user_properties, *_properties(item)]
        shown: Any = report.longrepr
        if isinstance(shown, list):  # a skipped test's place and reason
            report.longrepr = (str(shown[0]), int(shown[1]), str(shown[2]))
        reports.append(report)
    if ran.output:
        reports[-1].sections.append(("Output past pytest", ran.output))
    return reports
