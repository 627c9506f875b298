"""What Jupyter loads: one handler for all routes. Nothing heavy is imported before the first request."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp

from studio.server.answering import PREFIX, Answering, AnsweringHandler


class StudioExtension(ExtensionApp):
    """Studio's part of a Jupyter server."""

    name = "studio"

    def initialize_handlers(self) -> None:
        """Register the handler."""
        self._answering: Answering | None = None
        self._making = asyncio.Lock()
        self.handlers.append((rf"{PREFIX}(.*)", AnsweringHandler, {"answering": self._made}))
        self._show_apps()

    async def stop_extension(self) -> None:
        """End streams and threads with Jupyter."""
        if self._answering is not None:
            self._answering.close()

    def _show_apps(self) -> None:
        """The apps below ``studio-apps/``; where that cannot be, everything else is as ever."""
        try:
            from studio.server.apps import behind

            server: Any = self.serverapp
            behind.tame_previews(server.config)
            server.web_app.add_handlers(".*$", behind.handlers(str(server.base_url), self._root))
        except Exception:
            self.log.exception("Studio: the apps cannot be shown inside of Jupyter; studio apps serve shows them.")

    def _root(self) -> str:
        server: Any = self.serverapp
        return str(getattr(server.contents_manager, "root_dir", "") or server.root_dir)

    async def _made(self) -> Answering:
        """What the requests share, made by the first of them; its imports do not hold up Jupyter's event loop."""
        async with self._making:
            if self._answering is None:
                server: Any = self.serverapp
                if not isinstance(server, ServerApp):
                    raise TypeError("StudioExtension is a part of a Jupyter server, and there is none.")
                self._answering = await asyncio.to_thread(Answering.at, self._root(), str(server.base_url))
            return self._answering
