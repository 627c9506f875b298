"""What a cell puts out, kept within a limit; what is cut is said in the notebook itself.

A limit counts characters over all outputs that a cell shows at present: streams, images (base64), tables, JSON. What
``clear_output`` or a carriage return removes counts no longer. Of streams the beginning is kept, and the last lines.
Another output that does not fit is replaced by its plain text, or by a line that says what is missing. The error that
ended a cell is always kept.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

Output = dict[str, Any]

OVERHEAD = 100
"""What every output costs besides its characters, so that there cannot be millions of small ones."""
_TAIL_SHARE = 10
_TAIL_MOST = 20_000
_ERROR_MOST = 50_000
_ERRORS_MOST = 20


def collapse(text: str) -> str:
    r"""`text` without what a carriage return overwrote: of each line, what follows its last ``\r`` that more follows.

    The same as nbclient's regular expression, in linear time.
    """
    if "\r" not in text:
        return text
    return "\n".join(line[line.rfind("\r", 0, max(len(line) - 1, 0)) + 1 :] for line in text.split("\n"))


def shortened(text: str, most: int) -> str:
    """`text` within `most` characters, the middle left out where it is longer."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[studio] … {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"


def size_of(output: Mapping[str, Any]) -> int:
    """The characters of one output."""
    if output["output_type"] == "stream":
        return len(output["text"]) + OVERHEAD
    if output["output_type"] == "error":
        return sum(map(len, output["traceback"])) + len(output["evalue"]) + OVERHEAD
    return OVERHEAD + sum(_size_of_value(value) for value in output["data"].values())


