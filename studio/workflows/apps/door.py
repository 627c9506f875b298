"""How the kernel of an app asks its server to start something.

All that a kernel starts ends with it, and a scenario has to outlive its page; so the server of the apps starts it. It
listens on a socket in a folder that only its user may enter, and starts scenarios and nothing else. A kernel of
JupyterLab has no such server: there the kernel starts it itself.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from studio.core.errors import BadInput, Problem, Problems, Refused, StudioError
from studio.core.settings import SCENARIO
from studio.core.workspace import Workspace
from studio.workflows import activities

VARIABLE = "STUDIO_APPS_DOOR"
LARGEST = 1 << 20
"""Bytes that a request may have."""
_PATIENCE = 60.0


class NobodyThere(StudioError):
    """The server of the apps does not answer."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"The server of this page does not answer ({error}). Next: open the page again.")


def launch(workspace: Workspace, kind: str, request: Mapping[str, Any]) -> str:
    """Start an activity through the server where this is the kernel of an app, else from here; its identifier.

    Raises
    ------
    StudioError
        What `activities.start` raises.
    NobodyThere
        When the server does not answer.
    """
    path = os.environ.get(VARIABLE, "")
    if not path:
        return activities.start(workspace, kind, request).id
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(path)
            connection.sendall(json.dumps({"kind": kind, "request": dict(request)}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise NobodyThere(error) from error
    if "error" in answer:
        raise _as_error(answer["error"])
    return str(answer["activity"])


def answer(workspace: Workspace, line: bytes) -> bytes:
    """What the server answers to one request."""
    try:
        asked = json.loads(line)
        kind, request = str(asked["kind"]), dict(asked["request"])
        if kind != "run" or request.get("environment") != SCENARIO:
            raise Refused("An app may start scenarios, and nothing else.")
        found: dict[str, Any] = {"activity": activities.start(workspace, kind, request).id}
    except StudioError as error:
        problems = error.problems if isinstance(error, Problems) else ()
        told = {"message": str(error), "status": error.exit_status, "problems": [one.as_dict() for one in problems]}
        found = {"error": told}
    except (ValueError, KeyError, TypeError) as error:
        found = {"error": {"message": f"The request cannot be read: {error}.", "status": 2, "problems": []}}
    return json.dumps(found).encode() + b"\n"


def _as_error(told: Mapping[str, Any]) -> StudioError:
    if told["problems"]:
        return Problems(Problem(**one) for one in told["problems"])
    kinds: dict[int, type[StudioError]] = {2: BadInput, 3: Refused}
    return kinds.get(told["status"], StudioError)(told["message"])
