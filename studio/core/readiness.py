"""Whether ``.studio/`` can take what a run writes: asked before anything starts, so that nothing stops half-way.

A disk that is full, a folder that may not be written or a file in a folder's place would otherwise be met in
the middle of a run, when notebooks have already worked for hours.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace

ROOM = 8 << 20
"""Bytes that must be free: a new MLflow store, its journal, a run's record and small notebooks."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_WRITTEN = ("runs", "snapshots", "artifacts", "outbox")


def check_state(workspace: Workspace) -> None:
    """Return when a run can write to ``.studio/``, which is made where it is missing.

    Raises
    ------
    CannotWrite
        When it is read-only, full or not reachable.
    BadInput
        When a file stands where a folder belongs.
    """
    state = workspace.state
    try:
        # A link that leads nowhere is neither a folder nor missing.
        if os.path.lexists(state) and not state.is_dir():
            raise _no_folder(state)
        state.mkdir(parents=True, exist_ok=True)
        for folder in (state, *(state / name for name in _WRITTEN)):
            _check_folder(folder)
        # A cache that cannot be written costs time and nothing else; one that cannot be entered is met everywhere.
        if workspace.cache.is_dir() and not os.access(workspace.cache, os.R_OK | os.X_OK):
            raise CannotWrite(workspace.cache, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    except OSError as error:
        raise CannotWrite(state, error) from error
    _check_room(state)


def _check_folder(folder: Path) -> None:
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise _no_folder(folder)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise CannotWrite(folder, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def _no_folder(path: Path) -> BadInput:
    return BadInput(f"{path} is no folder, and Studio keeps its files in a folder of that name. Next: move it away.")


def _check_room(folder: Path) -> None:
    probe = folder / f".probe.{secrets.token_hex(6)}.tmp"
    try:
        with probe.open("xb") as file:
            if hasattr(os, "posix_fallocate"):  # honours quotas and limits, which the free space does not tell
                os.posix_fallocate(file.fileno(), 0, ROOM)
            else:
                file.truncate(ROOM)
                file.seek(0)
                file.write(bytes(ROOM))
    except OSError as error:
        needed = f" (a run needs {ROOM >> 20} MB)" if error.errno in _NO_ROOM else ""
        raise CannotWrite(folder, OSError(error.errno, f"{error.strerror}{needed}")) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
