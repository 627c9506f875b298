"""Does an approval hold for what a notebook is *now*? Asked before each run that demands one, answered from the file.

The answer names what changed. It trusts nothing in the file that it can check: place, ids, signatures, and the policy
of today.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor, person, stranger
from studio.governance.policy import approval_rule
from studio.governance.signatures import verify
from studio.notebooks.approval_file import (
    Approval,
    ApprovalFile,
    approval_path,
    approved_elsewhere,
    read_approval,
    subject_of,
)
from studio.notebooks.fingerprint import Fingerprint, difference

Status = Literal["draft", "approved", "lapsed", "revoked", "invalid"]
_SHOWN = 12
# Verdicts that only meddling explains; the others take the one approval out and leave the rest.
_MEDDLED = {"content changed", "malformed", "wrong namespace", "signed by another"}


@dataclass(frozen=True)
class ApprovalState:
    """Whether the approval of a content holds.

    Attributes
    ----------
    subject : str
        The notebook, or the pipeline's file.
    status : str
        ``draft`` (not, or not by enough people, approved), ``approved``, ``lapsed`` (something changed since),
        ``revoked``, or ``invalid`` (the file, a signature or a reviewer does not hold).
    reasons : tuple of str
        Why, one sentence each; never empty.
    approvers : tuple of str
        Whose approvals count.
    missing : int
        How many approvals are missing.
    next : str
        The next command; empty where nothing has to be done.
    changes : tuple of str
        What changed since the approval: ``cell 4 (code)``, ``module lib.py``, …
    notes : tuple of str
        What a reader should know and what changes nothing.
    approval : ApprovalFile or None
        The file.
    """

    subject: str
    status: Status
    reasons: tuple[str, ...]
    approvers: tuple[str, ...] = ()
    missing: int = 0
    next: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    approval: ApprovalFile | None = None

    @property
    def approved(self) -> bool:
        """Whether the content is approved as it is now."""
        return self.status == "approved"

    def as_dict(self) -> dict[str, Any]:
        """With stable keys, for ``--json``."""
        return {
            "subject": self.subject,
            "status": self.status,
            "reasons": list(self.reasons),
            "approvers": list(self.approvers),
            "missing": self.missing,
            "next": self.next,
            "changes": list(self.changes),
            "notes": list(self.notes),
        }


def state(
    workspace: Workspace,
    subject: str | Path,
    current: Fingerprint,
    *,
    contracts: Mapping[str, str] | None = None,
    environment: str | None = None,
    revoked: Collection[str] = (),
) -> ApprovalState:
    """The state of the approval of `subject`.

    Parameters
    ----------
    workspace : Workspace
        The workspace, its people and its policy.
    subject : str or Path
        The notebook, or the pipeline's file.
    current : Fingerprint
        What it is now.
    contracts : mapping, optional
        Digest of each dataset's contract now, by dataset; None leaves them to the fingerprint.
    environment : str, optional
        Digest of the installed distributions now; None leaves them out.
    revoked : collection of str
        Ids of approvals that the ledger says were revoked: one of them is enough to stop the content.

    Raises
    ------
    BadInput
        When `subject` leads outside the workspace, or is no notebook and no pipeline file.
    """
    subject = subject_of(workspace, subject)
    shown = workspace.shown(approval_path(workspace, subject))
    try:
        file = read_approval(workspace, subject)
    except BadInput as error:
        fact, _, following = str(error).partition(" Next: ")
        return ApprovalState(subject, "invalid", (fact,), missing=_needed(workspace, subject), next=following)
    if file is None:
        return _draft(workspace, subject, current)
    question = _Question(workspace, subject, shown, file)
    return (
        question.meddled_with()
        or question.revoked_by(revoked)
        or question.lapsed(current, contracts, environment)
        or question.counted()
    )


def reviewed_until(
    workspace: Workspace, subject: str | Path, current: Fingerprint, *, revoked: Collection[str] = ()
) -> str | None:
    """The commit of the last approval of an *earlier* content: who changed `subject` since then may not approve it.

    None where there is no such approval, or where its file cannot be trusted: all of the history counts then. An
    approval of the current content is none of these, for its second reviewer must not be one of its authors either.

    Raises
    ------
    BadInput
        When `subject` leads outside the workspace, or is no notebook and no pipeline file.
    """
    subject = subject_of(workspace, subject)
    try:
        file = read_approval(workspace, subject)
    except BadInput:
        return None
    if file is None:
        return None
    question = _Question(workspace, subject, workspace.shown(approval_path(workspace, subject)), file)
    if question.meddled_with():
        return None
    stands = not question.revoked_by(revoked) and len(question.counting) >= _needed(workspace, subject)
    other = file.fingerprint.digest != current.digest
    return (file.commit if stands and other else file.previous) or None


class _Question:
    """One approval file and what is asked of it, in the order in which an answer is final."""

    def __init__(self, workspace: Workspace, subject: str, shown: str, file: ApprovalFile) -> None:
        self.workspace = workspace
        self.settings = workspace.settings
        self.subject = subject
        self.shown = shown
        self.file = file
        self.counting: dict[str, Approval] = {}
        self.discounted: list[str] = []
        self.notes: list[str] = []
        self.mend = ""

    def meddled_with(self) -> ApprovalState | None:
        """Invalid: what lies here is not what a reviewer wrote for this place."""
        if self.file.path != self.subject:
            return self.invalid(
                f"{self.shown} is an approval of {self.file.path}, and holds for no other path.",
                f"studio review submit {self.subject}",
            )
        restore = f"git checkout -- {self.shown}, or studio review submit {self.subject}"
        for approval in self.file.approvals:
            if approval.id != self.file.identified(approval):
                edited = f"{self.shown} was edited after {approval.reviewer} approved"
                return self.invalid(f"{edited}: what it says does not fit its id any more.", restore)
            if fault := self.judged(approval):
                return self.invalid(
                    f"The approval by {approval.reviewer} in {self.shown} is not theirs: {fault}", restore
                )
        return None

    def judged(self, approval: Approval) -> str:
        """Sort one approval into those that count and those that do not; what is wrong where somebody meddled."""
        reviewer = _reviewer(self.workspace, approval)
        signed, unchecked = approval.signature is not None, ""
        if approval.signature is not None:
            payload = self.file.payload(approval)
            verdict = verify(payload, approval.signature, self.workspace, reviewer, moment=approval.moment)
            if verdict.kind in _MEDDLED:
                return verdict.sentence
            if verdict.key != approval.signed_by:
                return f"It names the key {approval.signed_by}, and was signed with {verdict.key}."
            signed = verdict.ok
            if not verdict.ok and verdict.kind != "cannot check":
                self.discounted.append(f"The approval by {approval.reviewer} does not count: {verdict.sentence}")
                return ""
            if not verdict.ok:
                unchecked, _, self.mend = verdict.sentence.partition(" Next: ")
                self.notes.append(unchecked)
        elif approval.signed_by is not None:
            return f"It was signed with the key {approval.signed_by}, and the signature was taken out."
        decision = decide(self.settings, reviewer, "approve", Resource(self.subject, signed=signed))
        if decision.allowed:
            self.counting[reviewer.name] = approval
        else:
            why = unchecked if decision.rule == "signatures" and unchecked else decision.reason
            self.discounted.append(f"The approval by {approval.reviewer} does not count: {why}")
        return ""

    def revoked_by(self, revoked: Collection[str]) -> ApprovalState | None:
        """Revoked: in the file, or by the ledger whatever the file says."""
        submit = f"studio review submit {self.subject}"
        mark = self.file.revoked
        if mark is not None:
            message = f": {mark.message.strip().rstrip('.')}" if mark.message.strip() else ""
            reason = f"The approval of {self.subject} was revoked by {mark.by} on {mark.time[:10]}{message}."
            return self.answer("revoked", reason, following=submit)
        for approval in self.file.approvals:
            if approval.id in revoked:
                reason = f"The ledger says that the approval of {self.subject} by {approval.reviewer} was revoked."
                return self.answer("revoked", reason, following=submit)
        return None

    def lapsed(
        self, current: Fingerprint, contracts: Mapping[str, str] | None, environment: str | None
    ) -> ApprovalState | None:
        """Lapsed: the content, a contract or the environment is another now."""
        reasons, changes = [], []
        if current.digest != self.file.fingerprint.digest:
            changes = difference(self.file.content.parts, current.parts) or [_unnamed(self.file.content, current)]
            reasons.append(f"{self.subject} changed since its approval{self.given()}: {_few(changes)}.")
        evidence = self.file.evidence
        if contracts is not None:
            names = sorted({*contracts, *evidence.contracts})
            changed = [f"contract of {name}" for name in names if contracts.get(name) != evidence.contracts.get(name)]
            changed = [name for name in changed if not any(known.startswith(name) for known in changes)]
            if changed:
                reasons.append(f"What {self.subject} promises changed since its approval: {_few(changed)}.")
                changes += changed
        same = self.settings.policy.same_environment
        if same and environment is not None and environment != evidence.environment:
            reasons.append(
                f"The installed distributions are others than when {self.subject} was approved "
                f"({evidence.environment[:12] or 'none recorded'}, now {environment[:12]})."
            )
            changes.append("environment")
        if not reasons:
            return None
        return self.answer("lapsed", *reasons, following=f"studio review submit {self.subject}", changes=changes)

    def counted(self) -> ApprovalState:
        """Approved, or what is missing."""
        needed = _needed(self.workspace, self.subject)
        missing = max(0, needed - len(self.counting))
        of = f"{len(self.counting)} of {needed} approvals"
        if not missing:
            self.notes += self.discounted
            reason = f"{self.subject} is approved{self.given()} as it is now ({of})."
            return self.answer("approved", reason, following="")
        following = f"studio review approve {self.subject}"
        if self.discounted:
            reasons = (*self.discounted, f"{self.subject} has {of}.")
            return self.answer("invalid", *reasons, following=self.mend or following)
        reason = f"{self.subject} has {of}; somebody else has to approve it, too."
        return self.answer("draft", reason, following=following)

    def given(self) -> str:
        """By whom and when, as the end of a clause."""
        approvals = list(self.counting.values()) or list(self.file.approvals)
        by = ", ".join(dict.fromkeys(approval.reviewer for approval in approvals))
        return f" by {by} on {approvals[-1].time[:10]}"

    def invalid(self, reason: str, following: str) -> ApprovalState:
        """Invalid, and nobody's approval counts."""
        self.counting.clear()
        return self.answer("invalid", reason, following=following)

    def answer(self, status: Status, *reasons: str, following: str, changes: Collection[str] = ()) -> ApprovalState:
        """The state with all that was found so far."""
        missing = max(0, _needed(self.workspace, self.subject) - len(self.counting))
        return ApprovalState(
            self.subject,
            status,
            reasons,
            approvers=tuple(self.counting),
            missing=missing,
            next=following,
            changes=tuple(changes),
            notes=tuple(self.notes),
            approval=self.file,
        )


