"""A cell's outputs as a digest and a size, so that 50 MB of them are compared without being looked at.

What counts is what a reader sees: type, name, text and data. Execution counts and metadata of outputs are noise, and
a text is the same whether the file holds it as one string or as a list of lines.
"""

from __future__ import annotations

import hashlib
import itertools
import marshal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.files import canonical_json
from studio.notebooks.document import Cell
from studio.notebooks.strict_json import parts

# Up to this size the digest is over canonical JSON and the same everywhere. Writing millions of numbers as text takes
# seconds, so beyond it the digest is over Python's own serialisation (format 2, binary floats): good for comparing
# two notebooks here and now, which is all it is used for.
_CANONICAL = 256 * 1024


@dataclass(frozen=True)
class OutputsFace:
    """A cell's outputs from afar.

    Attributes
    ----------
    count : int
        How many there are.
    bytes : int
        How large their texts and data are together, in bytes, without JSON's punctuation (of large JSON data: as
        numbers in binary).
    digest : str
        SHA-256 of what a reader sees; empty where there are none.
    """

    count: int = 0
    bytes: int = 0
    digest: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The face as JSON data."""
        return {"count": self.count, "bytes": self.bytes, "digest": self.digest}


@dataclass(frozen=True)
class OutputsChange:
    """A cell's outputs before and after."""

    old: OutputsFace
    new: OutputsFace

    @property
    def changed(self) -> bool:
        """Whether a reader sees something else than before."""
        return self.old.digest != self.new.digest

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON data."""
        return {"changed": self.changed, "old": self.old.as_dict(), "new": self.new.as_dict()}


NO_OUTPUTS = OutputsFace()


def face(cell: Cell | None) -> OutputsFace:
    """The outputs of a cell from afar."""
    if cell is None or not cell.outputs:
        return NO_OUTPUTS
    digest = hashlib.sha256()
    size = 0
    for part, counted in _parts(cell):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
        size += len(part) if counted else 0
    return OutputsFace(len(cell.outputs), size, digest.hexdigest())


def joined(text: Any) -> str:
    """A text of an output, which the file may hold as a list of lines."""
    if isinstance(text, list):
        return "".join(line if isinstance(line, str) else canonical_json(line) for line in text)
    return text if isinstance(text, str) else ""


def _parts(cell: Cell) -> Iterator[tuple[bytes, bool]]:
    """What is digested, in order, and whether it adds to the size."""
    # A stream that was written in pieces reads like one that was written at once.
    for name, outputs in itertools.groupby(cell.outputs, key=_stream):
        if name:
            yield name.encode("utf-8", "surrogatepass"), False
            yield "".join(joined(output.get("text", "")) for output in outputs).encode("utf-8", "surrogatepass"), True
            continue
        for output in outputs:
            yield from _output_parts(output)


def _stream(output: Mapping[str, Any]) -> str:
    return f"stream {output.get('name')}" if output["output_type"] == "stream" else ""


def _output_parts(output: Mapping[str, Any]) -> Iterator[tuple[bytes, bool]]:
    yield output["output_type"].encode("utf-8", "surrogatepass"), False
    for key in ("ename", "evalue", "traceback"):
        if key in output:
            yield _bytes(output[key]), True
    data = output.get("data")
    if isinstance(data, Mapping):
        for mime in sorted(data):
            yield mime.encode("utf-8", "surrogatepass"), False
            yield _bytes(data[mime]), True


def _bytes(value: Any) -> bytes:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    try:
        packed = marshal.dumps(value, 2)
        return packed if len(packed) > _CANONICAL else canonical_json(value).encode()
    except (ValueError, RecursionError):
        # NaN, which outputs may hold, or nested deeper than the encoders go.
        leaves = (f"{place}={part!r}" for place, part, _ in parts(value) if not isinstance(part, dict | list))
        return "\n".join(leaves).encode("utf-8", "surrogatepass")
