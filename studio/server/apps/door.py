"""The server's end of `studio.workflows.apps.door`: a socket on which the kernels of the apps ask for scenarios."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from pathlib import Path

from studio.core.workspace import Workspace, working_in
from studio.workflows.apps import door


class Door:
    """The socket, from `open` to `close`."""

    def __init__(self, workspace: Workspace, log: logging.Logger) -> None:
        self._workspace = workspace
        self._log = log
        self._server: asyncio.Server | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="studio-door-"))  # which nobody else may enter

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
