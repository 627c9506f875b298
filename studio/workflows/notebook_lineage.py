"""Who loads and saves which dataset across the notebooks of a workspace: read once, and again when a file changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.workspace import Workspace
from studio.notebooks.datasets import read_datasets
from studio.notebooks.document import read_notebook
from studio.pipelines.specification import list_pipelines, read_pipeline

_KEPT = 5_000


@dataclass(frozen=True)
class Uses:
    """The datasets that one notebook loads and saves, by name."""

    loads: frozenset[str]
    saves: frozenset[str]


_NOTHING = Uses(frozenset(), frozenset())
_known: OrderedDict[tuple[str, int, int], Uses] = OrderedDict()
_guard = threading.Lock()


def dataset_uses(workspace: Workspace) -> dict[str, Uses]:
    """What each notebook of the workspace loads and saves, by its path; nothing for one that cannot be read."""
    return {workspace.shown(path): _uses(workspace, path) for path in _notebooks(workspace)}


def pipelines_with(workspace: Workspace, subject: str) -> list[str]:
    """The pipelines that have the notebook `subject` as a step; one that cannot be read is told elsewhere."""
    found = []
    for name in list_pipelines(workspace):
        try:
            steps = read_pipeline(workspace, name).steps.values()
        except StudioError:
            continue
        if any(workspace.shown(workspace.root / step.notebook) == subject for step in steps):
            found.append(name)
    return found


def _notebooks(workspace: Workspace) -> Iterator[Path]:
    for path in sorted((workspace.root / "notebooks").glob("**/*.ipynb")):
        if not any(part.startswith(".") for part in path.relative_to(workspace.root).parts):
            yield path


def _uses(workspace: Workspace, path: Path) -> Uses:
    try:
        found = path.stat()
    except OSError:
        return _NOTHING
    key = (str(path), found.st_mtime_ns, found.st_size)
    with _guard:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    try:
        datasets = read_datasets(read_notebook(workspace, path))
        uses = Uses(frozenset(datasets.loaded), frozenset(datasets.saved))
    except StudioError:
        uses = _NOTHING
    with _guard:
        _known[key] = uses
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return uses
