"""What held at a moment, derived from events alone: what was approved, what was live, which model versions were in use.

Facts are events in the past tense, and nothing is kept twice: these are pure functions over a list of events, and the
list may go on after the moment that is asked about, so that the end of what held then is known too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from studio.core import clock
from studio.ledger.event import Event


@dataclass(frozen=True)
class Approval:
    """One person's approval of one content.

    Attributes
    ----------
    subject, fingerprint, approval : str
        The notebook or pipeline file, the digest of its content, and the approval's own name.
    by, since : str
        Who, and when.
    signed_by, message : str
        Whose key signed it (empty where none did), and what was said.
    event : int
        The number of its event.
    until, ended_by, reason : str or None
        When it ended, through whom, and why: ``revoked`` or ``superseded``; None while it holds.
    """

    subject: str
    fingerprint: str
    approval: str
    by: str
    since: str
    signed_by: str
    message: str
    event: int
    until: str | None = None
    ended_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Content:
    """A notebook or file that a run executed, and who had approved that content when the run was accepted."""

    path: str
    fingerprint: str
    approved_by: tuple[str, ...]


@dataclass(frozen=True)
class LiveRun:
    """The last run of a pipeline that an environment accepted.

    Attributes
    ----------
    environment, pipeline, run : str
        Where, of what, and the run's identifier.
    by, since : str
        For whom it was accepted, and when.
    event : int
        The number of that event.
    commit : str
        The commit whose content ran.
    contents : tuple of Content
        What ran.
    status, ended : str or None
        How it had ended by the moment (``running`` where it had not), and when it ended, if it did.
    data : dict
        The snapshot's digest of each dataset; known once it has ended.
    before : LiveRun or None
        The last run before it that completed, where this one did not.
    """

    environment: str
    pipeline: str
    run: str
    by: str
    since: str
    event: int
    commit: str
    contents: tuple[Content, ...]
    status: str = "running"
    ended: str | None = None
    data: Mapping[str, Any] | None = None
    before: LiveRun | None = None


@dataclass(frozen=True)
class LiveModel:
    """The version of a registered model that an environment used, and what made it so: promoted or rolled back."""

    environment: str
    model: str
    version: str
    how: str
    by: str
    since: str
    event: int


@dataclass(frozen=True)
class State:
    """What held at `moment`: approvals that held and those that had ended, live runs, live model versions."""

    moment: str
    events: int
    approved: tuple[Approval, ...]
    ended: tuple[Approval, ...]
    runs: tuple[LiveRun, ...]
    models: tuple[LiveModel, ...]

    def as_dict(self) -> dict[str, Any]:
        """The state with stable keys, for ``--json``."""
        return asdict(self)


def state_at(events: Iterable[Event], moment: datetime) -> State:
    """What held at the end of `moment`, from `events` in their order; those after it only tell how things ended."""
    known, limit = list(events), clock.to_text(moment)
    by_then = [event for event in known if event.time <= limit]
    approvals = approvals_of(known)
    begun = [item for item in approvals if item.since <= limit]
    return State(
        moment=limit,
        events=len(by_then),
        approved=tuple(item for item in begun if item.until is None or item.until > limit),
        ended=tuple(item for item in begun if item.until is not None and item.until <= limit),
        runs=tuple(live_runs(known, approvals, limit)),
        models=tuple(live_models(by_then)),
    )


def approvals_of(events: Iterable[Event]) -> list[Approval]:
    """Every approval there was, in the order of the events, each with its end.

    An approval of other content supersedes all of the same subject; one of the same content joins them, and takes the
    place of the same person's earlier one. A revocation ends those that it names by approval or by fingerprint; one
    that names nothing ends all of its subject.
    """
    found: list[Approval] = []
    for event in events:
        if event.kind == "approved":
            made = _approval(event)
            for place in _holding(found, event.subject):
                if found[place].fingerprint != made.fingerprint or found[place].by == made.by:
                    found[place] = _end(found[place], event, "superseded")
            found.append(made)
        elif event.kind == "revoked":
            approval, fingerprint = _text(event, "approval"), _fingerprint(event.details.get("fingerprint"))
            for place in _holding(found, event.subject):
                item = found[place]
                named = (approval and item.approval == approval) or (fingerprint and item.fingerprint == fingerprint)
                if named or not (approval or fingerprint):
                    found[place] = _end(item, event, "revoked")
    return found


def live_runs(known: Iterable[Event], approvals: Iterable[Approval], limit: str) -> list[LiveRun]:
    """The last run of each pipeline that each environment had accepted by `limit`, by environment and pipeline."""
    known, approvals = list(known), list(approvals)
    endings = {(event.environment, _text(event, "run")): event for event in known if event.kind == "run ended"}
    last: dict[tuple[str, str], LiveRun] = {}
    completed: dict[tuple[str, str], LiveRun] = {}
    for event in known:
        if event.kind == "run accepted" and event.time <= limit:
            run = _ended(_run(event, approvals), endings, limit)
            place = (run.environment, run.pipeline)
            last[place] = replace(run, before=None if run.status == "completed" else completed.get(place))
            if run.status == "completed":
                completed[place] = run
    return [last[place] for place in sorted(last)]


def live_models(events: Iterable[Event]) -> list[LiveModel]:
    """The version of each model that each environment uses after `events`."""
    found: dict[tuple[str, str], LiveModel] = {}
    for event in events:
        if event.kind in ("promoted", "rolled back"):
            model = _text(event, "model") or event.subject
            version = _text(event, "version")
            found[event.environment, model] = LiveModel(
                event.environment, model, version, event.kind, event.actor, event.time, event.sequence
            )
    return [found[place] for place in sorted(found)]


def _approval(event: Event) -> Approval:
    return Approval(
        event.subject,
        _fingerprint(event.details.get("fingerprint")),
        _text(event, "approval"),
        event.actor,
        event.time,
        _text(event, "signed_by"),
        _text(event, "message"),
        event.sequence,
    )


def _holding(found: list[Approval], subject: str) -> list[int]:
    return [place for place, item in enumerate(found) if item.subject == subject and item.until is None]


def _end(item: Approval, event: Event, reason: str) -> Approval:
    return replace(item, until=event.time, ended_by=event.actor, reason=reason)


def _run(event: Event, approvals: Iterable[Approval]) -> LiveRun:
    given = event.details.get("fingerprints")
    fingerprints = given if isinstance(given, dict) else {}
    contents = tuple(
        Content(path, digest, _approvers(path, digest, event, approvals))
        for path, digest in sorted((str(path), _fingerprint(value)) for path, value in fingerprints.items())
    )
    return LiveRun(
        event.environment,
        _text(event, "pipeline") or event.subject,
        _text(event, "run"),
        event.actor,
        event.time,
        event.sequence,
        _text(event, "commit"),
        contents,
    )


def _approvers(path: str, digest: str, event: Event, approvals: Iterable[Approval]) -> tuple[str, ...]:
    """Who had approved this content when the run was accepted."""
    return tuple(
        item.by
        for item in approvals
        if (item.subject, item.fingerprint) == (path, digest)
        and item.event < event.sequence
        and (item.until is None or item.until > event.time)
    )


def _ended(run: LiveRun, endings: Mapping[tuple[str, str], Event], limit: str) -> LiveRun:
    event = endings.get((run.environment, run.run))
    if event is None or event.sequence < run.event:
        return run
    data = event.details.get("data")
    return replace(
        run,
        status=_text(event, "status") if event.time <= limit else "running",
        ended=event.time,
        data=dict(data) if isinstance(data, dict) else None,
    )


def _fingerprint(value: Any) -> str:
    """The digest, whether it is told alone or with its parts."""
    found = value.get("digest", "") if isinstance(value, dict) else value
    return "" if found is None else str(found)


def _text(event: Event, key: str) -> str:
    value = event.details.get(key)
    return "" if value is None else str(value)
