"""From a notebook's text to a sound nbformat 4.5 dictionary: refuse what is ambiguous, mend what is not.

Usual readers accept duplicate keys, unknown cell types (and skip them), missing or repeated cell ids and NaN
in metadata without a word. Here a document either means one thing to everybody or is refused, and what was mended
is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import BadInput, Problem, Problems
from studio.notebooks import strict_json

CELL_TYPES = ("code", "markdown", "raw")
DEFAULT_KERNEL = "python3"
# Metadata is copied and written by others, who go down by calls and not by a stack.
DEEPEST = 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEYS = {
    "code": {"id", "cell_type", "metadata", "source", "outputs", "execution_count"},
    "markdown": {"id", "cell_type", "metadata", "source", "attachments"},
    "raw": {"id", "cell_type", "metadata", "source", "attachments"},
}


@dataclass
class Mended:
    """A notebook's dictionary in nbformat 4.5 and what was mended to get there."""

    raw: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def read_text(text: str, shown: str) -> Mended:
    """The notebook in the JSON `text`; `shown` names the file in messages.

    Raises
    ------
    BadInput
        When the text is not JSON, or not strictly, or of another nbformat.
    Problems
        When the document's parts are not what nbformat 4 allows; all at once.
    """
    notes = []
    if text.startswith("\ufeff"):
        text = text[1:]
        notes.append("a byte-order mark at the start of the file was left out")
    content = _loads(text, shown)
    return mend(content, shown, notes)


def mend(content: Any, shown: str, notes: list[str] | None = None, *, ids_kept: bool = True) -> Mended:
    """`content`, which this call may change, checked and brought to nbformat 4.5.

    Parameters
    ----------
    content : Any
        The data of the JSON document.
    shown : str
        The file as messages name it.
    notes : list of str, optional
        What was mended so far.
    ids_kept : bool
        False for text notebooks, which hold no cell ids: all are made here, and that is no note.
    """
    _check_format(content, shown)
    mended = Mended(content, notes if notes is not None else [])
    problems = _document_problems(content, shown)
    if problems:
        raise Problems(problems)
    for number, cell in enumerate(content["cells"], 1):
        problems += [Problem(shown, 0, message, f"cell {number}") for message in _cell_problems(cell)]
    if problems:
        raise Problems(problems)
    _mend_document(mended)
    for number, cell in enumerate(content["cells"], 1):
        _mend_cell(cell, number, mended.notes)
    _mend_ids(content["cells"], mended.notes if ids_kept else [], newer=content["nbformat_minor"] >= 5)
    content["nbformat_minor"] = 5
    return mended


def _loads(text: str, shown: str) -> Any:
    try:
        return strict_json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"{shown} {_json_sentence(text, error)}") from error
    except strict_json.NotStrict as error:
        raise BadInput(
            f"{shown} cannot be read safely: {error}. Next: correct that place in the file, or, where it stands in "
            "outputs, clear them and save the notebook."
        ) from error


def _json_sentence(text: str, error: json.JSONDecodeError) -> str:
    restore = "Next: restore the file from its last good version."
    if not text.strip():
        return f"is empty, so it is no notebook. {restore}"
    if re.search(r"^<{7} ", text, re.MULTILINE):
        return "holds the marks of an unfinished merge (<<<<<<<). Next: finish it, for example with: nbdime mergetool"
    if error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip()):
        return f"is cut off at line {error.lineno}: the notebook's JSON is not complete. {restore}"
    return (
        f"is not JSON, so it is no notebook: {error.msg} at line {error.lineno}, column {error.colno}. "
        "Next: correct that place, or restore the file from its last good version."
    )


def _check_format(content: Any, shown: str) -> None:
    if not isinstance(content, dict):
        raise BadInput(f"{shown} is JSON but no notebook: an object is expected. Next: correct the path.")
    major, minor = content.get("nbformat"), content.get("nbformat_minor", 0)
    if type(major) is not int or type(minor) is not int or minor < 0:
        raise BadInput(
            f"{shown} is JSON but no notebook: it does not say its nbformat by whole numbers. Next: correct the path."
        )
    if major < 4:
        raise BadInput(
            f"{shown} is a notebook of nbformat {major}, and Studio reads 4.0 to 4.5. "
            f"Next: convert it with: jupyter nbconvert --to notebook --nbformat 4 --inplace {shown}"
        )
    if (major, minor) > (4, 5):
        raise BadInput(
            f"{shown} is a notebook of nbformat {major}.{minor}, which is newer than the 4.5 that Studio reads. "
            "Next: save it as nbformat 4.5."
        )


def _document_problems(content: Mapping[str, Any], shown: str) -> list[Problem]:
    problems = []
    if not isinstance(content.get("cells"), list):
        problems.append(Problem(shown, 0, "The notebook has no list of cells. Next: restore the file.", "cells"))
    metadata = content.get("metadata", {})
    if not isinstance(metadata, dict):
        problems.append(Problem(shown, 0, "The metadata must be an object. Next: restore the file.", "metadata"))
        return problems
    problems += [Problem(shown, 0, message, "metadata") for message in _data_problems(metadata)]
    kernel = metadata.get("kernelspec", {})
    if not isinstance(kernel, dict) or not isinstance(kernel.get("name", ""), str):
        message = "The kernel's name must be text. Next: choose the notebook's kernel again and save."
        problems.append(Problem(shown, 0, message, "metadata.kernelspec"))
    return problems


