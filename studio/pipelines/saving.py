"""The executed notebook on the disk, kept up with the one in memory: whole each time, no more often than is cheap."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.files import CannotWrite, write_atomic
from studio.tracking.redaction import Redaction

_EVERY = 3.0
_SHARE = 0.1
"""Saving may take this share of the time."""
_MOST_LINES = 20_000


class SavedNotebook:
    """Writes a document to one file.

    Parameters
    ----------
    node : NotebookNode
        The document, which goes on changing.
    path : Path
        Where it is kept.
    redaction : Redaction, optional
        What is replaced in the file; the document in memory keeps it.
    """

    def __init__(self, node: Any, path: Path, redaction: Redaction | None = None) -> None:
        self.node = node
        self.path = path
        self._redaction = redaction or Redaction()
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
        content = self._redaction.content(encoded(self.node))
        assert content is not None  # JSON is text, so every secret in it can be replaced
        write_atomic(self.path, content, durable=durable)
        self._changed = False
        self._saved = time.monotonic()
        self._cost = self._saved - start


def encoded(node: Any) -> bytes:
    """`node` as nbformat writes it, in what every reader accepts: valid UTF-8 and JSON without NaN."""
    plain = {**node, "cells": [_plain(cell) for cell in node["cells"]]}
    try:
        text = _json(plain)
    except ValueError:
        text = _json(_finite(plain))
    try:
        return text.encode()
    except UnicodeEncodeError:  # lone surrogates, which an output may hold
        return valid(text).encode()


def valid(text: str) -> str:
    """`text` with the replacement character for every lone surrogate, which no file and no terminal takes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n"


def _plain(cell: Mapping[str, Any]) -> dict[str, Any]:
    """A cell as it stands in a file, texts as lists of lines."""
    plain = {**cell, "source": _lines(cell["source"])}
    if "outputs" in cell:
        plain["outputs"] = [_plain_output(output) for output in cell["outputs"]]
    return plain


def _plain_output(output: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(output)
    if "text" in output:
        plain["text"] = _lines(output["text"])
    if "data" in output:
        plain["data"] = {kind: _lines(value) if _is_text(kind) else value for kind, value in output["data"].items()}
    return plain


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind in {"application/javascript", "image/svg+xml"}


def _lines(text: Any) -> Any:
    """The lines of a text; a very long text stays one string (nbformat allows both): a million lines cost 50 MB."""
    return text.splitlines(keepends=True) if isinstance(text, str) and text.count("\n") < _MOST_LINES else text


def _finite(value: Any) -> Any:
    """`value` with None for NaN and the infinities."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return None
    return value
