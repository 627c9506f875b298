"""The outputs of an executed notebook that a packet shows, cell by cell and within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.review.figures import MIMES, source_index
from studio.notebooks.review.harmless import reduced
from studio.notebooks.review.output_text import output_text
from studio.notebooks.review.outputs import joined
from studio.notebooks.review.terminal import visible

_LONGEST = 10_000
_LONGEST_HTML = 200_000
_MOST_OF_A_CELL = 20
_MOST_FRAMES = 60
_READ_HTML = 5_000_000


@dataclass
class Budget:
    """How many bytes of a page are left for one kind of content.

    Counted as they stand in the page: escaped, and with hidden characters written out.
    """

    left: int

    def take(self, text: str) -> bool:
        """Whether `text` still fits; if so, it is counted."""
        if len(text) > self.left:
            return False
        cost = len(escape(visible(text)).encode("utf-8", "replace"))
        if cost > self.left:
            return False
        self.left -= cost
        return True


class Evidence:
    """Gathers the outputs of one notebook within its bounds."""

    def __init__(self) -> None:
        self.texts = Budget(1_000_000)
        self.frames = Budget(700_000)
        self.frames_left = _MOST_FRAMES
        self.html_left = _READ_HTML

    def of_cells(self, document: NotebookDocument) -> dict[int, list[dict[str, Any]]]:
        """The outputs by index of the cell in the source notebook."""
        found: dict[int, list[dict[str, Any]]] = {}
        for cell in document.cells:
            index = source_index(cell)
            if index is not None and cell.outputs:
                found[index] = self._of_cell(cell)
        return found

    def _of_cell(self, cell: Cell) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for output in cell.outputs[:_MOST_OF_A_CELL]:
            shown = self._of_output(output)
            last = found[-1] if found else None
            if last and shown and shown["kind"] == last["kind"] == "stream" and len(last["text"]) < _LONGEST:
                last["text"] += shown["text"]
            elif shown:
                found.append(shown)
        if (more := len(cell.outputs) - _MOST_OF_A_CELL) > 0:
            found.append(_left_out(f"{more} more {'output is' if more == 1 else 'outputs are'} not shown"))
        return found

    def _of_output(self, output: Mapping[str, Any]) -> dict[str, Any] | None:
        kind = output["output_type"]
        data = output.get("data")
        data = data if isinstance(data, Mapping) else {}
        if any(mime in data for mime in MIMES):
            return {"kind": "figure", "text": "", "html": ""}
        text = output_text(output, _LONGEST)
        if "text/html" in data and (html := self._html(joined(data["text/html"]))):
            return {"kind": "html", "text": "", "html": html}
        if not text:
            named = ", ".join(sorted(data)) or kind
            return _left_out(f"an output of another kind is not shown: {named[:200]}") if data else None
        if not self.texts.take(text):
            return _left_out("an output is not shown: the packet would become too large")
        return {"kind": kind if kind in {"stream", "error"} else "text", "text": text, "html": ""}

    def _html(self, html: str) -> str:
        if len(html) > min(_LONGEST_HTML, self.html_left) or not self.frames_left:
            return ""
        self.html_left -= len(html)
        kept = reduced(html)
        # In the page it is escaped once more, as the value of an attribute.
        if not kept.strip() or not self.frames.take(kept):
            return ""
        self.frames_left -= 1
        return kept


def _left_out(text: str) -> dict[str, Any]:
    return {"kind": "left out", "text": text, "html": ""}
