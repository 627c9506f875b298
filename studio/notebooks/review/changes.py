"""What changed in the facts of a notebook beside its cells' text: parameters, and whether a change counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from studio.core.errors import StudioError
from studio.core.files import canonical_json
from studio.notebooks.document import Cell, NotebookDocument
from studio.notebooks.fingerprint import COUNTED_TAGS, canonical_source, counts
from studio.notebooks.parameters import Parameter, ParameterSchema, read_parameters
from studio.notebooks.rendering import as_json, cut
from studio.notebooks.review.alignment import Pair


@dataclass(frozen=True)
class ParameterChange:
    """A parameter that was added, removed or changed.

    Attributes
    ----------
    name : str
        Its name.
    status : str
        ``added``, ``removed`` or ``changed``.
    old, new : Mapping of str to str, or None
        ``type``, ``default`` (``required`` where there is none) and ``help`` as people write them.
    """

    name: str
    status: Literal["added", "removed", "changed"]
    old: Mapping[str, str] | None
    new: Mapping[str, str] | None

    @property
    def fields(self) -> tuple[str, ...]:
        """Which of type, default and help differ."""
        old, new = self.old or {}, self.new or {}
        return tuple(key for key in ("type", "default", "help") if old.get(key) != new.get(key))

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON data."""
        old = None if self.old is None else dict(self.old)
        new = None if self.new is None else dict(self.new)
        return {"name": self.name, "status": self.status, "old": old, "new": new, "fields": list(self.fields)}


def parameter_changes(
    old: NotebookDocument | None, new: NotebookDocument
) -> tuple[tuple[ParameterChange, ...], tuple[str, ...]]:
    """The parameters that changed, and why they could not be read where they could not."""
    before, notes = _parameters(old, "before the change")
    after, more = _parameters(new, "after the change")
    if notes or more:
        return (), (*notes, *more)
    changes = []
    for name in dict.fromkeys([*before, *after]):
        a, b = before.get(name), after.get(name)
        if a is None and b is not None:
            changes.append(ParameterChange(name, "added", None, _words(b)))
        elif b is None and a is not None:
            changes.append(ParameterChange(name, "removed", _words(a), None))
        elif a is not None and b is not None and _identity(a) != _identity(b):
            changes.append(ParameterChange(name, "changed", _words(a), _words(b)))
    return tuple(changes), ()


def counted_content(cell: Cell | None) -> tuple[object, ...] | None:
    """What of the cell the fingerprint counts; None for a cell that it leaves out."""
    if cell is None or not counts(cell):
        return None
    return (cell.type, tuple(tag for tag in COUNTED_TAGS if tag in cell.tags), canonical_source(cell.source))


def counting_moves(pairs: Sequence[Pair]) -> frozenset[int]:
    """Indices (in the new notebook) of moved cells that changed places with another cell that counts."""
    counted = [pair for pair in pairs if pair.old and pair.new and counted_content(pair.old) and counts(pair.new)]
    return frozenset(
        pair.new.index for pair in counted if pair.moved and pair.new is not None and _overtaken(pair, counted)
    )


def _overtaken(pair: Pair, others: Iterable[Pair]) -> bool:
    old, new = pair.old, pair.new
    return any(
        old is not None
        and new is not None
        and other.old is not None
        and other.new is not None
        and (old.index < other.old.index) != (new.index < other.new.index)
        for other in others
        if other is not pair
    )


def _parameters(document: NotebookDocument | None, when: str) -> tuple[Mapping[str, Parameter], tuple[str, ...]]:
    if document is None:
        return {}, ()
    try:
        schema: ParameterSchema = read_parameters(document)
    except StudioError as error:
        first = str(error).splitlines()[0]
        return {}, (f"the parameters {when} cannot be read, so they are not compared: {first}",)
    return schema.parameters, ()


def _words(parameter: Parameter) -> dict[str, str]:
    default = "required" if parameter.required else cut(parameter.default)
    return {"type": parameter.annotation, "default": default, "help": parameter.help}


def _identity(parameter: Parameter) -> tuple[str, ...]:
    default = "" if parameter.required else canonical_json(as_json(parameter.default))
    return (parameter.annotation, str(parameter.required), default, parameter.help)
