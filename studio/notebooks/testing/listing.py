"""Which tests a test cell holds, read from its source: pytest itself collects from a module of empty functions.

Nothing of the notebook is run. Functions keep their names, arguments and marks and lose their bodies, so that names and
ids are pytest's own, as long as decorators and parameters are written out. Where they are not, `tests_in` says so, and
a kernel has to be asked.
"""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.python_code import dotted, parse
from studio.notebooks.testing.names import names_of
from studio.notebooks.testing.results import Found

_PLAIN = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.USub, ast.UAdd, ast.Not, ast.Load)
_TYPES = ("bool", "bytes", "dict", "float", "int", "list", "object", "range", "set", "str", "tuple", "type")
_KNOWN: dict[str, Any] = {name: getattr(builtins, name) for name in _TYPES} | {
    name: value for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)
}
_SHAPING = {"parametrize", "usefixtures"}
"""Marks whose arguments decide which tests there are; those of others are not needed to name a test."""


class Unreadable(Exception):
    """Only running the cell tells which tests it holds."""


class Stub(pytest.Module):
    """A module of empty functions in the place of a test cell."""

    def _getobj(self) -> types.ModuleType:
        raise AssertionError("the module is given")


def tests_in(parent: pytest.Collector, document: NotebookDocument, cell: Cell) -> list[tuple[Found, list[pytest.Mark]]]:
    """The tests of `cell` and their marks, in the order in which they run.

    Raises
    ------
    Unreadable
        When that cannot be read from the source.
    """
    tree = parse(cell.source)
    if not isinstance(tree, ast.Module):
        raise Unreadable
    module = _Writer(_names_for_pytest(document)).module(tree, cell)
    stub = Stub.from_parent(parent, path=parent.path, name=parent.name)
    stub.obj = module
    stub.own_markers[:] = _marks(module)
    own = list(stub.own_markers)
    lines = dict(_lines(tree))
    found = []
    for item in _items(stub.collect()):
        chain = [node for node in item.listchain()[1:] if isinstance(node, pytest.Class | pytest.Function)]
        name = "::".join(node.name for node in chain)
        marks = [mark for node in reversed(chain) for mark in node.own_markers] + own
        plain = "::".join(part.partition("[")[0] for part in name.split("::"))
        found.append((Found(cell.index, name, lines.get(plain)), marks))
    return found


def _marks(module: types.ModuleType) -> list[pytest.Mark]:
    from _pytest.mark.structures import get_unpacked_marks

    return list(get_unpacked_marks(module))


def _items(nodes: Iterable[Any]) -> list[pytest.Function]:
    found: list[pytest.Function] = []
    for node in nodes:
        found += _items(node.collect()) if isinstance(node, pytest.Collector) else [node]
    return found


def _lines(tree: ast.Module, before: str = "") -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found += _lines(ast.Module(node.body, []), f"{before}{node.name}::")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append((before + node.name, min([node.lineno, *(mark.lineno for mark in node.decorator_list)])))
    return found


def _names_for_pytest(document: NotebookDocument) -> dict[str, Any]:
    """What means pytest, or something of it, in the notebook's cells; not what is bound to something else as well."""
    meant: dict[str, Any] = {}
    other: set[str] = set()
    for cell in document.cells:
        if not (cell.executes or cell.role == "test"):
            continue
        tree = parse(cell.source)
        if not isinstance(tree, ast.Module):
            continue
        names = names_of(cell.source)
        other |= names.binds - names.imports
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                meant |= {alias.asname or alias.name: pytest for alias in node.names if alias.name == "pytest"}
                other |= {
                    alias.asname or alias.name.partition(".")[0] for alias in node.names if alias.name != "pytest"
                }
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if node.module == "pytest" and hasattr(pytest, alias.name):
                        meant[alias.asname or alias.name] = getattr(pytest, alias.name)
                    else:
                        other.add(alias.asname or alias.name)
    return {name: value for name, value in meant.items() if name not in other}