def _data_problems(metadata: dict[str, Any]) -> list[str]:
    problems = []
    if strict_json.holds_unwritable_number(metadata):
        problems.append("The metadata holds NaN or an infinity, which JSON does not know. Next: take it out.")
    if strict_json.depth(metadata) > DEEPEST:
        problems.append(f"The metadata is nested more than {DEEPEST} levels deep. Next: take it out.")
    return problems


def _cell_problems(cell: Any) -> list[str]:
    if not isinstance(cell, dict):
        return ["A cell must be an object. Next: restore the file."]
    kind = cell.get("cell_type")
    if kind not in CELL_TYPES:
        return [f"The cell type {kind!r} is unknown; allowed are {', '.join(CELL_TYPES)}. Next: make it one of these."]
    problems = []
    source = cell.get("source", "")
    if not _is_text(source):
        problems.append("The source must be text or a list of texts. Next: restore the file.")
    problems += _metadata_problems(cell.get("metadata", {}))
    if kind == "code":
        count = cell.get("execution_count")
        if count is not None and type(count) is not int:
            problems.append(f"The execution count must be a whole number or null, not {count!r}. Next: clear it.")
        outputs = cell.get("outputs", [])
        if not isinstance(outputs, list) or not all(
            isinstance(output, dict) and isinstance(output.get("output_type"), str) for output in outputs
        ):
            problems.append("The outputs must be a list of objects with an output_type. Next: clear the outputs.")
    return problems


def _metadata_problems(metadata: Any) -> list[str]:
    if not isinstance(metadata, dict):
        return ["The cell's metadata must be an object. Next: restore the file."]
    problems = _data_problems(metadata)
    tags = metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        problems.append("The tags must be a list of texts. Next: set the cell's tags again.")
    return problems


def _is_text(source: Any) -> bool:
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))


def _mend_document(mended: Mended) -> None:
    raw, notes = mended.raw, mended.notes
    raw.setdefault("nbformat_minor", 0)
    if "metadata" not in raw:
        raw["metadata"] = {}
        notes.append("the notebook's metadata was missing")
    for key in sorted(set(raw) - {"cells", "metadata", "nbformat", "nbformat_minor"}):
        del raw[key]
        notes.append(f"the unknown key {key!r} was left out")
    kernel = raw["metadata"].setdefault("kernelspec", {})
    if not kernel.get("name"):
        kernel.update(name=DEFAULT_KERNEL, display_name=kernel.get("display_name", "Python 3"))
        notes.append(f"no kernel was named, so {DEFAULT_KERNEL} is used")


def _mend_cell(cell: dict[str, Any], number: int, notes: list[str]) -> None:
    kind = cell["cell_type"]
    missing = [key for key in ("source", "metadata") if key not in cell]
    if kind == "code":
        missing += [key for key in ("outputs",) if key not in cell]
    if missing:
        notes.append(f"cell {number} had no {' and no '.join(missing)}")
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    # Python and IPython read all three line endings alike; one of them is kept, so that what is checked is what runs.
    cell["source"] = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    cell.setdefault("metadata", {})
    if kind == "code":
        cell.setdefault("outputs", [])
        cell.setdefault("execution_count", None)
    for key in sorted(set(cell) - _KEYS[kind]):
        del cell[key]
        notes.append(f"cell {number} ({kind}) held the key {key!r}, which was left out")


def _mend_ids(cells: list[dict[str, Any]], notes: list[str], *, newer: bool) -> None:
    taken = {cell["id"] for cell in cells if isinstance(cell.get("id"), str)}
    seen: set[str] = set()
    missing: list[int] = []
    for number, cell in enumerate(cells, 1):
        found = cell.get("id")
        if isinstance(found, str) and _ID.fullmatch(found) and found not in seen:
            seen.add(found)
            continue
        if found is None:
            missing.append(number)
        elif isinstance(found, str) and found in seen:
            notes.append(f"cell {number} had the same id as an earlier cell and was given another")
        else:
            notes.append(f"cell {number} had an id that nbformat does not allow and was given another")
        cell["id"] = _new_id(number, taken)
        taken.add(cell["id"])
        seen.add(cell["id"])
    if missing and newer:
        numbers = ", ".join(map(str, missing))
        notes.append(f"{'cell' if len(missing) == 1 else 'cells'} {numbers} had no id and got one")
    elif missing:
        notes.append("the notebook is of an nbformat before 4.5, which has no cell ids, so the cells got some")


def _new_id(number: int, taken: set[str]) -> str:
    # By place and not by chance: the same file gives the same ids each time it is read.
    candidate, again = f"cell-{number}", 1
    while candidate in taken:
        again += 1
        candidate = f"cell-{number}-{again}"
    return candidate
