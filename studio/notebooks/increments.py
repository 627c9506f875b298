"""A large change of one notebook taken apart into small ones that can be reviewed one by one.

The kinds come in a fixed order: noise, parameters, tests, code. Each layer is the whole notebook with the changes of
its kind and of all kinds before it, so that committing the layers one after the other ends at the changed notebook,
byte for byte, and each of them is a notebook that opens. Nothing here knows of git.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from studio.core.errors import BadInput
from studio.notebooks.document import PARAMETERS, TEST, parse_notebook
from studio.notebooks.layout import read_faithfully

Kind = Literal["noise", "parameters", "tests", "code"]
KINDS: tuple[Kind, ...] = ("noise", "parameters", "tests", "code")
Action = Literal["changed", "added", "removed", "moved", "outputs or metadata"]
_NOISE = ("outputs", "execution_count", "metadata")


@dataclass(frozen=True)
class CellChange:
    """One cell that a layer changes.

    Attributes
    ----------
    number : int
        Its place from 1: in the new notebook, or in the old one where it was removed; 0 for the notebook's metadata.
    action : str
        What happened to it.
    """

    number: int
    action: Action

    def __str__(self) -> str:
        return f"cell {self.number} {self.action}" if self.number else "the notebook's metadata or format"


@dataclass(frozen=True)
class Layer:
    """The notebook after the changes of one kind and of all kinds before it.

    Attributes
    ----------
    kind : str
        The kind of change that it adds.
    content : bytes
        The notebook's file.
    cells : tuple of CellChange
        What differs from the layer before.
    """

    kind: Kind
    content: bytes
    cells: tuple[CellChange, ...]


class CannotSplit(ValueError):
    """The change of a notebook has to be taken as a whole; the message says why."""


@dataclass(frozen=True)
class _Item:
    """A cell before and after, at its place in the order that both notebooks fit into."""

    old: int | None
    new: int | None
    kind: Kind
    moved: bool = False


def split_notebook(old: bytes, new: bytes) -> tuple[Layer, ...]:
    """The layers from the notebook's file `old` to `new`; the last one's content is `new` itself.

    Raises
    ------
    CannotSplit
        When either cannot be read as a notebook, is of another nbformat than the other, or is not written as programs
        write notebooks, so that a part of the change could not be written without changing more.
    """
    before, after = _read(old, "the committed notebook"), _read(new, "the notebook")
    if (before["nbformat"], before.get("nbformat_minor")) != (after["nbformat"], after.get("nbformat_minor")):
        raise CannotSplit("its nbformat changes, which touches every cell")
    text = new.decode("utf-8")
    value, layout = read_faithfully(text)
    if layout.write(value) != text:
        raise CannotSplit("it is not written as Jupyter writes notebooks")
    items = _items(before["cells"], after["cells"])
    layers: list[Layer] = []
    previous, last = before, old
    for place, kind in enumerate(KINDS):
        layer = _layer(before, after, items, set(KINDS[: place + 1]))
        content = new if layer == after else layout.write(layer).encode("utf-8")
        if content == last:
            continue
        if layer != previous or kind == "noise":
            layers.append(Layer(kind, content, tuple(_cells(items, before, after, kind))))
            previous, last = layer, content
    _check(layers, new)
    return tuple(layers)


def changed_cells(old: bytes | None, new: bytes | None) -> int | None:
    """How many cells differ in more than outputs and metadata; None where one of the notebooks cannot be read.

    `None` stands for a notebook that is not there: all cells of the other one count.
    """
    try:
        before = _read(old, "")["cells"] if old is not None else []
        after = _read(new, "")["cells"] if new is not None else []
    except CannotSplit:
        return None
    return sum(_counts(item, before, after) for item in _items(before, after))


def _read(content: bytes, what: str) -> dict[str, Any]:
    try:
        text = content.decode("utf-8")
        parse_notebook(text, "it")
        value, _ = read_faithfully(text)
    except (BadInput, ValueError) as error:
        raise CannotSplit(f"{what} cannot be read: {error}") from error
    return value  # type: ignore[no-any-return]


def _check(layers: Sequence[Layer], new: bytes) -> None:
    if not layers or layers[-1].content != new:
        raise CannotSplit("its parts do not add up to the whole change")
    for layer in layers:
        _read(layer.content, f"the notebook after its {layer.kind}")


def _items(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[_Item]:
    """Both notebooks' cells in one order: the kept in place, then at each gap the removed before the added."""
    before, after = _keys(old), _keys(new)
    items: list[_Item] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for operation, i, j, k, m in matcher.get_opcodes():
        paired = j - i if operation == "equal" else 0
        if operation == "replace" and "id" not in old[i] and "id" not in new[k]:
            paired = _pairs(old[i:j], new[k:m])  # without ids, what stands at the same place is the same cell
        items += [_Item(i + n, k + n, _kind(old[i + n], new[k + n])) for n in range(paired)]
        items += [_Item(n, None, _kind(old[n])) for n in range(i + paired, j)]
        items += [_Item(None, n, _kind(new[n])) for n in range(k + paired, m)]
    return _with_moves(items, before, after, old, new)


