"""The apps inside Jupyter: their server is started with the first request, and Jupyter stands before it.

Jupyter has looked at the token and the Host when a request comes here. The server listens on a socket in a folder that
only its user may enter, so that nobody gets past Jupyter; and it is a program of its own with its own kernels and cap.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from studio.server.apps import DENIED, TEMPLATE

NAME = "studio-apps"
_PATIENCE = 90.0
"""Seconds that the server may take until it answers."""


def handlers(base_url: str, root: Callable[[], str]) -> list[tuple[Any, ...]]:
    """What a Jupyter server at `base_url` answers below ``studio-apps/``; `root` tells the folder that it shows."""
    from jupyter_server_proxy.config import (  # type: ignore[import-untyped]
        LauncherEntry,
        ServerProcess,
        make_handlers,
    )

    process = ServerProcess(
        name=NAME,
        command=lambda unix_socket: command(root(), unix_socket, base_url),
        unix_socket=True,
        absolute_url=True,
        timeout=_PATIENCE,
        launcher_entry=LauncherEntry(enabled=False, title=NAME),
    )
    found: list[tuple[Any, ...]] = make_handlers(base_url, [process])
    return found


def command(root: str, socket: str, base_url: str) -> list[str]:
    """The command that starts the server for the workspace around the folder `root`."""
    words = [sys.executable, "-P", "-m", "studio.server.apps", "--workspace", root, "--socket", socket]
    words += ["--base-url", f"{base_url}{NAME}/", "--parent", str(os.getpid())]
    # Braces are places to fill in for who runs the command.
    return [word.replace("{", "{{").replace("}", "}}") for word in words]


def tame_previews(config: Any) -> None:
    """Where Jupyter shows previews of notebooks with our template (`studio lab` asks for it): as still as the apps.

    Voila's own part of Jupyter is loaded after this one. It would name another server for MathJax, which it has itself.
    """
    if config.VoilaConfiguration.get("template") == TEMPLATE:
        config.VoilaConfiguration.extension_denylist = list(DENIED)
        config.VoilaConfiguration.page_config_hook = _without_others


def _without_others(page: dict[str, Any], **_: object) -> dict[str, Any]:
    return page | {"fullMathjaxUrl": None, "mathjaxConfig": None}


def address(base_url: str, name: str) -> str:
    """Where the app `name` is, seen from a browser that looks at Jupyter."""
    return f"{base_url}{NAME}/app/{name}"
