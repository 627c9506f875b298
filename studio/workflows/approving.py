"""One approval: allowed by the policy, signed, written into its file and into the ledger, or into neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import Refused
from studio.core.files import CannotWrite
from studio.core.git import revision
from studio.core.workspace import Workspace
from studio.governance.authorship import authors_since
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor
from studio.governance.policy import approval_rule, rules_digest
from studio.governance.signatures import Signature, sign
from studio.governance.worktree import named, unlike_commit
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval import reviewed_until
from studio.notebooks.approval_file import Approval, Evidence
from studio.notebooks.approval_writing import Reviewed, Written, write_approval
from studio.workflows.content_states import Content, files_of, revoked_approvals
from studio.workflows.decisions import require
from studio.workflows.submissions import Submission

SETTINGS = "studio.toml"
NOT_WRITTEN = "its file could not be written"


class Uncommitted(Refused):
    """Whose change it is cannot be known before it is committed."""

    def __init__(self, subject: str, changed: Sequence[str]) -> None:
        super().__init__(
            f"{subject} rests on changes that are not committed ({named(changed)}), so nobody knows whose they are, "
            "and an author may not approve their own. Next: the author commits them (git add, git commit), then "
            "approve again; what was submitted stays submitted."
        )


class RulesUncommitted(Refused):
    """The rules in force are not those that everybody else sees."""

    def __init__(self) -> None:
        super().__init__(
            f"{SETTINGS} has changes that are not committed, and its rules decide who may approve. "
            f"Next: commit it (git add {SETTINGS}, git commit), or take its changes back, then approve again."
        )


class HistoryMissing(Refused):
    """Not everybody who wrote the content is known in this clone."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"This clone lacks older commits, so nobody knows everybody who changed {subject}, and an author may not "
            "approve their own change. Next: git fetch --unshallow, then approve again."
        )


@dataclass(frozen=True)
class Approving:
    """What is needed to approve one content.

    Attributes
    ----------
    workspace, actor, content, submission
        Where, by whom, what, and on which evidence.
    submitters : frozenset of str
        Who submitted exactly this content.
    message : str
        What the reviewer says.
    key : Path or None
        The key to sign with.
    """

    workspace: Workspace
    actor: Actor
    content: Content
    submission: Submission
    submitters: frozenset[str]
    message: str
    key: Path | None


def check_allowed(one: Approving) -> str:
    """The policy's reason for letting the actor approve; NotAllowed when it does not."""
    workspace, subject = one.workspace, one.content.subject
    own_changes = approval_rule(workspace.settings, subject).rule.own_changes
    files = files_of(workspace, one.content)
    _check_committed(one, [] if own_changes else files)
    since = reviewed_until(workspace, subject, one.content.fingerprint, revoked=revoked_approvals(workspace))
    authors = authors_since(workspace, files, since, actor=one.actor, submitters=one.submitters)
    if not authors.complete and not own_changes:
        raise HistoryMissing(subject)
    resource = Resource(subject=subject, authors=authors.addresses, signed=None if _signs(one) else False)
    return require(decide(workspace, one.actor, "approve", resource)).reason


def _check_committed(one: Approving, files: list[str]) -> None:
    """Nobody can tell whose change it is that git does not know; and rules that nobody else sees are no rules."""
    changed = unlike_commit(one.workspace.root, [SETTINGS, *files])
    if SETTINGS in changed:
        raise RulesUncommitted()
    if changed:
        raise Uncommitted(one.content.subject, changed)


def approve_content(one: Approving) -> tuple[Path, int, str]:
    """Write the approval; its file, how many approvals are still missing, and a sentence.

    The ledger is told first: a file that the ledger knows nothing of never stands, not even after a crash. An event
    without a file approves nothing, and the approval can be given again.

    Raises
    ------
    CannotSign, SignatureNotAccepted, BadInput
        When it cannot be given; neither file nor ledger says anything then.
    StudioError
        When the ledger does not take it; the file is as it was then.
    CannotWrite
        When the disk refuses; the ledger then says that it was revoked.
    """
    workspace, subject = one.workspace, one.content.subject
    ledger = open_ledger(workspace)
    told: list[Approval] = []

    def tell(approval: Approval) -> None:
        ledger.append("approved", actor=one.actor.name, subject=subject, details=_details(one, approval))
        told.append(approval)

    try:
        written = write_approval(
            workspace,
            subject,
            Reviewed(one.content.fingerprint, _evidence(one), revision(workspace.root).commit),
            reviewer=one.actor,
            message=one.message,
            anchor=ledger.head(),
            sign=_signer(one),
            revoked=revoked_approvals(workspace),
            before=tell,
        )
    except CannotWrite:
        for approval in told:
            details = {
                "approval": approval.id,
                "fingerprint": one.content.fingerprint.digest,
                "message": NOT_WRITTEN,
            }
            ledger.append("revoked", actor=one.actor.name, subject=subject, details=details)
        raise
    needed = approval_rule(workspace.settings, subject).rule.needed
    missing = max(0, needed - len(written.file.approvals))
    return written.path, missing, _sentence(written, needed)


def _details(one: Approving, approval: Approval) -> dict[str, str]:
    return {
        "submission": one.submission.id,
        "fingerprint": one.content.fingerprint.digest,
        "approval": approval.id,
        "message": one.message,
        "signed_by": approval.signed_by or "",
        "governing": rules_digest(one.workspace.settings),
    }


def _signs(one: Approving) -> bool:
    return one.key is not None or approval_rule(one.workspace.settings, one.content.subject).rule.signatures


def _signer(one: Approving) -> Callable[[bytes], Signature] | None:
    return (lambda payload: sign(payload, one.key, one.workspace)) if _signs(one) else None


def _evidence(one: Approving) -> Evidence:
    submission = one.submission
    return Evidence(
        submission=submission.id,
        report=submission.report,
        counts=submission.counts,
        contracts=dict(one.content.contracts),
        environment=submission.environment,
        metrics=dict(submission.metrics),
        run=submission.run,
        mlflow_run_id=submission.mlflow_run_id or "",
    )


def _sentence(written: Written, needed: int) -> str:
    given = len(written.file.approvals)
    return f"{min(given, needed)} of {needed} approvals" + (f". {written.replaced}" if written.replaced else "")
