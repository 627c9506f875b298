"""What held at a moment, derived from events alone: what was approved, what was live, which model versions were in use.

Facts are events in the past tense, and nothing is kept twice: these are pure functions over a list of events, and the
list may go on after the moment that is asked about, so that the end of what held then is known too.
"""

from __future__ import annotations

from collections import defaultdict
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
    environment, pipeline, subject, run : str
        Where, of what (its name, and the file that was run), and the run's identifier.
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
    subject: str
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
    holding: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if event.kind == "approved":
            made = _approval(event)
            ended = [place for place in holding[event.subject] if _gives_way(found[place], made)]
            _close(found, holding[event.subject], event, "superseded", ended)
            holding[event.subject].append(len(found))
            found.append(made)
        elif event.kind == "revoked":
            ended = [place for place in holding[event.subject] if _is_revoked(found[place], event)]
            _close(found, holding[event.subject], event, "revoked", ended)
    return found


def live_runs(known: Iterable[Event], approvals: Iterable[Approval], limit: str) -> list[LiveRun]:
    """The last run of each pipeline that each environment had accepted by `limit`, by environment and pipeline."""
    given: dict[tuple[str, str], list[Approval]] = defaultdict(list)
    for item in approvals:
        given[item.subject, item.fingerprint].append(item)
    accepted: list[LiveRun] = []
    latest: dict[tuple[str, str], int] = {}  # a run that is continued is accepted again, under the same name
    for event in known:
        key = (event.environment, _text(event, "run"))
        if event.kind == "run accepted":
            latest.pop(key, None)
            if event.time <= limit:
                latest[key] = len(accepted)
                accepted.append(_run(event, given))
        elif event.kind == "run ended" and key in latest:
            accepted[latest[key]] = _ended(accepted[latest[key]], event, limit)
    last: dict[tuple[str, str], LiveRun] = {}
    completed: dict[tuple[str, str], LiveRun] = {}
    for run in accepted:
        place = (run.environment, run.pipeline)
        last[place] = run if run.status == "completed" else replace(run, before=completed.get(place))
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


def _gives_way(item: Approval, made: Approval) -> bool:
    return item.fingerprint != made.fingerprint or item.by == made.by


def _is_revoked(item: Approval, event: Event) -> bool:
    approval, fingerprint = _text(event, "approval"), _fingerprint(event.details.get("fingerprint"))
    if not approval and not fingerprint:
        return True
    return bool(approval and item.approval == approval) or bool(fingerprint and item.fingerprint == fingerprint)


def _close(found: list[Approval], holding: list[int], event: Event, reason: str, places: list[int]) -> None:
    """End the approvals at `places`; the rest goes on holding."""
    for place in places:
        found[place] = replace(found[place], until=event.time, ended_by=event.actor, reason=reason)
        holding.remove(place)


def _run(event: Event, given: Mapping[tuple[str, str], list[Approval]]) -> LiveRun:
    told = event.details.get("fingerprints")
    fingerprints = told if isinstance(told, dict) else {}
    contents = tuple(
        Content(path, digest, _approvers(given.get((path, digest), []), event))
        for path, digest in sorted((str(path), _fingerprint(value)) for path, value in fingerprints.items())
    )
    return LiveRun(
        event.environment,
        _text(event, "pipeline") or event.subject,
        event.subject,
        _text(event, "run"),
        event.actor,
        event.time,
        event.sequence,
        _text(event, "commit"),
        contents,
    )


def _approvers(given: Iterable[Approval], event: Event) -> tuple[str, ...]:
    """Who of those that gave an approval had given it, and not lost it, when the run was accepted."""
    return tuple(
        item.by for item in given if item.event < event.sequence and (item.until is None or item.until > event.time)
    )


def _ended(run: LiveRun, event: Event, limit: str) -> LiveRun:
    """`run` with its end; one after the moment leaves it running then, and still tells when it ended, and its data."""
    if event.time > limit and run.ended is not None:
        return run
    data = event.details.get("data")
    return replace(
        run,
        status=_text(event, "status") if event.time <= limit else run.status,
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
