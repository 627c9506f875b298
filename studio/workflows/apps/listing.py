"""The apps: notebooks that are shown as pages, those of the workspace and those that come with Studio.

An app is a notebook in ``notebooks/apps/``. Its metadata may name it (``title``) and say what it is for
(``description``); without a title its first heading is taken. Only what is listed here is ever served.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.core.errors import BadInput, Missing
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.notebooks.document import parse_notebook
from studio.notebooks.headings import in_words, one_line

FOLDER = Path("notebooks") / "apps"
SHARED = ("notebook-studio", "apps")
"""Below Jupyter's data folders (``share/jupyter``): where an installation puts the apps that come with Studio."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class App:
    """One app.

    Attributes
    ----------
    name : str
        What it is called in addresses and on the command line: the file's name without its ending.
    title, description : str
        For people; the description may be empty.
    file : Path
        The notebook.
    origin : str
        ``workspace``, or ``studio`` for one that comes with Studio.
    problem : str
        Why it cannot be served; empty for one that can.
    """

    name: str
    title: str
    description: str
    file: Path
    origin: Literal["workspace", "studio"]
    problem: str = ""

    def as_dict(self) -> dict[str, object]:
        """The app with stable keys, for ``--json``."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "path": str(self.file),
            "origin": self.origin,
            "problem": self.problem,
        }


def list_apps(workspace: Workspace) -> list[App]:
    """The apps, by title; one of the workspace stands in the place of one of Studio's that has its name."""
    found: dict[str, App] = {}
    folders: list[tuple[Path, Literal["workspace", "studio"]]] = []
    if (shared := shared_apps()) is not None:
        folders.append((shared, "studio"))
    folders.append((workspace.root / FOLDER, "workspace"))
    for folder, origin in folders:
        for file in sorted(folder.glob("*.ipynb")):
            found[file.stem] = _app(workspace, file, origin)
    return sorted(found.values(), key=lambda app: (app.title.casefold(), app.name))


def choose_apps(workspace: Workspace, names: Sequence[str]) -> list[App]:
    """The apps called `names`, or all that can be served.

    Raises
    ------
    Missing
        When there is no app of a name, or none at all.
    BadInput
        When one that was named cannot be served.
    """
    known = {app.name: app for app in list_apps(workspace)}
    if not names:
        if served := [app for app in known.values() if not app.problem]:
            return served
        raise Missing(
            f"There is no app to serve in {FOLDER}. Next: studio notebooks new notebooks/apps/mine.ipynb --template app"
        )
    chosen: dict[str, App] = {}
    for name in names:
        app = known.get(Path(name).stem if name.endswith(".ipynb") else name)
        if app is None:
            raise Missing(f"There is no app {name!r}. {suggest(name, known)} Next: studio apps list")
        if app.problem:
            raise BadInput(f"The app {app.name} cannot be served: {app.problem}")
        chosen[app.name] = app
    return list(chosen.values())


def shared_apps() -> Path | None:
    """The folder of the apps that come with Studio: of the installation, else of the checkout that this code is in."""
    from jupyter_core.paths import jupyter_path

    checkout = Path(__file__).parents[3] / FOLDER
    folders = [Path(folder) for folder in jupyter_path(*SHARED)]
    return next((folder for folder in (*folders, checkout) if folder.is_dir()), None)


def _app(workspace: Workspace, file: Path, origin: Literal["workspace", "studio"]) -> App:
    shown = workspace.shown(file)
    name = file.stem
    if not _NAME.fullmatch(name):
        problem = f"{shown} is no name for an app. Next: rename it; letters, digits, '-' and '_' make a name."
        return App(name, name, "", file, origin, problem)
    try:
        # A link may lead out of the workspace, and what it leads to is nobody's app.
        document = parse_notebook(_text(workspace, file, origin), shown)
    except BadInput as error:
        return App(name, in_words(name), "", file, origin, str(error))
    problem = ""
    if not document.is_python:
        problem = f"{shown} is written in {document.language}, and apps run in Python kernels. Next: choose one."
    metadata = document.raw["metadata"]
    title = _line(metadata.get("title")) or _line(document.title)
    return App(name, title, _line(metadata.get("description")), file, origin, problem)


def _text(workspace: Workspace, file: Path, origin: str) -> str:
    if origin == "workspace":
        file = workspace.inside(file, "app")
    try:
        # A pipe or a device would be waited for without end.
        if file.exists() and not file.is_file():
            shown = workspace.shown(file)
            raise BadInput(f"{shown} is no file, so it is no app. Next: put a notebook in its place, or remove it.")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"{workspace.shown(file)} cannot be read: {reason}. Next: correct the file.") from error


def _line(value: object) -> str:
    return one_line(value)[:300] if isinstance(value, str) else ""
