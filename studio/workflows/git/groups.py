"""Which paths of a working change belong into one commit, and in which order the commits come."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from studio.core.git import Change, Repository
from studio.core.workspace import FILE
from studio.notebooks.increments import CannotSplit, CellChange, split_notebook
from studio.workflows.git import message

_BEFORE = ("setup", "data", "modules", "tests")
_AFTER = ("pipelines", "approvals", "docs", "rest")
_RULES = (
    ("setup", rf"(.*/)?({re.escape(FILE)}|\.git(attributes|ignore|modules|lab-ci\.yml)|\.pre-commit-config\.yaml)"),
    ("setup", r"\.github/.*|(.*/)?(pyproject\.toml|environment\.ya?ml|requirements[^/]*\.(txt|lock|in)|Makefile)"),
    ("approvals", r"(.*/)?pipelines/approvals/.*"),
    ("tests", r"(.*/)?(tests?/.*|conftest\.py|test_[^/]*\.py)"),
    ("modules", r".*\.pyi?"),
    ("data", r"(.*/)?pipelines/(catalog\.ya?ml|contracts/.*)|(.*/)?data/.*|.*\.(csv|parquet|tsv)"),
    ("pipelines", r"(.*/)?pipelines/[^/]*\.ya?ml"),
    ("docs", r"(.*/)?docs/.*|.*\.(md|rst|txt)|(.*/)?(LICENSE|NOTICE)[^/]*"),
)


@dataclass(frozen=True)
class Content:
    """What a commit brings for one path.

    Attributes
    ----------
    path : str
        Relative to the top of the repository.
    action : str
        ``added``, ``changed`` or ``removed``.
    mode, made : str
        Git's mode and the id of the content; ``000000`` and zeros where the path is removed.
    whole : bool
        Whether that is all of the path's change, so that ``git add`` makes it.
    cells : tuple of CellChange
        The cells of a notebook that is committed in parts.
    """

    path: str
    action: str
    mode: str
    made: str
    whole: bool = True
    cells: tuple[CellChange, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "path": self.path,
            "action": self.action,
            "cells": [str(cell) for cell in self.cells],
            "object": self.made,
        }


@dataclass(frozen=True)
class Group:
    """What goes into one commit, with its message and the reason why it stands alone."""

    message: str
    reason: str
    contents: tuple[Content, ...]


def group_changes(repository: Repository, changes: Sequence[Change]) -> Iterator[Group]:
    """The commits in order; the contents of partly committed notebooks are stored in `repository`."""
    by_group: dict[str, list[Change]] = {}
    for change in changes:
        by_group.setdefault(group_of(change.path), []).append(change)
    yield from _of_files(_BEFORE, by_group)
    for change in by_group.get("notebooks", []):
        yield from _of_notebook(repository, change)
    yield from _of_files(_AFTER, by_group)


def group_of(path: str) -> str:
    """The name of the group that `path` belongs to."""
    if path.endswith(".ipynb"):
        return "notebooks"
    return next((name for name, pattern in _RULES if re.fullmatch(pattern, path, re.DOTALL)), "rest")


def _of_files(names: Sequence[str], by_group: dict[str, list[Change]]) -> Iterator[Group]:
    for name in names:
        changes = by_group.get(name, [])
        if changes:
            contents = tuple(_whole(change) for change in changes)
            paths, actions = [item.path for item in contents], [item.action for item in contents]
            yield Group(*message.of_group(name, paths, actions), contents)


def _of_notebook(repository: Repository, change: Change) -> Iterator[Group]:
    whole = _whole(change)
    if change.added or change.deleted or change.old_mode != change.new_mode:
        why = {"added": "A new notebook is read as a whole.", "removed": "The notebook is gone."}
        reason = why.get(whole.action, "It becomes another kind of file.")
        yield Group(*message.of_notebook(change.path, whole.action, reason), (whole,))
        return
    old, new = repository.content(change.old), repository.content(change.new)
    try:
        layers = split_notebook(old or b"", new or b"")
    except CannotSplit as error:
        reason = f"It is taken as a whole, because {error}"
        yield Group(*message.of_notebook(change.path, whole.action, reason), (whole,))
        return
    for place, layer in enumerate(layers, 1):
        last = place == len(layers)
        made = change.new if last else repository.store(layer.content)
        content = Content(change.path, "changed", change.new_mode, made, whole=last, cells=layer.cells)
        yield Group(*message.of_layer(change.path, layer.kind, layer.cells), (content,))


def _whole(change: Change) -> Content:
    action = "added" if change.added else "removed" if change.deleted else "changed"
    return Content(change.path, action, change.new_mode, change.new)
