"""A page of an app from its notebook and a kernel: Voila's way of rendering, but what fails is told by a number.

A page is rendered whole before it is sent: an error is an error page then and not half a page, and a page that was made
ahead is sent at once.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError
from nbconvert.preprocessors.clearoutput import ClearOutputPreprocessor
from traitlets.config import Config
from voila.configuration import VoilaConfiguration  # type: ignore[import-untyped]
from voila.execute import VoilaExecutor, strip_code_cell_warnings  # type: ignore[import-untyped]
from voila.notebook_renderer import NotebookRenderer  # type: ignore[import-untyped]
from voila.paths import collect_static_paths, collect_template_paths  # type: ignore[import-untyped]
from voila.utils import get_page_config  # type: ignore[import-untyped]

from studio.core.errors import BadInput
from studio.notebooks.document import parse_notebook
from studio.server.apps import DENIED, TEMPLATE
from studio.workflows.apps.listing import App

_CELL_LIMIT = 300
"""Seconds that a cell may take before the page is given up."""
_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"}


class Broken(Exception):
    """The app's notebook failed in a cell; the message tells where and how, for the log."""


@dataclass(frozen=True)
class Look:
    """What all pages of one server have in common.

    Attributes
    ----------
    project : str
        The project's name.
    base_url : str
        The server's own address, starting and ending with a slash.
    template_paths, static_paths : list of str
        Where templates and the files that they name are.
    """

    project: str
    base_url: str
    template_paths: list[str]
    static_paths: list[str]

    @classmethod
    def of(cls, project: str, base_url: str) -> Look:
        """The look with our own template.

        Raises
        ------
        BadInput
            When the template is not installed.
        """
        roots = template_roots()
        names = ["voila", "nbconvert"]
        templates = collect_template_paths(names, TEMPLATE, prune=True, root_dirs=roots)
        if not any((Path(folder) / "frame.macro.html.j2").is_file() for folder in templates):
            raise BadInput(
                "The template of the apps (share/jupyter/voila/templates/studio) is not installed. "
                "Next: install notebook-studio again."
            )
        return cls(project, base_url, templates, collect_static_paths(names, TEMPLATE, prune=True, root_dirs=roots))

    @cached_property
    def style(self) -> str:
        """Our style sheet, for a page that must do without files."""
        found = next(
            Path(folder) / "studio.css" for folder in self.static_paths if (Path(folder) / "studio.css").is_file()
        )
        return found.read_text(encoding="utf-8")

    @property
    def static_url(self) -> str:
        """Where the files are served, without a slash at the end."""
        return f"{self.base_url}voila/static"


def template_roots() -> list[str]:
    """Jupyter's data folders; in a checkout of Studio its own folder of extensions first."""
    from jupyter_core.paths import jupyter_path

    checkout = Path(__file__).parents[3] / "extensions"
    own = [str(checkout)] if (checkout / "voila" / "templates" / TEMPLATE).is_dir() else []
    return [*own, *jupyter_path()]