def _size_of_value(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(json.dumps(value))


class CellOutputs:
    """The outputs of one cell.

    Parameters
    ----------
    limit : int
        Characters that are kept.
    make : Callable[[dict], dict]
        Turns a plain output into what the document is made of.
    """

    def __init__(self, limit: int, make: Callable[[Output], Output] = dict) -> None:
        self.limit = limit
        self._make = make
        self.clear()

    def clear(self) -> None:
        """Forget everything, as ``clear_output`` does."""
        self._kept: list[Output] = []
        self._pieces: list[str] = []
        self._errors: list[Output] = []
        self._error_count = 0
        self._tail: deque[tuple[str, str, int]] = deque()
        self._tail_size = 0
        self._size = 0
        self._cut = False
        self._cut_characters = 0
        self._cut_outputs = 0

    def stream(self, name: str, text: str) -> None:
        """Add to stdout or stderr."""
        if self._cut:
            self._add_to_tail(name, text)
            return
        last = self._kept[-1] if self._kept else None
        if last is None or last["output_type"] != "stream" or last["name"] != name:
            self._settle()
            self._kept.append(self._make({"output_type": "stream", "name": name, "text": ""}))
            self._size += OVERHEAD
        elif not self._pieces and last["text"]:
            self._pieces.append(last["text"])
        self._pieces.append(text)
        self._size += len(text)
        if self._size > self.limit:
            self._settle()
            if self._size > self.limit:
                self._begin_cut()

    def add(self, output: Output) -> Output | None:
        """Add a figure, table or other output; what was kept of it in the end, None for nothing."""
        self._settle()
        if output["output_type"] == "error":
            return self._add_error(output)
        whole = size = size_of(output)
        if size > self._room():
            output = self._instead(output)
            size = size_of(output)
        if size > self._room():
            self._begin_cut()
            self._cut_outputs += 1
            self._cut_characters += whole - OVERHEAD
            return None
        self._kept.append(output)
        self._size += size
        return output

    def replace(self, output: Output, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Show other data in an output that `add` kept (the update of a display id)."""
        before = size_of(output)
        candidate = {"output_type": output["output_type"], "data": data, "metadata": metadata}
        if size_of(candidate) > self._room() + before:
            candidate = self._instead(candidate)
        output["data"], output["metadata"] = candidate["data"], candidate["metadata"]
        if any(kept is output for kept in self._kept):
            self._size += size_of(output) - before

    def fits(self, characters: int) -> bool:
        """Take `characters` that are shown elsewhere (in an output widget) off the room left, if it suffices."""
        if characters + OVERHEAD > self._room():
            self._cut_outputs += 1
            self._cut_characters += characters
            return False
        self._size += characters + OVERHEAD
        return True

    def rendered(self) -> list[Output]:
        """The outputs to show at present."""
        self._settle()
        if not (self._cut or self._cut_outputs):
            return self._kept + self._errors
        tail: list[Output] = []
        for name, text, _ in self._tail:
            if tail and tail[-1]["name"] == name:
                tail[-1]["text"] += text
            else:
                tail.append(self._make({"output_type": "stream", "name": name, "text": text}))
        for output in tail:
            output["text"] = collapse(output["text"])
        mark = self._make({"output_type": "stream", "name": "stderr", "text": self._mark()})
        return [*self._kept, mark, *tail, *self._errors]

    def has_error(self) -> bool:
        """Whether an error is among the outputs."""
        return bool(self._errors) or any(output["output_type"] == "error" for output in self._kept)

    def _room(self) -> int:
        return -1 if self._cut else self.limit - self._tail_most() - self._size

    def _tail_most(self) -> int:
        return min(self.limit // _TAIL_SHARE, _TAIL_MOST)

    def _settle(self) -> None:
        """Join the pieces of the last stream."""
        if not self._pieces:
            return
        last = self._kept[-1]
        text = "".join(self._pieces)
        last["text"] = collapse(text)
        self._size -= len(text) - len(last["text"])
        self._pieces = []

    def _begin_cut(self) -> None:
        """From now on keep only the last lines; the end of what is there already becomes the first of them."""
        self._settle()
        self._cut = True
        excess = self._size - (self.limit - self._tail_most())
        last = self._kept[-1] if self._kept else None
        if last is not None and last["output_type"] == "stream" and excess > 0:
            at = max(len(last["text"]) - excess, 0)
            self._add_to_tail(last["name"], last["text"][at:])
            last["text"] = last["text"][:at]

    def _add_to_tail(self, name: str, text: str) -> None:
        most = self._tail_most()
        end = text[max(len(text) - most, 0) :]
        self._cut_characters += len(text) - len(end)
        extra = 0 if self._tail and self._tail[-1][0] == name else OVERHEAD
        self._tail.append((name, end, extra))
        self._tail_size += len(end) + extra
        while self._tail_size > most + OVERHEAD:
            first_name, first, extra = self._tail.popleft()
            dropped = min(self._tail_size - most, len(first))
            self._tail_size -= dropped
            self._cut_characters += dropped
            if dropped < len(first):
                self._tail.appendleft((first_name, first[dropped:], extra))
            else:
                self._tail_size -= extra

    def _add_error(self, output: Output) -> Output | None:
        if self._error_count >= _ERRORS_MOST:
            self._cut_outputs += 1
            return None
        most = max(min(self.limit, _ERROR_MOST), 1_000)
        output["ename"] = shortened(output["ename"], 1_000)
        output["evalue"] = shortened(output["evalue"], most)
        traceback = "\n".join(output["traceback"])
        if len(traceback) > most:
            output["traceback"] = shortened(traceback, most).split("\n")
        if self._cut:
            self._errors.append(output)
        else:
            self._kept.append(output)
            self._size += size_of(output)
        self._error_count += 1
        return output

    def _instead(self, output: Output) -> Output:
        """What is shown of an output that is too large."""
        kinds = ", ".join(sorted(output["data"]))
        size = size_of(output) - OVERHEAD
        text = f"[studio] An output of {size:,} characters ({kinds}) was left out: {self._limit_text()}"
        plain = output["data"].get("text/plain")
        if isinstance(plain, str) and len(plain) <= 1_000 and len(output["data"]) > 1:
            text = f"{plain}\n{text}"
        return self._make({"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}})

    def _limit_text(self) -> str:
        return f"a cell keeps {self.limit:,} (running.cell_output_limit in studio.toml)."

    def _mark(self) -> str:
        others = f" and {self._cut_outputs:,} other outputs" if self._cut_outputs else ""
        return f"\n[studio] {self._cut_characters:,} characters of output{others} were cut here: {self._limit_text()}\n"
