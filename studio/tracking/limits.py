"""MLflow's limits: which names it takes and how long values may be, kept without losing what was meant.

A value that is too long is cut with a mark; the caller keeps the whole in an artifact.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

PARAM_LENGTH = 6000
TAG_LENGTH = 8000
KEY_LENGTH = 250
PER_BATCH = 100
METRICS_PER_BATCH = 1000
REQUEST_BYTES = 900_000
_CUT = " … [cut]"
_REFUSED = re.compile(r"[^/\w.\- :]")
Item = TypeVar("Item")


def key(name: str) -> str:
    """`name` as MLflow takes it: itself where it may, else with a short digest so that no two names meet."""
    clean = _REFUSED.sub("_", name)
    path = posixpath.normpath(clean)
    if path != clean or path in {".", ""} or path.startswith(("..", "/")):
        clean = re.sub(r"[/.]", "_", clean)
    if clean == name and 0 < len(name) <= KEY_LENGTH:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{clean[: KEY_LENGTH - 9]}-{mark}"


def value(content: Any, length: int) -> tuple[str, bool]:
    """The text MLflow is to hold for `content`, and whether it had to be cut to `length` characters.

    Strings stand for themselves; anything else is written as JSON, so that ``True`` reads ``true``
    in every store; lone surrogates and NUL, which databases refuse, are written as escapes.
    """
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, default=str)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")
    if len(text) <= length:
        return text, False
    return text[: length - len(_CUT)] + _CUT, True


def values(contents: Mapping[str, Any], length: int) -> tuple[dict[str, str], bool]:
    """`key` and `value` of every item, and whether any of them differs from what was given."""
    kept: dict[str, str] = {}
    changed = False
    for name, content in contents.items():
        kept[key(name)], cut = value(content, length)
        changed = changed or cut or key(name) != name
    return kept, changed


def batches(items: Iterable[Item], size: int, weight: Callable[[Item], int] = lambda _: 0) -> Iterator[list[Item]]:
    """`items` in lists of at most `size`, each of a `weight` (in bytes) that one request to a server may have."""
    batch: list[Item] = []
    total = 0
    for item in items:
        if batch and (len(batch) == size or total + weight(item) > REQUEST_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += weight(item)
    if batch:
        yield batch


def weight(text: str) -> int:
    """How many bytes `text` takes in a request, generously."""
    return len(json.dumps(text)) + 100