class AppRenderer(NotebookRenderer):  # type: ignore[misc]  # Voila is not typed
    """Renders one page of one app.

    Parameters
    ----------
    app : App
        The app; its notebook is read anew.
    look : Look
        The frame.
    log : logging.Logger
        Where Voila's own remarks go.
    progress : callable
        Called with the number of cells that are done and of all cells.
    """

    def __init__(self, app: App, look: Look, log: logging.Logger, progress: Callable[[int, int], None]) -> None:
        settings = VoilaConfiguration(
            template=TEMPLATE,
            strip_sources=True,
            show_tracebacks=False,
            allow_template_override="NO",
            allow_theme_override="NO",
            extension_denylist=list(DENIED),
            attempt_fix_notebook=False,
            config=Config({"VoilaConfiguration": {"resources": {}}}),
        )
        # Voila has MathJax in its own program; without these two it would ask another server for an older one.
        local = {"mathjax_config": None, "mathjax_url": None}
        page = get_page_config(look.base_url, local, log, settings)
        super().__init__(
            voila_configuration=settings,
            traitlet_config=Config(),
            notebook_path=app.file.name,
            template_paths=look.template_paths,
            contents_manager=Pictures(app.file.parent),
            base_url=look.base_url,
            page_config=page,
            mathjax_config="",
            mathjax_url="",
        )
        self.app, self.look, self.progress = app, look, progress
        self.broken: str = ""

    async def load_notebook(self, path: str) -> Any:
        """The app's notebook, read strictly."""
        del path
        document = parse_notebook(self.app.file.read_text(encoding="utf-8"), self.app.file.name)
        content = document.for_run()
        # No page needs more of the metadata. What a notebook says to Voila would choose another template, and nbconvert
        # refuses a notebook for a title that is a number, of which nobody would see anything.
        content["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
        for cell in content["cells"]:
            _leave_out_the_rest(cell)
        _leave_out_title(content["cells"], self.app.title)
        return nbformat.from_dict(content)

    async def page(self, kernel_id: str, kernel: Any) -> str:
        """The page, with the kernel's cells run.

        Raises
        ------
        Broken
            When a cell failed.
        BadInput, Problems
            When the notebook cannot be read.
        """
        await self.initialize()
        self.resources["studio"] = {
            "title": self.app.title,
            "project": self.look.project,
            "home": self.look.base_url,
            "alive": f"{self.look.base_url}alive/{kernel_id}",
        }
        page = str(await self.generate_content_str(kernel_id, kernel))
        if self.broken:
            raise Broken(self.broken)
        return page

    async def _jinja_kernel_start(self, nb: Any, kernel_id: str, kernel_future: Any) -> str:
        self.executor = VoilaExecutor(nb, km=kernel_future, config=Config(), startup_timeout=60, timeout=_CELL_LIMIT)
        self.executor.kc = await self.executor.async_start_new_kernel_client()
        self.kernel_started = True
        return kernel_id

    async def _jinja_cell_generator(self, nb: Any, kernel_id: str) -> AsyncIterator[Any]:
        del kernel_id
        nb, _ = ClearOutputPreprocessor().preprocess(nb, {"metadata": {"path": self.cwd}})
        try:
            for index, cell in enumerate(nb.cells):
                self.progress(index, len(nb.cells))
                try:
                    done = await self.executor.execute_cell(cell, None, index, store_history=False)
                except (CellExecutionError, TimeoutError, RuntimeError) as error:
                    # RuntimeError: the kernel died.
                    self.broken = f"cell {index + 1} of {self.app.file}: {error}"
                    break
                yield _without_errors(done)
            self.progress(len(nb.cells), len(nb.cells))
        finally:
            await self._cleanup_resources()


def _leave_out_the_rest(cell: dict[str, Any]) -> None:
    """Take away what decides neither how a cell is run nor how it is shown, and what nbformat's schema refuses."""
    metadata = cell["metadata"]
    kept: dict[str, Any] = {"tags": [tag for tag in dict.fromkeys(metadata.get("tags", ())) if tag and "," not in tag]}
    if isinstance(kind := metadata.get("raw_mimetype"), str):
        kept["raw_mimetype"] = kind
    cell["metadata"] = kept
    if "attachments" in cell:
        found = cell["attachments"] if isinstance(cell["attachments"], dict) else {}
        cell["attachments"] = {name: bundle for name, bundle in found.items() if isinstance(bundle, dict)}


def _leave_out_title(cells: list[dict[str, Any]], title: str) -> None:
    """Take the heading away with which a notebook begins, where the page's header says the same."""
    first = cells[0] if cells else {"cell_type": "none"}
    heading, _, rest = "".join(first.get("source", "")).strip().partition("\n")
    if first["cell_type"] == "markdown" and re.fullmatch(rf"#\s+{re.escape(title)}\s*#*\s*", heading):
        first["source"] = rest.strip()


def _without_errors(cell: Any) -> Any:
    """The cell without what it wrote to stderr, and without an error that it was allowed to raise."""
    cell = strip_code_cell_warnings(cell)
    if cell["cell_type"] == "code":
        cell["outputs"] = [output for output in cell["outputs"] if output["output_type"] != "error"]
    return cell


class Pictures:
    """What Voila asks of Jupyter's contents: pictures that a text cell names, of the app's folder and none other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def file_exists(self, path: str) -> bool:
        """Whether there is such a picture."""
        return self._picture(path) is not None

    def get(self, path: str, **_: object) -> dict[str, str]:
        """The picture as base64."""
        file = self._picture(path)
        if file is None:
            raise FileNotFoundError(path)
        return {"content": base64.b64encode(file.read_bytes()).decode()}

    def _picture(self, path: str) -> Path | None:
        if "\0" in path or ":" in path:
            return None
        file = (self._folder / path).resolve()
        inside = file.is_relative_to(self._folder) and file.suffix.lower() in _PICTURES
        return file if inside and file.is_file() else None
