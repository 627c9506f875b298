"""Starting an activity, and stopping one: a detached program that holds its folder's lock from its first moment."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core import clock
from studio.core.errors import StudioError
from studio.core.files import CannotWrite, open_regular, write_json
from studio.core.identifiers import new_run_id
from studio.core.locks import is_held, lock, try_lock
from studio.core.workspace import Workspace
from studio.workflows.activities.records import (
    LOCK,
    LOG,
    PID,
    Activity,
    folder_of,
    home,
    identities,
    latest,
    look,
)
from studio.workflows.activities.requests import FORMAT, REQUEST, Asked, parse, read_request

KEPT = 200
"""Activities that are kept; of those that ended, the oldest go first."""
AT_ONCE = 12
"""Activities that may go on in one workspace at the same time."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# What a kernel, a run or a display has in its environment, and what is none of a fresh program's.
_DROPPED = {
    "JPY_PARENT_PID",
    "JPY_SESSION_NAME",
    "MLFLOW_RUN_ID",
    "MPLBACKEND",
    "STUDIO_INPUTS",
    "STUDIO_PART",
    "STUDIO_RECORD",
    "STUDIO_RUN",
    "STUDIO_SAMPLED",
    "STUDIO_STEP",
    "STUDIO_WORKSPACE",
}


class Underway(StudioError):
    """The same is going on already, or too much is."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)


def start(workspace: Workspace, kind: str, request: Mapping[str, Any]) -> Activity:
    """Start an activity; it goes on when this process ends.

    Two runs of one pipeline may go on at the same time, with other values; the very same request, and a submission of
    something that is just being submitted, are refused.

    Parameters
    ----------
    workspace : Workspace
        Where.
    kind : str
        ``run``, ``resume``, ``test`` or ``submit``.
    request : mapping
        What is asked for; see `studio.workflows.activities.requests`. Notebooks are paths in the workspace.

    Raises
    ------
    BadInput, Problems
        When anything that was given or declared is wrong.
    NotAllowed
        When the policy does not let this person submit.
    Underway
        When the same is going on already, or too much is.
    CannotWrite
        When ``.studio/`` cannot be written.
    """
    asked = parse(kind, request).check(workspace)
    with lock(home(workspace) / LOCK, seconds=20):
        found = latest(workspace, KEPT)
        _check_alone(workspace, kind, asked, [one for one in found if one.alive])
        _prune(workspace)
        return _start(workspace, kind, asked)


def stop(workspace: Workspace, identity: str) -> Activity:
    """Ask an activity to end, as Ctrl-C would; how it stands when that was said. One that ended is left as it is.

    Raises
    ------
    Missing
        When there is no such activity.
    """
    folder = folder_of(workspace, identity)
    try:
        with open_regular(folder / PID) as file:
            program = int(file.read())
        _interrupt(program, folder)
    except (OSError, ValueError, OverflowError):
        pass  # it is gone, and its state says so
    return look(folder)


def _interrupt(program: int, folder: Path) -> None:
    if hasattr(os, "pidfd_open"):
        descriptor = os.pidfd_open(program)
        try:
            # The descriptor was there before the look: it is the program that holds the lock, not a later one.
            if is_held(folder / LOCK):
                signal.pidfd_send_signal(descriptor, signal.SIGINT)
        finally:
            os.close(descriptor)
    elif is_held(folder / LOCK):
        os.kill(program, signal.SIGINT)


def _check_alone(workspace: Workspace, kind: str, asked: Asked, alive: list[Activity]) -> None:
    for one in alive:
        if one.kind != kind:
            continue
        same = one.title == asked.title and _same(home(workspace) / one.id, asked)
        if same or (kind == "submit" and set(one.names) & set(asked.names)):
            raise Underway(
                f"{one.title} is under way already, since {one.started}. Next: wait for its end, or stop it first."
            )
    if len(alive) >= AT_ONCE:
        raise Underway(
            f"{len(alive)} activities are under way in this workspace. Next: wait for one to end, or stop it."
        )


def _same(folder: Path, asked: Asked) -> bool:
    try:
        return read_request(folder).request == _as_json(asked)
    except (OSError, ValueError):  # it could be read a moment ago, and is gone
        return False


def _as_json(asked: Asked) -> dict[str, Any]:
    return asked.model_dump(mode="json")


def _start(workspace: Workspace, kind: str, asked: Asked) -> Activity:
    identity = new_run_id()
    folder = home(workspace) / identity
    # Taken here and handed on, so that there is no moment in which the activity seems dead.
    held = try_lock(folder / LOCK)
    if held is None:
        raise Underway(f"The activity {identity} was taken by another program. Next: start it again.")
    try:
        write_json(
            folder / REQUEST,
            {
                "version": FORMAT,
                "id": identity,
                "kind": kind,
                "title": asked.title,
                "names": list(asked.names),
                "started": clock.to_text(clock.now()),
                "request": _as_json(asked),
            },
        )
        program = _launch(workspace, folder, held)
        (folder / PID).write_text(f"{program.pid}\n", encoding="ascii")
    except OSError as error:
        raise CannotWrite(folder, error) from error
    finally:
        os.close(held)
    # Somebody has to hear of its end, or the system keeps its entry for as long as this process lives.
    threading.Thread(target=program.wait, name=f"activity {identity}", daemon=True).start()
    return look(folder)


def _launch(workspace: Workspace, folder: Path, held: int) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    # -P: the workspace's folder is where it works, and nothing there may stand in for a module.
    words = [sys.executable, "-P", "-m", "studio.workflows.activities.worker", str(folder), str(held)]
    with (folder / LOG).open("ab") as log:
        # Blocked until the program can listen, so that no signal ends it without a word.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            return subprocess.Popen(
                words,
                cwd=workspace.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(held,),
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prune(workspace: Workspace) -> None:
    for identity in identities(workspace)[KEPT - 1 :]:
        folder = home(workspace) / identity
        if not is_held(folder / LOCK):
            with contextlib.suppress(OSError):  # what stays is tried again with the next one
                shutil.rmtree(folder)
