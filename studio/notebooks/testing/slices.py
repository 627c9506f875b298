"""Which cells a test needs: the cells above it that bind or may change the names it uses, and so on, transitively.

A test of a small function is not to wait for the training of a model further up. What cannot be read from the source
(star imports, magics, ``exec``) makes the answer larger, never smaller.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from studio.notebooks.document import SKIP, Cell, NotebookDocument
from studio.notebooks.python_code import imported_names, parse, resolved
from studio.notebooks.testing.names import Effects, Names, names_of, parts_of


@dataclass(frozen=True)
class Contracted:
    """A function that says which dataset it takes and which one it gives.

    Attributes
    ----------
    name : str
        The function.
    cell, line : int
        Index of its cell, from 0; line in it, from 1.
    takes : str
        A dataset of the catalog; empty where it is not written out.
    gives : str or None
        A dataset of the catalog.
    """

    name: str
    cell: int
    line: int
    takes: str
    gives: str | None


class Slices:
    """The cells of one notebook, and which of them need which.

    Parameters
    ----------
    document : NotebookDocument
        The notebook.
    whole : bool
        Whether everything above a cell is needed by it.
    """

    def __init__(self, document: NotebookDocument, *, whole: bool = False) -> None:
        self.document = document
        self.whole = whole
        self.cells = [
            cell
            for cell in document.cells
            if cell.executes or (cell.role == "test" and SKIP not in cell.tags and cell.source.strip())
        ]
        self._needs: dict[int, frozenset[int]] = {}

    @property
    def tests(self) -> list[Cell]:
        """The test cells."""
        return [cell for cell in self.cells if cell.role == "test"]

    def needed(self, index: int) -> frozenset[int]:
        """Indices of the cells (code and test cells) above the cell `index` that it needs."""
        if index not in self._needs:
            own = self.document.cells[index]
            uses = set(self._names[index].uses)
            if own.role == "test":
                uses |= _asked_for(own)
            self._needs[index] = self._closure(uses, index, opaque=self._names[index].opaque)
        return self._needs[index]

    def needed_to_load(self, index: int) -> frozenset[int]:
        """Indices of the cells that a test cell needs when it runs, before any of its tests."""
        if self.whole or self._names[index].opaque:
            fault_in_it = parse(self.document.cells[index].source)
            return self.needed(index) if isinstance(fault_in_it, ast.Module) else frozenset()
        return self._closure(set(parts_of(self.document.cells[index].source).top), index, opaque=False)

    def needed_by(self, index: int, name: str) -> frozenset[int]:
        """Indices of the cells that one test of a test cell needs, which may be fewer than its cell needs."""
        parts = parts_of(self.document.cells[index].source)
        first = name.partition("[")[0].partition("::")[0]
        if first not in parts.defined or self.whole or self._names[index].opaque:
            return self.needed(index)
        uses: set[str] = set(parts.top)
        waiting = [first]
        while waiting:
            found = waiting.pop()
            more = (parts.defined[found] | parts.asked[found]) - uses
            uses |= more
            waiting += [name for name in more if name in parts.defined]
        return self._closure(uses, index, opaque=False)

    def needed_for(self, function: Contracted) -> frozenset[int]:
        """Indices of the code cells that a function needs to be called, its own included."""
        found = self._closure({function.name}, len(self.document.cells), opaque=False)
        own = self.needed(function.cell) if self.whole else frozenset()
        return frozenset(index for index in {*found, *own, function.cell} if self.document.cells[index].role != "test")

    @cached_property
    def contracted(self) -> tuple[Contracted, ...]:
        """The functions under ``@studio.contract(…)`` in code cells; the last definition of a name counts."""
        found: dict[str, Contracted] = {}
        imports: dict[str, str] = {}
        for cell in self.cells:
            tree = parse(cell.source) if cell.role != "test" else None
            if not isinstance(tree, ast.Module):
                continue
            imports |= imported_names(tree)
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and (call := _contract(node, imports)) is not None:
                    found[node.name] = Contracted(
                        node.name, cell.index, node.lineno, _text(call, "takes", 0) or "", _text(call, "gives", 1)
                    )
        return tuple(found.values())

    @cached_property
    def _names(self) -> dict[int, Names]:
        return {cell.index: names_of(cell.source) for cell in self.cells}

    @cached_property
    def _modules(self) -> frozenset[str]:
        """Names that nothing but imports binds: a call of ``np.empty`` does not change ``np``."""
        every = self._names.values()
        others = frozenset().union(*(names.binds - names.imports for names in every))
        return frozenset().union(*(names.imports for names in every)) - others

    @cached_property
    def _functions(self) -> dict[str, frozenset[str]]:
        """What each function of the notebook may change, also through the functions that it calls."""
        own: dict[str, list[Effects]] = {}
        for names in self._names.values():
            for name, effects in names.functions.items():
                own.setdefault(name, []).append(effects)
        reached: dict[str, frozenset[str]] = {}
        for name in own:
            changes: set[str] = set()
            seen, waiting = {name}, [name]
            while waiting:
                for effects in own.get(waiting.pop(), ()):
                    changes |= effects.changes | (effects.asked - self._modules)
                    waiting += effects.calls - seen
                    seen |= effects.calls
            reached[name] = frozenset(changes)
        return reached

    def _touches(self, cell: Cell) -> frozenset[str]:
        """The names that the cell binds or whose values it may change."""
        names = self._names[cell.index]
        through = [self._functions.get(name, frozenset()) for name in names.calls]
        return names.binds | names.changes | (names.asked - self._modules) | frozenset().union(*through)

    def _closure(self, uses: set[str], limit: int, *, opaque: bool) -> frozenset[int]:
        above = [cell for cell in self.cells if cell.index < limit]
        if self.whole:
            return frozenset(cell.index for cell in above)
        chosen = {
            cell.index
            for cell in above
            if cell.role == "parameters"
            or (cell.role != "test" and (self._names[cell.index].setting or self._names[cell.index].opaque))
        }
        chosen |= {cell.index for cell in above if cell.role == "test" and _for_all(cell)}
        if opaque:
            chosen |= {cell.index for cell in above if cell.role != "test"}
        uses = uses.union(*(self._names[index].uses for index in chosen))
        for index in list(chosen):
            if self._names[index].opaque:
                chosen |= {cell.index for cell in above if cell.index < index and cell.role != "test"}
        while True:
            uses = uses.union(*(self._uses(index) for index in chosen))
            more = {cell.index for cell in above if cell.index not in chosen and self._touches(cell) & uses}
            if not more:
                return frozenset(chosen)
            chosen |= more

    def _uses(self, index: int) -> set[str]:
        cell = self.document.cells[index]
        return set(self._names[index].uses) | (_asked_for(cell) if cell.role == "test" else set())


def names_of_tests(cells: Iterable[Cell]) -> dict[int, list[tuple[str, int]]]:
    """For each test cell (by its index) the test functions that its source shows, with their lines."""
    found: dict[int, list[tuple[str, int]]] = {}
    for cell in cells:
        tree = parse(cell.source)
        shown: list[tuple[str, int]] = []
        for node in tree.body if isinstance(tree, ast.Module) else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                shown.append((node.name, node.lineno))
            elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                shown += [
                    (f"{node.name}::{inner.name}", inner.lineno)
                    for inner in node.body
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name.startswith("test")
                ]
        found[cell.index] = shown
    return found


def _asked_for(cell: Cell) -> set[str]:
    """Names of the fixtures that the functions of a test cell ask for."""
    return set().union(*parts_of(cell.source).asked.values())


def _for_all(cell: Cell) -> bool:
    """Whether a test cell may hold what all tests below it need: fixtures with ``autouse``, names that nobody sees."""
    return "autouse" in cell.source or "import *" in cell.source


def _contract(node: ast.FunctionDef, imports: dict[str, str]) -> ast.Call | None:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            name = resolved(decorator.func, imports) or ""
            if name in {"studio.contract", "contract"}:
                return decorator
    return None


def _text(call: ast.Call, name: str, position: int) -> str | None:
    values = [keyword.value for keyword in call.keywords if keyword.arg == name]
    values += call.args[position : position + 1]
    return next(
        (value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)), None
    )
