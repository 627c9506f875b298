"""What somebody may do with a submission now, and why not: asked before anything is done, by the rules that will hold.

The answers come from the same functions that approve, reject, revoke and comment; nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from studio.core.errors import StudioError
from studio.core.workspace import Workspace
from studio.governance.decide import Decision, Resource, decide
from studio.governance.people import Actor
from studio.ledger.event import Event
from studio.notebooks.approval import ApprovalState
from studio.notebooks.approval_file import read_approval
from studio.workflows.approving import check_allowed
from studio.workflows.content_states import Content, approval_states
from studio.workflows.review_decide import ReviewRequest, content_of, examine, latest_submission, may_revoke
from studio.workflows.submissions import Submission

_OPEN = ("waiting", "tests failed")


@dataclass(frozen=True)
class Permission:
    """Whether somebody may do something; the reason is never empty."""

    allowed: bool
    reason: str
    next: str = ""

    @classmethod
    def of(cls, decision: Decision) -> Permission:
        """What the policy says."""
        return cls(decision.allowed, decision.reason, decision.next)

    @classmethod
    def refused(cls, error: StudioError) -> Permission:
        """What would be told to somebody who tried."""
        decision = getattr(error, "decision", None)
        if isinstance(decision, Decision):
            return cls.of(decision)
        fact, _, following = str(error).partition(" Next: ")
        return cls(False, fact, following)


@dataclass(frozen=True)
class Permissions:
    """What may be done with a submission.

    Attributes
    ----------
    approve, reject, revoke, comment : Permission
        Each with its reason.
    current : bool
        Whether the content in the workspace is what was submitted.
    """

    approve: Permission
    reject: Permission
    revoke: Permission
    comment: Permission
    current: bool


def permissions(workspace: Workspace, actor: Actor, event: Event, submission: Submission, status: str) -> Permissions:
    """What `actor` may do with a submission that the ledger's `event` speaks of, and of which `status` became."""
    subject = submission.subject
    comment = Permission.of(decide(workspace, actor, "comment", Resource(subject=subject)))
    try:
        content = content_of(workspace, subject)
        state = approval_states(workspace, [content])[subject]
    except StudioError as error:  # it is gone or broken now: nobody can decide on it, and the reason is told
        broken = Permission.refused(error)
        return Permissions(broken, broken, broken, comment, current=False)
    return Permissions(
        approve=_approve(workspace, actor, submission, content, state),
        reject=_reject(workspace, actor, event, state, status),
        revoke=_revoke(workspace, actor, submission),
        comment=comment,
        current=content.fingerprint.digest == submission.fingerprint["digest"],
    )


def _approve(
    workspace: Workspace, actor: Actor, submission: Submission, content: Content, state: ApprovalState
) -> Permission:
    if state.status == "approved":
        return Permission(False, f"{content.subject} is approved as it is.")
    try:
        latest_submission(workspace, submission.id)
        request = ReviewRequest(submission=submission.id, base=workspace.root)
        reason = check_allowed(examine(workspace, actor, content, request))
        already = approved_already(workspace, actor, submission.subject, submission.id)
    except StudioError as error:
        return Permission.refused(error)
    if already:
        missing = f"{state.missing} more {'is' if state.missing == 1 else 'are'} needed"
        return Permission(False, f"{actor} approved it already, and {missing}.", "ask somebody else for the review.")
    return Permission(True, reason)


def approved_already(workspace: Workspace, actor: Actor, subject: str, submission: str) -> bool:
    """Whether the actor is among those who approved `submission` of `subject`; who approved an earlier content is not.

    Raises
    ------
    BadApproval
        When the file of the approval cannot be read.
    """
    file = read_approval(workspace, subject)
    given = file.approvals if file is not None and file.evidence.submission == submission else ()
    return any(actor.owns(one.reviewer) for one in given)


def _reject(workspace: Workspace, actor: Actor, event: Event, state: ApprovalState, status: str) -> Permission:
    decision = decide(workspace, actor, "reject", Resource(subject=event.subject))
    if not decision.allowed:
        return Permission.of(decision)
    if state.status == "approved":
        return Permission(False, f"{event.subject} is approved as it is.", "revoke the approval where it is wrong.")
    try:
        latest_submission(workspace, str(event.details["submission"]))
    except StudioError as error:
        return Permission.refused(error)
    if status not in _OPEN:
        return Permission(False, f"This submission was {status} already.", "wait for a new one.")
    return Permission.of(decision)


def _revoke(workspace: Workspace, actor: Actor, submission: Submission) -> Permission:
    try:
        file = read_approval(workspace, submission.subject)
    except StudioError as error:
        return Permission.refused(error)
    if file is None or file.evidence.submission != submission.id:
        return Permission(False, "No approval was given on this submission.")
    if file.revoked is not None:
        return Permission(False, f"The approval was revoked by {file.revoked.by} already.")
    return Permission.of(may_revoke(workspace, actor, submission.subject, file))
