"""Which names a cell binds, and which it needs from before it, read from its syntax tree.

Scopes are followed as Python does it; where only a run could tell (``exec``, ``%run``, ``import *``) the cell counts as
opaque, and nothing is said about the notebook's names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from studio.notebooks.python_code import embedded, magic_call, parse

_WORD = re.compile(r"[^\W\d]\w*")
_MAGIC_LINE = re.compile(r"^\s*(?:%|!|\?)(.*)$|=\s*[%!](.*)$|^(\S.*)\?\s*$", re.MULTILINE)
_OPAQUE_MAGICS = {"run", "pylab", "store", "load", "loadpy", "macro", "recall", "rerun", "reset"}
_OPAQUE_CALLS = {"exec", "globals", "locals", "vars", "eval"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class CellNames:
    """The names of one cell.

    Attributes
    ----------
    bound : frozenset of str
        What it defines at its top level.
    needed : tuple of (str, int)
        Names read at its top level before it binds them itself, each with the first such line.
    deferred : tuple of (str, int)
        Global names read inside its functions, which run later, each with the first such line.
    opaque : bool
        Whether other names may appear that cannot be seen.
    """

    bound: frozenset[str] = frozenset()
    needed: tuple[tuple[str, int], ...] = ()
    deferred: tuple[tuple[str, int], ...] = ()
    opaque: bool = False


@lru_cache(maxsize=8192)
def cell_names(source: str) -> CellNames:
    """The names of a cell's source; opaque where it is not Python."""
    tree = parse(source)
    if not isinstance(tree, ast.Module):
        return CellNames(opaque=True)
    reader = _Reader()
    try:
        reader.read(tree)
    except RecursionError:
        return CellNames(opaque=True)
    reader.bound |= magic_words(source)
    return CellNames(
        frozenset(reader.bound), tuple(reader.needed.items()), tuple(reader.deferred.items()), reader.opaque
    )


def magic_words(source: str) -> frozenset[str]:
    """All words in IPython's own lines: a magic may read or bind any of them."""
    if source.lstrip().startswith("%%"):
        first, _, rest = source.lstrip().partition("\n")
        if first.split()[0] in {"%%time", "%%timeit", "%%capture", "%%prun", "%%debug"}:
            return frozenset(_WORD.findall(first)) | magic_words(rest)
        return frozenset(_WORD.findall(source))
    if not any(mark in source for mark in "%!?"):
        return frozenset()
    lines = (" ".join(filter(None, match.groups())) for match in _MAGIC_LINE.finditer(source))
    return frozenset(word for line in lines for word in _WORD.findall(line))


@dataclass
class _Frame:
    kind: str
    names: set[str] = field(default_factory=set)