class _Writer:
    """Writes the module of empty functions."""

    def __init__(self, meant: Mapping[str, Any]) -> None:
        self._meant = {**_KNOWN, **meant}
        self._pytest = set(meant)

    def module(self, tree: ast.Module, cell: Cell) -> types.ModuleType:
        if names_of(cell.source).opaque or names_of(cell.source).setting:
            raise Unreadable
        body = [found for node in tree.body if (found := self._statement(node)) is not None]
        made = types.ModuleType(f"cell_{cell.number}")
        vars(made).update(self._meant)
        before = set(vars(made))
        code = compile(ast.unparse(ast.fix_missing_locations(ast.Module(body, []))), made.__name__, "exec")
        exec(code, vars(made))  # noqa: S102 - empty functions under marks that were looked through
        for name in before - {"__name__"}:
            vars(made).pop(name, None)
        vars(made).pop("__builtins__", None)
        self._check_imports(tree, made)
        return made

    def _statement(self, node: ast.stmt) -> ast.stmt | None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self._function(node)
        if isinstance(node, ast.ClassDef):
            return self._class(node)
        if isinstance(node, ast.Assign) and [dotted(target) for target in node.targets] == ["pytestmark"]:
            return ast.Assign(node.targets, self._pytestmark(node.value))
        inner = list(ast.walk(node))
        if any(isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for found in inner):
            raise Unreadable  # defined under a condition or in a loop
        stored = {found.id for found in inner if isinstance(found, ast.Name) and not isinstance(found.ctx, ast.Load)}
        stored |= {found.asname or found.name for found in inner if isinstance(found, ast.alias)}
        if any(name.lower().startswith(("test", "pytest_", "pytestmark")) for name in stored):
            raise Unreadable
        return None

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt | None:
        if node.name.startswith("pytest_"):
            raise Unreadable
        decorators = []
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            if (dotted(target) or "").partition(".")[0] in self._pytest:
                decorators.append(self._mark(decorator))
            elif node.name.lower().startswith("test"):
                raise Unreadable  # whatever it does to the function
            else:
                return None
        arguments = ast.arguments(
            posonlyargs=[ast.arg(given.arg) for given in node.args.posonlyargs],
            args=[ast.arg(given.arg) for given in node.args.args],
            vararg=None,
            kwonlyargs=[ast.arg(given.arg) for given in node.args.kwonlyargs],
            kw_defaults=[value and ast.Constant(None) for value in node.args.kw_defaults],
            kwarg=None,
            defaults=[ast.Constant(None) for _ in node.args.defaults],
        )
        return ast.FunctionDef(node.name, arguments, [ast.Pass()], decorators, lineno=node.lineno)

    def _class(self, node: ast.ClassDef) -> ast.stmt | None:
        if not node.name.startswith("Test") and not node.decorator_list and not node.bases:
            return None
        if node.bases or node.keywords:
            if node.name.startswith("Test"):
                raise Unreadable
            return None
        body: list[ast.stmt] = []
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name in {"__init__", "__new__"}:
                raise Unreadable
            found = self._statement(inner)
            if found is not None:
                body.append(found)
        return ast.ClassDef(
            node.name,
            [],
            [],
            [*body, ast.Pass()],
            [self._mark(mark) for mark in node.decorator_list],
            lineno=node.lineno,
        )

    def _pytestmark(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.List | ast.Tuple):
            return ast.List([self._mark(mark) for mark in node.elts], ast.Load())
        return self._mark(node)

    def _mark(self, node: ast.expr) -> ast.expr:
        """A decorator of pytest's, where what it says is written out; else, where only its name counts, without."""
        if self._readable(node):
            return node
        target = node.func if isinstance(node, ast.Call) else node
        name = dotted(target) or ""
        is_mark = len(name.split(".")) >= 2 and name.split(".")[-2] == "mark" and self._readable(target)
        if not is_mark or name.rpartition(".")[2] in _SHAPING:
            raise Unreadable
        return target

    def _readable(self, node: ast.expr) -> bool:
        """Whether it is made of constants, builtin types and what pytest offers."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                if inner.id not in self._meant:
                    return False
            elif isinstance(inner, ast.Call | ast.Attribute):
                target = inner.func if isinstance(inner, ast.Call) else inner
                root = (dotted(target) or "").partition(".")[0]
                if root not in self._pytest and not (isinstance(inner, ast.Call) and root in _TYPES):
                    return False
            elif not isinstance(inner, (*_PLAIN, ast.keyword)):
                return False
        return True

    def _check_imports(self, tree: ast.Module, made: types.ModuleType) -> None:
        """Raise where a test asks for an imported name: a fixture that may have parameters."""
        imported = {
            alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
        }
        asked = {
            argument.arg
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
            for argument in node.args.args
        }
        if imported & asked or any(not name.isidentifier() for name in vars(made)):
            raise Unreadable