def _draft(workspace: Workspace, subject: str, current: Fingerprint) -> ApprovalState:
    missing = _needed(workspace, subject)
    submit = f"studio review submit {subject}"
    elsewhere = approved_elsewhere(workspace, current)
    if not elsewhere:
        return ApprovalState(subject, "draft", (f"{subject} was never approved.",), missing=missing, next=submit)
    reason = f"{subject} is not approved: an approval of the same content lies at {elsewhere}, and holds there only."
    return ApprovalState(
        subject, "draft", (reason,), missing=missing, next=f"{submit}, or git mv {subject} {elsewhere}"
    )


def _reviewer(workspace: Workspace, approval: Approval) -> Actor:
    """The person who is said to have approved: a short name counts with an address of that person only."""
    settings = workspace.settings
    address = approval.reviewer_address
    found = person(settings, approval.reviewer)
    if found is not None and (not address or found.owns(address)):
        return found
    return (person(settings, address) if address else None) or stranger(address or approval.reviewer)


def _needed(workspace: Workspace, subject: str) -> int:
    return approval_rule(workspace.settings, subject).rule.needed


def _few(changes: Collection[str]) -> str:
    shown = list(changes)[:_SHOWN]
    more = len(changes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _unnamed(old: Fingerprint, new: Fingerprint) -> str:
    before, after = (found.digest.partition(":")[0] for found in (old, new))
    return "order of its parts" if before == after else f"format of the fingerprint ({before}, now {after})"