class _Reader:
    """Walks one cell in the order in which it executes."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.needed: dict[str, int] = {}
        self.deferred: dict[str, int] = {}
        self.opaque = False
        self.frames: list[_Frame] = []

    def read(self, node: ast.AST) -> None:
        method = getattr(self, f"read_{type(node).__name__}", None)
        if method is not None:
            method(node)
        elif isinstance(node, _FUNCTIONS):
            self.function(node)
        elif isinstance(node, _COMPREHENSIONS):
            self.comprehension(node)
        else:
            for child in ast.iter_child_nodes(node):
                self.read(child)

    def all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.read(node)

    def bind(self, name: str) -> None:
        frame = next((frame for frame in reversed(self.frames) if frame.kind != "comprehension"), None)
        (self.bound if frame is None else frame.names).add(name)

    def use(self, name: str, line: int) -> None:
        for depth, frame in enumerate(reversed(self.frames)):
            # The names of a class body are not seen by the functions in it.
            if name in frame.names and (frame.kind != "class" or depth == 0):
                return
        if any(frame.kind == "function" for frame in self.frames):
            self.deferred.setdefault(name, line)
        elif name not in self.bound:
            self.needed.setdefault(name, line)

    def read_Name(self, node: ast.Name) -> None:  # noqa: N802 - called by the node's own name
        if isinstance(node.ctx, ast.Load):
            self.use(node.id, node.lineno)
        elif isinstance(node.ctx, ast.Store):
            self.bind(node.id)

    def read_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        self.all([node.value, *node.targets])

    def read_AugAssign(self, node: ast.AugAssign) -> None:  # noqa: N802
        self.read(node.value)
        if isinstance(node.target, ast.Name):
            self.use(node.target.id, node.lineno)
        self.read(node.target)

    def read_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802
        # A parameter without a default is bound as well: its value is given from outside.
        self.all([node.annotation, node.value, node.target])

    def read_NamedExpr(self, node: ast.NamedExpr) -> None:  # noqa: N802
        self.all([node.value, node.target])

    def read_For(self, node: ast.For | ast.AsyncFor) -> None:  # noqa: N802
        self.all([node.iter, node.target, *node.body, *node.orelse])

    read_AsyncFor = read_For  # noqa: N815

    def read_Import(self, node: ast.Import | ast.ImportFrom) -> None:  # noqa: N802
        for alias in node.names:
            if alias.name == "*":
                self.opaque = True
            self.bind(alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name))

    read_ImportFrom = read_Import  # noqa: N815

    def read_ExceptHandler(self, node: ast.ExceptHandler) -> None:  # noqa: N802
        self.all([node.type])
        if node.name:
            self.bind(node.name)
        self.all(node.body)

    def read_Try(self, node: ast.Try | ast.TryStar) -> None:  # noqa: N802
        before = dict(self.needed)
        self.all(node.body)
        if any("NameError" in ast.dump(handler.type) for handler in node.handlers if handler.type is not None):
            self.needed = before  # the cell itself is prepared for a missing name
        self.all([*node.handlers, *node.orelse, *node.finalbody])

    read_TryStar = read_Try  # noqa: N815

    def read_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:  # noqa: N802
        if isinstance(node, ast.MatchAs):
            self.all([node.pattern])
        if node.name:
            self.bind(node.name)

    read_MatchStar = read_MatchAs  # noqa: N815

    def read_MatchMapping(self, node: ast.MatchMapping) -> None:  # noqa: N802
        self.all([*node.keys, *node.patterns])
        if node.rest:
            self.bind(node.rest)

    def read_Call(self, node: ast.Call) -> None:  # noqa: N802
        magic = magic_call(node)
        if magic is not None:
            self.opaque |= magic[0] in _OPAQUE_MAGICS
            if (inner := embedded(node)) is not None:
                self.read(inner)
        if isinstance(node.func, ast.Name) and node.func.id in _OPAQUE_CALLS:
            self.opaque = True
        self.all([node.func, *node.args, *node.keywords])

    def read_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        self.opaque |= node.attr in {"user_ns", "push", "run_cell"} and "get_ipython" in ast.dump(node.value)
        self.read(node.value)

    def read_Lambda(self, node: ast.Lambda) -> None:  # noqa: N802
        self.all([*node.args.defaults, *node.args.kw_defaults])
        self.frames.append(_Frame("function", set(_arguments(node.args))))
        self.read(node.body)
        self.frames.pop()

    def read_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802
        self.all([*node.decorator_list, *node.bases, *node.keywords])
        self.frames.append(_Frame("class", {parameter.name for parameter in getattr(node, "type_params", ())}))
        self.all(node.body)
        self.frames.pop()
        self.bind(node.name)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = node.args
        parts = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        generic = {parameter.name for parameter in getattr(node, "type_params", ())}
        self.all([*node.decorator_list, *arguments.defaults, *arguments.kw_defaults])
        self.frames.append(_Frame("comprehension", generic))
        self.all([*(part.annotation for part in parts if part is not None), node.returns])
        self.frames.pop()
        self.bind(node.name)
        local, shared = _local_names(node.body)
        self.bound |= shared
        self.frames.append(_Frame("function", (local - shared) | set(_arguments(arguments)) | generic))
        self.all(node.body)
        self.frames.pop()

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.read(node.generators[0].iter)
        frame = _Frame("comprehension")
        self.frames.append(frame)
        for number, generator in enumerate(node.generators):
            if number:
                self.read(generator.iter)
            targets = ast.walk(generator.target)
            frame.names |= {
                part.id for part in targets if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            }
            self.all(generator.ifs)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.all(parts)
        self.frames.pop()


def _arguments(arguments: ast.arguments) -> Iterator[str]:
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield argument.arg
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            yield extra.arg


def _local_names(body: Iterable[ast.stmt]) -> tuple[set[str], set[str]]:
    """What a function's body binds anywhere, and what it declares as global."""
    local: set[str] = set()
    shared: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            local.add(node.name)
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            local.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            local |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Global):
            shared |= set(node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            local.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            local.add(node.rest)
        if not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return local, shared
