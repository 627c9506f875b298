"""How a notebook's file is written: its indentation, line ends and escapes, so that what is rewritten keeps its looks.

Git compares bytes. A tool that rewrites one output and re-indents the rest makes a diff that nobody can read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from studio.notebooks import strict_json

_INDENT = re.compile(r"\A\s*\{\r?\n([ \t]*)")
_COMPACT = re.compile(r'\A\s*\{"\w+":\S')
_MARK = "\ufeff"


@dataclass(frozen=True)
class Layout:
    """The looks of a JSON text.

    Attributes
    ----------
    indent : str or None
        What one level is indented by; None where all stands on one line.
    ascii_only : bool
        Whether other characters are written as escapes.
    line_end : str
        The line ending.
    ending : str
        What follows the last brace.
    compact : bool
        Whether no spaces stand between keys and values, where all stands on one line.
    mark : str
        What stands before the first brace: a byte order mark, or nothing.
    """

    indent: str | None = " "
    ascii_only: bool = False
    line_end: str = "\n"
    ending: str = "\n"
    compact: bool = False
    mark: str = ""

    def write(self, value: Any) -> str:
        """`value` in these looks, its keys in their order."""
        separators = (",", ": ")
        if self.indent is None:
            separators = (",", ":") if self.compact else (", ", ": ")
        text = json.dumps(value, indent=self.indent, separators=separators, ensure_ascii=self.ascii_only)
        if self.line_end != "\n":
            text = text.replace("\n", self.line_end)
        return f"{self.mark}{text}{self.ending}"


def layout_of(text: str) -> Layout:
    """The looks of the notebook in the JSON `text`, as far as they show without writing it again."""
    body = text.removeprefix(_MARK)
    indent = _INDENT.match(body)
    return Layout(
        indent=indent[1] if indent else None,
        ascii_only=body.isascii() and bool(re.search(r"\\u[0-9a-fA-F]{4}", body)),
        line_end="\r\n" if "\r\n" in body else "\n",
        ending=body[len(body.rstrip()) :],
        compact=indent is None and _COMPACT.match(body) is not None,
        mark=_MARK if body != text else "",
    )


def exact_layout_of(text: str, value: Any) -> Layout:
    """The looks in which `value`, read from `text`, is written as `text`; the nearest where there are none."""
    guess = layout_of(text)
    if "\\u" not in text or guess.write(value) == text:
        return guess
    other = replace(guess, ascii_only=not guess.ascii_only)
    return other if other.write(value) == text else guess


def read_faithfully(text: str) -> tuple[Any, Layout]:
    """The JSON value of `text` and its looks.

    Raises
    ------
    ValueError
        When the text is not JSON, or not strictly (`strict_json.NotStrict`).
    """
    return strict_json.loads(text), layout_of(text)
