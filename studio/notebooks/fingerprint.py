"""What a notebook *is*: one digest over all that decides what running it does, and nothing else.

Counted: kernel name; code cells in order with source, role and every tag that changes execution; parameters; declared
contracts; the workspace's own modules, transitively. Left out: markdown, raw and scratch cells, empty cells, leftovers
of earlier runs, outputs, execution counts, cell ids, other metadata, line endings and white space at a cell's ends.
Every part is framed by its length, so that no text can move from one part to another unseen.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core.files import canonical_json, frame
from studio.core.workspace import Workspace
from studio.notebooks.document import PARAMETERS, RAISES, SKIP, TEST, Cell, NotebookDocument
from studio.notebooks.modules import local_modules
from studio.notebooks.parameters import ParameterSchema, read_parameters
from studio.notebooks.rendering import as_json

FORMAT = 1
# nbclient acts on the last two, Studio on the first two; no other tag of a cell that counts changes what runs.
COUNTED_TAGS = (PARAMETERS, TEST, SKIP, RAISES)
_ORDER = "order of the parameters"
# What Python reads over at the end of a line; other white space of Unicode is a syntax error there.
_BLANK = " \t\f\n"
_BLANK_START = re.compile(r"\A(?:[ \t\f]*\n)+")


@dataclass(frozen=True)
class Part:
    """One thing that counts.

    Attributes
    ----------
    kind : str
        ``kernel``, ``cell``, ``parameter``, ``contract`` or ``module``.
    label : str
        Its name for people, such as ``cell 4 (code)`` or ``parameter horizon``; not part of the digest.
    digest : str
        SHA-256 of its content, names included.
    """

    kind: str
    label: str
    digest: str


@dataclass(frozen=True)
class Fingerprint:
    """A notebook's fingerprint.

    Attributes
    ----------
    digest : str
        ``f1:`` and the SHA-256 over all parts; the number is the format's.
    parts : tuple of Part
        What was counted, in order.
    """

    digest: str
    parts: tuple[Part, ...]

    def as_dict(self) -> dict[str, Any]:
        """The fingerprint as JSON data."""
        parts = [{"kind": part.kind, "label": part.label, "digest": part.digest} for part in self.parts]
        return {"digest": self.digest, "parts": parts}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fingerprint:
        """The fingerprint that `as_dict` wrote."""
        parts = (Part(part["kind"], part["label"], part["digest"]) for part in data["parts"])
        return cls(data["digest"], tuple(parts))


def fingerprint(
    workspace: Workspace, document: NotebookDocument, *, contracts: Mapping[str, str] | None = None
) -> Fingerprint:
    """The fingerprint of a notebook as it was read.

    Parameters
    ----------
    workspace : Workspace
        Where its own modules lie.
    document : NotebookDocument
        The notebook.
    contracts : Mapping of str to str, optional
        Digest of the contract of each dataset it loads or saves, by dataset.

    Raises
    ------
    Problems
        When the parameters or a module of the workspace cannot be read.
    """
    parts = [_part("kernel", "kernel", document.kernel_name)]
    parts += [
        _part("cell", f"cell {cell.number} ({cell.role})", *_cell_content(cell))
        for cell in document.cells
        if counts(cell)
    ]
    parts += _parameter_parts(read_parameters(document))
    parts += [
        _part("contract", f"contract of {name}", name, digest) for name, digest in sorted((contracts or {}).items())
    ]
    parts += [
        _part("module", f"module {module.path}", module.name, module.digest)
        for module in local_modules(workspace, document)
    ]
    framed = frame("studio notebook", str(FORMAT), *(text for part in parts for text in (part.kind, part.digest)))
    return Fingerprint(f"f{FORMAT}:{hashlib.sha256(framed).hexdigest()}", tuple(parts))


def counts(cell: Cell) -> bool:
    """Whether the cell is part of the fingerprint."""
    if cell.role not in {"code", "parameters", "test"}:
        return False
    # An empty cell runs nothing, and editors leave one behind at the end; but values are handed over at the place of
    # the parameters cell even when it is empty.
    return cell.role == "parameters" or bool(cell.source.strip())


def canonical_source(source: str) -> str:
    r"""The source without what never matters: blank lines at its start, white space at its end, ``\r``.

    Where white space at the end may matter (the body of a cell magic is data, and a backslash joins what follows) only
    one last line ending is left out, as IPython does.
    """
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    text = _BLANK_START.sub("", text)
    if text.lstrip().startswith("%%") or text.rstrip(_BLANK).endswith("\\"):
        return text.removesuffix("\n")
    return text.rstrip(_BLANK)


def difference(old: Sequence[Part], new: Sequence[Part]) -> list[str]:
    """What changed from `old` to `new`, in people's words: ``cell 4 (code)``, ``parameter horizon``, ``kernel``.

    What was added is marked ``(new)``, what was taken out ``(gone)``; cells are compared in their order, so that an
    inserted cell does not make all later ones look changed.
    """
    changes = _named_changes(old, new)
    cells = _cell_changes([p for p in old if p.kind == "cell"], [p for p in new if p.kind == "cell"])
    if any(change.startswith(("parameter ", _ORDER)) for change in changes):
        # The parameters' own names say it better than the cell that they stand in.
        cells = [change for change in cells if not change.endswith("(parameters)")]
    return list(dict.fromkeys([*(c for c in changes if c == "kernel"), *cells, *(c for c in changes if c != "kernel")]))


def _named_changes(old: Sequence[Part], new: Sequence[Part]) -> list[str]:
    before, after = _by_label(old), _by_label(new)
    changes = []
    for label in dict.fromkeys([*before, *after]):
        if label not in after:
            changes.append(f"{label} (gone)")
        elif label not in before:
            changes.append(f"{label} (new)")
        elif before[label] != after[label]:
            changes.append(label)
    if not changes and list(before) != list(after):
        changes.append(_ORDER)
    return changes


def _by_label(parts: Sequence[Part]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in parts:
        if part.kind != "cell":
            found.setdefault(part.label, []).append(part.digest)
    return found


def _cell_changes(old: list[Part], new: list[Part]) -> list[str]:
    matcher = difflib.SequenceMatcher(None, [p.digest for p in old], [p.digest for p in new], autojunk=False)
    gone: list[Part] = []
    added: list[Part] = []
    changes: list[str] = []
    for operation, i, j, k, m in matcher.get_opcodes():
        if operation == "equal":
            continue
        paired = min(j - i, m - k)
        changes += [part.label for part in new[k : k + paired]]
        gone += old[i + paired : j]
        added += new[k + paired : m]
    moved = {part.digest for part in gone} & {part.digest for part in added}
    changes += [f"{part.label} ({'moved' if part.digest in moved else 'new'})" for part in added]
    changes += [f"{part.label} (gone)" for part in gone if part.digest not in moved]
    return changes


def _part(kind: str, label: str, *content: str) -> Part:
    return Part(kind, label, hashlib.sha256(frame(kind, *content)).hexdigest())


def _cell_content(cell: Cell) -> Iterable[str]:
    tags = [tag for tag in COUNTED_TAGS if tag in cell.tags]
    return (cell.type, canonical_json(tags), canonical_source(cell.source))


def _parameter_parts(schema: ParameterSchema) -> list[Part]:
    parts = []
    for parameter in schema.parameters.values():
        default = "" if parameter.required else canonical_json(as_json(parameter.default))
        content = (parameter.name, parameter.annotation, str(parameter.required), default)
        parts.append(_part("parameter", f"parameter {parameter.name}", *content))
    return parts
