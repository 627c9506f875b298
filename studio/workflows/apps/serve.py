"""Serve apps: what is asked for becomes the server's own program, so that its signals and its end are its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from studio.core.workspace import find_workspace
from studio.workflows.apps.listing import choose_apps

TOKEN = "STUDIO_APPS_TOKEN"  # noqa: S105 - the variable's name
MODULE = "studio.server.apps"


@dataclass(frozen=True)
class ServeRequest:
    """What a person asked for.

    Attributes
    ----------
    names : sequence of str
        Apps; without one, all.
    ip, port : str, int
        Where to listen.
    hosts : sequence of str
        Names under which browsers may ask, beside those of this machine.
    kernels : int
        The cap.
    ahead : int
        Pages of each app that are kept ready.
    idle : float
        Minutes without a sign after which a page is closed.
    as_json : bool
        Whether the address is printed as JSON.
    """

    names: Sequence[str] = ()
    ip: str = "127.0.0.1"
    port: int = 8866
    hosts: Sequence[str] = ()
    kernels: int = 8
    ahead: int = 1
    idle: float = 30.0
    as_json: bool = False


def serve_apps(request: ServeRequest) -> NoReturn:
    """Become the server of the apps.

    Raises
    ------
    BadInput, Missing
        When there is no such app, or one cannot be served.
    """
    workspace = find_workspace()
    apps = choose_apps(workspace, request.names)
    words = [sys.executable, "-P", "-m", MODULE, "--workspace", str(workspace.root)]
    words += ["--ip", request.ip, "--port", str(request.port)]
    words += [word for name in request.hosts for word in ("--host", name)]
    words += ["--kernels", str(request.kernels), "--ahead", str(request.ahead), "--idle", str(request.idle)]
    words += ["--json"] if request.as_json else []
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(words[0], [*words, *(app.name for app in apps if request.names)])  # noqa: S606 - our own program
