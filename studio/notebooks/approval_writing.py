"""Approving and revoking as writing: under a lock, whole or not at all, and never at another reviewer's cost.

Who may do it is asked before, by the workflow; here it is only done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from studio.core import clock
from studio.core.errors import BadInput, Refused
from studio.core.files import write_json
from studio.core.locks import lock
from studio.core.workspace import Workspace
from studio.governance.people import Actor
from studio.governance.signatures import Signature, Verdict, verify
from studio.notebooks.approval import reviewed_until
from studio.notebooks.approval_file import (
    Anchor,
    Approval,
    ApprovalFile,
    Evidence,
    FingerprintRecord,
    Revoked,
    approval_path,
    read_approval,
    subject_of,
)
from studio.notebooks.fingerprint import Fingerprint

_UNKNOWN_ID = "0" * 64
# A key on a token waits for a touch, and other reviewers for that.
_PATIENCE = 180.0


class SignatureNotAccepted(Refused):
    """The key that signed is not one of the reviewer's."""

    def __init__(self, reviewer: Actor, verdict: Verdict) -> None:
        super().__init__(
            f"The approval was not written, for its signature would not hold: {verdict.sentence} "
            f"Next: sign with a key of {reviewer}, or add this one's public half to keys in studio.toml."
        )


@dataclass(frozen=True)
class Reviewed:
    """What a reviewer looked at.

    Attributes
    ----------
    content : Fingerprint
        The content.
    evidence : Evidence
        What the submission showed of it.
    commit : str
        The commit that was submitted; empty outside git.
    """

    content: Fingerprint
    evidence: Evidence
    commit: str = ""


@dataclass(frozen=True)
class Written:
    """What `write_approval` wrote.

    Attributes
    ----------
    path : Path
        The file.
    file : ApprovalFile
        All that it holds now.
    approval : Approval
        The new one.
    replaced : str
        A sentence where earlier approvals do not count any more; empty otherwise.
    """

    path: Path
    file: ApprovalFile
    approval: Approval
    replaced: str = ""


def write_approval(
    workspace: Workspace,
    subject: str | Path,
    reviewed: Reviewed,
    *,
    reviewer: Actor,
    message: str = "",
    anchor: tuple[int, str] = (0, "0" * 64),
    sign: Callable[[bytes], Signature] | None = None,
    revoked: Collection[str] = (),
    before: Callable[[Approval], None] | None = None,
) -> Written:
    """Add the approval of `reviewer` to the file of `subject`.

    Approvals of the same content on the same evidence gather in the file, and each reviewer has one; for anything
    else the file begins anew. The commit is that of the first approval.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    subject : str or Path
        The notebook, or the pipeline's file.
    reviewed : Reviewed
        What is approved, and on which evidence.
    reviewer : Actor
        Who approves.
    message : str
        What the reviewer says to it.
    anchor : tuple of int and str
        The ledger's head: sequence and hash.
    sign : callable, optional
        Makes the signature of a payload; without it the approval is not signed.
    revoked : collection of str
        Ids of approvals that the ledger says were revoked: nothing is added to these.
    before : callable, optional
        Called with the finished approval before the file says it; where it raises, nothing is written. The lock is
        held meanwhile, so that no other reviewer's approval can come between.

    Raises
    ------
    BadInput
        When the file that is there is no approval, or belongs to another notebook of the same name.
    SignatureNotAccepted
        When the signature would not hold here.
    CannotWrite, CannotSign
        When the disk or the key refuses; what was there is untouched.
    """
    subject = subject_of(workspace, subject)
    path = approval_path(workspace, subject)
    with lock(_lock(workspace), seconds=_PATIENCE):
        earlier = read_approval(workspace, subject)
        _check_name(workspace, subject, earlier)
        file = ApprovalFile(
            path=subject,
            fingerprint=FingerprintRecord.model_validate(reviewed.content.as_dict()),
            evidence=reviewed.evidence,
            commit=reviewed.commit,
            previous=reviewed_until(workspace, subject, reviewed.content, revoked=revoked) or "",
            approvals=(_approval(reviewer, message, anchor),),
        )
        kept: tuple[Approval, ...] = ()
        replaced = _why_anew(file, earlier, revoked) if earlier is not None else ""
        if earlier is not None and not replaced:
            kept = tuple(one for one in earlier.approvals if not _same_person(one, reviewer))
            file = file.model_copy(update={"commit": earlier.commit, "previous": earlier.previous})
        approval = _finished(workspace, file, reviewer, sign)
        file = file.model_copy(update={"approvals": (*kept, approval)})
        if before is not None:
            before(approval)
        write_json(path, file.model_dump(mode="json"))
    return Written(path, file, approval, replaced)


