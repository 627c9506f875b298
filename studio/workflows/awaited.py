"""What was submitted already is not to be submitted again: it waits for a reviewer, and whoever asks is told so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from studio.core.workspace import Workspace
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval import ApprovalState
from studio.workflows.content_states import Content

_KINDS = frozenset({"submitted", "rejected", "revoked"})


def awaits_review(workspace: Workspace, content: Content) -> bool:
    """Whether exactly this content was submitted last, passed its tests, and was not sent back since."""
    events = open_ledger(workspace).events(kinds=_KINDS, subject=content.subject)
    return _awaits(content, events[-1] if events else None)


def awaiting(workspace: Workspace, contents: Iterable[Content]) -> frozenset[str]:
    """The subjects of those of `contents` that await a review; the ledger is read once."""
    last = {event.subject: event for event in open_ledger(workspace).events(kinds=_KINDS)}
    return frozenset(content.subject for content in contents if _awaits(content, last.get(content.subject)))


def _awaits(content: Content, last: Event | None) -> bool:
    return (
        last is not None
        and last.kind == "submitted"
        and last.details.get("fingerprint") == content.fingerprint.digest
        and bool(last.details.get("ok"))
    )


def with_submission(workspace: Workspace, content: Content, state: ApprovalState) -> ApprovalState:
    """The state, which names the reviewer's command where the content was submitted and waits for one."""
    told = state.status in ("approved", "invalid") or "review approve" in state.next
    if told or not awaits_review(workspace, content):
        return state
    return replace(
        state,
        reasons=(*state.reasons, "It was submitted, and waits for a reviewer."),
        next=f"studio review approve {content.subject}",
    )
