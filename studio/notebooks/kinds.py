"""The types a parameter can have, as data: nothing a notebook writes is ever evaluated to learn its type.

A kind is one of a few frozen dataclasses; `text` writes it back as the annotation that means the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studio.notebooks.rendering import readable

ALLOWED = (
    "int, float, bool, str, date, datetime, Path, Literal[…], Optional[…] or … | None, list[…], dict[…], "
    "Annotated[…] with bounds, SecretStr"
)
BOUND_NAMES = {
    "ge": "Ge",
    "gt": "Gt",
    "le": "Le",
    "lt": "Lt",
    "multiple_of": "MultipleOf",
    "min_length": "MinLen",
    "max_length": "MaxLen",
}


@dataclass(frozen=True)
class Scalar:
    """``int``, ``float``, ``bool``, ``str``, ``date``, ``datetime``, ``Path`` or ``SecretStr``."""

    name: str


@dataclass(frozen=True)
class Choice:
    """``Literal[…]``: one of these values (text, whole numbers, booleans)."""

    values: tuple[str | int | bool, ...]


@dataclass(frozen=True)
class Plain:
    """Any plain value, inside a bare ``list`` or ``dict``."""


@dataclass(frozen=True)
class Maybe:
    """``… | None``."""

    inner: Kind


@dataclass(frozen=True)
class ListOf:
    """``list[…]``."""

    item: Kind


@dataclass(frozen=True)
class DictOf:
    """``dict[…, …]``."""

    key: Kind
    value: Kind


@dataclass(frozen=True)
class Bound:
    """One bound by pydantic's name for it (``ge``, ``max_length``, …)."""

    name: str
    value: Any


@dataclass(frozen=True)
class Bounded:
    """``Annotated[…, bounds]``."""

    inner: Kind
    bounds: tuple[Bound, ...]


Kind = Scalar | Choice | Plain | Maybe | ListOf | DictOf | Bounded


def text(kind: Kind) -> str:
    """The canonical annotation: two kinds with the same text are the same type."""
    match kind:
        case Scalar(name):
            found = name
        case Choice(values):
            found = f"Literal[{', '.join(map(repr, values))}]"
        case Plain():
            found = "Any"
        case Maybe(inner):
            found = f"{text(inner)} | None"
        case ListOf(item):
            found = "list" if isinstance(item, Plain) else f"list[{text(item)}]"
        case DictOf():
            found = _dict_text(kind)
        case Bounded(inner, bounds):
            parts = [text(inner), *(f"{BOUND_NAMES[bound.name]}({readable(bound.value)})" for bound in bounds)]
            found = f"Annotated[{', '.join(parts)}]"
    return found


def _dict_text(kind: DictOf) -> str:
    if kind == DictOf(Scalar("str"), Plain()):
        return "dict"
    return f"dict[{text(kind.key)}, {text(kind.value)}]"


def within(kind: Kind) -> Iterator[Kind]:
    """`kind` and every kind inside it."""
    yield kind
    for inner in vars(kind).values():
        if isinstance(inner, Kind):
            yield from within(inner)


def core(kind: Kind) -> Kind:
    """`kind` without ``| None`` and without bounds."""
    while isinstance(kind, Maybe | Bounded):
        kind = kind.inner
    return kind


def holds(kind: Kind, name: str) -> bool:
    """Whether the scalar `name` stands in `kind` anywhere."""
    return any(part == Scalar(name) for part in within(kind))