def _with_moves(
    items: list[_Item],
    before: Sequence[str],
    after: Sequence[str],
    old: Sequence[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
) -> list[_Item]:
    """A moved cell leaves its place and reaches the other in one layer: its id must not stand twice, nor be missing."""
    gone = {before[item.old]: item.old for item in items if item.new is None and item.old is not None}
    come = {after[item.new]: item.new for item in items if item.old is None and item.new is not None}
    moved = {key: _kind(old[gone[key]], new[come[key]]) for key in gone.keys() & come.keys()}
    found = []
    for item in items:
        key = before[item.old] if item.new is None and item.old is not None else after[item.new or 0]
        alone = item.old is None or item.new is None
        found.append(_Item(item.old, item.new, moved[key], moved=True) if alone and key in moved else item)
    return found


def _keys(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    keys, seen = [], set()
    for cell in cells:
        found = cell.get("id")
        key = f"id {found}" if isinstance(found, str) else f"{cell['cell_type']} {_text(cell)}"
        while key in seen:
            key += " again"
        seen.add(key)
        keys.append(key)
    return keys


def _pairs(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> int:
    alike = (first["cell_type"] == second["cell_type"] for first, second in zip(old, new, strict=False))
    return next((n for n, same in enumerate(alike) if not same), min(len(old), len(new)))


def _kind(*cells: Mapping[str, Any]) -> Kind:
    tags = {tag for cell in cells for tag in cell.get("metadata", {}).get("tags", [])}
    if PARAMETERS in tags:
        return "parameters"
    return "tests" if TEST in tags else "code"


def _text(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _tags(cell: Mapping[str, Any]) -> Any:
    return cell.get("metadata", {}).get("tags")


def _differs(item: _Item, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a kept cell differs in more than noise."""
    if item.old is None or item.new is None:
        return False
    first, second = old[item.old], new[item.new]
    plain = [{key: value for key, value in cell.items() if key not in (*_NOISE, "source")} for cell in (first, second)]
    return plain[0] != plain[1] or _text(first) != _text(second) or _tags(first) != _tags(second)


def _counts(item: _Item, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the item is a changed cell; a moved one, which has two items, counts where it arrives."""
    if item.old is None or item.new is None:
        return not item.moved or item.old is None
    return _differs(item, old, new)


def _layer(old: dict[str, Any], new: dict[str, Any], items: Sequence[_Item], kinds: set[Kind]) -> dict[str, Any]:
    cells = [cell for item in items if (cell := _cell(item, old["cells"], new["cells"], kinds)) is not None]
    layer = {key: value for key, value in new.items() if key not in ("cells", "metadata")}
    metadata = copy.deepcopy(new.get("metadata", {}))
    before = old.get("metadata", {})
    # Another kernel runs other code: that is no noise, though it stands in the metadata.
    if "code" not in kinds and before.get("kernelspec", {}).get("name") != metadata.get("kernelspec", {}).get("name"):
        for key in ("kernelspec", "language_info"):
            metadata.pop(key, None)
            if key in before:
                metadata[key] = before[key]
    layer |= {"cells": cells, "metadata": metadata}
    return {key: layer[key] for key in new} | {key: value for key, value in layer.items() if key not in new and value}


def _cell(
    item: _Item, old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]], kinds: set[Kind]
) -> dict[str, Any] | None:
    if item.old is None or item.new is None:
        if item.kind in kinds:
            return None if item.new is None else new[item.new]
        return None if item.old is None else old[item.old]
    first, second = old[item.old], new[item.new]
    if item.kind in kinds or not _differs(item, old, new):
        return second
    return _only_noise(first, second)


def _only_noise(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The old cell with the new outputs and metadata; of the tags, which decide what runs, the old ones."""
    if old["cell_type"] != new["cell_type"]:
        return old
    cell = {key: (new[key] if key in _NOISE and key in new else value) for key, value in old.items()}
    if _tags(old) != _tags(new):
        metadata = {key: value for key, value in new.get("metadata", {}).items() if key != "tags"}
        cell["metadata"] = metadata if _tags(old) is None else {**metadata, "tags": _tags(old)}
    return cell


def _cells(
    items: Sequence[_Item], before: Mapping[str, Any], after: Mapping[str, Any], kind: Kind
) -> Iterator[CellChange]:
    old, new = before["cells"], after["cells"]
    if kind == "noise" and before.get("metadata") != after.get("metadata"):
        yield CellChange(0, "outputs or metadata")
    for item in items:
        if item.old is None or item.new is None:
            if item.kind == kind and item.new is not None:
                yield CellChange(item.new + 1, "moved" if item.moved else "added")
            elif item.kind == kind and item.old is not None and not item.moved:
                yield CellChange(item.old + 1, "removed")
        elif kind == "noise":
            if any(old[item.old].get(key) != new[item.new].get(key) for key in _NOISE):
                yield CellChange(item.new + 1, "outputs or metadata")
        elif item.kind == kind and _differs(item, old, new):
            yield CellChange(item.new + 1, "changed")
