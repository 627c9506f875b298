"""Open JupyterLab on the workspace: this program becomes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from studio.core.workspace import Workspace, find_workspace

NO_PANELS = "its extension is not built here"
MEND_PANELS = "make lab-extension (in a clone), or pip install notebook-studio"
_EXTENSIONS = Path(__file__).parents[2] / "extensions"


def open_lab(words: Sequence[str]) -> NoReturn:
    """Become JupyterLab in the workspace's folder; `words` are its own arguments.

    Raises
    ------
    NoWorkspace
        When there is none here.
    """
    workspace = find_workspace()
    command = lab_command(workspace, words)
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(workspace.root)
    os.execve(command[0], command, lab_environment())  # noqa: S606 - JupyterLab, of this installation


def has_panels() -> bool:
    """Whether JupyterLab of this installation finds Studio's extension."""
    from jupyter_core.paths import jupyter_path

    folders = jupyter_path("labextensions")
    return any(Path(folder, "@notebook-studio", "lab", "package.json").is_file() for folder in folders)


def lab_command(workspace: Workspace, words: Sequence[str]) -> list[str]:
    """The command that starts JupyterLab; what stands in `words` wins over what stands before them."""
    own = [
        f"--ServerApp.root_dir={workspace.root}",
        # Voila's preview of a notebook: its own template fetches a font from another server.
        "--VoilaConfiguration.template=studio",
    ]
    return [sys.executable, "-P", "-m", "jupyterlab", *own, *words]


def lab_environment() -> dict[str, str]:
    """The environment: `studio` of this installation is found by terminals, and the template in a checkout."""
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    if (_EXTENSIONS / "voila" / "templates" / "studio").is_dir():
        paths = [str(_EXTENSIONS), environment.get("JUPYTER_PATH", "")]
        environment["JUPYTER_PATH"] = os.pathsep.join(path for path in paths if path)
    return environment
