"""Results to stdout, messages to stderr; people's text or stable JSON."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON with stable keys.")]


_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys, or that turn the direction of writing."""


def harmless(text: str) -> str:
    """`text` with what a terminal would obey written as ``⟨U+001B⟩``: names, messages and outputs are others' data."""
    return _OBEYED.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def show(value: Any, as_json: bool, text: Callable[[], str], *, painted: bool = False) -> None:
    """Print `value` as JSON, or what `text` makes of it (which has cleaned its texts itself where it is `painted`)."""
    if as_json:
        write_json(value)
    else:
        content = text() if painted else harmless(text())
        sys.stdout.write(content if content.endswith("\n") or not content else content + "\n")
    sys.stdout.flush()


def write_json(value: Any) -> None:
    """Print `value` as JSON; in ASCII where standard output is not UTF-8."""
    ascii_only = not (sys.stdout.encoding or "").lower().replace("_", "-").startswith("utf")
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=ascii_only, default=str) + "\n")


def forgive_encodings() -> None:
    """What a terminal's encoding cannot hold is printed as an escape, also a torn character of a file's name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(message: str) -> None:
    """A message for people, to stderr."""
    sys.stderr.write(harmless(message) + "\n")
    sys.stderr.flush()


def terminal_width() -> int | None:
    """The width of the terminal that standard output is; None where it is none and nothing need be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns aligned with two spaces between them; on a terminal the last one is cut to what fits."""
    lines = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    text = ["  ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True)).rstrip() for line in lines]
    width = terminal_width()
    return "\n".join(line if width is None or len(line) <= width else line[: width - 1] + "…" for line in text)


def program() -> str:
    """What to type for this program: its name where the shell finds it, else the path from here."""
    own = Path(sys.argv[0]).absolute()
    found = shutil.which("studio")
    if own.name != "studio" or (found is not None and Path(found).resolve() == own.resolve()):
        return "studio"
    return os.path.relpath(own) if own.is_relative_to(Path.cwd()) else str(own)


def seconds(value: float | None) -> str:
    """A duration as people say it: ``0.4 s``, ``12 s``, ``3 min 05 s``."""
    if value is None:
        return ""
    if value < 10:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def short(value: object, length: int = 100) -> str:
    """One line of at most `length` characters."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
