"""Approve, reject and revoke: what a reviewer does with submitted content, by the rules of the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.core.errors import BadInput, Refused
from studio.core.workspace import Workspace, find_workspace
from studio.governance.decide import Decision, Resource, decide
from studio.governance.people import Actor, current_actor
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval_file import ApprovalFile, approval_path, read_approval
from studio.notebooks.approval_writing import revoke_approval
from studio.notebooks.fingerprint import difference
from studio.workflows import submissions
from studio.workflows.approving import NOT_WRITTEN, Approving, approve_content, check_allowed
from studio.workflows.content_states import Content, approval_states, contents_named
from studio.workflows.decisions import require
from studio.workflows.messages import check_message


class NotSubmitted(Refused):
    """What would be approved is not what was submitted and tested."""


class Replaced(Refused):
    """What was looked at is not what is under review any more."""

    def __init__(self, subject: str, submission: str, latest: str) -> None:
        super().__init__(
            f"The submission {submission} of {subject} was replaced by {latest}. Next: look at {latest}, then decide."
        )


@dataclass(frozen=True)
class ReviewRequest:
    """What a reviewer decides on.

    Attributes
    ----------
    names : tuple of str
        Notebooks by path, pipelines by name (their file and all their notebooks).
    message : str
        Why.
    key : Path or None
        The SSH key to sign with; None: the configured one, where one is demanded.
    base : Path
        The folder against which relative paths are taken.
    submission : str
        The submission that the reviewer looked at; only what it is about is decided on then (`names` are left aside),
        and only where no newer one has taken its place.
    """

    names: tuple[str, ...] = ()
    message: str = ""
    key: Path | None = None
    base: Path = field(default_factory=Path.cwd)
    submission: str = ""


@dataclass(frozen=True)
class Decided:
    """What was decided on one subject, and what that makes of it."""

    subject: str
    verb: str
    actor: str
    reason: str
    file: str = ""
    missing: int = 0

    @property
    def next(self) -> str:
        """What to do next; empty where nothing has to be done."""
        return f"commit the approval: git add {self.file} && git commit" if self.file else ""

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "subject": self.subject,
            "decision": self.verb,
            "actor": self.actor,
            "reason": self.reason,
            "file": self.file,
            "missing": self.missing,
        }


def approve(request: ReviewRequest) -> list[Decided]:
    """Approve the content as it is now, where it is what was submitted and passed its tests.

    Raises
    ------
    NotAllowed
        When the policy does not let this person approve it.
    NotSubmitted
        When it was never submitted, changed since, failed its tests or was rejected.
    CannotSign
        When a signature is demanded, or a key was given, and none can be made.
    """
    workspace = find_workspace()
    actor = current_actor(workspace)
    request = replace(request, message=check_message(request.message))
    found = _chosen(workspace, request)
    states = approval_states(workspace, found)
    wanted = [content for content in found if states[content.subject].status != "approved"]
    if not wanted:
        return [Decided(content.subject, "approved", actor.name, "it was approved before") for content in found]
    # Everything is looked at before anything is written: all of it is approved, or nothing.
    ready = [examine(workspace, actor, content, request) for content in wanted]
    return [_approved(workspace, one) for one in ready]


def reject(request: ReviewRequest) -> list[Decided]:
    """Reject what was submitted; it can be submitted again.

    Raises
    ------
    NotAllowed
        When the policy does not let this person review it.
    BadInput
        When no reason is given, or nothing of it was submitted.
    """
    workspace = find_workspace()
    actor = current_actor(workspace)
    request = _with_reason(request, "reject", "what has to be changed")
    named = _chosen(workspace, request)
    states = approval_states(workspace, named)
    found = [content for content in named if states[content.subject].status != "approved"]
    if not found:  # "reject" is about what is submitted; an approval that holds is taken back
        raise BadInput(
            f"{', '.join(content.subject for content in named)}: approved as it is, so there is nothing to reject. "
            f'Next: studio review revoke {" ".join(request.names) or named[0].subject} --message "…"'
        )
    events = {content.subject: _latest(workspace, content.subject) for content in found}
    open_ones = [content for content in found if events[content.subject] is not None]
    if not open_ones:
        raise BadInput(f"{found[0].subject} was never submitted, so there is nothing to reject.")
    for content in open_ones:
        require(decide(workspace, actor, "reject", Resource(subject=content.subject)))
    decided = []
    for content in open_ones:
        event = events[content.subject]
        assert event is not None
        details = {key: event.details[key] for key in ("submission", "fingerprint")}
        open_ledger(workspace).append(
            "rejected", actor=actor.name, subject=content.subject, details={**details, "message": request.message}
        )
        decided.append(Decided(content.subject, "rejected", actor.name, request.message))
    return decided


def revoke(request: ReviewRequest) -> list[Decided]:
    """Take approvals back, from now on: in their files and in the ledger.

    Raises
    ------
    NotAllowed
        When the policy does not let this person revoke it.
    BadInput
        When no reason is given, or there is no approval to revoke.
    """
    workspace = find_workspace()
    actor = current_actor(workspace)
    request = _with_reason(request, "revoke", "what is wrong with it")
    found = _chosen(workspace, request)
    files = [(content, read_approval(workspace, content.subject)) for content in found]
    approved = [(content, file) for content, file in files if file is not None and file.revoked is None]
    if not approved:
        fact = "was revoked already" if any(file is not None for _, file in files) else "was never approved"
        raise BadInput(f"{found[0].subject} {fact}, so there is nothing to revoke. Next: studio review status")
    for content, file in approved:
        require(may_revoke(workspace, actor, content.subject, file))
    decided = []
    for content, file in approved:
        for one in file.approvals:
            open_ledger(workspace).append(
                "revoked",
                actor=actor.name,
                subject=content.subject,
                details={"approval": one.id, "fingerprint": file.fingerprint.digest, "message": request.message},
            )
        revoke_approval(workspace, content.subject, by=actor, message=request.message)
        path = workspace.shown(approval_path(workspace, content.subject))
        decided.append(Decided(content.subject, "revoked", actor.name, request.message, path))
    return decided


def latest_submission(workspace: Workspace, name: str) -> Event:
    """The submission `name` (an identifier, or a subject) in the ledger, where it is still the latest of its subject.

    Raises
    ------
    Missing
        When there is none.
    Replaced
        When a newer one took its place.
    """
    event = submissions.find_event(workspace, name)
    latest = _latest(workspace, event.subject)
    if latest is not None and latest.sequence != event.sequence:
        raise Replaced(event.subject, str(event.details["submission"]), str(latest.details["submission"]))
    return event


def may_revoke(workspace: Workspace, actor: Actor, subject: str, file: ApprovalFile) -> Decision:
    """Whether the actor may take back the approval in `file`."""
    approvers = frozenset(one.reviewer for one in file.approvals)
    return decide(workspace, actor, "revoke", Resource(subject=subject, approvers=approvers))


def _chosen(workspace: Workspace, request: ReviewRequest) -> list[Content]:
    """What is decided on."""
    if not request.submission:
        return contents_named(workspace, request.names, request.base)
    subject = latest_submission(workspace, request.submission).subject
    return [content_of(workspace, subject)]


def content_of(workspace: Workspace, subject: str) -> Content:
    """What a notebook or a pipeline's file is now, without the notebooks of the pipeline.

    Raises
    ------
    BadInput, Problems
        When it does not exist any more, or cannot be read.
    """
    found = contents_named(workspace, [subject], workspace.root)
    return next(content for content in found if content.subject == subject)


def examine(workspace: Workspace, actor: Actor, content: Content, request: ReviewRequest) -> Approving:
    """What an approval needs, where it may be given; nothing is written.

    Raises
    ------
    NotAllowed
        When the policy does not let this person approve it.
    NotSubmitted
        When it was never submitted, changed since, failed its tests, was rejected, or its approval was revoked.
    Refused, StudioError
        When nobody can tell whose change it is, or what is kept of the submission is damaged.
    """
    event = _latest(workspace, content.subject)
    if event is None:
        raise NotSubmitted(
            f"{content.subject} was never submitted, so there is no evidence to approve it on. "
            f"Next: studio review submit {content.subject}"
        )
    submission = submissions.read_submission(workspace, event)
    if submission.fingerprint["digest"] != content.fingerprint.digest:
        changed = difference(submission.fingerprinted.parts, content.fingerprint.parts)
        raise NotSubmitted(
            f"{content.subject} changed since it was submitted, in {', '.join(changed) or 'its declarations'}; what "
            f"was tested is not what is here. Next: studio review submit {content.subject}"
        )
    report = submissions.kept_report(workspace, submission)
    if not report.ok:
        counts = report.counts()
        failed = counts["failed"] + counts["error"]
        raise NotSubmitted(
            f"{content.subject} did not pass its tests when it was submitted: {failed} of {len(report.cases)} failed. "
            f"Next: mend it (studio review show {submission.id}), then studio review submit {content.subject}"
        )
    _check_not_rejected(workspace, event)
    _check_not_revoked(workspace, event)
    one = Approving(
        workspace, actor, content, submission, _submitters(workspace, content), request.message, request.key
    )
    check_allowed(one)
    return one


def _approved(workspace: Workspace, one: Approving) -> Decided:
    path, missing, reason = approve_content(one)
    return Decided(one.content.subject, "approved", one.actor.name, reason, workspace.shown(path), missing)


def _latest(workspace: Workspace, subject: str) -> Event | None:
    events = submissions.submitted_events(workspace, subject)
    return events[-1] if events else None


def _submitters(workspace: Workspace, content: Content) -> frozenset[str]:
    """Everybody who ever submitted exactly this content: whoever rewrites git's authors is still known by that."""
    found: set[str] = set()
    for event in submissions.submitted_events(workspace, content.subject):
        if event.details.get("fingerprint") == content.fingerprint.digest:
            found |= {event.actor, str(event.details.get("address") or event.actor)}
    return frozenset(found)


