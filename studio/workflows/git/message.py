"""The words of a proposed commit: a conventional message, and what a reviewer is told to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from studio.notebooks.increments import CellChange, Kind

_KINDS: dict[Kind, tuple[str, str, str]] = {
    "noise": (
        "chore",
        "refresh outputs and metadata",
        "Nothing that runs changes: outputs, counts and metadata alone.",
    ),
    "parameters": ("feat", "change the parameters", "What a run may be given changes; the code that uses it follows."),
    "tests": ("test", "change the tests", "Tests on their own say what the next commit has to keep."),
    "code": ("feat", "change the code", "What the notebook does, and what it says about it."),
}
GROUPS = {
    "setup": ("build", "", "set up the repository", "How the repository works comes before what is in it."),
    "data": ("feat", "data", "change the data and their contracts", "All that follows is built on these declarations."),
    "modules": ("feat", "modules", "change the modules", "Notebooks import them, so they come before the notebooks."),
    "tests": ("test", "modules", "change the tests of the modules", "They belong to the modules of the commit before."),
    "pipelines": ("feat", "pipelines", "change the pipelines", "They name notebooks, which are all there by now."),
    "approvals": ("chore", "approvals", "record approvals", "An approval is of content that is committed by now."),
    "docs": ("docs", "", "change the documents", "Text alone."),
    "rest": ("chore", "", "change other files", "What belongs to none of the other groups."),
}


def of_layer(path: str, kind: Kind, cells: Sequence[CellChange]) -> tuple[str, str]:
    """The message and the reason of a commit of one layer of a notebook."""
    word, subject, reason = _KINDS[kind]
    many = sum(cell.number > 0 for cell in cells)
    counted = "" if kind == "noise" or not many else f" in {many} cell{'' if many == 1 else 's'}"
    return f"{word}({scope(path)}): {subject}{counted}", reason


def of_notebook(path: str, action: str, why: str) -> tuple[str, str]:
    """The message and the reason of a commit of a whole notebook."""
    name = PurePosixPath(path).name
    word = {"added": "feat", "removed": "refactor"}.get(action, "feat")
    verb = {"added": "add", "removed": "remove"}.get(action, "change")
    return f"{word}({scope(path)}): {verb} {_plain(name)}", why


def of_group(group: str, paths: Sequence[str], actions: Sequence[str]) -> tuple[str, str]:
    """The message and the reason of a commit of whole files."""
    word, place, subject, reason = GROUPS[group]
    verb = {"added": "add", "removed": "remove"}.get(actions[0], "change") if len(set(actions)) == 1 else "change"
    if len(paths) == 1:
        subject = f"{verb} {_plain(PurePosixPath(paths[0]).name)}"
    elif subject.startswith("change "):
        subject = f"{verb} {subject.removeprefix('change ')}"
    return f"{word}({place}): {subject}" if place else f"{word}: {subject}", reason


def scope(path: str) -> str:
    """The notebook's name as a message may hold it in brackets: without spaces and brackets."""
    return re.sub(r"[\s()]+", "-", _plain(PurePosixPath(path).stem)).strip("-") or "notebook"


def _plain(text: str) -> str:
    shown = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() else "?" for letter in shown)
