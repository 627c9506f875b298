"""What a run's record says before its steps, read without reading the steps: for lists of many runs.

A record's file begins with everything about the run itself (`RunRecord.summary`), and then has the key ``steps``. In
JSON a text never holds a bare quotation mark, so that the first ``,"steps":[`` is that key and nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from studio.pipelines.run_record import FORMAT, RUN_STATUSES, STEP_STATUSES, NotARecord, RunRecord

_MARK = b',"steps":['
_FIRST = 16_384
"""Bytes of a record that are read at first: most runs were given few values."""
_KNOWN = 100_000


@dataclass(frozen=True)
class RunHead:
    """One run in a list.

    Attributes
    ----------
    run, pipeline, name, status, environment, actor : str
        As in `RunRecord`.
    started, ended : str or None
        RFC 3339 times.
    seconds : float or None
        How long it took.
    counts : dict
        How many steps have each status.
    failed_gates : tuple of str
        The gates that did not hold at its end.
    problem : str
        Why its record cannot be read; the rest is empty then.
    """

    run: str
    pipeline: str = ""
    name: str = ""
    status: str = ""
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    environment: str = ""
    actor: str = ""
    counts: dict[str, int] | None = None
    failed_gates: tuple[str, ...] = ()
    problem: str = ""

    @classmethod
    def of(cls, record: RunRecord) -> RunHead:
        """The head of a whole record."""
        return cls(
            record.id,
            record.pipeline,
            record.name,
            record.status,
            record.started,
            record.ended,
            record.seconds,
            record.environment,
            record.actor,
            record.counts(),
            _failed(record.gates),
        )


@dataclass(frozen=True)
class RunPage:
    """Some runs of many.

    Attributes
    ----------
    heads : tuple of RunHead
        Newest first; one whose record cannot be read says why.
    total : int
        How many there are (of the pipeline).
    more : bool
        Whether there are older ones.
    """

    heads: tuple[RunHead, ...]
    total: int
    more: bool


def read_head(path: str, run: str) -> RunHead | None:
    """The head of the record at `path`; None where only the whole record can tell: it is of another form, or damaged.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    content = _head(path)
    if content is None or content.get("format") != FORMAT or content.get("run") != run:
        return None
    try:
        counts = {str(status): int(number) for status, number in content["counts"].items()}
        gates = _failed(content.get("gates", ()))
        texts = {name: content[name] for name in _TEXTS}
        head = RunHead(**texts, **_times(content), counts=counts, failed_gates=gates)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    known = head.status in RUN_STATUSES and not counts.keys() - set(STEP_STATUSES)
    return head if known and all(isinstance(getattr(head, name), str) for name in _TEXTS) else None


_TEXTS = ("run", "pipeline", "name", "status", "environment", "actor")


def _failed(gates: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(gate["name"]) for gate in gates if gate["status"] in ("failed", "error"))


def _times(content: dict[str, Any]) -> dict[str, Any]:
    found = {name: content[name] for name in ("started", "ended", "seconds")}
    if not all(found[name] is None or isinstance(found[name], str) for name in ("started", "ended")):
        raise ValueError("a time is a text")
    if isinstance(found["seconds"], bool) or not isinstance(found["seconds"], int | float | None):
        raise ValueError("seconds are a number")
    return found


@lru_cache(maxsize=_KNOWN)
def pipeline_of(path: str, run: str) -> str:
    """The pipeline of the run whose record is at `path`, which never changes: read once, known for ever.

    Raises
    ------
    NotARecord
        When the record does not say it; nothing is remembered then.
    """
    try:
        head = read_head(path, run)
    except OSError as error:
        raise NotARecord(str(error.strerror)) from error
    if head is None:
        raise NotARecord("it is no record of this form")
    return head.pipeline


def of_pipeline(folder: str, runs: Iterable[str], pipeline: str, file: str) -> Iterator[str]:
    """Those of `runs` (folders in `folder`) that are runs of `pipeline`, as far as their records can be read."""
    return (run for run in runs if _told(folder, run, file) == pipeline)


def newest_of(folder: str, runs: Iterable[str], pipelines: Iterable[str], file: str) -> dict[str, str]:
    """The first of `runs` for each of `pipelines` that has one; no further run is looked at."""
    wanted, found = set(pipelines), dict[str, str]()
    for run in runs:
        if not wanted:
            break
        pipeline = _told(folder, run, file)
        if pipeline in wanted:
            wanted.remove(pipeline)
            found[pipeline] = run
    return found


def _told(folder: str, run: str, file: str) -> str:
    try:
        return pipeline_of(f"{folder}{os.sep}{run}{os.sep}{file}", run)
    except NotARecord:
        return ""


def _head(path: str) -> dict[str, Any] | None:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands of them: a Path would take longer than this
        data = file.read(_FIRST)
        place = data.find(_MARK)
        while place < 0:
            more = file.read(len(data))
            if not more:
                return None
            data += more
            place = data.find(_MARK)
    try:
        content = json.loads(data[:place] + b"}")
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
