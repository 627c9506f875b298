"""Errors that an app met: people who use it get a number, the operator finds the rest under it in the log.

The log is ``.studio/apps/log``. The server of the apps and their kernels both write to it, an entry at a time.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import traceback
from pathlib import Path

from studio.core import clock
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.tracking.redaction import Redaction

_LOG = logging.getLogger(__name__)
_ROOM = 8 << 20
"""Bytes after which the log is set aside (one earlier log is kept)."""
_LONGEST = 64 << 10
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|_KEY$|^STUDIO_LEDGER_URL$|^MLFLOW_TRACKING_URI$")
_SHORTEST = 8
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def log_file(workspace: Workspace) -> Path:
    """The log of the apps."""
    return workspace.root / ".studio" / "apps" / "log"


def note(workspace: Workspace, where: str, what: str | BaseException) -> str:
    """Write down what happened in `where` (an app's name); the number under which it is found.

    Where the file system refuses, it goes to this program's own log: whoever waits gets the number all the same.
    """
    number = secrets.token_hex(4)
    text = what if isinstance(what, str) else "".join(traceback.format_exception(what))
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}\n[… {len(text) - _LONGEST} characters left out …]\n{text[-_LONGEST // 2 :]}"
    text = _COLOURS.sub("", Redaction(_secrets()).text(text))
    body = "".join(f"    {line}\n" for line in text.rstrip().splitlines())
    entry = f"error {number} in {where}\n{body}"
    try:
        append(workspace, f"{clock.to_text(clock.now())} {entry}")
    except CannotWrite as error:
        _LOG.warning("%s So here is what belongs there:\n%s", error, entry)
    return number


def append(workspace: Workspace, text: str) -> None:
    """Add `text` to the log, whole; CannotWrite when the file system refuses."""
    path = log_file(workspace)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _ROOM:
            path.replace(path.with_name(f"{path.name}.earlier"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, text.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise CannotWrite(path, error) from error


class _Keeper(logging.Handler):
    """Writes what the widgets of an app log, with the numbers that they show, into the apps' log."""

    def __init__(self, workspace: Workspace, app: str) -> None:
        super().__init__(logging.WARNING)
        self._workspace, self._app = workspace, app

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            body = "".join(f"    {line}\n" for line in Redaction(_secrets()).text(text).rstrip().splitlines())
            append(self._workspace, f"{clock.to_text(clock.now())} in {self._app}\n{body}")
        except (CannotWrite, ValueError, TypeError):
            self.handleError(record)


def keep(workspace: Workspace, app: str) -> None:
    """Let the log have what widgets of this process log from now on."""
    log = logging.getLogger("studio.widgets")
    if not any(isinstance(one, _Keeper) for one in log.handlers):
        log.addHandler(_Keeper(workspace, app))


def said(number: str) -> str:
    """The sentence for who uses the app."""
    return f"Something went wrong here. Tell the people who run this app the error number {number}."


def _secrets() -> list[str]:
    """Values of the environment that an error's message may hold, and a log must not."""
    return [value for name, value in os.environ.items() if _SECRET.search(name) and len(value) >= _SHORTEST]
