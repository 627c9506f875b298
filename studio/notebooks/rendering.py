"""Values written down: as Python source for the injected cell, as JSON for records and keys, as text for people.

Only plain types are rendered, by exact type: what a subclass's ``repr`` says is code that somebody else wrote.
The source binds no names but the parameters' and leans on none, since a notebook may have rebound any of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import PosixPath, PurePath, WindowsPath
from typing import Any

from studio.notebooks.secrets import SecretReference

SHOWN = 60


def literal(value: object) -> str:
    """A Python expression, one line, that gives `value` wherever it is evaluated.

    Raises
    ------
    TypeError
        For a value that no parameter can have.
    """
    writer = _SOURCES.get(type(value))
    if writer is None:
        raise TypeError(f"a value of type {type(value).__name__} cannot be written into a notebook")
    return writer(value)


def as_json(value: object) -> Any:
    """`value` as JSON data: dates in ISO form, paths as text, secrets as ``{"secret": variable}``.

    NaN and the infinities, which JSON does not know, become ``{"float": "nan"}`` and the like.

    Raises
    ------
    TypeError
        For a value that no parameter can have.
    """
    form: Any = value
    match value:
        case SecretReference(variable):
            form = {"secret": variable}
        case float() if not math.isfinite(value):
            form = {"float": repr(value)}
        case date():
            form = value.isoformat()
        case PurePath():
            form = str(value)
        case list():
            form = [as_json(item) for item in value]
        case dict():
            form = {_key(key): as_json(item) for key, item in value.items()}
        case _ if value is not None and type(value) not in {bool, int, float, str}:
            raise TypeError(f"a value of type {type(value).__name__} has no form in JSON here")
    return form


def readable(value: object) -> str:
    """`value` as a person would write it in a notebook: ``date(2024, 1, 1)``, ``Path('a.csv')``."""
    match value:
        case datetime():
            shown = f"datetime.fromisoformat({value.isoformat()!r})"
        case date():
            shown = f"date({value.year}, {value.month}, {value.day})"
        case PurePath():
            shown = f"Path({str(value)!r})"
        case SecretReference(variable):
            shown = f"studio.secret({variable!r})"
        case list():
            shown = f"[{', '.join(map(readable, value))}]"
        case dict():
            shown = "{" + ", ".join(f"{readable(key)}: {readable(item)}" for key, item in value.items()) + "}"
        case float() if not math.isfinite(value):
            shown = f'float("{value!r}")'
        case _:
            shown = repr(value)
    return shown


def cut(value: object) -> str:
    """`readable`, kept short for a message."""
    try:
        shown = readable(value)
    except ValueError:
        # Python writes no whole number of more than 4300 digits.
        return "a value too long to show"
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"


def _float(value: float) -> str:
    if math.isnan(value):
        return '__import__("math").nan'
    if math.isinf(value):
        return '__import__("math").inf' if value > 0 else '-__import__("math").inf'
    return repr(value)


def _datetime(value: datetime) -> str:
    parts = [value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond]
    offset = value.utcoffset()
    zone = "" if offset is None else f", tzinfo={_zone(offset)}"
    return f'__import__("datetime").datetime({", ".join(map(str, parts))}{zone})'


def _zone(offset: timedelta) -> str:
    datetimes = '__import__("datetime")'
    return f"{datetimes}.timezone({datetimes}.timedelta({offset.days}, {offset.seconds}, {offset.microseconds}))"


def _list(value: list[object]) -> str:
    return f"[{', '.join(map(literal, value))}]"


def _dict(value: dict[object, object]) -> str:
    return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"


def _path(value: PurePath) -> str:
    return f'__import__("pathlib").Path({str(value)!r})'


def _key(key: object) -> str:
    return key if isinstance(key, str) else str(as_json(key))


_SOURCES: dict[type, Callable[[Any], str]] = {
    type(None): repr,
    bool: repr,
    int: repr,
    str: repr,
    float: _float,
    list: _list,
    dict: _dict,
    datetime: _datetime,
    date: lambda value: f'__import__("datetime").date({value.year}, {value.month}, {value.day})',
    PosixPath: _path,
    WindowsPath: _path,
    SecretReference: lambda value: f'__import__("studio").secret({value.variable!r})',
}
