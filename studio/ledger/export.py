"""The ledger outside its database: JSON lines that can be verified offline, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from studio.core.errors import BadInput
from studio.ledger.event import FIELDS, Row

FORMATS = ("jsonl", "csv")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take these too


def to_jsonl(rows: Iterable[Row]) -> str:
    """One JSON object a row, in ASCII; `details` is the text that was hashed, so that nothing is lost."""
    lines = (json.dumps({name: _plain(getattr(row, name)) for name in FIELDS}) for row in rows)
    return "".join(f"{line}\n" for line in lines)


def to_csv(rows: Iterable[Row]) -> str:
    """A table for spreadsheets: what one of them would take for a formula has an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([_harmless(getattr(row, name)) for name in FIELDS] for row in rows)
    return text.getvalue()


def read_jsonl(path: Path) -> list[Row]:
    """The rows of an export, as they stand in the file; their values are not judged here.

    Raises
    ------
    BadInput
        When the file cannot be read, or a line is no row of a ledger.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise BadInput(f"{path} cannot be read: {reason}. Next: name a file of studio ledger export.") from error
    # Only a line feed ends a line: other characters that some readers break at are escaped in an export.
    return [_row(line, f"{path}:{number}") for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _row(line: str, place: str) -> Row:
    try:
        value = json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{place}: This is no line of a ledger's export ({error}). Next: name a file of studio ledger export."
        ) from error
    if not isinstance(value, dict) or set(value) != set(FIELDS):
        raise BadInput(
            f"{place}: An object with the keys {', '.join(FIELDS)} and no others is expected. "
            "Next: name a file of studio ledger export."
        )
    if any(isinstance(item, dict | list) for item in value.values()):
        raise BadInput(
            f"{place}: Texts and a number are expected, also for details: the text that was hashed. "
            "Next: name a file of studio ledger export."
        )
    return Row(**value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _plain(value: Any) -> Any:
    """What JSON can hold in place of a value that was put into the database from outside."""
    return value if value is None or isinstance(value, str | int | float) else repr(value)


def _harmless(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
