"""From an annotation's syntax tree to a kind: read, never evaluated.

Names are followed through the imports of the cells before (``import datetime as dt`` makes ``dt.date`` a date);
what is not in the table below is refused with the list of what is.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeGuard

from studio.notebooks.kinds import (
    ALLOWED,
    Bound,
    Bounded,
    Choice,
    DictOf,
    Kind,
    ListOf,
    Maybe,
    Plain,
    Scalar,
    core,
    holds,
    text,
)
from studio.notebooks.literals import NotAllowed, read_literal
from studio.notebooks.python_code import dotted, parse_strictly, resolved

_SCALARS = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "date": "date",
    "datetime.date": "date",
    "datetime": "datetime",
    "datetime.datetime": "datetime",
    "Path": "Path",
    "pathlib.Path": "Path",
    "SecretStr": "SecretStr",
    "pydantic.SecretStr": "SecretStr",
}
_FORMS = {"list": "list", "List": "list", "dict": "dict", "Dict": "dict"}
_FORMS |= {name: name for name in ("Literal", "Optional", "Union", "Annotated")}
_HOMES = ("typing", "typing_extensions", "builtins")
_BOUNDS = {
    "Ge": ("ge",),
    "Gt": ("gt",),
    "Le": ("le",),
    "Lt": ("lt",),
    "MultipleOf": ("multiple_of",),
    "MinLen": ("min_length",),
    "MaxLen": ("max_length",),
    "Len": ("min_length", "max_length"),
    "Interval": (),
}
_FIELD = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length")
_BOUND_HINT = (
    "In Annotated, only Ge, Gt, Le, Lt, Interval, MinLen, MaxLen, Len and MultipleOf of annotated_types, pydantic's "
    "Field with such bounds, and a text as help are allowed."
)


def read_annotation(node: ast.expr, names: Mapping[str, str]) -> tuple[Kind, str]:
    """The kind that an annotation names, and the help that stands in it (``Field(description=…)`` or a text).

    Parameters
    ----------
    node : ast.expr
        The annotation.
    names : Mapping of str to str
        What earlier imports bind, such as ``{"dt": "datetime"}``.

    Raises
    ------
    NotAllowed
        For any other type; the message lists the allowed ones.
    """
    reader = _Reader(dict(names))
    return reader.kind(node), " ".join(reader.help)


class _Reader:
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.help: list[str] = []

    def kind(self, node: ast.expr) -> Kind:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.quoted(node, node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self.union(node, _branches(node))
        if isinstance(node, ast.Subscript):
            return self.generic(node)
        name = self.name(node)
        if name in _SCALARS:
            return Scalar(_SCALARS[name])
        form = _form(name)
        if form == "list":
            return ListOf(Plain())
        if form == "dict":
            return DictOf(Scalar("str"), Plain())
        raise _unknown(node)

    def quoted(self, node: ast.Constant, source: str) -> Kind:
        try:
            return self.kind(_quoted(node, source))
        except NotAllowed as error:
            # Lines inside the quotes count from 1, wherever the quotes stand.
            raise NotAllowed(str(error), node) from error

    def name(self, node: ast.expr) -> str:
        found = resolved(node, self.names) or ""
        return found.removeprefix("builtins.")

    def generic(self, node: ast.Subscript) -> Kind:
        form = _form(self.name(node.value))
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if form == "Literal":
            return _choice(node, arguments)
        if form == "Annotated" and len(arguments) >= 2:
            return self.annotated(arguments)
        if form == "Union":
            return self.union(node, arguments)
        if form == "Optional" and len(arguments) == 1:
            return _maybe(self.kind(arguments[0]))
        if form == "list" and len(arguments) == 1:
            return ListOf(self.item(arguments[0]))
        if form == "dict" and len(arguments) == 2:
            return DictOf(self.key(arguments[0]), self.item(arguments[1]))
        raise _unknown(node)

    def item(self, node: ast.expr) -> Kind:
        if self.name(node) in {"Any", "typing.Any", "object"}:
            return Plain()
        kind = self.kind(node)
        if holds(kind, "SecretStr"):
            raise NotAllowed(
                "A secret cannot stand inside a list or dict. Give each secret a parameter of its own.", node
            )
        return kind

    def key(self, node: ast.expr) -> Kind:
        kind = self.kind(node)
        plain = isinstance(kind, Scalar) and kind.name in {"str", "int", "date"}
        if plain or (isinstance(kind, Choice) and all(type(value) is str for value in kind.values)):
            return kind
        raise NotAllowed("The keys of a dict parameter can be str, int, date or a Literal of texts.", node)

    def union(self, node: ast.expr, branches: list[ast.expr]) -> Kind:
        kept = [branch for branch in branches if not _is_none(branch)]
        if len(kept) == 1 and len(branches) > 1:
            return _maybe(self.kind(kept[0]))
        raise _unknown(node)

    def annotated(self, arguments: list[ast.expr]) -> Kind:
        kind = self.kind(arguments[0])
        for node in arguments[1:]:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.help.append(node.value)
                continue
            kind = bounded(kind, self.bounds(node), node)
        return kind

    def bounds(self, node: ast.expr) -> list[Bound]:
        if not isinstance(node, ast.Call):
            raise NotAllowed(f"{ast.unparse(node)} is no bound. {_BOUND_HINT}", node)
        name = self.name(node.func)
        if name in {"Field", "pydantic.Field", "pydantic.fields.Field"}:
            return self.field(node)
        slots = _BOUNDS.get(name.removeprefix("annotated_types."))
        if slots is None:
            raise NotAllowed(f"{ast.unparse(node)} is no bound. {_BOUND_HINT}", node)
        # The field of Ge is called ge, that of Interval and Len are the bounds' own names.
        allowed = slots or ("gt", "ge", "lt", "le")
        if len(node.args) > len(slots):
            raise NotAllowed(f"{ast.unparse(node)} has more arguments than it can. {_BOUND_HINT}", node)
        bounds = [Bound(slot, self.value(argument)) for slot, argument in zip(slots, node.args, strict=False)]
        bounds += self.keywords(node, allowed)
        return [bound for bound in bounds if bound.value is not None]

    def field(self, node: ast.Call) -> list[Bound]:
        keywords = []
        for keyword in node.keywords:
            if keyword.arg in {"description", "title"}:
                found = self.value(keyword.value)
                if keyword.arg == "description" and isinstance(found, str):
                    self.help.append(found)
            else:
                keywords.append(keyword)
        if node.args:
            raise NotAllowed("The default stands after '=' and not in Field.", node)
        bounds = self.keywords(ast.Call(node.func, [], keywords, lineno=node.lineno), _FIELD)
        return [bound for bound in bounds if bound.value is not None]

    def keywords(self, node: ast.Call, allowed: tuple[str, ...]) -> list[Bound]:
        bounds = []
        for keyword in node.keywords:
            if keyword.arg not in allowed:
                raise NotAllowed(f"{keyword.arg or '**'!r} is no bound here. {_BOUND_HINT}", node)
            bounds.append(Bound(keyword.arg, self.value(keyword.value)))
        return bounds

    def value(self, node: ast.expr) -> Any:
        return read_literal(node, self.names)


def bounded(kind: Kind, bounds: list[Bound], node: ast.expr) -> Kind:
    """`kind` with `bounds`, which go inside ``| None`` and join those already there.

    Raises
    ------
    NotAllowed
        When a bound cannot apply to the kind.
    """
    if not bounds:
        return kind
    if isinstance(kind, Maybe):
        return Maybe(bounded(kind.inner, bounds, node))
    inner, before = (kind.inner, kind.bounds) if isinstance(kind, Bounded) else (kind, ())
    for bound in bounds:
        if not _applies(inner, bound):
            raise NotAllowed(f"The bound {bound.name}={bound.value!r} cannot apply to {text(inner)}.", node)
    return Bounded(inner, (*before, *bounds))


def _applies(kind: Kind, bound: Bound) -> bool:
    value = bound.value
    if bound.name in {"min_length", "max_length"}:
        return (isinstance(kind, ListOf | DictOf) or kind == Scalar("str")) and _is_length(value)
    if not isinstance(kind, Scalar):
        return False
    if bound.name == "multiple_of":
        return kind.name in {"int", "float"} and _is_number(value) and value > 0
    if kind.name in {"int", "float"}:
        return _is_number(value) and value == value  # noqa: PLR0124 - NaN bounds nothing
    return kind.name in {"date", "datetime"} and type(value).__name__ == kind.name and isinstance(value, date)


def _is_number(value: object) -> TypeGuard[int | float]:
    return type(value) in {int, float}


def _is_length(value: object) -> bool:
    return type(value) is int and value >= 0


def _maybe(kind: Kind) -> Kind:
    return kind if isinstance(kind, Maybe) else Maybe(kind)


def _form(name: str) -> str | None:
    home, _, last = name.rpartition(".")
    return _FORMS.get(last) if not home or home in _HOMES else None


def _branches(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_branches(node.left), *_branches(node.right)]
    return [node]


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _choice(node: ast.expr, arguments: list[ast.expr]) -> Kind:
    values: list[str | int | bool] = []
    optional = False
    for argument in arguments:
        if _is_none(argument):
            optional = True
            continue
        value = read_literal(argument, {})
        if type(value) not in {str, int, bool}:
            raise NotAllowed("A Literal's values can be texts, whole numbers, True, False and None.", node)
        values.append(value)
    if not values:
        raise _unknown(node)
    choice = Choice(tuple({(type(value), value): value for value in values}.values()))
    return Maybe(choice) if optional else choice


def _quoted(node: ast.Constant, source: str) -> ast.expr:
    tree = parse_strictly(source.strip())
    if isinstance(tree, ast.Module) and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        found = tree.body[0].value
        if not isinstance(found, ast.Constant):
            return found
    raise _unknown(node)


def _unknown(node: ast.expr) -> NotAllowed:
    shown = ast.unparse(node)
    hint = ""
    found = dotted(node)
    if found and "." in found:
        hint = f" ({found.partition('.')[0]!r} must be imported in an earlier cell)"
    return NotAllowed(
        f"The type {shown if len(shown) <= 80 else shown[:79] + '…'} is not allowed{hint}. Allowed: {ALLOWED}.", node
    )


def inferred(value: object) -> Kind | None:
    """The kind of a literal that stands without an annotation; None where it says no type (None, mixed keys)."""
    name = type(value).__name__
    if name in {"int", "float", "bool", "str", "date", "datetime"}:
        return Scalar(name)
    if name == "SecretReference":
        return Scalar("SecretStr")
    if name in {"PosixPath", "WindowsPath"}:
        return Scalar("Path")
    if isinstance(value, list):
        return ListOf(_common(value))
    if isinstance(value, dict):
        key = _common(list(value)) if value else Scalar("str")
        return DictOf(key, _common(list(value.values()))) if core(key) in {Scalar("str"), Scalar("int")} else None
    return None


def _common(values: list[object]) -> Kind:
    kinds = {kind for value in values if (kind := inferred(value)) is not None}
    if len(kinds) == 1 and all(value is not None for value in values):
        return kinds.pop()
    if kinds == {Scalar("int"), Scalar("float")} and all(type(value) in {int, float} for value in values):
        return Scalar("float")
    return Plain()
