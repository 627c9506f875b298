"""The server's end of `studio.workflows.apps.door`: a socket on which the kernels of the apps ask for scenarios."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from pathlib import Path

from studio.core.workspace import Workspace, working_in
from studio.pipelines.kernels import janitor
from studio.workflows.apps import door

_PREFIX = "studio-door-"


class Door:
    """The socket, from `open` to `close`."""

    def __init__(self, workspace: Workspace, log: logging.Logger) -> None:
        self._workspace = workspace
        self._log = log
        self._server: asyncio.Server | None = None
        _sweep()
        # Nobody else may enter it, and its name tells whose it is.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{janitor.runner_mark()}-"))

    @property
    def path(self) -> Path:
        """Where the socket is."""
        return self.folder / "door"

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._serve, str(self.path), limit=door.LARGEST)

    async def close(self) -> None:
        """Listen no longer, and leave nothing behind."""
        if self._server is not None:
            self._server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            writer.write(await asyncio.to_thread(self._answer, line))
            await writer.drain()
        except (ValueError, ConnectionError) as error:
            self._log.warning("a kernel's request was not answered: %s", error)
        finally:
            writer.close()

    def _answer(self, line: bytes) -> bytes:
        with working_in(self._workspace.root):
            return door.answer(self._workspace, line)


def _sweep() -> None:
    """Remove the doors of servers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        mark = "-".join(folder.name.removeprefix(_PREFIX).split("-")[:2])
        if not janitor.runner_alive(mark) and folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
