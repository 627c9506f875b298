"""Write a workflow of continuous integration that does for every change what a careful person would do by hand.

The templates lie beside this file and are whole workflows; only what differs from workspace to workspace is filled in:
its folder, its branch, its Python, and how it is installed. What is installed from is the business of the workspace's
own files and of the machine's pip: no address of an index is written.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath
from typing import Literal

from studio.core.errors import BadInput
from studio.core.files import write_atomic
from studio.core.git import Repository, open_repository
from studio.core.workspace import Workspace, find_workspace

Platform = Literal["github", "gitlab"]
PLACES: dict[Platform, str] = {"github": ".github/workflows/studio.yml", "gitlab": ".gitlab-ci.yml"}
PACKAGE = "notebook-studio"
_LOCKS = ("requirements.lock", "requirements.txt")


@dataclass(frozen=True)
class Workflow:
    """What was written.

    Attributes
    ----------
    path : str
        The file, relative to the top of the repository.
    platform : str
        ``github`` or ``gitlab``.
    installs : tuple of str
        How the workflow installs what it needs.
    replaced : bool
        Whether another file was there.
    notes : tuple of str
        What its owner should know.
    """

    path: str
    platform: Platform
    installs: tuple[str, ...]
    replaced: bool
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "path": self.path,
            "platform": self.platform,
            "installs": list(self.installs),
            "replaced": self.replaced,
            "notes": list(self.notes),
        }


def init_ci(platform: Platform, *, force: bool = False) -> Workflow:
    """Write the workflow for `platform`.

    Raises
    ------
    BadInput
        When the file is there already and `force` is not given, or the workspace's folder has a name that a workflow
        cannot hold.
    """
    workspace = find_workspace()
    top, branch, notes = _surroundings(workspace)
    path = top / PLACES[platform]
    if path.is_dir() or path.is_symlink():
        raise BadInput(f"{PLACES[platform]} is no plain file in {top}. Next: move it away.")
    replaced = path.exists()
    if replaced and not force:
        raise BadInput(
            f"{PLACES[platform]} is there already in {top}, and was left as it is. "
            f"Next: studio ci init {platform} --force, which overwrites it"
        )
    folder = PurePosixPath(workspace.root.resolve().relative_to(top.resolve()).as_posix())
    installs, found = _installs(workspace)
    notes += found
    text = _filled(platform, folder, branch, installs, _cache_key(workspace, folder, platform))
    write_atomic(path, text)
    return Workflow(PLACES[platform], platform, tuple(installs), replaced, tuple(notes))


def _surroundings(workspace: Workspace) -> tuple[Path, str, list[str]]:
    """The top of the repository and the branch that others start from; where there is none, what will be."""
    try:
        repository = open_repository(workspace.root)
    except BadInput:
        note = "The workspace is in no git repository yet, so its folder is taken for the top of one. Next: git init"
        return workspace.root, "main", [note]
    return repository.top, _default_branch(repository), []


def _default_branch(repository: Repository) -> str:
    remote = repository.ask("symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD")
    if remote:
        return remote.removeprefix("origin/")
    for name in ("main", "master"):
        if repository.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
            return name
    return repository.branch or "main"


def _installs(workspace: Workspace) -> tuple[list[str], list[str]]:
    """The commands that install the workspace with Studio, and what its owner should know of them."""
    from studio import __version__

    lock = next((name for name in _LOCKS if (workspace.root / name).is_file()), None)
    project = _is_project(workspace.root / "pyproject.toml")
    commands, notes = [], []
    if lock is not None:
        commands.append(f"python -m pip install -r {lock}")
    if project:
        commands.append("python -m pip install --no-deps -e ." if lock else "python -m pip install -e .")
    if not commands:
        commands.append(f"python -m pip install {PACKAGE}=={__version__}")
        notes.append(f"It installs {PACKAGE} alone; what else the notebooks import goes into a requirements.txt here.")
    elif not _names_studio(workspace.root, lock, project):
        commands.append(f"python -m pip install {PACKAGE}=={__version__}")
    return commands, notes


def _names_studio(root: Path, lock: str | None, project: bool) -> bool:
    texts = [
        (root / name).read_text("utf-8", "replace") for name in (lock, "pyproject.toml" if project else None) if name
    ]
    return any(PACKAGE in text.lower().replace("_", "-") for text in texts)


def _is_project(path: Path) -> bool:
    import tomllib

    try:
        return "project" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False


def _cache_key(workspace: Workspace, folder: PurePosixPath, platform: Platform) -> str:
    """The file whose content decides what is installed."""
    found = next((name for name in (*_LOCKS, "pyproject.toml") if (workspace.root / name).is_file()), None)
    return (folder / found).as_posix() if found else PLACES[platform]


def _filled(platform: Platform, folder: PurePosixPath, branch: str, installs: list[str], cache: str) -> str:
    text = (package_files("studio.workflows") / "ci" / f"{platform}.yml").read_text(encoding="utf-8")
    values = {
        "STUDIO-FOLDER": shlex.quote(str(folder)) if platform == "gitlab" else _scalar(str(folder)),
        "STUDIO-BRANCH": _scalar(branch),
        "STUDIO-PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "STUDIO-CACHE": _scalar(cache),
        "STUDIO-REPORTS": (folder / "reports").as_posix(),
    }
    for name, place in (("folder", str(folder)), ("branch", branch)):
        if not place.isprintable() or set(place) & set("'\"${}`\\"):
            raise BadInput(f"The {name} {place!r} cannot be written into a workflow safely. Next: rename it.")
    lines = []
    for line in text.splitlines():
        if line.strip() == "STUDIO-INSTALL":
            lines += [line.replace("STUDIO-INSTALL", command) for command in installs]
            continue
        for name, value in values.items():
            line = line.replace(name, value)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    """The text as a YAML scalar of one line."""
    import re

    return text if re.fullmatch(r"[A-Za-z./][A-Za-z0-9_./-]*", text) else f'"{text}"'
