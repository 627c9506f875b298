"""One approval: allowed by the policy, signed, written into its file and into the ledger, or into neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.core.files import write_atomic
from studio.core.workspace import Workspace
from studio.governance.authorship import authors_since
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor
from studio.governance.policy import approval_rule
from studio.governance.signatures import Signature, sign
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval_file import ApprovalFile, Evidence, approval_path, read_approval
from studio.notebooks.approval_writing import Reviewed, Written, write_approval
from studio.workflows.content_states import Content, revoked_approvals
from studio.workflows.decisions import require
from studio.workflows.submissions import Submission


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
    earlier = _earlier(one)
    files = [one.content.subject, *_modules(one.content)]
    authors = authors_since(one.workspace, files, earlier.commit if earlier else None)
    resource = Resource(
        subject=one.content.subject,
        authors=frozenset(authors.addresses) | one.submitters,
        signed=None if _signs(one) else False,
    )
    return require(decide(one.workspace, one.actor, "approve", resource)).reason


def approve_content(one: Approving) -> tuple[Path, int, str]:
    """Write the approval; its file, how many approvals are still missing, and a sentence.

    Raises
    ------
    CannotSign, SignatureNotAccepted, CannotWrite, BadInput
        When it cannot be written; neither file nor ledger says anything then.
    StudioError
        When the ledger does not take it; the file is as it was then.
    """
    workspace, subject = one.workspace, one.content.subject
    path = approval_path(workspace, subject)
    before = path.read_bytes() if path.is_file() else None
    ledger = open_ledger(workspace)
    written = write_approval(
        workspace,
        subject,
        Reviewed(one.content.fingerprint, _evidence(one), one.submission.commit),
        reviewer=one.actor,
        message=one.message,
        anchor=ledger.head(),
        sign=_signer(one),
        revoked=revoked_approvals(workspace),
    )
    try:
        ledger.append(
            "approved",
            actor=one.actor.name,
            subject=subject,
            details={
                "submission": one.submission.id,
                "fingerprint": one.content.fingerprint.digest,
                "approval": written.approval.id,
                "message": one.message,
                "signed_by": written.approval.signed_by or "",
            },
        )
    except BaseException:  # an approval that the ledger does not know must not stand
        _restore(path, before)
        raise
    needed = approval_rule(workspace.settings, subject).rule.needed
    missing = max(0, needed - len(written.file.approvals))
    return path, missing, _sentence(written, needed)


def _earlier(one: Approving) -> ApprovalFile | None:
    file = read_approval(one.workspace, one.content.subject)
    return None if file is None or file.path != one.content.subject else file


def _modules(content: Content) -> list[str]:
    return [part.label.removeprefix("module ") for part in content.fingerprint.parts if part.kind == "module"]


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


def _restore(path: Path, before: bytes | None) -> None:
    if before is None:
        path.unlink(missing_ok=True)
    else:
        write_atomic(path, before)


def _sentence(written: Written, needed: int) -> str:
    given = len(written.file.approvals)
    return f"{min(given, needed)} of {needed} approvals" + (f". {written.replaced}" if written.replaced else "")
