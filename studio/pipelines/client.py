"""nbclient's reading of a kernel's messages (display ids, widgets, timings), into bounded outputs."""

from __future__ import annotations

import json
import logging
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionComplete
from nbformat.v4 import output_from_msg
from papermill.clientwrap import PapermillNotebookClient

from studio.pipelines.conversation import Conversation, Message
from studio.pipelines.outputs import CellOutputs

_log = logging.getLogger("studio.execution")
_log.addHandler(logging.NullHandler())


class StudioClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill is not typed
    """papermill's client with the talking and the keeping replaced.

    Parameters
    ----------
    execution
        What papermill calls a notebook's execution: has the document as ``nb``, and is told of messages.
    conversation : Conversation
        The talk with the kernel.
    limit : int
        How much of a cell's outputs is kept, in characters.
    """

    def __init__(self, execution: Any, conversation: Conversation, limit: int) -> None:
        super().__init__(execution, log=_log)
        self._conversation = conversation
        self._limit = limit
        self._books: dict[int, CellOutputs] = {}
        self._changed: set[int] = set()
        self._clear_next: set[int] = set()
        self._displays: dict[str, list[tuple[int, Any]]] = {}
        self._requests: dict[str, int] = {}
        conversation.on_message = self._take

    def ask(self, index: int, until: float | None) -> Message:
        """Execute one cell; the kernel's reply."""
        cell = self.nb.cells[index]
        cell.metadata["execution"] = {}
        cell.outputs = []
        self._books[index] = CellOutputs(self._limit, nbformat.from_dict)

        def send() -> str:
            request = str(self.kc.execute(cell.source, store_history=True, allow_stdin=False, stop_on_error=False))
            self._requests[request] = index
            return request

        return self._conversation.ask(send, until)

    def refresh(self) -> None:
        """Bring the document's outputs up to date."""
        for index in self._changed:
            self.nb.cells[index].outputs = self._books[index].rendered()
        self._changed.clear()

    def end_with(self, index: int, ename: str, evalue: str, traceback: list[str]) -> None:
        """See that a cell shows why it ended, where the kernel could not tell."""
        book = self._books[index]
        if not book.has_error():
            book.add(nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=traceback))
            self._changed.add(index)

    def _take(self, message: Message) -> None:
        """One message of the output channel, whichever cell (or thread that an earlier cell started) it is from."""
        index = self._requests.get(str(message["parent_header"].get("msg_id", "")))
        if index is None:
            return
        try:
            self.process_message(message, self.nb.cells[index], index)
        except CellExecutionComplete:
            return
        except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
            text = f"[studio] An output could not be read ({type(error).__name__}: {error}).\n"
            self._books[index].stream("stderr", text)
            self._changed.add(index)

    def output(self, outs: list[Any], msg: Message, display_id: str | None, cell_index: int) -> Any:
        """Keep one output."""
        book = self._books[cell_index]
        hooks = self.output_hook_stack.get(msg["parent_header"].get("msg_id"))
        if hooks:
            if book.fits(len(json.dumps(msg["content"], default=str))):
                hooks[-1].output(outs, msg, display_id, cell_index)
            else:
                self._changed.add(cell_index)
            return None
        self._changed.add(cell_index)
        if cell_index in self._clear_next:
            self._clear_next.discard(cell_index)
            book.clear()
        if msg["msg_type"] == "stream":
            book.stream(msg["content"]["name"], msg["content"]["text"])
            return None
        kept = book.add(output_from_msg(msg))
        if display_id and kept is not None:
            self._displays.setdefault(display_id, []).append((cell_index, kept))
        return kept

    def clear_output(self, outs: list[Any], msg: Message, cell_index: int) -> None:
        """Clear a cell's outputs, now or when the next one comes."""
        hooks = self.output_hook_stack.get(msg["parent_header"].get("msg_id"))
        if hooks:
            hooks[-1].clear_output(outs, msg, cell_index)
        elif msg["content"].get("wait"):
            self._clear_next.add(cell_index)
        else:
            self._books[cell_index].clear()
            self._changed.add(cell_index)

    def set_widgets_metadata(self) -> None:
        """Keep the widgets' state in the document, unless it is larger than a cell's outputs may be."""
        super().set_widgets_metadata()
        size = len(json.dumps(self.nb.metadata.get("widgets", {})))
        if size > self._limit:
            del self.nb.metadata["widgets"]
            told = f"The state of the widgets was left out: it has {size:,} characters, and {self._limit:,} are kept."
            self.nb.metadata["studio"] = nbformat.from_dict({"widgets": told})

    def _update_display_id(self, display_id: str, msg: Message) -> None:
        """Show new data wherever this display id stands."""
        for index, output in self._displays.get(display_id, ()):
            content = msg["content"]
            self._books[index].replace(output, content["data"], content["metadata"])
            self._changed.add(index)
