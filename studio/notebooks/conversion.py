"""Values from outside made into values of a kind, or refused: never guessed, never rounded, never cut.

Texts (from the command line) are converted by type; data (from YAML, JSON or Python) is checked strictly, so that
``true`` is no int and ``"48"`` is none either. A parameter's default is data written in Python's own types.
"""

from __future__ import annotations

import json
from typing import Any

from studio.notebooks import strict_json
from studio.notebooks.bounds import kept
from studio.notebooks.kinds import Bounded, Choice, DictOf, Kind, ListOf, Maybe, Scalar, text
from studio.notebooks.rendering import cut
from studio.notebooks.scalars import DATA_READERS, NOT_FINITE, TEXT_READERS, Misfit, Rules, read_int, read_str


def from_text(kind: Kind, given: str, rules: Rules) -> Any:
    """The value of `kind` that the text means; lists, dicts and None (``null``) are written in JSON.

    Raises
    ------
    Misfit
        When the text is no value of the kind.
    """
    if strict_json.is_torn(given):
        raise Misfit("The value is not valid UTF-8 text.")
    match kind:
        case Maybe(inner):
            if given == "null" and not (isinstance(inner, Choice) and "null" in inner.values):
                return None
            return from_text(inner, given, rules)
        case Bounded(inner, bounds):
            return kept(from_text(inner, given, rules), bounds)
        case Choice():
            return _choice_from_text(kind, given)
        case Scalar(name):
            return TEXT_READERS[name](given, rules)
    return from_data(kind, _json(kind, given), rules)


def from_data(kind: Kind, given: Any, rules: Rules) -> Any:
    """The value of `kind` that the data is, its type taken strictly.

    Raises
    ------
    Misfit
        When it is no value of the kind.
    """
    match kind:
        case Maybe(inner):
            found: Any = None if given is None else from_data(inner, given, rules)
        case Bounded(inner, bounds):
            found = kept(from_data(inner, given, rules), bounds)
        case Choice():
            found = _choice(kind, given)
        case Scalar(name):
            found = DATA_READERS[name](given, rules)
        case ListOf(item):
            found = _list(kind, item, given, rules)
        case DictOf():
            found = _dict(kind, given, rules)
        case _:
            found = _plain(given)
    return found


def _json(kind: Kind, given: str) -> Any:
    example = '\'["a", "b"]\'' if isinstance(kind, ListOf) else "'{\"a\": 1}'"
    try:
        return strict_json.loads(given, finite=True)
    except (json.JSONDecodeError, strict_json.NotStrict) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise Misfit(
            f"{cut(given)} is not JSON ({reason}), as {text(kind)} needs. Write it such as {example}."
        ) from error


def _misfit(kind: Kind, given: Any, hint: str) -> Misfit:
    return Misfit(f"{cut(given)} does not fit {text(kind)}. {hint}")


def _choice(kind: Choice, given: Any) -> str | int | bool:
    for value in kind.values:
        if type(value) is type(given) and value == given:
            return value
    raise _misfit(kind, given, _choices(kind.values))


def _choice_from_text(kind: Choice, given: str) -> str | int | bool:
    if given in (value for value in kind.values if type(value) is str):
        return given
    for value in kind.values:
        written = str(value).lower() if type(value) is bool else str(value)
        if type(value) is not str and written == (given.lower() if type(value) is bool else given):
            return value
    raise _misfit(kind, given, _choices(kind.values))


def _choices(values: tuple[str | int | bool, ...]) -> str:
    return f"Allowed: {', '.join(map(repr, values))}."


def _list(kind: Kind, item: Kind, given: Any, rules: Rules) -> list[Any]:
    if type(given) is not list:
        raise _misfit(kind, given, "Write a list.")
    found = []
    for number, value in enumerate(given, 1):
        try:
            found.append(from_data(item, value, rules))
        except Misfit as error:
            raise Misfit(f"Item {number}: {error}") from error
    return found


def _dict(kind: DictOf, given: Any, rules: Rules) -> dict[Any, Any]:
    if type(given) is not dict:
        raise _misfit(kind, given, "Write a mapping of keys to values.")
    found: dict[Any, Any] = {}
    for key, value in given.items():
        try:
            # Keys are texts in JSON and YAML, whatever they mean.
            as_text = type(key) is str and not rules.native
            made = from_text(kind.key, key, rules) if as_text else from_data(kind.key, key, rules)
            if made in found:
                raise Misfit("the key stands twice.")
            found[made] = from_data(kind.value, value, rules)
        except Misfit as error:
            raise Misfit(f"Key {cut(key)}: {error}") from error
    return found


def _plain(given: Any) -> Any:
    if given is None or type(given) in {bool, float}:
        return given
    if type(given) is str:
        return read_str(given, Rules())
    if type(given) is int:
        return read_int(given, Rules())
    if type(given) is list:
        return [_plain(item) for item in given]
    if type(given) is dict and list(given) == ["float"] and given["float"] in NOT_FINITE:
        return float(given["float"])
    if type(given) is dict and all(type(key) is str for key in given):
        return {read_str(key, Rules()): _plain(item) for key, item in given.items()}
    raise Misfit(f"{cut(given)} is no plain value. Write texts, numbers, booleans, null, lists and mappings of these.")
