"""Which datasets a notebook loads and saves, read from its ``studio.load("…")`` and ``studio.save("…", …)`` calls.

The pipeline's graph is made of these, so a call whose dataset cannot be seen without running it is a problem, and so
is any way around the calls. What is missed all the same is refused while the notebook runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from studio.core.errors import Problem
from studio.notebooks.document import RAISES, Cell, NotebookDocument
from studio.notebooks.python_code import SyntaxFault, dotted, fault, mentions, parse, walk

_HOMES = ("studio", "studio.data.doorway")
_CALLS = ("load", "save")


@dataclass(frozen=True)
class DatasetUse:
    """One call.

    Attributes
    ----------
    name : str
        The dataset.
    cell : int
        Index of the cell, from 0.
    line : int
        1-based line in the cell.
    """

    name: str
    cell: int
    line: int

    @property
    def place(self) -> str:
        """The place as people count: ``cell 3, line 1``."""
        return f"cell {self.cell + 1}, line {self.line}"


@dataclass(frozen=True)
class Datasets:
    """All calls of one notebook in their order, and what kept one from being read."""

    loads: tuple[DatasetUse, ...]
    saves: tuple[DatasetUse, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def loaded(self) -> tuple[str, ...]:
        """The names of the datasets loaded, each once."""
        return _names(self.loads)

    @property
    def saved(self) -> tuple[str, ...]:
        """The names of the datasets saved, each once."""
        return _names(self.saves)


def read_datasets(document: NotebookDocument) -> Datasets:
    """The datasets that a pipeline run of the notebook loads and saves.

    Cells that such a run does not execute (``test``, ``scratch``, ``skip-execution``) are not looked at.
    Problems are returned and not raised, so that a caller can tell them together with others.
    """
    scanner = Scanner()
    problems: list[Problem] = []
    if not document.is_python:
        return Datasets((), (), ())
    uses: dict[str, list[DatasetUse]] = {"load": [], "save": []}
    for cell in document.cells:
        if not cell.executes:
            continue
        found = fault(cell.source)
        if found is not None:
            problems += syntax_problems(document, cell, found)
            continue
        scan = scanner.read(cell.source)
        for call, name, line in scan.uses:
            uses[call].append(DatasetUse(name, cell.index, line))
        problems += [document.problem(message, cell, line) for message, line in scan.faults]
    return Datasets(tuple(uses["load"]), tuple(uses["save"]), tuple(problems))


def syntax_problems(document: NotebookDocument, cell: Cell, found: SyntaxFault) -> list[Problem]:
    """The problem of a cell that is not Python; none where the cell is tagged to raise."""
    if RAISES in cell.tags:
        return []
    message = f"This is not Python: {found.message}. Next: correct the cell, or tag it 'scratch'."
    return [document.problem(message, cell, found.line)]


@dataclass(frozen=True)
class Scan:
    """What one syntax tree holds: (``load`` or ``save``, dataset, line) and (message, line)."""

    uses: list[tuple[str, str, int]]
    faults: list[tuple[str, int]]


class Scanner:
    """Follows, over the cells of one notebook, what names mean Studio and its two calls."""

    def __init__(self) -> None:
        # Bound from the start, for an import that cannot be seen (``from mine import *``).
        self.modules = {"studio"}
        self.functions: dict[str, str] = {}

    def read(self, source: str) -> Scan:
        """`scan` for the source of a cell; sources that name nothing of interest are not looked into."""
        if mentions(source, {"studio", *self.modules, *self.functions}):
            tree = parse(source)
            if isinstance(tree, ast.Module):
                return self.scan(tree)
        return Scan([], [])

    def scan(self, tree: ast.Module) -> Scan:
        """All uses in `tree`; its imports count for the trees after it, too."""
        scan = Scan([], [])
        accounted: set[int] = set()
        for node, line in walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
            elif isinstance(node, ast.Assign):
                self._assign(node, accounted)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._forget(node.name)
            elif isinstance(node, ast.Call):
                self._call(node, line, scan, accounted)
            elif isinstance(node, ast.Name | ast.Attribute) and id(node) not in accounted:
                found = self._meaning(node)
                if found is not None and isinstance(node.ctx, ast.Load):
                    scan.faults.append((_not_called(found), line))
        return scan

    def _forget(self, name: str) -> None:
        self.modules.discard(name)
        self.functions.pop(name, None)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            bound = alias.asname or (alias.name if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0])
            if isinstance(node, ast.Import):
                whole = alias.name if alias.asname else bound
                self._forget(bound)
                if whole in _HOMES:
                    self.modules.add(bound)
            elif node.module in _HOMES and not node.level:
                found = _CALLS if alias.name == "*" else tuple({alias.name} & set(_CALLS))
                for call in found:
                    self.functions[call if alias.name == "*" else bound] = call
            else:
                self._forget(bound)

    def _assign(self, node: ast.Assign, accounted: set[int]) -> None:
        found = self._meaning(node.value)
        is_module = dotted(node.value) in self.modules
        for target in node.targets:
            if not isinstance(target, ast.Name):
                continue
            self._forget(target.id)
            if found is not None:
                self.functions[target.id] = found
                accounted.add(id(node.value))
            elif is_module:
                self.modules.add(target.id)

    def _call(self, node: ast.Call, line: int, scan: Scan, accounted: set[int]) -> None:
        called = self._meaning(node.func)
        if called is not None:
            accounted.add(id(node.func))
            name = _first_argument(node)
            if name is None:
                scan.faults.append((_not_literal(called), line))
            else:
                scan.uses.append((called, name, line))
        elif isinstance(node.func, ast.Name) and node.func.id == "getattr" and self._reaches_in(node.args):
            scan.faults.append((_not_called("load"), line))

    def _reaches_in(self, arguments: list[ast.expr]) -> bool:
        if len(arguments) < 2 or dotted(arguments[0]) not in self.modules:
            return False
        name = arguments[1]
        return not isinstance(name, ast.Constant) or name.value in _CALLS

    def _meaning(self, node: ast.expr) -> str | None:
        """``load`` or ``save`` where the expression is that function."""
        name = dotted(node)
        if name is None:
            return None
        if name in self.functions:
            return self.functions[name]
        before, _, last = name.rpartition(".")
        first, _, rest = before.partition(".")
        inside = first in self.modules and rest in {"", "data.doorway"}
        return last if inside and last in _CALLS else None


def _first_argument(node: ast.Call) -> str | None:
    named = [keyword.value for keyword in node.keywords if keyword.arg == "name"]
    argument = node.args[0] if node.args else (named[0] if named else None)
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return None


def _not_literal(call: str) -> str:
    return (
        f"The dataset of this studio.{call} cannot be read without running it, so the pipeline cannot know it. "
        f'Next: write its name in place, such as studio.{call}("customers"{", frame" if call == "save" else ""}).'
    )


def _not_called(call: str) -> str:
    return (
        f"studio.{call} is passed on here instead of called, so the pipeline cannot know the dataset. "
        f'Next: call it in place, such as studio.{call}("customers"{", frame" if call == "save" else ""}).'
    )


def _names(uses: Iterable[DatasetUse]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(use.name for use in uses))
