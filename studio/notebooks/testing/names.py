"""What one cell binds, uses and may change, read from its source: what `studio.notebooks.testing.slices` follows.

A cell is never run for this, so that some changes are guessed, always to the safe side: a method that may change its
object counts as one that does, unless its name says that it only looks.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from studio.notebooks.python_code import SyntaxFault, dotted, embedded, magic_call, parse, walk

_ANYTHING = {"exec", "eval", "globals", "locals", "vars", "get_ipython", "__import__", "compile", "setattr", "delattr"}
"""Functions after which nobody knows which names were used or bound."""
_TEXTS = {"query", "eval", "sql", "execute", "from_query", "read_sql"}
"""Methods whose texts name variables: ``frame.query("x > @limit")``, ``duckdb.sql("from frame")``."""
_SETTINGS = {"matplotlib", "load_ext", "reload_ext", "config", "autoreload", "precision", "pylab"}
_LOOKS_ONLY = frozenset(
    """
    abs agg aggregate all any apply assign astype between bool clip copy corr count cumsum describe dict diff
    display drop drop_duplicates dropna dt enumerate eq fillna filter first float format get groupby head hist
    idxmax idxmin info int isin isinstance isna isnull isoformat items join keys last len list loc lower map mask
    mean median melt memory_usage merge min max mode ne nlargest notna nsmallest nunique pivot pivot_table plot
    predict predict_proba print quantile range rank reindex rename replace repr reset_index rolling round sample
    score select_dtypes set set_axis set_index shift show size sort_index sort_values sorted split stack
    startswith std str strftime strip sum tail to_dict to_frame to_list to_numpy to_string tolist transform
    transpose tuple type unique unstack upper value_counts values var where zip
    """.split()  # noqa: SIM905 - a table of words is read more easily
)
"""Calls that change nothing, unless they are told to work in place."""
_WORD = re.compile(r"[^\W\d]\w*")
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Effects:
    """What some statements do: names that they change, names whose methods they call, names that they call."""

    changes: frozenset[str]
    asked: frozenset[str]
    calls: frozenset[str]


@dataclass(frozen=True)
class Names:
    """What a cell does with names of the notebook.

    Attributes
    ----------
    binds, uses, changes : frozenset of str
        Names that it binds; that it looks up, also in its functions; whose values it may change.
    asked : frozenset of str
        Names whose methods it calls, which may change them unless they are modules.
    calls : frozenset of str
        Names that code outside its functions calls.
    functions : mapping
        For each function and class that it defines, what that may change or call when it is called.
    imports : frozenset of str
        Names that its imports bind.
    opaque : bool
        It may bind and use any name.
    setting : bool
        It holds what sets up the session (``%matplotlib inline``) or binds names that nobody sees
        (``from x import *``).
    """

    binds: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    functions: dict[str, Effects] = field(default_factory=dict, hash=False)
    opaque: bool = False
    setting: bool = False


@lru_cache(maxsize=512)
def names_of(source: str) -> Names:
    """The `Names` of a cell's source; one that is not Python may do anything."""
    tree = parse(source)
    if isinstance(tree, SyntaxFault):
        return Names(opaque=True)
    binds, uses = _scopes(tree)
    opaque, setting = _surprises(tree)
    functions: dict[str, Effects] = {}
    imports: set[str] = set()
    for node in _top_level(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            functions[node.name] = _effects(node, inside=True)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    own = _effects(tree, inside=False)
    uses |= _named_in_texts(tree)
    return Names(
        binds=frozenset(binds),
        uses=frozenset(uses - _BUILTINS | (uses & binds)),
        changes=own.changes,
        asked=own.asked,
        calls=own.calls,
        imports=frozenset(imports),
        functions=functions,
        opaque=opaque,
        setting=setting,
    )


@dataclass(frozen=True)
class Parts:
    """A test cell taken apart.

    Attributes
    ----------
    top : frozenset of str
        Names that are looked up when the cell runs, before any of its tests.
    defined : mapping
        For each of its functions and classes the names that its code looks up, in the notebook and in the cell.
    asked : mapping
        For each of them the names of the fixtures that it asks for.
    """

    top: frozenset[str]
    defined: dict[str, frozenset[str]]
    asked: dict[str, frozenset[str]]


@lru_cache(maxsize=128)
def parts_of(source: str) -> Parts:
    """The `Parts` of a test cell; none where it is not Python."""
    tree = parse(source)
    if isinstance(tree, SyntaxFault):
        return Parts(frozenset(), {}, {})
    top: list[ast.stmt] = []
    defined: dict[str, frozenset[str]] = {}
    asked: dict[str, frozenset[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined[node.name] = frozenset(_scopes(ast.Module([node], []))[1])
            asked[node.name] = frozenset(_fixtures(node))
            top += [ast.Expr(expression) for expression in _at_definition(node)]
        else:
            top.append(node)
    return Parts(frozenset(_scopes(ast.Module(top, []))[1]), defined, asked)


def _at_definition(node: ast.AST) -> list[ast.expr]:
    """What of a function or class is evaluated when it is defined: decorators, defaults, bases, a class's body."""
    found: list[ast.expr] = []
    if isinstance(node, ast.ClassDef):
        found += [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found += _at_definition(inner)
            else:
                found += [name for name in ast.walk(inner) if isinstance(name, ast.Name)]
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        found += [*node.decorator_list, *node.args.defaults, *(value for value in node.args.kw_defaults if value)]
    return found


def _fixtures(top: ast.AST) -> set[str]:
    """Names of fixtures that functions ask for: tests' and fixtures' arguments, and texts."""
    names: set[str] = set()
    for node in ast.walk(top):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("test") or node.decorator_list:
                names |= {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
        elif isinstance(node, ast.Call) and (dotted(node.func) or "").endswith(("usefixtures", "getfixturevalue")):
            names |= {str(inner.value) for inner in node.args if isinstance(inner, ast.Constant)}
    return names


def _scopes(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names bound at the top (or by ``global``) and names looked up there from any depth, as Python's compiler sees."""
    trees = [tree, *(inner for node, _ in walk(tree) if isinstance(node, ast.Call) and (inner := embedded(node)))]
    binds: set[str] = set()
    uses: set[str] = set()
    for part in trees:
        try:
            table = symtable.symtable(ast.unparse(part), "<cell>", "exec")
        except (SyntaxError, ValueError, RecursionError):
            found = [node for node, _ in walk(part) if isinstance(node, ast.Name)]
            binds |= {node.id for node in found if not isinstance(node.ctx, ast.Load)}
            uses |= {node.id for node in found}
            continue
        waiting = [table]
        while waiting:
            scope = waiting.pop()
            waiting += scope.get_children()
            for symbol in scope.get_symbols():
                here = scope is table
                if not here and not symbol.is_global():
                    continue
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                    binds.add(symbol.get_name())
                if symbol.is_referenced():
                    uses.add(symbol.get_name())
    return binds, uses


def _surprises(tree: ast.Module) -> tuple[bool, bool]:
    """Whether it may do anything, and whether it sets up something that cannot be seen."""
    opaque = setting = False
    for node, _ in walk(tree):
        if isinstance(node, ast.ImportFrom):
            setting = setting or any(alias.name == "*" for alias in node.names)
        elif isinstance(node, ast.Import):
            opaque = opaque or any(alias.name == "__main__" for alias in node.names)
        elif isinstance(node, ast.Call):
            magic = magic_call(node)
            if magic is None:
                opaque = opaque or (isinstance(node.func, ast.Name) and node.func.id in _ANYTHING - {"get_ipython"})
                opaque = opaque or (isinstance(node.func, ast.Attribute) and node.func.attr in {"system", "getoutput"})
            elif magic[0] in _SETTINGS:
                setting = True
            elif embedded(node) is None:
                opaque = True
    return opaque, setting


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run with the cell, those inside ``if``, ``for``, ``with`` and ``try`` each for itself."""
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += [
                child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt | ast.ExceptHandler)
            ]


def _effects(top: ast.AST, *, inside: bool) -> Effects:
    """What the statements below `top` do to names of the notebook.

    The functions among them are passed over, unless `top` itself is one that is looked into (`inside`).
    """
    changed: set[str] = set()
    asked: set[str] = set()
    called: set[str] = set()
    waiting: list[ast.AST] = list(ast.iter_child_nodes(top))
    while waiting:
        node = waiting.pop()
        if not inside and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed |= _root(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            changed.add(node.id)
        elif isinstance(node, ast.Global):
            changed.update(node.names)
        elif isinstance(node, ast.AugAssign):
            changed |= _root(node.target)
        elif isinstance(node, ast.Expr) and not _looks_only(node.value):
            changed |= {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.add(node.func.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not _looks_only_call(node):
            asked |= _root(node.func)
    own = _own_names(top) if inside else set()
    return Effects(frozenset(changed - own), frozenset(asked - own), frozenset(called - own))


def _own_names(function: ast.AST) -> set[str]:
    """What is a function's own: its arguments and what it binds, as long as it does not say ``global``."""
    own: set[str] = set()
    shared: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Global):
            shared.update(node.names)
    return own - shared


def _root(node: ast.AST) -> set[str]:
    """The name at the beginning of ``a.b["c"].d``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _looks_only(value: ast.expr) -> bool:
    """Whether an expression, standing alone, only shows something."""
    return all(_looks_only_call(node) for node in ast.walk(value) if isinstance(node, ast.Call)) and not any(
        isinstance(node, ast.Await | ast.Yield | ast.YieldFrom) for node in ast.walk(value)
    )


def _looks_only_call(call: ast.Call) -> bool:
    """Whether a call changes nothing: by its name, or since it makes an object of a class."""
    name = (dotted(call.func) or str(getattr(call.func, "attr", ""))).rpartition(".")[2]
    return (name in _LOOKS_ONLY or name[:1].isupper()) and not any(
        keyword.arg in {"inplace", "copy", "out"} for keyword in call.keywords
    )


def _named_in_texts(tree: ast.Module) -> set[str]:
    """Words in the texts that queries are made of."""
    words: set[str] = set()
    for node, _ in walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TEXTS:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    words.update(_WORD.findall(inner.value))
    return words
