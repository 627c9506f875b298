"""Where runs are kept: one folder a run, found again by identifier, and settled when their runner has died.

A runner holds a lock in its run's folder as long as it lives, and removes the lock's file when it ends well. A folder
with a lock's file that nobody holds is a run whose runner is gone: whoever looks next marks it killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core import clock
from studio.core.errors import BadInput, Missing
from studio.core.files import CannotWrite, write_atomic
from studio.core.identifiers import suggest
from studio.core.locks import try_lock
from studio.core.workspace import Workspace
from studio.pipelines.run_heads import RunHead, RunPage, newest_of, of_pipeline, read_head
from studio.pipelines.run_record import NotARecord, RunRecord, StepRecord

if TYPE_CHECKING:
    from studio.pipelines.plan import PlannedStep

__all__ = ["RunRecord", "RunStore", "StepRecord", "StillRunning", "Unreadable"]

FILE = "run.json"
LOCK = "lock"
LAST = "last"
PATIENCE = 2.0
"""Seconds to wait for one who only looks at a run and holds it for a moment."""
_LOOKED_AT = 1_000
_LONGEST = 60
Runs = list[RunRecord]


class StillRunning(BadInput):
    """A run whose runner lives cannot be taken up by another."""

    def __init__(self, run: str) -> None:
        super().__init__(f"Run {run} is still running. Next: studio runs show {run}")


@dataclass(frozen=True)
class Unreadable:
    """A run whose record cannot be read, and why."""

    run: str
    reason: str


Unread = list[Unreadable]


class RunStore:
    """The runs of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._held: dict[str, int] = {}

    def create(self, record: RunRecord) -> RunRecord:
        """Keep a new run, already held by this process; see `holding`.

        Raises
        ------
        CannotWrite
            When the file system refuses.
        BadInput
            When there is a run of that identifier.
        """
        if (self._folder(record.id) / FILE).exists() or not self._hold(record.id, 0.0):
            raise BadInput(f"There is a run {record.id} already. Next: repeat the command, it will take another name.")
        try:
            self.save(record)
        except BaseException:
            self._release(record.id)
            raise
        return record

    def reopen(self, record: RunRecord, steps: Sequence[PlannedStep]) -> RunRecord:
        """Take up a run that has ended, with the steps that its plan has now; already held by this process.

        A step that completed or was reused waits again, to be decided anew; the number of its attempts is kept.

        Raises
        ------
        StillRunning
            When another process holds the run.
        BadInput
            When its record can no longer be read.
        CannotWrite
            When the file system refuses.
        """
        if not self._hold(record.id, PATIENCE):
            raise StillRunning(record.id)
        try:
            # What counts is the record as it stands now: another may have taken the run up since it was read.
            record.__dict__.update(self._load(record.id).__dict__)
            before, record.steps = record.steps, {}
            for step in steps:
                fresh = StepRecord.waiting(step, record.id)
                earlier = before.get(step.key)
                fresh.attempt = earlier.attempt if earlier else 0
                record.steps[step.key] = fresh
            record.earlier = [*record.earlier, _ending(record, before)]
            record.status, record.ended, record.seconds = "running", None, None
            self.save(record)
        except NotARecord as error:
            self._release(record.id)
            raise self._unreadable(record.id, error) from error
        except BaseException:
            self._release(record.id)
            raise
        return record

    def save(self, record: RunRecord) -> None:
        """Write the record, whole or not at all; the last word of a run is synced to the disk.

        Raises
        ------
        CannotWrite
            When the file system refuses.
        """
        write_atomic(self._folder(record.id) / FILE, record.to_json(), durable=record.status != "running")

    @contextlib.contextmanager
    def holding(self, record: RunRecord) -> Iterator[None]:
        """Hold the run for the block, so that nobody takes it for dead.

        Raises
        ------
        StillRunning
            When another process holds it.
        """
        if record.id not in self._held and not self._hold(record.id, PATIENCE):
            raise StillRunning(record.id)
        try:
            yield
        finally:
            self._release(record.id, ended=record.status != "running")

    def read(self, name: str) -> RunRecord:
        """The run `name`: an identifier, the start of exactly one, or ``last``. A dead one comes settled.

        Raises
        ------
        BadInput
            When there is no such run, several begin so, or its record cannot be read.
        """
        run = self._resolved(name)
        try:
            return self._looked_at(self._load(run))
        except NotARecord as error:
            raise self._unreadable(run, error) from error

    def list(self, pipeline: str | None = None, limit: int = 20) -> tuple[Runs, Unread]:
        """The newest `limit` runs (of one pipeline), newest first; and what was met on the way and cannot be read."""
        found: Runs = []
        unreadable: Unread = []
        for run in self.ids():
            if len(found) >= limit:
                break
            try:
                record = self._looked_at(self._load(run))
            except NotARecord as error:
                unreadable.append(Unreadable(run, str(error)))
                continue
            if pipeline in (None, record.pipeline):
                found.append(record)
        return found, unreadable

    def page(self, *, pipeline: str = "", before: str = "", limit: int = 100) -> RunPage:
        """Up to `limit` runs (of one pipeline) that are older than the run `before`, newest first.

        Only these are read, and of these not the steps: a page of 10,000 runs is as quick as one of 100.
        """
        ids = self.ids()
        if pipeline:
            ids = list(of_pipeline(str(self._workspace.runs), ids, pipeline, FILE))
        start = len(ids) - bisect_left(ids[::-1], before) if before else 0
        chosen = ids[start : start + limit]
        return RunPage(tuple(self._head(run) for run in chosen), len(ids), len(ids) > start + limit)

    def latest(self, pipelines: Iterable[str]) -> dict[str, RunHead]:
        """The newest run of each of `pipelines` that has one."""
        newest = newest_of(str(self._workspace.runs), self.ids(), pipelines, FILE)
        return {pipeline: self._head(run) for pipeline, run in newest.items()}

    def running(self) -> Sequence[RunHead]:
        """The runs that go on now, newest first; of very many the newest are looked at."""
        folder = str(self._workspace.runs)
        held = [run for run in self.ids()[:_LOOKED_AT] if os.path.exists(f"{folder}/{run}/{LOCK}")]  # noqa: PTH110 - of thousands
        return [head for head in map(self._head, held) if head.status == "running"]

    def settle(self, tell: Callable[[RunRecord], None]) -> Runs:
        """Mark killed every run whose runner has died.

        A runner that ended well removes its lock's file last. So a run whose file is there and free either never
        ended, or nobody was told how it ended; `tell` is called with its record while it is held, and the file is
        removed after that: who dies in between leaves it to the next one who settles.

        Returns
        -------
        list of RunRecord
            The records of the runs that were settled.
        """
        settled = []
        for run in self.ids():
            if not (self._folder(run) / LOCK).exists():
                continue
            try:
                record = self._load(run)
            except NotARecord:
                continue  # `list` names it
            if self._settle(record, tell):
                settled.append(record)
        return settled

    def ids(self) -> Sequence[str]:
        """The identifiers of all runs, newest first."""
        try:
            with os.scandir(self._workspace.runs) as entries:
                names = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        return sorted(names, reverse=True)

    def _folder(self, run: str) -> Path:
        return self._workspace.runs / run

    def _resolved(self, name: str) -> str:
        short = len(name) <= _LONGEST  # a longer one would be refused by the file system
        if short and name[:1].isdigit() and name == Path(name).name and (self._folder(name) / FILE).is_file():
            return name  # without listing all that there are
        ids = self.ids()
        if name == LAST and ids:
            return ids[0]
        if name in ids:
            return name
        matches = [run for run in ids if name and run.startswith(name)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise BadInput(
                f"{len(matches)} runs begin with {name!r}: {', '.join(matches[:5])}. Next: write more of it."
            )
        if not ids:
            raise Missing("There is no run yet. Next: studio run PIPELINE")
        raise Missing(f"There is no run {name[:100]!r}. {suggest(name, ids[:5])} Next: studio runs list")

    def _load(self, run: str) -> RunRecord:
        path = self._folder(run) / FILE
        try:
            record = RunRecord.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise NotARecord(f"it holds no {FILE}") from error
        except OSError as error:
            raise NotARecord(f"{FILE} cannot be read: {error.strerror}") from error
        except NotARecord:
            raise
        except (ValueError, RecursionError) as error:
            raise NotARecord(f"{FILE} is damaged: {error}") from error
        if record.id != run:
            raise NotARecord(f"{FILE} is the record of run {record.id!r:.80}")
        return record

    def _head(self, run: str) -> RunHead:
        path = self._folder(run) / FILE
        try:
            head = read_head(str(path), run)
            if head is not None and head.status != "running":
                return head
            return RunHead.of(self._looked_at(self._load(run)))
        except FileNotFoundError:
            return RunHead(run, problem=f"it holds no {FILE}")
        except OSError as error:
            return RunHead(run, problem=f"{FILE} cannot be read: {error.strerror}")
        except NotARecord as error:
            return RunHead(run, problem=str(error))

    def _unreadable(self, run: str, error: NotARecord) -> BadInput:
        return BadInput(
            f"The record of run {run} cannot be read: {error}. Next: studio runs list (and remove "
            f"{self._workspace.shown(self._folder(run))} where it is of no use)"
        )

    def _looked_at(self, record: RunRecord) -> RunRecord:
        """The record as it is to be shown: a dead runner's run is killed, although nobody has settled it yet."""
        if record.status != "running" or not self._take(record.id):
            return record
        try:
            current = self._load(record.id)  # it may have ended since it was read
            if current.status == "running":
                _kill(current, self._last_sign(record.id))
            return current
        except NotARecord:
            return record
        finally:
            self._release(record.id)

    def _settle(self, record: RunRecord, tell: Callable[[RunRecord], None]) -> bool:
        """Whether the run's runner was gone and the run is now settled; `record` is then what is on the disk.

        Where nothing can be written (read-only, full) the run is left to the next one who looks.
        """
        if not self._take(record.id):
            return False
        ended = False
        try:
            # What counts is the record as it stands now that nobody else can write it.
            current = self._load(record.id)
            if current.status == "running":
                _kill(current, self._last_sign(record.id))
                self.save(current)
            tell(current)
            ended = True
            record.__dict__.update(current.__dict__)
            return True
        except (NotARecord, CannotWrite):
            return False
        finally:
            self._release(record.id, ended=ended)

    def _take(self, run: str) -> bool:
        """Whether nobody held the run, and this process does now."""
        try:
            return run not in self._held and self._hold(run, 0.0)
        except CannotWrite:
            return False

    def _last_sign(self, run: str) -> float:
        return (self._folder(run) / FILE).stat().st_mtime

    def _hold(self, run: str, seconds: float) -> bool:
        path = self._folder(run) / LOCK
        end = time.monotonic() + seconds
        while True:
            descriptor = try_lock(path)
            if descriptor is not None and _is_file(descriptor, path):
                self._held[run] = descriptor
                return True
            if descriptor is not None:
                os.close(descriptor)  # the file was removed by the one that held it before
            elif time.monotonic() >= end:
                return False
            else:
                time.sleep(0.02)

    def _release(self, run: str, *, ended: bool = False) -> None:
        descriptor = self._held.pop(run, None)
        if descriptor is None:
            return
        if ended:
            (self._folder(run) / LOCK).unlink(missing_ok=True)
        os.close(descriptor)


def _is_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _ending(record: RunRecord, steps: Mapping[str, StepRecord]) -> dict[str, Any]:
    """How the run ended this time, for those who look at it after it was continued."""
    before = sum(item.get("seconds") or 0.0 for item in record.earlier)
    unfinished = [
        {"key": step.key, "status": step.status, "message": str((step.error or {}).get("message", ""))}
        for step in steps.values()
        if step.status in ("failed", "killed")
    ]
    seconds = None if record.seconds is None else max(0.0, record.seconds - before)
    return {"status": record.status, "ended": record.ended, "seconds": seconds, "unfinished": unfinished}


def _kill(record: RunRecord, last_sign: float) -> None:
    """Mark a run whose runner died; its end is the last sign of life that it gave."""
    ended = clock.to_text(datetime.fromtimestamp(last_sign, UTC))
    record.status, record.ended = "killed", ended
    if record.started is not None:
        record.seconds = max(0.0, (clock.from_text(ended) - clock.from_text(record.started)).total_seconds())
    for step in record.steps.values():
        if step.status == "running":
            step.status, step.ended = "killed", ended
            message = "The run's own process ended before the step did."
            step.error = {"kind": "killed", "cell": None, "source": "", "ename": "", "evalue": "", "message": message}
        elif step.status == "waiting":
            step.status = "not run"