def _check_not_rejected(workspace: Workspace, event: Event) -> None:
    later: Sequence[Event] = open_ledger(workspace).events(
        kinds={"rejected"}, subject=event.subject, after=event.sequence
    )
    if later:
        last = later[-1]
        raise NotSubmitted(
            f'{event.subject} was rejected by {last.actor} on {last.time[:10]}: "{last.details.get("message")}". '
            f"Next: mend it, then studio review submit {event.subject}"
        )


def _check_not_revoked(workspace: Workspace, event: Event) -> None:
    """Who takes an approval back doubts its evidence: without a new submission nobody approves on it again."""
    later = open_ledger(workspace).events(kinds={"revoked"}, subject=event.subject, after=event.sequence)
    mine = [one for one in later if one.details.get("fingerprint") == event.details.get("fingerprint")]
    if mine and mine[-1].details.get("message") != NOT_WRITTEN:
        last = mine[-1]
        raise NotSubmitted(
            f"The approval of {event.subject} on this submission was revoked by {last.actor} on {last.time[:10]}: "
            f"{last.details.get('message')}. Next: mend it, then studio review submit {event.subject}"
        )


def _with_reason(request: ReviewRequest, verb: str, what: str) -> ReviewRequest:
    if not request.message.strip():
        names = " ".join(request.names) or request.submission
        raise BadInput(f'Say {what}. Next: studio review {verb} {names} --message "…"')
    return replace(request, message=check_message(request.message))
