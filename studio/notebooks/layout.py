"""How a notebook's file is written: its indentation, line ends and escapes, so that what is rewritten keeps its looks.

Git compares bytes. A tool that rewrites one output and re-indents the rest makes a diff that nobody can read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from studio.notebooks import strict_json

_INDENT = re.compile(r"\A\s*\{\r?\n([ \t]+)\"")


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
    """

    indent: str | None = " "
    ascii_only: bool = False
    line_end: str = "\n"
    ending: str = "\n"

    def write(self, value: Any) -> str:
        """`value` in these looks, its keys in their order."""
        separators = (",", ": ")
        if self.indent is None:
            separators = (", ", ": ")
        text = json.dumps(value, indent=self.indent, separators=separators, ensure_ascii=self.ascii_only)
        return text.replace("\n", self.line_end) + self.ending


def layout_of(text: str) -> Layout:
    """The looks of the notebook in the JSON `text`."""
    indent = _INDENT.match(text)
    body = text.rstrip()
    return Layout(
        indent=indent[1] if indent else None,
        ascii_only=text.isascii() and bool(re.search(r"\\u[0-9a-fA-F]{4}", text)),
        line_end="\r\n" if "\r\n" in text else "\n",
        ending=text[len(body) :],
    )


def read_faithfully(text: str) -> tuple[Any, Layout]:
    """The JSON value of `text` and its looks.

    Raises
    ------
    ValueError
        When the text is not JSON, or not strictly (`strict_json.NotStrict`).
    """
    return strict_json.loads(text), layout_of(text)
