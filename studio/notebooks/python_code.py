"""A cell's source as a syntax tree, without running it; IPython's own notation (``%``, ``!``, ``?``) included.

Most cells are plain Python and parse as they are. Where one does not, IPython's transformer (imported only then)
rewrites it to plain calls, which `embedded` takes apart again, so that ``%time studio.load("x")`` is seen.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

# Magics whose line or body runs as Python in the notebook's own namespace.
_PYTHON_MAGICS = {"time", "timeit", "prun", "capture", "memit", "mprun", "lprun", "debug"}
_LEAVES = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
_OPTION = re.compile(r"\A(?:-\w+\s*(?:\d+\s+|(?=-)|\s*))+")
_OWN_NOTATION = re.compile(r"^\s*(?:%|!|\?|,|;|/|>>> |In \[|\S.*\?\s*$)|=\s*(?:%|!)|\A\s+\S", re.MULTILINE)


@dataclass(frozen=True)
class SyntaxFault:
    """Why a source is not Python.

    Attributes
    ----------
    line : int
        1-based line in the source; 0 where none is known.
    message : str
        What the parser says, without a full stop.
    """

    line: int
    message: str


# Few trees are kept, since many make the garbage collector slow: enough for the several readers of one notebook.
@lru_cache(maxsize=16)
def parse(source: str) -> ast.Module | SyntaxFault:
    """The tree of a cell's source, never to be changed (it is remembered by its text)."""
    found = _parse_plain(source)
    if isinstance(found, ast.Module) or not _OWN_NOTATION.search(source):
        return found
    transformed = _parse_plain(_transformed(source))
    return transformed if isinstance(transformed, ast.Module) else found


@lru_cache(maxsize=4096)
def fault(source: str) -> SyntaxFault | None:
    """Why a cell's source is not Python; None where it is."""
    found = parse(source)
    return found if isinstance(found, SyntaxFault) else None


def mentions(source: str, words: Iterable[str]) -> bool:
    """Whether one of the names may stand in the source: cheap, and never wrongly False.

    Python takes some other characters for the letters of a name, so that only plain ASCII is looked through.
    """
    return not source.isascii() or any(word in source for word in words)


def parse_strictly(source: str) -> ast.Module | SyntaxFault:
    """The tree of plain Python: IPython's notation is a fault."""
    return _parse_plain(source)


def embedded(call: ast.Call) -> ast.Module | None:
    """The Python that a magic's call runs: of ``%time f()`` the tree of ``f()``; None for any other call."""
    magic = magic_call(call)
    if magic is None or magic[0] not in _PYTHON_MAGICS:
        return None
    _, line, body = magic
    # A cell magic's own line is Python only for timeit (its set-up); elsewhere it holds options.
    source = body if body is not None else _OPTION.sub("", line)
    tree = parse(source)
    return tree if isinstance(tree, ast.Module) else None


def magic_call(call: ast.Call) -> tuple[str, str, str | None] | None:
    """Name, line and body (None for a line magic) where `call` is a magic, as IPython rewrites it."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in {"run_line_magic", "run_cell_magic"}:
        return None
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if len(texts) != len(call.args) or not all(isinstance(text, str) for text in texts):
        return None
    if function.attr == "run_line_magic" and len(texts) == 2:
        return str(texts[0]), str(texts[1]), None
    if function.attr == "run_cell_magic" and len(texts) == 3:
        return str(texts[0]), str(texts[1]), str(texts[2])
    return None


def walk(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Every node in the order of the source, each with its line; code inside magics stands on the magic's line.

    Leaves that say nothing about names and calls (constants, contexts, operators) are passed over.
    """
    # With a stack of its own, since a long sum is a tree deeper than Python calls may go.
    waiting: list[tuple[ast.AST, int, bool]] = [(tree, 0, False)]
    while waiting:
        node, line, fixed = waiting.pop()
        own = line if fixed else getattr(node, "lineno", line)
        yield node, own
        children: list[tuple[ast.AST, int, bool]] = []
        if isinstance(node, ast.Call) and (inner := embedded(node)) is not None:
            children.append((inner, own, True))
        for name in node._fields:
            value = getattr(node, name, None)
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, ast.AST) and not isinstance(child, _LEAVES):
                    children.append((child, own, fixed))
        children.reverse()
        waiting += children


def imported_names(tree: ast.Module) -> dict[str, str]:
    """What the imports of `tree` bind: ``{"dt": "datetime", "d": "datetime.date"}``."""
    names: dict[str, str] = {}
    for node, _ in walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def dotted(node: ast.expr) -> str | None:
    """``a.b.c`` where `node` is a chain of names; None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)) is not None:
        return f"{before}.{node.attr}"
    return None


def resolved(node: ast.expr, names: dict[str, str]) -> str | None:
    """`dotted` with its first name replaced by what the imports bind it to."""
    found = dotted(node)
    if found is None:
        return None
    first, dot, rest = found.partition(".")
    return names.get(first, first) + dot + rest


def _parse_plain(source: str) -> ast.Module | SyntaxFault:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        with warnings.catch_warnings():
            # Invalid escapes are the notebook's own matter and are told when it runs.
            warnings.simplefilter("ignore")
            tree = compile(source, "<cell>", "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        return SyntaxFault(error.lineno or 0, error.msg)
    except (ValueError, UnicodeError) as error:
        return SyntaxFault(0, str(error))
    except (RecursionError, MemoryError):
        return SyntaxFault(0, "it is nested too deeply")
    return tree if isinstance(tree, ast.Module) else SyntaxFault(0, "it is no module")


def _transformed(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return str(TransformerManager().transform_cell(source))
    except SyntaxError:
        return source
