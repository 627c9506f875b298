"""Parts of a dataset: what one combination of a fan-out saved, named ``key=value,key=value``.

A dataset saved by a step without fan-out has one part whose name is empty. The text of a part is
made by the plan (values percent-encoded); here it is read: for the folder that holds it, the order
among its siblings, and the columns that tell the parts apart when they are loaded as one frame.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from studio.core.files import digest_bytes

_PLAIN = re.compile(r"[a-z0-9=,._+-]{1,100}")


def folder_name(part: str) -> str:
    """A safe file name for `part`, different for different parts on every file system."""
    if not part:
        return "_"
    if _PLAIN.fullmatch(part):
        return part
    # Upper-case letters too: some file systems take A and a for one name.
    return f"{re.sub('[^a-z0-9=,._-]', '-', part.lower())[:60]}~{digest_bytes(part.encode())[:12]}"


def keys(part: str) -> tuple[str, ...]:
    """The keys of `part`, in its order.

    >>> keys("folds=5,model=forest")
    ('folds', 'model')
    """
    return tuple(values(part))


def values(part: str) -> dict[str, str]:
    """The texts of `part` by key.

    >>> values("label=a%2Cb,model=forest")
    {'label': 'a,b', 'model': 'forest'}
    """
    pairs = (pair.partition("=") for pair in part.split(",") if pair)
    return {key: unquote(text, errors="replace") for key, _, text in pairs}


def typed_values(names: Iterable[str]) -> Mapping[str, dict[str, Any]]:
    """For every part its values by key; a key whose texts are all integers, numbers or truth values gets that type.

    >>> typed_values(["folds=5", "folds=10"])
    {'folds=5': {'folds': 5}, 'folds=10': {'folds': 10}}
    """
    texts = {part: values(part) for part in names}
    read: dict[str, Any] = {}
    for key in dict.fromkeys(key for by_key in texts.values() for key in by_key):
        read[key] = _reader([by_key[key] for by_key in texts.values() if key in by_key])
    return {part: {key: read[key](text) for key, text in by_key.items()} for part, by_key in texts.items()}


def in_order(names: Iterable[str]) -> list[str]:
    """The parts sorted by their values: numbers by size, all else as text; never by who finished first."""
    typed = typed_values(names)
    return sorted(typed, key=lambda part: [(str(type(value)), value) for value in typed[part].values()] + [("", part)])


def _reader(texts: list[str]) -> Any:
    if all(re.fullmatch(r"-?(0|[1-9]\d{0,17})", text) for text in texts):
        return int
    if all(re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?", text) for text in texts):
        return float
    if all(text in {"true", "false", "True", "False"} for text in texts):
        return lambda text: json.loads(text.lower())
    return str
