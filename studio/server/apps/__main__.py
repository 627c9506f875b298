"""The program that serves the apps: ``python -m studio.server.apps``, started by `studio apps serve` and by Jupyter.

The token is given in STUDIO_APPS_TOKEN, where nobody reads it in a list of processes, or made anew.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import sys
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.workspace import Workspace, find_workspace
from studio.workflows.apps.listing import choose_apps
from studio.workflows.apps.serve import TOKEN


def main() -> int:
    """Serve until a signal ends it; the exit status."""
    given = _arguments()
    token = os.environ.pop(TOKEN, "") or secrets.token_urlsafe(32)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        _serve(given, token)
    except StudioError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_status
    return 0


def _serve(given: argparse.Namespace, token: str) -> None:
    from studio.server.apps.application import Serving, serve
    from studio.server.apps.kernels import Patience

    workspace = Workspace(find_workspace(given.workspace).root)
    behind = given.socket is not None
    serving = Serving(
        workspace=workspace,
        apps=choose_apps(workspace, given.apps),
        token="" if behind else token,
        ip=given.ip,
        port=given.port,
        hosts=given.host,
        socket=given.socket,
        base_url="/" + "".join(f"{part}/" for part in given.base_url.split("/") if part),
        kernels=given.kernels,
        ahead=given.ahead,
        patience=Patience(arrival=given.arrival, absence=given.absence, idle=60.0 * given.idle),
        parent=given.parent,
    )

    def ready(address: str, plain: str) -> None:
        if given.as_json:
            content = {"address": address, "apps": [app.as_dict() for app in serving.apps]}
            sys.stdout.write(json.dumps(content, indent=2) + "\n")
        elif not behind:
            sys.stdout.write(f"{workspace.settings.project.name}: {_count(len(serving.apps))} at\n\n    {address}\n\n")
            sys.stdout.write(f"The browser remembers it; {plain} is enough then. Ctrl-C ends it.\n")
        sys.stdout.flush()

    log = logging.getLogger("studio.apps")
    serve(serving, log, ready)


def _count(number: int) -> str:
    return "one app" if number == 1 else f"{number} apps"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m studio.server.apps")
    parser.add_argument("apps", nargs="*")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--ip", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8866)
    parser.add_argument("--host", action="append", default=[])
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--base-url", default="/")
    parser.add_argument("--parent", type=int, default=0, help="end when this process has ended")
    parser.add_argument("--kernels", type=int, default=8)
    parser.add_argument("--ahead", type=int, default=1)
    parser.add_argument("--idle", type=float, default=30.0, help="minutes")
    parser.add_argument("--arrival", type=float, default=60.0, help="seconds from sending a page to its connection")
    parser.add_argument("--absence", type=float, default=20.0, help="seconds that a connection may be lost")
    parser.add_argument("--json", action="store_true", dest="as_json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
