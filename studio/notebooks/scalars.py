"""The scalar types' own readers: from a text, and from data, each strict about what it takes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path, PurePath
from typing import Any

from studio.notebooks import strict_json
from studio.notebooks.literals import LONGEST_INT
from studio.notebooks.rendering import cut
from studio.notebooks.secrets import SecretReference, is_variable

INT = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
_DATETIME = re.compile(rf"{_DATE.pattern}(?:[T ]{_TIME})?")
# What `rendering.as_json` writes for the floats that JSON does not know.
NOT_FINITE = ("nan", "inf", "-inf")
_HINTS = {
    "int": "Write a whole number without leading zeros, such as 48.",
    "float": "Write a number such as 0.5, or nan or inf.",
    "bool": "Write true or false.",
    "str": "Write a text.",
    "date": "Write a date such as 2024-01-31.",
    "datetime": "Write a date and time such as 2024-01-31T08:30:00.",
    "Path": "Write a path.",
    "SecretStr": "Write the name of an environment variable, such as WAREHOUSE_TOKEN, and never the secret itself.",
}


class Misfit(ValueError):
    """A value does not fit a kind; the message says why and what would."""


@dataclass(frozen=True)
class Rules:
    """How values are taken.

    Attributes
    ----------
    base : Path or None
        Folder that relative paths are taken from; None leaves them relative.
    native : bool
        True for values written in Python (defaults): a date must be a date and not a text.
    """

    base: Path | None = None
    native: bool = False


def _scalar_misfit(name: str, given: Any) -> Misfit:
    if name == "SecretStr":
        # What was given may be the secret itself, so it is not repeated.
        return Misfit(f"The value is no name of an environment variable. {_HINTS[name]}")
    return Misfit(f"{cut(given)} does not fit {name}. {_HINTS[name]}")


def _int_from_text(given: str, _: Rules) -> int:
    if not INT.fullmatch(given):
        raise _scalar_misfit("int", given)
    if len(given) > 4300:
        raise Misfit(f"The whole number has {len(given)} digits, and at most 4300 are allowed.")
    return int(given)


def _float_from_text(given: str, _: Rules) -> float:
    if _NOT_FINITE.fullmatch(given):
        return float(given)
    if not _FLOAT.fullmatch(given):
        raise _scalar_misfit("float", given)
    return _finite(float(given), given)


def _finite(value: float, given: Any) -> float:
    if math.isinf(value):
        raise Misfit(f"{cut(given)} is too large for a float. Write inf where infinity is meant.")
    return value


def _bool_from_text(given: str, _: Rules) -> bool:
    if given.lower() not in {"true", "false"} or not given.isascii():
        raise _scalar_misfit("bool", given)
    return given.lower() == "true"


def _date_from_text(given: str, _: Rules) -> date:
    if _DATE.fullmatch(given):
        try:
            return date.fromisoformat(given)
        except ValueError as error:
            raise Misfit(f"{cut(given)} is no date: {error}.") from error
    raise _scalar_misfit("date", given)


def _datetime_from_text(given: str, _: Rules) -> datetime:
    if _DATETIME.fullmatch(given):
        try:
            return _fixed(datetime.fromisoformat(given))
        except ValueError as error:
            raise Misfit(f"{cut(given)} is no date and time: {error}.") from error
    raise _scalar_misfit("datetime", given)


def _fixed(moment: datetime) -> datetime:
    """`moment` with its zone as a plain offset, which can be written down and read again."""
    offset = moment.utcoffset()
    if offset is not None and offset % timedelta(minutes=1):
        raise Misfit(f"{cut(moment)} has a zone that is not whole minutes from UTC, which RFC 3339 cannot write.")
    return moment.replace(tzinfo=None if offset is None else timezone(offset), fold=0)


def _path_from_text(given: str, rules: Rules) -> Path:
    if not given or "\x00" in given:
        raise Misfit("The path is empty. Write a path." if not given else "The path holds a NUL character.")
    return _placed(Path(given), rules)


def _placed(path: Path, rules: Rules) -> Path:
    if rules.base is None:
        return path
    joined = rules.base.absolute() / path
    tidy = Path(*_tidy(joined.parts))
    # Without its '..' the path reads better and is the same whatever folder it was given in; only where a link
    # makes that another file, it stays.
    try:
        return tidy if tidy == joined or tidy.resolve() == joined.resolve() else joined
    except (OSError, RuntimeError):
        return joined


def _tidy(parts: tuple[str, ...]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if part == ".." and len(kept) > 1 and kept[-1] != "..":
            kept.pop()
        elif part != ".." or len(kept) != 1:
            kept.append(part)
    return kept


def _secret_from_text(given: str, _: Rules) -> SecretReference:
    if not is_variable(given):
        raise _scalar_misfit("SecretStr", given)
    return SecretReference(given)


def read_str(given: Any, _: Rules) -> str:
    """A whole text; Misfit for anything else."""
    if type(given) is not str:
        raise _scalar_misfit("str", given)
    if strict_json.is_torn(given):
        raise Misfit("The text holds half a character (a lone surrogate).")
    return given


def read_int(given: Any, _: Rules) -> int:
    """A whole number that can be written down; Misfit for anything else."""
    if type(given) is not int:
        raise _scalar_misfit("int", given)
    if abs(given) >= LONGEST_INT:
        raise Misfit("The whole number has more than 4300 digits.")
    return given


def _float(given: Any, rules: Rules) -> float:
    if type(given) is float:
        return given
    if type(given) is int:
        try:
            return float(given)
        except OverflowError as error:
            raise Misfit("The whole number is too large for a float.") from error
    if type(given) is dict and not rules.native and list(given) == ["float"] and given["float"] in NOT_FINITE:
        return float(given["float"])
    raise _scalar_misfit("float", given)


def _bool(given: Any, _: Rules) -> bool:
    if type(given) is not bool:
        raise _scalar_misfit("bool", given)
    return given


def _date(given: Any, rules: Rules) -> date:
    if type(given) is date:
        return given
    if type(given) is str and not rules.native:
        return _date_from_text(given, rules)
    raise _scalar_misfit("date", given)


def _datetime(given: Any, rules: Rules) -> datetime:
    if type(given) is datetime:
        return _fixed(given)
    if type(given) is str and not rules.native:
        return _datetime_from_text(given, rules)
    raise _scalar_misfit("datetime", given)


def _path(given: Any, rules: Rules) -> Path:
    if isinstance(given, PurePath) or (type(given) is str and not rules.native):
        return _path_from_text(read_str(str(given), rules), rules)
    raise _scalar_misfit("Path", given)


def _secret(given: Any, rules: Rules) -> SecretReference:
    if isinstance(given, SecretReference):
        return given
    if type(given) is dict and list(given) == ["secret"]:
        given = given["secret"]
    if type(given) is str and not rules.native:
        return _secret_from_text(given, rules)
    raise _scalar_misfit("SecretStr", given)


TEXT_READERS: Mapping[str, Callable[[str, Rules], Any]] = {
    "int": _int_from_text,
    "float": _float_from_text,
    "bool": _bool_from_text,
    "str": read_str,
    "date": _date_from_text,
    "datetime": _datetime_from_text,
    "Path": _path_from_text,
    "SecretStr": _secret_from_text,
}
DATA_READERS: Mapping[str, Callable[[Any, Rules], Any]] = {
    "int": read_int,
    "float": _float,
    "bool": _bool,
    "str": read_str,
    "date": _date,
    "datetime": _datetime,
    "Path": _path,
    "SecretStr": _secret,
}
