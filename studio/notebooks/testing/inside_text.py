"""Texts that go out of a kernel: in one line, without colours, within bounds."""

from __future__ import annotations

import io
import traceback
from typing import Any

from _pytest._io import TerminalWriter

ANSWER_LIMIT = 400_000
"""Characters of one text."""


def one_line(error: BaseException) -> str:
    """An exception as one line."""
    lines = [line for line in "".join(traceback.format_exception_only(error)).splitlines() if line.strip()]
    text = lines[-1] if isinstance(error, SyntaxError) else (lines or [""])[0]
    return text[:500]


def plain_text(shown: Any) -> str:
    """What pytest would write to a terminal, without colours (a kernel's environment asks for them)."""
    if not hasattr(shown, "toterminal"):
        return str(shown)
    file = io.StringIO()
    writer = TerminalWriter(file)
    writer.hasmarkup = False
    shown.toterminal(writer)
    return file.getvalue().strip()


def bounded(text: str) -> str:
    """`text` within what one answer may hold of it, the middle left out where it is longer."""
    if len(text) <= ANSWER_LIMIT:
        return text
    half = ANSWER_LIMIT // 2
    return f"{text[:half]}\n[studio] … {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"
