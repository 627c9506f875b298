"""The executed notebook on the disk, kept up with the one in memory: whole each time, and no more often than is cheap."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nbformat

from studio.core.files import CannotWrite, write_atomic

_EVERY = 3.0
_SHARE = 0.1
"""Saving may take this share of the time."""


class SavedNotebook:
    """Writes a document to one file.

    Parameters
    ----------
    node : NotebookNode
        The document, which goes on changing.
    path : Path
        Where it is kept.
    """

    def __init__(self, node: Any, path: Path) -> None:
        self.node = node
        self.path = path
        self._changed = False
        self._saved = 0.0
        self._cost = 0.0

    def touch(self) -> None:
        """Note that the document has changed."""
        self._changed = True

    def due(self, every: float = _EVERY) -> float | None:
        """When (by the monotonic clock) the next save should be made; None while there is nothing to save."""
        return self._saved + max(every, self._cost / _SHARE) if self._changed else None

    def save_if_due(self, every: float = _EVERY) -> bool:
        """Save when the last time was long enough ago; a disk that refuses is tried again next time."""
        due = self.due(every)
        if due is None or time.monotonic() < due:
            return False
        try:
            self.save(durable=False)
        except CannotWrite:
            self._saved = time.monotonic()
        return True

    def save(self, *, durable: bool = True) -> None:
        """Save now. Raises CannotWrite when the file system refuses; what was saved before stays."""
        start = time.monotonic()
        write_atomic(self.path, encoded(self.node), durable=durable)
        self._changed = False
        self._saved = time.monotonic()
        self._cost = self._saved - start


def encoded(node: Any) -> bytes:
    """`node` as nbformat writes it, in what every reader accepts: valid UTF-8 and JSON without NaN."""
    try:
        text = nbformat.v4.writes(node, allow_nan=False)
    except ValueError:
        text = nbformat.v4.writes(_finite(node), allow_nan=False)
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError:  # lone surrogates, which an output may hold
        return f"{text}\n".encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _finite(value: Any) -> Any:
    """`value` with None for NaN and the infinities."""
    if isinstance(value, dict):
        return type(value)({key: _finite(item) for key, item in value.items()})
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return None
    return value
