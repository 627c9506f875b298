"""The tests of one notebook on their way through kernels: which cells run before a test, and what a lost kernel costs.

Cells run in their order, and the tests of a cell run when that place is reached, so that a test sees what is above it
and nothing of what is below. When a kernel is lost, or a test is wanted whose place has passed, the needed cells run
again in a fresh one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.core.workspace import Workspace
from studio.notebooks.document import RAISES, Cell, NotebookDocument
from studio.notebooks.testing.kernels import Kernel, KernelDidNotStart, Kernels, Reply
from studio.notebooks.testing.results import (
    CannotTest,
    Found,
    Loaded,
    Ran,
    Trouble,
    discreet,
    in_words,
    of_fault,
    redaction_for,
    vanished,
)
from studio.notebooks.testing.slices import Contracted, Slices

_GRACE = 60.0
"""Seconds for what is asked of pytest itself: starting it, tearing down."""


class NotebookTests:
    """One notebook's tests, run one by one; close it in the end.

    Parameters
    ----------
    workspace : Workspace
        Where it lies; a sampled one makes ``studio.load`` give the samples.
    document : NotebookDocument
        What is tested.
    kernels : Kernels
        Where its kernels come from; one at a time is used.
    whole : bool
        Whether every cell is run, and not only those that the tests need.
    environment : Mapping[str, str], optional
        What the kernels' environment has besides the caller's.
    options : sequence of str
        Command-line options for the pytest in the kernel (``--tb=short``).
    timeout : float, optional
        Seconds for a test and for a cell; ``tests.timeout`` of studio.toml by default.
    """

    def __init__(
        self,
        workspace: Workspace,
        document: NotebookDocument,
        kernels: Kernels,
        *,
        whole: bool = False,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        timeout: float | None = None,
    ) -> None:
        self.workspace = workspace
        self.document = document
        self.slices = Slices(document, whole=whole)
        self.timeout = timeout or workspace.settings.tests.timeout
        self.troubles: dict[int, Trouble] = {}
        self._kernels = kernels
        self._options = list(options)
        self._environment = {**workspace.environment, **(environment or {})}
        self._redaction = redaction_for(document, {**os.environ, **self._environment})
        self._kernel: Kernel | None = None
        self._position = -1
        self._loaded: dict[int, Loaded] = {}
        self._hopeless: Trouble | None = None
        self._fatal: dict[int, Trouble] = {}
        self._chosen = frozenset(cell.index for cell in self.slices.cells)

    def choose(self, cells: Iterable[int], contracts: Iterable[Contracted] = ()) -> None:
        """Say of which test cells (and functions) the tests are wanted: the others' cells are not run."""
        chosen: set[int] = set()
        for cell in cells:
            chosen |= {cell} | self.slices.needed(cell)
        for function in contracts:
            chosen |= self.slices.needed_for(function)
        if not self.slices.whole:
            self._chosen = frozenset(chosen)

    def tests(self, cell: Cell) -> Loaded:
        """The tests of a test cell; everything above it that is needed has run.

        Raises
        ------
        CannotTest
            When something that it needs did not work.
        """
        self.reach(cell.index)
        if cell.index not in self._loaded or cell.index in self.troubles:
            raise CannotTest(self.troubles[cell.index])
        return self._loaded[cell.index]

    def run(self, test: Found, following: Found | None, *, more: bool = False) -> Ran:
        """Run one test.

        Parameters
        ----------
        test : Found
            The test.
        following : Found or None
            The test that is run next: fixtures that it shares with this one live on.
        more : bool
            Whether other tests of this notebook follow that have not been collected yet.

        Raises
        ------
        CannotTest
            When something that it needs did not work.
        """
        cell = self.document.cells[test.cell]
        loaded = self.tests(cell)
        known = next((found for found in loaded.tests if found.name == test.name), None)
        if known is None:
            broken = [trouble for trouble in loaded.troubles if not trouble.name or test.name.startswith(trouble.name)]
            raise CannotTest(broken[0] if broken else vanished(cell, test))
        cause = self._blocked(self.slices.needed_by(test.cell, test.name))
        if cause is not None:
            raise CannotTest(cause)
        after = [following.cell + 1, following.name] if following else ([0, None] if more else None)
        limit = self.timeout if known.timeout is None else (known.timeout or None)
        reply = self._ask(limit, do="run", cell=cell.number, name=test.name, following=after)
        return self._ran(reply, known, limit)

    def check(self, function: Contracted, limit: float) -> Reply:
        """Push generated frames through a function that has a contract; all cells that it needs have run."""
        self.reach(len(self.document.cells))
        cause = self._blocked(self.slices.needed_for(function))
        if cause is not None:
            raise CannotTest(cause)
        return self._ask(
            limit,
            do="check",
            function=function.name,
            takes=function.takes,
            gives=function.gives,
            examples=self.workspace.settings.tests.examples,
            root=str(self.workspace.root),
        )

    def close(self) -> None:
        """Tear down what tests have set up, and end the kernel."""
        if self._kernel is not None and self._loaded:
            self._ask(_GRACE, do="finish")
        self._drop()

    def kill(self) -> None:
        """End the kernel without a farewell."""
        self._drop()

    # ------------------------------------------------------------------ the way through the cells

    def reach(self, index: int) -> None:
        """Run the chosen cells above `index` (a test cell there is loaded), afresh where that place has passed."""
        passed = any(
            index < cell.index <= self._position and cell.role != "test" and cell.index in self._chosen
            for cell in self.slices.cells
        )
        missed = index <= self._position and index not in self._loaded and index not in self.troubles
        if passed or missed:
            self.close()
        while True:
            if self._kernel is None:
                self._start()
            if self._walk(index):
                return

    def _walk(self, index: int) -> bool:
        """Go on to `index`; False when the kernel was lost on the way."""
        for cell in self.slices.cells:
            if not self._position < cell.index <= index or cell.index not in self._chosen:
                continue
            if cell.role != "test" and cell.index == index:
                continue
            self._position = cell.index
            if cell.index in self._fatal:
                self.troubles[cell.index] = self._fatal[cell.index]
            elif (cause := self._blocked(self._needs(cell))) is not None:
                self.troubles[cell.index] = cause
            elif cell.role == "test":
                self._load(cell)
            else:
                self._run_cell(cell)
            if self._kernel is None:
                return False
        return True

    def _needs(self, cell: Cell) -> frozenset[int]:
        return self.slices.needed_to_load(cell.index) if cell.role == "test" else self.slices.needed(cell.index)

    def _blocked(self, needed: Iterable[int]) -> Trouble | None:
        """The trouble of a cell that is needed; None when all of them have run."""
        return next((self.troubles[index] for index in sorted(needed) if index in self.troubles), None)

    def _start(self) -> None:
        if self._hopeless is not None:
            raise CannotTest(self._hopeless)
        self._position, self._loaded, self.troubles = -1, {}, {}
        folder = (self.workspace.root / self.document.path).parent
        try:
            self._kernel = self._kernels.start(folder, self._environment)
        except KernelDidNotStart as error:
            self._hopeless = Trouble(None, str(error))
            raise CannotTest(self._hopeless) from None
        cells = {str(cell.number): cell.source for cell in self.slices.cells if cell.role != "test"}
        reply = self._ask(
            _GRACE + self.timeout,
            do="begin",
            root=str(self.workspace.root),
            notebook=self.document.path,
            cells=cells,
            options=self._options,
        )
        told = reply.answers[0] if reply.answers else {"fault": in_words(reply), "detail": reply.traceback}
        if "fault" in told:
            self._drop()
            fact = f"pytest could not be set up in the kernel: {told['fault']}"
            self._hopeless = Trouble(None, fact, detail=told["detail"])
            raise CannotTest(self._hopeless)

    def _run_cell(self, cell: Cell) -> None:
        assert self._kernel is not None
        if not cell.source.strip():
            return
        reply = discreet(self._kernel.run(cell.source, self.timeout), self._redaction)
        if reply.status == "ok" or (reply.status == "error" and RAISES in cell.tags):
            return
        place = f"cell {cell.number}"
        if reply.status == "died":
            self._lose(cell, Trouble(cell.index, f"The kernel ended while {place} was running: {reply.message}"), reply)
            return
        told = self._ask(_GRACE, do="where", cell=cell.number)
        where: dict[str, Any] = (
            told.answers[0] if told.answers else {"line": None, "detail": reply.traceback, "message": ""}
        )
        fact = f"{place} did not finish within {self.timeout:g} s" if reply.status == "timeout" else ""
        fact = fact or f"{place} raised {where['message'] or in_words(reply)}"
        message = f"{fact[:1].upper()}{fact[1:]}"
        trouble = Trouble(cell.index, message, where["line"], where["detail"], reply.output)
        self.troubles[cell.index] = trouble
        if reply.status == "timeout" or self._kernel is None:
            self._fatal[cell.index] = trouble

    def _load(self, cell: Cell) -> None:
        reply = self._ask(self.timeout, do="load", cell=cell.number, source=cell.source)
        if reply.status == "died":
            self._lose(
                cell,
                Trouble(cell.index, f"The kernel ended while cell {cell.number} was running: {reply.message}"),
                reply,
            )
            return
        if reply.status != "ok" or not reply.answers:
            late = reply.status == "timeout"
            fact = f"did not finish within {self.timeout:g} s" if late else f"raised {in_words(reply)}"
            self.troubles[cell.index] = Trouble(
                cell.index, f"Cell {cell.number} {fact}", detail=reply.traceback, output=reply.output
            )
            return
        told = reply.answers[0]
        loaded = Loaded(
            [
                Found(cell.index, item["name"], item["line"], item["timeout"], tuple(item["marks"]))
                for item in told["items"]
            ],
            [of_fault(cell, fault) for fault in told["faults"]],
        )
        self._loaded[cell.index] = loaded
        whole = [trouble for trouble in loaded.troubles if not trouble.name]
        if whole:
            self.troubles[cell.index] = whole[0]

    def _lose(self, cell: Cell, trouble: Trouble, reply: Reply) -> None:
        trouble = Trouble(trouble.cell, trouble.message, output=reply.output)
        self._fatal[cell.index] = self.troubles[cell.index] = trouble
        self._drop()

    # ------------------------------------------------------------------ the kernel

    def _ask(self, seconds: float | None, **request: Any) -> Reply:
        assert self._kernel is not None
        module = "studio.notebooks.testing.inside"
        source = f"__import__({module!r}, fromlist=['answer']).answer({json.dumps(request)!r})"
        reply = discreet(self._kernel.run(source, seconds, quiet=True), self._redaction)
        if reply.status == "died":
            self._drop()
        return reply

    def _ran(self, reply: Reply, test: Found, limit: float | None) -> Ran:
        told = reply.answers[0] if reply.answers else {"reports": [], "stopped": None, "line": test.line}
        stopped = told.get("stopped") or {}
        lost = str(stopped.get("message") or "")
        late = f"The test did not finish within {limit:g} s" if limit is not None else ""
        if reply.status == "died" and limit is not None and reply.seconds >= limit:
            lost = f"{late}, and its kernel {reply.message.removeprefix('it ')}"
        elif reply.status == "died":
            lost = f"The kernel ended while the test was running: {reply.message}"
        elif reply.status == "timeout":
            lost = f"{late}."
        elif stopped:
            lost = lost or "The test was interrupted."
        elif not told["reports"]:
            lost = f"The test could not be run: {in_words(reply)}"
        detail = str(stopped.get("detail") or ("" if reply.answers else reply.traceback))
        output = reply.output + str(stopped.get("output") or "")
        return Ran(told["reports"], reply.seconds, lost, detail, output, told.get("line"))

    def _drop(self) -> None:
        kernel, self._kernel = self._kernel, None
        self._position, self._loaded = -1, {}
        if kernel is not None:
            kernel.close()
