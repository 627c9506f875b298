"""JSON read so that no two readers can see two documents.

The json module takes a repeated key (the last one wins) and lone surrogates (text that cannot
be written again). Here both are refused, for notebooks and for values from the command line.
"""

from __future__ import annotations

import json
import marshal
import math
import re
from collections.abc import Iterator
from typing import Any

# The first half of a pair without the second, or the second without the first.
_ALONE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
# Any half as marshal writes it.
_HALF = re.compile(rb"\xed[\xa0-\xbf]")


class NotStrict(ValueError):
    """The text is JSON to some readers; the message says what this one refuses."""


def loads(text: str, *, finite: bool = False) -> Any:
    """The value of a JSON text.

    Parameters
    ----------
    text : str
        The text.
    finite : bool
        Refuse numbers too large for a float instead of reading them as infinity.

    Raises
    ------
    NotStrict
        For a repeated key, a lone surrogate, too deep nesting or a number nobody can hold.
    json.JSONDecodeError
        When the text is not JSON.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_float=_finite if finite else None)
    except RecursionError as error:
        raise NotStrict("it is nested too deeply") from error
    except (json.JSONDecodeError, NotStrict):
        raise
    except ValueError as error:
        # An integer of more digits than the interpreter converts.
        raise NotStrict(str(error)) from error
    if may_hold_surrogates(text) and _may_be_torn(value) and may_hold_torn(text):
        for place, part in strings(value):
            if is_torn(part):
                where = f" at {place}" if place else ""
                raise NotStrict(f"the text{where} holds half a character (a lone surrogate)")
    return value


def may_hold_surrogates(text: str) -> bool:
    r"""Whether a ``\ud…`` escape, or a surrogate itself, may stand in `text`: cheap, and never wrongly False."""
    if "\\ud" in text or "\\uD" in text:
        return True
    return not text.isascii() and is_torn(text)


def may_hold_torn(text: str) -> bool:
    r"""Whether half a character may stand in the value of the JSON `text`; never wrongly False.

    Tools that write ``\\ud83d\\ude00`` for an emoji are many, so the pairs are looked for in the text, which is
    much cheaper than going through all strings of 50 MB of outputs.
    """
    if not may_hold_surrogates(text):
        return False
    if is_torn(text) or "\\\\ud" in text or "\\\\uD" in text:
        return True  # after a backslash that stands for itself, what looks like an escape may be none
    return _ALONE.search(text) is not None


def _may_be_torn(value: Any) -> bool:
    """Whether half a character may stand in plain data; never wrongly False, often wrongly True among many floats."""
    try:
        # Texts are UTF-8 in there, halves of characters included, and those begin with these bytes.
        return _HALF.search(marshal.dumps(value, 2)) is not None
    except ValueError:  # nested deeper than marshal goes
        return True


def is_torn(text: str) -> bool:
    """Whether `text` holds a lone surrogate, so that it cannot be written as UTF-8."""
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def strings(value: Any) -> Iterator[tuple[str, str]]:
    """Every string in plain JSON data, keys too, each with the place where it stands (``cells[3].source``)."""
    for place, part, _ in parts(value):
        if isinstance(part, str):
            yield place, part
        elif isinstance(part, dict):
            for key in part:
                yield place, key


def holds_unwritable_number(value: Any) -> bool:
    """Whether NaN or an infinity, which JSON does not know, stands in plain data."""
    return any(isinstance(part, float) and not math.isfinite(part) for _, part, _ in parts(value))


def depth(value: Any) -> int:
    """How deep lists and objects are nested in plain data; 0 for a single value."""
    return max(level for _, _, level in parts(value))


def parts(value: Any) -> Iterator[tuple[str, Any, int]]:
    """`value` and everything in it, each with its place and depth; by a stack, since data may be very deep."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        place, part, level = waiting.pop()
        yield place, part, level
        if isinstance(part, dict):
            inner = [(f"{place}.{key}" if place else key, item, level + 1) for key, item in part.items()]
            waiting += reversed(inner)
        elif isinstance(part, list):
            waiting += reversed([(f"{place}[{index}]", item, level + 1) for index, item in enumerate(part)])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise NotStrict(f"the key {key!r} stands twice in one object, so two readers would see two documents")
            seen.add(key)
    return found


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotStrict(f"the number {text[:40]} is too large for a float")
    return number
