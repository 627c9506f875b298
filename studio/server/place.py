"""Where a request is at home: the workspace around Jupyter's root folder, and both ways of naming its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.files import short
from studio.core.identifiers import NAME
from studio.core.workspace import Workspace, find_workspace

_PIPELINE = re.compile(rf"[^./\0]*|pipelines/{NAME.pattern}\.yml")
"""What can lead to no file but a pipeline's: a name without a path or an ending, or that file itself."""


@dataclass(frozen=True)
class Place:
    """Jupyter's root folder.

    Attributes
    ----------
    root : Path
        The folder whose files Jupyter shows; the workspace is this folder or the nearest above.
    base_url : str
        Jupyter's own base address, ``/`` by default.
    """

    root: Path
    base_url: str = "/"

    @property
    def workspace(self) -> Workspace:
        """The workspace, its settings read anew; NoWorkspace where there is none."""
        return find_workspace(self.root)

    def subject(self, path: str) -> str:
        """The workspace's name of the file that Jupyter calls `path`.

        Raises
        ------
        BadInput
            When it leads outside of the workspace, or outside of Jupyter's folder.
        """
        workspace = self.workspace
        file = self.file(path)
        return workspace.shown(file)

    def named(self, name: str) -> str:
        """A pipeline by its name; whatever else is a file that Jupyter calls so: `subject`, which raises the same."""
        return name if _PIPELINE.fullmatch(name) else self.subject(name)

    def shown(self, name: str) -> str:
        """`name` itself, of a pipeline or of a file in the workspace; BadInput for one that Jupyter does not show."""
        if not _PIPELINE.fullmatch(name):
            self._check_shown(self.workspace.inside(name, "file"), name)
        return name

    def file(self, path: str) -> Path:
        """The file that Jupyter calls `path`, which may not exist; BadInput when it lies outside of the workspace."""
        plain = path.partition(":")[2] if ":" in path.partition("/")[0] else path  # a drive of JupyterLab, as in RTC:
        if "\0" in plain:
            raise BadInput("A path holds no null character. Next: name a file of this workspace.")
        file = self.workspace.inside(self.root / plain.lstrip("/"), "file")
        self._check_shown(file, path)
        return file

    def lab_path(self, subject: str) -> str | None:
        """How Jupyter calls the workspace's file `subject`; None where Jupyter does not show it."""
        file = (self.workspace.root / subject).resolve()
        root = self.root.resolve()
        return file.relative_to(root).as_posix() if file.is_relative_to(root) else None

    def _check_shown(self, file: Path, called: str) -> None:
        if not file.is_relative_to(self.root.resolve()):
            raise BadInput(
                f"{short(called)} lies outside of the folder that Jupyter shows. Next: open Jupyter above it."
            )
