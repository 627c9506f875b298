"""Which names a cell binds, and which it needs from before it, read from its syntax tree.

Scopes are followed as Python does it; where only a run could tell (``exec``, ``%run``, ``import *``) the cell counts as
opaque, and nothing is said about the notebook's names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from studio.notebooks.python_code import embedded, magic_call, parse

_WORD = re.compile(r"[^\W\d]\w*")
_MAGIC_LINE = re.compile(r"^\s*(?:%|!|\?)(.*)$|=\s*[%!](.*)$|^(\S.*)\?\s*$", re.MULTILINE)
_OPAQUE_MAGICS = {"run", "pylab", "store", "load", "loadpy", "macro", "recall", "rerun", "reset"}
_OPAQUE_CALLS = {"exec", "globals", "locals", "vars", "eval"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LEAVES = frozenset(
    {ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Break, ast.Continue}
    | {kind for base in (ast.operator, ast.unaryop, ast.cmpop, ast.boolop) for kind in base.__subclasses__()}
)
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
        self.offset = 0
        self.frames: list[_Frame] = []

    def read(self, node: ast.AST) -> None:
        kind = type(node)
        if kind in _LEAVES:
            return
        method = _METHODS.get(kind)
        if method is not None:
            method(self, node)
            return
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                self.read(value)
            elif isinstance(value, list):
                for child in value:
                    if isinstance(child, ast.AST):
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
            self.deferred.setdefault(name, line + self.offset)
        elif name not in self.bound:
            self.needed.setdefault(name, line + self.offset)

    def name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.use(node.id, node.lineno)
        elif isinstance(node.ctx, ast.Store):
            self.bind(node.id)

    def assign(self, node: ast.Assign) -> None:
        self.all([node.value, *node.targets])

    def augmented(self, node: ast.AugAssign) -> None:
        self.read(node.value)
        if isinstance(node.target, ast.Name):
            self.use(node.target.id, node.lineno)
        self.read(node.target)

    def annotated(self, node: ast.AnnAssign) -> None:
        # A parameter without a default is bound as well: its value is given from outside.
        self.all([node.annotation, node.value, node.target])

    def named(self, node: ast.NamedExpr) -> None:
        self.all([node.value, node.target])

    def loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.all([node.iter, node.target, *node.body, *node.orelse])

    def imports(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.opaque = True
            self.bind(alias.asname or (alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name))

    def except_handler(self, node: ast.ExceptHandler) -> None:
        self.all([node.type])
        if node.name:
            self.bind(node.name)
        self.all(node.body)

    def attempt(self, node: ast.Try | ast.TryStar) -> None:
        before = dict(self.needed)
        self.all(node.body)
        if any("NameError" in ast.dump(handler.type) for handler in node.handlers if handler.type is not None):
            self.needed = before  # the cell itself is prepared for a missing name
        self.all([*node.handlers, *node.orelse, *node.finalbody])

    def capture(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if isinstance(node, ast.MatchAs):
            self.all([node.pattern])
        if node.name:
            self.bind(node.name)

    def mapping(self, node: ast.MatchMapping) -> None:
        self.all([*node.keys, *node.patterns])
        if node.rest:
            self.bind(node.rest)

    def call(self, node: ast.Call) -> None:
        magic = magic_call(node)
        if magic is not None:
            self.opaque |= magic[0] in _OPAQUE_MAGICS
            if (inner := embedded(node)) is not None:
                before, self.offset = self.offset, self.offset + node.lineno - (1 if magic[2] is None else 0)
                self.read(inner)
                self.offset = before
        if isinstance(node.func, ast.Name) and node.func.id in _OPAQUE_CALLS:
            self.opaque = True
        self.all([node.func, *node.args, *node.keywords])

    def attribute(self, node: ast.Attribute) -> None:
        self.opaque |= node.attr in {"user_ns", "push", "run_cell"} and "get_ipython" in ast.dump(node.value)
        self.read(node.value)

    def anonymous(self, node: ast.Lambda) -> None:
        self.all([*node.args.defaults, *node.args.kw_defaults])
        self.frames.append(_Frame("function", set(_arguments(node.args))))
        self.read(node.body)
        self.frames.pop()

    def class_body(self, node: ast.ClassDef) -> None:
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


_METHODS: dict[type[ast.AST], Callable[[_Reader, Any], None]] = {
    **dict.fromkeys(_FUNCTIONS, _Reader.function),
    **dict.fromkeys(_COMPREHENSIONS, _Reader.comprehension),
    ast.Name: _Reader.name,
    ast.Assign: _Reader.assign,
    ast.AugAssign: _Reader.augmented,
    ast.AnnAssign: _Reader.annotated,
    ast.NamedExpr: _Reader.named,
    ast.For: _Reader.loop,
    ast.AsyncFor: _Reader.loop,
    ast.Import: _Reader.imports,
    ast.ImportFrom: _Reader.imports,
    ast.ExceptHandler: _Reader.except_handler,
    ast.Try: _Reader.attempt,
    ast.TryStar: _Reader.attempt,
    ast.MatchAs: _Reader.capture,
    ast.MatchStar: _Reader.capture,
    ast.MatchMapping: _Reader.mapping,
    ast.Call: _Reader.call,
    ast.Attribute: _Reader.attribute,
    ast.Lambda: _Reader.anonymous,
    ast.ClassDef: _Reader.class_body,
}


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
