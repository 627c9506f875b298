"""What is known of activities, by whoever looks: from their folders alone, so that every process sees the same."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from studio.core import clock
from studio.core.errors import Missing
from studio.core.files import open_regular
from studio.core.locks import is_held
from studio.core.workspace import Workspace
from studio.workflows.activities import events
from studio.workflows.activities.events import Event
from studio.workflows.activities.requests import REQUEST, read_request

LOCK, LOG, PID = "lock", "log", "pid"
_IDENTITY = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
_LOOK_EVERY = 0.2


@dataclass(frozen=True)
class Activity:
    """An activity as it stands now.

    Attributes
    ----------
    id : str
        Its identifier.
    kind : str
        ``run``, ``resume``, ``test`` or ``submit``.
    title : str
        What it is, in few words: ``run churn``.
    names : tuple of str
        Pipelines by name, notebooks by path.
    started : str
        When, as an RFC 3339 time.
    status : str
        ``starting`` or ``running``; ``completed``, ``failed``, ``refused``, ``stopped``; ``died``, when its program is
        gone and did not say how it ended.
    run : str
        The run's identifier; "" before it is known, and for tests and submissions.
    text : str
        The sentence that ended it.
    environment : str
        The environment that a run was asked for; "" for the others.
    """

    id: str
    kind: str
    title: str
    names: tuple[str, ...]
    started: str
    status: str
    run: str
    text: str = ""
    environment: str = ""

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self.status in {"starting", "running"}


def home(workspace: Workspace) -> Path:
    """The folder of the activities."""
    return workspace.root / ".studio" / "activities"


def folder_of(workspace: Workspace, identity: str) -> Path:
    """The folder of one activity; Missing where there is none."""
    folder = home(workspace) / identity
    with contextlib.suppress(OSError):  # a folder that may not be entered
        if _IDENTITY.fullmatch(identity) and (folder / REQUEST).is_file():
            return folder
    raise Missing(f"There is no activity {identity[:60]!r}. Next: look at the list of activities.")


def identities(workspace: Workspace) -> list[str]:
    """The identifiers of all activities, newest first."""
    try:
        with os.scandir(home(workspace)) as entries:
            return sorted((entry.name for entry in entries if _IDENTITY.fullmatch(entry.name)), reverse=True)
    except FileNotFoundError:
        return []


def read(workspace: Workspace, identity: str) -> Activity:
    """The activity `identity`; Missing where there is none."""
    return look(folder_of(workspace, identity))


def latest(workspace: Workspace, limit: int = 50) -> list[Activity]:
    """The newest `limit` activities, newest first; a folder that cannot be read is left out."""
    found: list[Activity] = []
    for identity in identities(workspace):
        if len(found) >= limit:
            break
        with contextlib.suppress(Missing):
            found.append(read(workspace, identity))
    return found


def look(folder: Path) -> Activity:
    """The activity in `folder`; Missing when what lies there cannot be read."""
    lives = is_held(folder / LOCK)  # looked at first: whoever ends says so before it lets go
    try:
        asked = read_request(folder)
    except (OSError, ValueError) as error:
        raise _damaged(folder, REQUEST) from error
    begun, run, ended = _summary(folder)
    run = run if asked.kind in {"run", "resume"} else ""  # the others' runs are on samples, and nobody's to continue
    if ended is not None:
        status, text = ended
    elif lives:
        status, text = ("running" if begun else "starting"), ""
    else:
        status, text = "died", obituary(folder, run)
    facts = {"id": asked.id, "kind": asked.kind, "title": asked.title, "started": asked.started}
    return Activity(**facts, names=asked.names, status=status, run=run, text=text, environment=asked.environment)


def _damaged(folder: Path, file: str) -> Missing:
    return Missing(
        f"The activity {folder.name} cannot be read: its {file} is missing or damaged. Next: remove the folder {folder}"
    )


def obituary(folder: Path, run: str) -> str:
    """What is told of an activity whose program is gone without a word."""
    following = f"studio runs resume {run}" if run else "start it again"
    causes = "it was killed, or the machine stopped"
    if not _is_whole(folder / LOG) or not _is_whole(folder / events.FILE):
        causes = "it was killed, the machine stopped, or the disk was full"
    return (
        f"Its program ended before it could say how: {causes} "
        f"(what it printed is in .studio/activities/{folder.name}/{LOG}). Next: {following}"
    )


def _is_whole(path: Path) -> bool:
    """Whether a file of lines holds some, and the last of them to its end."""
    try:
        with open_regular(path) as file:
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"
    except OSError:  # also of an empty file
        return False


class Tail:
    """The events of one activity, as they come.

    Parameters
    ----------
    folder : Path
        The activity's folder.
    after : int
        Only events after this number.
    """

    def __init__(self, folder: Path, after: int = 0) -> None:
        self._folder = folder
        self._after = after
        self._read = 0
        self._last = 0
        self.ended = False

    def new(self) -> list[Event]:
        """The events since the last call; a program that died has an ``ended`` of its own. Quick, and never waits.

        Raises
        ------
        Missing
            When they cannot be read.
        """
        if self.ended:
            return []
        lives = is_held(self._folder / LOCK)
        found = list(self._lines())
        for event in found:
            self._last = event.number
            self.ended = self.ended or event.kind == "ended"
        if not lives and not self.ended:
            self.ended = True
            gone = look(self._folder)
            now = clock.to_text(clock.now())
            found.append(Event(self._last + 1, now, "ended", run=gone.run, status="died", text=gone.text))
        return [event for event in found if event.number > self._after]

    def _lines(self) -> Iterator[Event]:
        try:
            with open_regular(self._folder / events.FILE) as file:
                file.seek(self._read)
                whole = _whole(file.read())
            yield from events.parse(whole)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise _damaged(self._folder, events.FILE) from error
        self._read += len(whole)


def tail_of(workspace: Workspace, identity: str, after: int = 0) -> Tail:
    """The events of the activity `identity` after number `after`; Missing where there is none."""
    return Tail(folder_of(workspace, identity), after)


def follow(workspace: Workspace, identity: str, after: int = 0) -> Iterator[Event]:
    """The events of an activity after number `after`, as they come, to the last one, of the kind ``ended``.

    Raises
    ------
    Missing
        When there is no such activity.
    """
    tail = tail_of(workspace, identity, after)
    while True:
        yield from tail.new()
        if tail.ended:
            return
        time.sleep(_LOOK_EVERY)


def _summary(folder: Path) -> tuple[bool, str, tuple[str, str] | None]:
    """Whether it began, its run, and how it ended with which sentence."""
    path = folder / events.FILE
    try:
        found = path.stat()
        return _summarised(path, found.st_mtime_ns, found.st_size)
    except FileNotFoundError:
        return False, "", None
    except (OSError, ValueError) as error:
        raise _damaged(folder, events.FILE) from error


@lru_cache(maxsize=500)
def _summarised(path: Path, modified: int, size: int) -> tuple[bool, str, tuple[str, str] | None]:
    del modified, size  # what makes another content another entry
    run, ended, number = "", None, 0
    with open_regular(path) as file:
        content = _whole(file.read())
    for event in events.parse(content):
        number = event.number
        run = run or event.run
        ended = (event.status, event.text) if event.kind == "ended" else ended
    return number > 0, run, ended


def _whole(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def as_json(activity: Activity) -> dict[str, Any]:
    """The activity with stable keys; where a run goes on stands in its title."""
    return {key: fact for key, fact in vars(activity).items() if key != "environment"} | {"names": list(activity.names)}
