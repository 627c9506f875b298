"""Runs recorded later: a run that reused everything must not wait for mlflow to be imported.

The command writes one small file and answers; a detached process, or the next run that needs
MLflow anyway, logs it. Each step of that is repeatable: what a broken attempt left in the store
is found again by the tag ``studio.run`` and completed, never logged twice.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core import clock
from studio.core.errors import BadInput, StudioError
from studio.core.files import write_json
from studio.core.locks import lock, try_lock
from studio.core.workspace import Workspace
from studio.tracking.redaction import Redaction

if TYPE_CHECKING:
    from studio.tracking.runs import Tracker

FORMAT = 1
STEP, ATTEMPT = "studio.step", "studio.attempt"
_STATE = "studio.outbox"  # "open" while a record is being logged, then "logged"


def folder(workspace: Workspace) -> Path:
    """Where records wait."""
    return workspace.state / "outbox"


def put(workspace: Workspace, record: Mapping[str, Any], *, redact: Iterable[str] = ()) -> Path:
    """Keep a finished run to be logged later.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    record : Mapping[str, Any]
        ``run``, ``pipeline``, ``status`` ("FINISHED", "FAILED", "KILLED"), ``started`` and ``ended``
        (texts of `studio.core.clock`), and where there are any ``tags``, ``params``, ``metrics``,
        ``inputs`` (of `DatasetInput.as_dict`), ``artifacts`` (path to text) and ``steps``: a list of the
        same, with ``key`` in the place of ``run`` and ``pipeline``, and with ``attempt``.
    redact : Iterable[str]
        Secret values; ``***`` is written in their place.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    CannotWrite
        When ``.studio/`` cannot be written.
    """
    path = folder(workspace) / f"{record['run']}.json"
    write_json(path, _clean({"version": FORMAT, **record}, Redaction(redact)))
    return path


def _clean(value: Any, redaction: Redaction) -> Any:
    if isinstance(value, str):
        return redaction.text(value)
    if isinstance(value, Mapping):
        return {redaction.text(str(name)): _clean(item, redaction) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, redaction) for item in value]
    return value


def waiting(workspace: Workspace) -> list[Path]:
    """The records that wait, oldest first."""
    place = folder(workspace)
    return sorted(place.glob("*.json")) if place.is_dir() else []


def flush(workspace: Workspace) -> int:
    """Log every waiting record to MLflow and remove it; returns how many were logged.

    Raises
    ------
    StoreUnavailable
        When the store does not answer; everything keeps waiting.
    """
    from studio.tracking.runs import Tracker

    if not waiting(workspace):
        return 0
    with lock(folder(workspace) / "lock", seconds=300):
        return _flush_all(Tracker(workspace, flush_outbox=False))


def flush_with(tracker: Tracker, *, wait: bool = False) -> int:
    """`flush` through a tracker that is open anyway; while another process is at it, waits or does nothing."""
    if not waiting(tracker.workspace):
        return 0
    if wait:
        with lock(folder(tracker.workspace) / "lock", seconds=300):
            return _flush_all(tracker)
    descriptor = try_lock(folder(tracker.workspace) / "lock")
    if descriptor is None:
        return 0
    try:
        return _flush_all(tracker)
    finally:
        os.close(descriptor)


def flush_in_background(workspace: Workspace) -> int:
    """Start a detached process that flushes; returns its process id. Its words go to ``outbox/flush.log``."""
    place = folder(workspace)
    place.mkdir(parents=True, exist_ok=True)
    with (place / "flush.log").open("w", encoding="utf-8") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "studio.tracking.outbox", str(workspace.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place,
            start_new_session=True,
        )
    # The child is meant to outlive us: without this, Popen warns about it when it is collected.
    child.returncode = 0
    return child.pid


def _flush_all(tracker: Tracker) -> int:
    from studio.tracking.client import StoreUnavailable

    logged = 0
    for path in waiting(tracker.workspace):
        try:
            content = _content(path)
            _log(tracker, _read(path, content))
        except StoreUnavailable:
            raise
        except (StudioError, KeyError, TypeError, ValueError) as error:
            tracker.reach()  # a store that went away in the middle is no fault of the record
            _set_aside(path, str(error))
            continue
        if _content(path) == content:  # else the run was continued meanwhile, and there is more to log
            path.unlink(missing_ok=True)
        logged += 1
    return logged


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error}. Next: remove it.") from error


def _read(path: Path, content: bytes) -> dict[str, Any]:
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} cannot be read as JSON: {error}. Next: remove it.") from error
    if not isinstance(record, dict) or record.get("version") != FORMAT:
        raise BadInput(f"{path} is no record of format {FORMAT}. Next: remove it.")
    if not all(isinstance(record.get(name), str) for name in ("run", "pipeline", "status")):
        raise BadInput(f"{path} is no record of format {FORMAT}. Next: remove it.")
    return record


def _set_aside(path: Path, reason: str) -> None:
    """Keep a record that cannot be logged out of the way, with the reason, so that it blocks no other."""
    place = path.parent / "failed"
    place.mkdir(exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.replace(place / path.name)
    (place / f"{path.stem}.txt").write_text(reason + "\n", encoding="utf-8")


def _log(tracker: Tracker, record: dict[str, Any]) -> None:
    parent = tracker.find(record["pipeline"], record["run"])
    found: dict[tuple[str | None, str | None], Mapping[str, str]] = {}
    if parent is None:
        parent = tracker.begin_pipeline(record["pipeline"], record["run"], **_beginning(record))
    else:
        tracker.log_params(parent, record.get("params") or {})
        for run in tracker.children(parent):
            tags = {**run.data.tags, "id": run.info.run_id, "status": run.info.status}
            found[tags.get(STEP), tags.get(ATTEMPT)] = tags
    for step in record.get("steps", ()):
        attempt = step.get("attempt", 1)
        earlier = found.get((step["key"], str(attempt)))
        if earlier is None:
            identity = tracker.begin_step(parent, step["key"], attempt=attempt, **_beginning(step))
        elif earlier.get(_STATE) == "open" or earlier["status"] == "RUNNING":
            identity = earlier["id"]
            tracker.log_params(identity, step.get("params") or {})
        else:
            continue
        _complete(tracker, identity, step)
    _complete(tracker, parent, record)


def _beginning(part: Mapping[str, Any]) -> dict[str, Any]:
    tags = {**(part.get("tags") or {}), _STATE: "open"}
    return {"tags": tags, "params": part.get("params") or {}, "started": _moment(part, "started")}


def _complete(tracker: Tracker, identity: str, part: dict[str, Any]) -> None:
    from studio.tracking.inputs import DatasetInput

    tracker.log_inputs(identity, [DatasetInput(**given) for given in part.get("inputs", ())])
    if part.get("metrics"):
        tracker.log_metrics(identity, part["metrics"])
    tracker.log_artifacts(identity, part.get("artifacts", {}))
    tracker.end(identity, part.get("status", "FINISHED"), ended=_moment(part, "ended"))
    tracker.set_tags(identity, {_STATE: "logged"})


def _moment(part: Mapping[str, Any], name: str) -> datetime | None:
    text = part.get(name)
    return clock.from_text(text) if text else None


if __name__ == "__main__":
    flush(Workspace(Path(sys.argv[1])))
