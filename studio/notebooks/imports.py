"""Which modules a source imports, by name, read without running it."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from studio.notebooks.python_code import SyntaxFault, dotted, magic_call, mentions, parse, parse_strictly, walk

_IMPORTERS = {"importlib.import_module", "import_module", "__import__"}


@dataclass(frozen=True)
class Import:
    """One import.

    Attributes
    ----------
    module : str
        The module's name; empty for ``from . import x``.
    names : tuple of str
        What is taken from it (may be sub-modules); ``*`` for everything.
    level : int
        Leading dots.
    line : int
        1-based line in the source.
    """

    module: str
    names: tuple[str, ...]
    level: int
    line: int


@dataclass(frozen=True)
class Script:
    """A file run by ``%run``."""

    path: str
    line: int


Found = tuple[Import | Script, ...]


@lru_cache(maxsize=4096)
def cell_imports(source: str) -> Found:
    """The imports of a cell; none where it is not Python."""
    if not mentions(source, ("import", "run")):
        return ()
    tree = parse(source)
    return () if isinstance(tree, SyntaxFault) else tuple(_found(tree))


@lru_cache(maxsize=4096)
def module_imports(source: str) -> Found | SyntaxFault:
    """The imports of a module's source, or why it is not Python."""
    tree = parse_strictly(source)
    return tree if isinstance(tree, SyntaxFault) else tuple(_found(tree))


def _found(tree: ast.Module) -> Iterator[Import | Script]:
    for node, line in walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), 0, line)
        elif isinstance(node, ast.ImportFrom):
            yield Import(node.module or "", tuple(alias.name for alias in node.names), node.level, line)
        elif isinstance(node, ast.Call):
            yield from _called(node, line)


def _called(node: ast.Call, line: int) -> Iterator[Import | Script]:
    magic = magic_call(node)
    if magic is not None and magic[0] == "run":
        yield _run(magic[1], line)
        return
    name = dotted(node.func)
    if name not in _IMPORTERS or not node.args:
        return
    texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    if not texts or not isinstance(texts[0], str) or texts[0] is not _constant(node.args[0]):
        return
    module = texts[0].lstrip(".")
    level = len(texts[0]) - len(module)
    package = next((_constant(keyword.value) for keyword in node.keywords if keyword.arg == "package"), None)
    package = package or (texts[1] if len(texts) > 1 and name != "__import__" else None)
    if level and isinstance(package, str):
        kept = package.split(".")[: len(package.split(".")) - (level - 1)]
        yield Import(".".join([*kept, module] if module else kept), (), 0, line)
    else:
        yield Import(module, (), level, line)


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _run(line: str, number: int) -> Import | Script:
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    if "-m" in words[:-1]:
        return Import(words[words.index("-m") + 1], (), 0, number)
    return Script(next((word for word in words if not word.startswith("-")), ""), number)
