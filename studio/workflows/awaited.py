"""What was submitted already is not to be submitted again: it waits for a reviewer, and whoever asks is told so.

The one rule of the status ``submitted``. A submission waits from when it was handed in until it was sent back, or
approved: an approval that came of it and does not hold any more (it was taken back, or other distributions are
installed) needs another submission, and with that the content waits again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from studio.core.workspace import Workspace
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval import ApprovalState
from studio.workflows.content_states import Content

SUBMITTED = "submitted"
_KINDS = frozenset({"submitted", "rejected", "revoked"})
_FINAL = ("approved", "invalid")
"""What a submission changes nothing about: it is approved already, or somebody meddled with the approval."""


def status_of(workspace: Workspace, content: Content, state: ApprovalState) -> str:
    """The status of one content: that of its approval, or ``submitted`` where exactly this content waits."""
    if state.status in _FINAL:
        return state.status
    events = open_ledger(workspace).events(kinds=_KINDS, subject=content.subject)
    return _status(content, state, events[-1] if events else None)


def statuses(workspace: Workspace, contents: Iterable[Content], states: Mapping[str, ApprovalState]) -> dict[str, str]:
    """`status_of` for many contents, by subject; the ledger is read once, and only where something is undecided."""
    last: dict[str, Event] = {}
    if any(state.status not in _FINAL for state in states.values()):
        last = {event.subject: event for event in open_ledger(workspace).events(kinds=_KINDS)}
    return {one.subject: _status(one, states[one.subject], last.get(one.subject)) for one in contents}


def _status(content: Content, state: ApprovalState, last: Event | None) -> str:
    waits = last is not None and state.status not in _FINAL and _waits(content, last) and not _came_of(last, state)
    return SUBMITTED if waits else state.status


def _waits(content: Content, last: Event) -> bool:
    """Whether exactly this content was submitted last, passed its tests, and was not sent back since."""
    same = last.details.get("fingerprint") == content.fingerprint.digest
    return last.kind == "submitted" and same and bool(last.details.get("ok"))


def _came_of(submitted: Event, state: ApprovalState) -> bool:
    """Whether the approval that does not hold any more was given on this very submission."""
    if state.status not in ("lapsed", "revoked") or state.approval is None:
        return False
    return state.approval.evidence.submission == submitted.details.get("submission")


def with_submission(workspace: Workspace, content: Content, state: ApprovalState) -> ApprovalState:
    """The state, which names the reviewer's command where the content was submitted and waits for one."""
    if "review approve" in state.next or status_of(workspace, content, state) != SUBMITTED:
        return state
    return replace(
        state,
        reasons=(*state.reasons, "It was submitted, and waits for a reviewer."),
        next=f"studio review approve {content.subject}",
    )
