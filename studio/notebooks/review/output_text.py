"""The text of a cell's outputs, as far as a reviewer reads it: for comparing by line, and for showing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from studio.notebooks.document import Cell
from studio.notebooks.review.lines import LineDiff, diff_lines
from studio.notebooks.review.outputs import joined

COMPARED = 100_000
# Colours and cursor movements that kernels write into tracebacks and streams.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")


def output_lines(old: Cell | None, new: Cell | None) -> LineDiff:
    """The lines of two cells' text outputs that differ; of long ones the first 100 kB."""
    return diff_lines(_text(old), _text(new))


def output_text(output: Mapping[str, Any], most: int = COMPARED) -> str:
    """An output as plain text, without colours; empty where it has no text. At most about `most` characters."""
    kind = output["output_type"]
    if kind == "stream":
        return plain(output.get("text", ""), most)
    if kind == "error":
        told = plain(output.get("traceback", []), most, "\n")
        return told or f"{plain(output.get('ename', ''), 200)}: {plain(output.get('evalue', ''), most)}"
    data = output.get("data")
    return plain(data.get("text/plain", ""), most) if isinstance(data, Mapping) else ""


def plain(text: Any, most: int, between: str = "") -> str:
    """A text or list of texts of an output, cut and without escapes."""
    if isinstance(text, list):
        kept, size = [], 0
        for line in text:
            if size > most:
                break
            kept.append(joined(line))
            size += len(kept[-1])
        text = between.join(kept)
    whole = joined(text)
    cut = whole if len(whole) <= most else f"{whole[:most]}\n… ({len(whole) - most} more characters)"
    return _ESCAPES.sub("", cut)


def _text(cell: Cell | None) -> str:
    if cell is None:
        return ""
    texts, size = [], 0
    for output in cell.outputs:
        if size > COMPARED:
            texts.append("… more outputs are not compared by line")
            break
        texts.append(output_text(output).removesuffix("\n"))
        size += len(texts[-1])
    return "\n".join(texts)
