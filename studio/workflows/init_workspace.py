"""Make a small workspace that runs: a folder to start from, never over anybody's files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.files import write_atomic
from studio.core.workspace import FILE

_RENAMED = {"gitignore": ".gitignore"}


@dataclass(frozen=True)
class Initialised:
    """What was made: the workspace's root and its new files, relative to it."""

    root: Path
    created: tuple[str, ...]


def init_workspace(folder: Path) -> Initialised:
    """Make a workspace in `folder`, which is created where it does not exist.

    Raises
    ------
    BadInput
        When `folder` is a workspace already, or holds a file that would be overwritten; nothing is written then.
    """
    root = folder.resolve()
    if (root / FILE).exists():
        raise BadInput(f"{root} is a Studio workspace already ({FILE} is there). Next: studio pipelines list")
    if root.exists() and not root.is_dir():
        raise BadInput(f"{root} is a file, not a folder. Next: name a folder, e.g. studio init my-project")
    contents = dict(sorted(_starter(package_files("studio.workflows") / "starter", "")))
    taken = [name for name in contents if (root / name).exists()]
    if taken:
        raise BadInput(
            f"{root} holds {', '.join(taken)} already, and nothing is overwritten. "
            "Next: studio init in an empty folder, e.g. studio init my-project"
        )
    name = re.sub(r"[^a-z0-9_-]+", "-", root.name.lower()).strip("-_") or "studio"
    for path in sorted(contents, key=lambda path: path == FILE):  # studio.toml last: a half-made folder is no workspace
        content = contents[path].replace(b"PROJECT-NAME", name.encode()) if path == FILE else contents[path]
        write_atomic(root / path, content)
    return Initialised(root, tuple(contents))


def _starter(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for item in folder.iterdir():
        name = prefix + _RENAMED.get(item.name, item.name)
        if item.is_dir():
            if item.name != "__pycache__":
                found += _starter(item, name + "/")
        else:
            found.append((name, item.read_bytes()))
    return found
