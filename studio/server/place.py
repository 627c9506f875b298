"""Where a request is at home: the workspace around Jupyter's root folder, and both ways of naming its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.workspace import Workspace, find_workspace


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

    def file(self, path: str) -> Path:
        """The file that Jupyter calls `path`, which may not exist; BadInput when it lies outside of the workspace."""
        plain = path.partition(":")[2] if ":" in path.partition("/")[0] else path  # a drive of JupyterLab, as in RTC:
        if "\0" in plain:
            raise BadInput("A path holds no null character. Next: name a file of this workspace.")
        file = self.workspace.inside(self.root / plain.lstrip("/"), "file")
        if not file.is_relative_to(self.root.resolve()):
            raise BadInput(f"{path} lies outside of the folder that Jupyter shows. Next: open Jupyter above it.")
        return file

    def lab_path(self, subject: str) -> str | None:
        """How Jupyter calls the workspace's file `subject`; None where Jupyter does not show it."""
        file = (self.workspace.root / subject).resolve()
        root = self.root.resolve()
        return file.relative_to(root).as_posix() if file.is_relative_to(root) else None
