"""The texts that a cell's code holds, each with what it is given to; the rules about paths and secrets read these."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache

from studio.notebooks.python_code import dotted, parse, walk


@dataclass(frozen=True)
class Literal:
    """One text in the code.

    Attributes
    ----------
    text : str
        Its value.
    line : int
        1-based line in the cell.
    given_to : str
        The variable, argument or key that gets it; empty where there is none.
    joined : bool
        Whether it continues another text, so that its start is not the start of what it is part of.
    """

    text: str
    line: int
    given_to: str = ""
    joined: bool = False


@lru_cache(maxsize=8192)
def literals(source: str) -> tuple[Literal, ...]:
    """The texts in a cell's code, without docstrings; none where it is not Python."""
    if '"' not in source and "'" not in source:
        return ()
    tree = parse(source)
    if not isinstance(tree, ast.Module):
        return ()
    found: list[Literal] = []
    for node, line in walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        for child, name, joined in _children(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str) and child.value:
                found.append(Literal(child.value, _line(source, child, line), name, joined))
    return tuple(found)


def _children(node: ast.AST) -> list[tuple[ast.AST | None, str, bool]]:  # noqa: C901, PLR0911 - a table of forms
    """The expressions right below `node`, each with the name that gets it and whether it continues a text."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return [(value, _name(targets[0]), False)]
        case ast.AnnAssign(target=target, value=value):
            return [(value, _name(target), False)]
        case ast.NamedExpr(target=target, value=value):
            return [(value, target.id, False)]
        case ast.keyword(arg=name, value=value):
            return [(value, name or "", False)]
        case ast.Dict(keys=keys, values=values):
            named = zip(keys, values, strict=True)
            pairs = [(value, _text(key), False) for key, value in named]
            return [*pairs, *((key, "", False) for key in keys)]
        case ast.arguments(args=arguments, defaults=defaults):
            tail = arguments[len(arguments) - len(defaults) :] if defaults else []
            return [(value, argument.arg, False) for argument, value in zip(tail, defaults, strict=False)]
        case ast.BinOp(left=left, right=right):
            return [(left, "", False), (right, "", True)]
        case ast.JoinedStr(values=values):
            return [(value, "", number > 0) for number, value in enumerate(values)]
        case ast.Subscript(slice=part):
            return [(part, "", True)]
        case ast.Call(func=function, args=arguments):
            setter = (dotted(function) or "").rpartition(".")[2] in {"setdefault", "putenv", "setenv", "__setitem__"}
            if setter and len(arguments) == 2:
                return [(arguments[1], _text(arguments[0]), False)]
            return [(argument, "", False) for argument in arguments]
        case ast.Compare(left=left, comparators=others):
            return [(part, "", True) for part in (left, *others)]
    return [(child, "", False) for child in ast.iter_child_nodes(node)]


def _name(target: ast.expr) -> str:
    """``b`` for ``a.b``, ``a["b"]`` and ``b``."""
    if isinstance(target, ast.Subscript):
        return _text(target.slice)
    return (dotted(target) or "").rpartition(".")[2]


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _line(source: str, node: ast.Constant, outer: int) -> int:
    # Texts inside magics have lines of their own there; the magic's line is the one in the cell.
    own = getattr(node, "lineno", outer)
    return own if own >= outer and own <= source.count("\n") + 1 else outer
