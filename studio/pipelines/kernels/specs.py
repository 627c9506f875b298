"""What a kernel is started with: one specification made in memory, a clean environment, a folder of its own.

Nothing that lies about on the machine has a say: no kernel specifications from ``JUPYTER_PATH``, no IPython or Jupyter
configuration, no start-up files, no ``PYTHON…`` variables. Only Python kernels are run, and always with the
interpreter and installation of the runner.
"""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.pipelines.kernels import janitor

PROVISIONER = "studio-supervised"
KERNEL_NAME = "python3"
LAUNCHER = Path(__file__).with_name("launcher.py")
_SOCKET_PATH_LIMIT = 90
"""A Unix socket's path has 104 to 108 bytes; what is appended to the folder's stays below the difference."""
_DROPPED = {
    "IPYTHONDIR",
    # What only who runs Studio may do: write the ledger, sign, act as somebody.
    "STUDIO_LEDGER_URL",
    "STUDIO_SIGNING_KEY",
    "STUDIO_ACTOR",
    "JPY_API_TOKEN",
    "JPY_PARENT_PID",
    "JPY_SESSION_NAME",
    "JUPYTER_CONFIG_PATH",
    "JUPYTER_PATH",
    "PYTEST_CURRENT_TEST",  # ipykernel does not capture what subprocesses print when it believes itself under test
    "PYTHONBREAKPOINT",
    "PYTHONEXECUTABLE",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "PYTHONWARNINGS",
}


@dataclass(frozen=True)
class KernelFolder:
    """The temporary folder of one kernel (mode 0700): connection file, sockets, empty configuration.

    The supervisor removes it when the kernel is gone; the janitor, when the supervisor was killed.
    """

    path: Path

    @property
    def connection_file(self) -> Path:
        """Where the ports and the key stand."""
        return self.path / "connection.json"

    @property
    def transport(self) -> str:
        """``ipc`` (Unix sockets in this folder) unless its path is too long for one; then ``tcp`` on loopback."""
        return "ipc" if len(os.fsencode(self.path)) <= _SOCKET_PATH_LIMIT else "tcp"


def new_folder() -> KernelFolder:
    """A new folder whose name tells the janitor whose it is."""
    return KernelFolder(Path(tempfile.mkdtemp(prefix=f"{janitor.FOLDER_PREFIX}{janitor.runner_mark()}-")))


def kernel_command() -> list[str]:
    """The command that starts a kernel; ``{connection_file}`` is filled in by jupyter_client."""
    return [
        sys.executable,
        "-I",
        str(LAUNCHER),
        "-f",
        "{connection_file}",
        "--HistoryManager.hist_file=:memory:",
    ]


def kernel_environment(
    given: Mapping[str, str], folder: KernelFolder, runner: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of a kernel.

    Parameters
    ----------
    given : Mapping[str, str]
        What this kernel gets besides the runner's environment; wins over it.
    folder : KernelFolder
        Where its configuration folders lie.
    runner : Mapping[str, str], optional
        The runner's own environment, ``os.environ`` by default; what would change how Python or Jupyter start is
        left out of it.
    """
    inherited = os.environ if runner is None else runner
    environment = {name: value for name, value in inherited.items() if name not in _DROPPED}
    environment.update(given)
    environment.update(
        IPYTHONDIR=str(folder.path / "ipython"),
        JUPYTER_CONFIG_DIR=str(folder.path / "config"),
        JUPYTER_DATA_DIR=str(folder.path / "data"),
        JUPYTER_RUNTIME_DIR=str(folder.path),
        JUPYTER_NO_CONFIG="1",
    )
    environment[janitor.RUNNER] = janitor.runner_mark()
    environment[janitor.KERNEL] = uuid.uuid4().hex
    return environment


def language(metadata: Mapping[str, Any]) -> str:
    """The language of a notebook's kernel, in lower case, as its metadata tell it; ``python`` when they do not."""
    kernel, info = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
    told = kernel.get("language") or info.get("name")
    if told:
        return str(told).lower()
    name = str(kernel.get("name") or KERNEL_NAME).lower()
    return "python" if "py" in name or "conda" in name or "venv" in name else name
