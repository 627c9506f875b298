"""What came of the times of a schedule: one file each, made by whoever is first, so that no time is handled twice."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from studio.core import clock
from studio.core.files import CannotWrite, write_atomic
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

    pipeline: str
    time: str
    outcome: Kind
    text: str = ""
    activity: str = ""
    decided: str = ""

    def as_dict(self) -> dict[str, str]:
        """With stable keys, for ``--json``."""
        return asdict(self)


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
        with file.open("x", encoding="utf-8") as made:
            json.dump(content.as_dict(), made)
    except FileExistsError:
        return False
    except OSError as error:
        raise CannotWrite(file, error) from error
    return True


def conclude(workspace: Workspace, time: datetime, outcome: Outcome) -> None:
    """Say what came of a time that was taken, and drop the oldest of the pipeline's files."""
    file = _file(workspace, outcome.pipeline, time)
    write_atomic(file, json.dumps(outcome.as_dict()))
    for old in sorted(path for path in file.parent.iterdir() if _FILE.fullmatch(path.name))[:-KEPT]:
        with contextlib.suppress(FileNotFoundError):  # another scheduler did it
            old.unlink()


def outcomes(workspace: Workspace, pipeline: str) -> Iterator[Outcome]:
    """What came of the times of a pipeline, newest first; a file that cannot be read is passed over."""
    folder = home(workspace) / pipeline
    names = sorted((path.name for path in folder.glob("*Z.json") if _FILE.fullmatch(path.name)), reverse=True)
    for name in names:
        with contextlib.suppress(OSError, ValueError, TypeError):
            yield Outcome(**json.loads((folder / name).read_bytes()))


def handled_until(workspace: Workspace, pipeline: str, schedule: Schedule, now: datetime) -> datetime:
    """The time up to which nothing is due any more.

    A schedule counts from when it was first seen: what lies before was never promised. A schedule with other times is
    another one.
    """
    file = home(workspace) / pipeline / _SINCE
    since = _since(file, schedule)
    if since is None:
        since = now
        content = {"cron": schedule.cron, "timezone": schedule.timezone, "since": clock.to_text(now)}
        write_atomic(file, json.dumps(content))
    taken = [_time(path) for path in file.parent.glob("*Z.json") if _FILE.fullmatch(path.name)]
    return max([since, *taken])


def _since(file: Path, schedule: Schedule) -> datetime | None:
    try:
        content: dict[str, Any] = json.loads(file.read_bytes())
        if (content["cron"], content["timezone"]) == (schedule.cron, schedule.timezone):
            return clock.from_text(content["since"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return None


def _file(workspace: Workspace, pipeline: str, time: datetime) -> Path:
    return home(workspace) / pipeline / f"{time.astimezone(UTC):%Y%m%dT%H%MZ}.json"


def _time(path: Path) -> datetime:
    return datetime.strptime(path.stem, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
