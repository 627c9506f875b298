"""What came of the times of a schedule: one file each, made by whoever is first, so that no time is handled twice."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter

from studio.core import clock
from studio.core.documents import Section
from studio.core.errors import BadInput
from studio.core.files import CannotWrite, open_regular, write_atomic
from studio.core.workspace import Workspace
from studio.pipelines.schedule import Schedule

Kind = Literal["starting", "started", "skipped", "failed"]
KEPT = 100
"""Files kept for each pipeline; the oldest go first."""
_FILE = re.compile(r"[0-9]{8}T[0-9]{4}Z\.json")
_SINCE = "since.json"


@dataclass(frozen=True)
class Outcome:
    """What came of one time.

    Attributes
    ----------
    pipeline : str
        Whose.
    time : str
        The scheduled time (RFC 3339).
    outcome : str
        ``started``; ``skipped`` (it was missed, or the run before it went on); ``failed`` (it could not be started);
        ``starting`` for a moment, and for ever where the scheduler was killed in that moment.
    text : str
        Why, as a sentence.
    activity : str
        The activity that was started.
    decided : str
        When (RFC 3339).
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    pipeline: str
    time: str
    outcome: Kind
    text: str = ""
    activity: str = ""
    decided: str = ""

    def as_dict(self) -> dict[str, str]:
        """With stable keys, for ``--json``."""
        return asdict(self)


class Unreadable(BadInput):
    """Of what a scheduler remembers of a pipeline, a file is damaged: nobody knows what is due."""

    def __init__(self, workspace: Workspace, file: Path, reason: str) -> None:
        super().__init__(
            f"{workspace.shown(file)} is damaged: {reason}. Next: remove it, and the schedule counts from then on."
        )


class _Since(Section):
    """From when a schedule counts."""

    model_config = ConfigDict(strict=True)

    cron: str
    timezone: str
    since: str


def home(workspace: Workspace) -> Path:
    """The folder of the schedules' state."""
    return workspace.root / ".studio" / "schedule"


def claim(workspace: Workspace, pipeline: str, time: datetime) -> bool:
    """Take a time; False where it was taken before. Whoever takes it has to say what came of it with `conclude`.

    Raises
    ------
    CannotWrite
        When the file system refuses.
    """
    file = _file(workspace, pipeline, time)
    content = Outcome(pipeline, clock.to_text(time), "starting", decided=clock.to_text(clock.now()))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        made = file.open("x", encoding="utf-8")
    except FileExistsError:
        return False
    except OSError as error:
        raise CannotWrite(file, error) from error
    try:
        with made:
            json.dump(content.as_dict(), made)
    except OSError as error:  # nobody would handle a time that was taken by halves
        file.unlink(missing_ok=True)
        raise CannotWrite(file, error) from error
    return True


def conclude(workspace: Workspace, time: datetime, outcome: Outcome) -> None:
    """Say what came of a time that was taken, and drop the oldest of the pipeline's files."""
    file = _file(workspace, outcome.pipeline, time)
    write_atomic(file, json.dumps(outcome.as_dict()))
    for old in sorted(path for path in file.parent.iterdir() if _FILE.fullmatch(path.name))[:-KEPT]:
        with contextlib.suppress(OSError):  # another scheduler did it, or it is no file
            old.unlink()


def outcomes(workspace: Workspace, pipeline: str) -> Iterator[Outcome]:
    """What came of the times of a pipeline, newest first; a file that cannot be read is passed over."""
    folder = home(workspace) / pipeline
    names = sorted((path.name for path in folder.glob("*Z.json") if _FILE.fullmatch(path.name)), reverse=True)
    for name in names:
        with contextlib.suppress(OSError, ValueError), open_regular(folder / name) as file:
            yield _format().validate_json(file.read())


def handled_until(workspace: Workspace, pipeline: str, schedule: Schedule, now: datetime) -> datetime:
    """The time up to which nothing is due any more.

    A schedule counts from when it was first seen: what lies before was never promised. A schedule with other times is
    another one.

    Raises
    ------
    Unreadable
        When a file there is damaged.
    CannotWrite
        When the file system refuses.
    """
    file = home(workspace) / pipeline / _SINCE
    try:
        since = _since(file, schedule)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it does not say from when the schedule counts"
        raise Unreadable(workspace, file, reason or "it cannot be read") from error
    if since is None:
        since = now
        content = {"cron": schedule.cron, "timezone": schedule.timezone, "since": clock.to_text(now)}
        write_atomic(file, json.dumps(content))
    return max([since, *_taken(workspace, file.parent)])


def _taken(workspace: Workspace, folder: Path) -> Iterator[datetime]:
    for path in folder.glob("*Z.json"):
        if _FILE.fullmatch(path.name):
            try:
                yield datetime.strptime(path.stem, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
            except ValueError as error:
                raise Unreadable(workspace, path, "its name is no time") from error


def _since(file: Path, schedule: Schedule) -> datetime | None:
    try:
        with open_regular(file) as opened:
            found = _Since.model_validate_json(opened.read())
    except FileNotFoundError:
        return None
    moment = clock.from_text(found.since)
    return moment if (found.cron, found.timezone) == (schedule.cron, schedule.timezone) else None


def _file(workspace: Workspace, pipeline: str, time: datetime) -> Path:
    return home(workspace) / pipeline / f"{time.astimezone(UTC):%Y%m%dT%H%MZ}.json"


@cache
def _format() -> TypeAdapter[Outcome]:
    return TypeAdapter(Outcome)
