"""Fan-out: the combinations of a parameter grid, and the names of the parts that they make.

A part is named ``key=value,key=value``, keys sorted, so that the name does not depend on the order
in which a grid is written. Values are percent-encoded (UTF-8) but for letters, digits and ``._+-``: neither
a comma nor an equals sign of a value can be taken for the name's own, and the name is safe in a file
name, a tag or a shell. A long value is cut and closed with ``~`` and the start of its SHA-256.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from studio.core.errors import BadInput
from studio.core.files import digest_bytes

LARGEST = 10_000
"""More combinations than this are taken for a mistake."""
LONGEST_VALUE = 48
LONGEST_PART = 160
_KEPT = 24
_DIGITS = 12
_PLAIN = frozenset("._+-")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Combination(Generic[Value]):
    """One point of the grid.

    Attributes
    ----------
    part : str
        The name of what it makes; empty for the one combination of no grid.
    values : Mapping
        The parameters' values.
    """

    part: str
    values: Mapping[str, Value]


def combinations(grid: Mapping[str, Sequence[tuple[Any, Value]]]) -> tuple[Combination[Value], ...]:
    """All combinations, the first key varying slowest.

    Parameters
    ----------
    grid : mapping
        For each key its choices, each a pair of what names it (a JSON value) and the value itself.

    Raises
    ------
    BadInput
        When two combinations have one name, when there are more than `LARGEST`, or when a name gets too long.
    """
    count = math.prod(len(choices) for choices in grid.values())
    if count > LARGEST:
        raise BadInput(
            f"The matrix has {count:,} combinations, and at most {LARGEST:,} are allowed. Next: shorten its lists."
        )
    names = {key: [_value_text(naming) for naming, _ in choices] for key, choices in grid.items()}
    for key, texts in names.items():
        twice = next((text for index, text in enumerate(texts) if text in texts[:index]), None)
        if twice is not None:
            raise BadInput(f"The matrix names {key}={twice} twice. Next: keep one of the two.")
    found = []
    for chosen in itertools.product(*(range(len(choices)) for choices in grid.values())):
        picked = dict(zip(grid, chosen, strict=True))
        part = _joined({key: names[key][index] for key, index in picked.items()})
        found.append(Combination(part, {key: grid[key][index][1] for key, index in picked.items()}))
    return tuple(found)


def step_key(name: str, part: str) -> str:
    """``train`` or ``train[model=forest]``."""
    return f"{name}[{part}]" if part else name


def _joined(texts: Mapping[str, str]) -> str:
    part = ",".join(f"{key}={texts[key]}" for key in sorted(texts))
    if len(part) > LONGEST_PART:
        part = ",".join(f"{key}={_shortest(texts[key])}" for key in sorted(texts))
    if len(part) > LONGEST_PART:
        raise BadInput(
            f"The matrix has so many or so long keys ({', '.join(sorted(texts))}) that the name of a part exceeds "
            f"{LONGEST_PART} characters. Next: fan out over fewer parameters, or give them shorter names."
        )
    return part


def _value_text(value: Any) -> str:
    if isinstance(value, PurePath):
        value = str(value)
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    escaped = _escaped(text)
    if len(escaped) <= LONGEST_VALUE:
        return escaped
    head = text[:_KEPT]
    while len(_escaped(head)) > _KEPT:
        head = head[:-1]
    return f"{_escaped(head)}~{_digest(text)}"


def _shortest(text: str) -> str:
    return text if len(text) <= _DIGITS + 1 else f"~{_digest(text)}"


def _escaped(text: str) -> str:
    return "".join(
        letter
        if letter in _PLAIN or (letter.isascii() and letter.isalnum())
        else quote(letter, safe="", errors="surrogatepass").replace("~", "%7E")
        for letter in text
    )


def _digest(text: str) -> str:
    return digest_bytes(text.encode("utf-8", "surrogatepass"))[:_DIGITS]