def revoke_approval(workspace: Workspace, subject: str | Path, *, by: Actor, message: str = "") -> ApprovalFile:
    """Mark the approvals of `subject` as revoked; they stay in the file as a record.

    Raises
    ------
    BadInput
        When there is no approval, it is revoked already, or its file is none.
    CannotWrite
        When the disk refuses; what was there is untouched.
    """
    subject = subject_of(workspace, subject)
    with lock(_lock(workspace), seconds=_PATIENCE):
        file = read_approval(workspace, subject)
        if file is None:
            raise BadInput(f"{subject} has no approval to revoke. Next: studio review list shows what is approved.")
        if file.revoked is not None:
            raise BadInput(
                f"The approval of {subject} was already revoked by {file.revoked.by} on {file.revoked.time}. "
                "Next: nothing has to be done."
            )
        mark = Revoked(by=by.name, time=clock.to_text(clock.now()), message=message)
        file = file.model_copy(update={"revoked": mark})
        write_json(approval_path(workspace, subject), file.model_dump(mode="json"))
    return file


def _approval(reviewer: Actor, message: str, anchor: tuple[int, str]) -> Approval:
    return Approval(
        id=_UNKNOWN_ID,
        reviewer=reviewer.name,
        reviewer_address=reviewer.address,
        time=clock.to_text(clock.now()),
        message=message,
        anchor=Anchor(sequence=anchor[0], hash=anchor[1]),
    )


def _finished(
    workspace: Workspace, file: ApprovalFile, reviewer: Actor, sign: Callable[[bytes], Signature] | None
) -> Approval:
    """The file's one approval with its id, and with a signature that was tried."""
    (approval,) = file.approvals
    approval = approval.model_copy(update={"id": file.identified(approval)})
    if sign is None:
        return approval
    payload = file.payload(approval)
    made = sign(payload)
    verdict = verify(payload, made.text, workspace, reviewer, moment=approval.moment)
    if not verdict.ok:
        raise SignatureNotAccepted(reviewer, verdict)
    return approval.model_copy(update={"signature": made.text, "signed_by": made.key})


def _why_anew(file: ApprovalFile, earlier: ApprovalFile, revoked: Collection[str]) -> str:
    """Why what stands in the file does not count for the new content any more; empty where it does."""
    by = ", ".join(one.reviewer for one in earlier.approvals)
    if earlier.path != file.path:
        return f"The file held an approval of {earlier.path}, which is not at this place any more."
    if earlier.fingerprint.digest != file.fingerprint.digest:
        return f"The earlier approval (by {by}) was of another content."
    if earlier.revoked is not None or any(one.id in revoked for one in earlier.approvals):
        return f"The earlier approval (by {by}) was revoked."
    if earlier.evidence != file.evidence or earlier.fingerprint != file.fingerprint:
        return f"The earlier approval (by {by}) was of the submission {earlier.evidence.submission}."
    if any(one.id != earlier.identified(one) for one in earlier.approvals):
        return f"The earlier approval (by {by}) was edited by hand."
    return ""


def _check_name(workspace: Workspace, subject: str, earlier: ApprovalFile | None) -> None:
    """Two notebooks that differ in their suffix only would take each other's approval away."""
    if earlier is None or earlier.path == subject or not (workspace.root / earlier.path).is_file():
        return
    if approval_path(workspace, earlier.path) == approval_path(workspace, subject):
        raise BadInput(
            f"{subject} and {earlier.path} would share one file of approvals. Next: rename or delete one of them."
        )


def _same_person(approval: Approval, reviewer: Actor) -> bool:
    return reviewer.owns(approval.reviewer) or bool(
        approval.reviewer_address and reviewer.owns(approval.reviewer_address)
    )


def _lock(workspace: Workspace) -> Path:
    return workspace.root / ".studio" / "approvals.lock"
