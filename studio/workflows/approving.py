"""One approval: allowed by the policy, signed, written into its file and into the ledger, or into neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput, Refused
from studio.core.files import write_atomic
from studio.core.git import Repository, open_repository, revision
from studio.core.workspace import Workspace
from studio.governance.authorship import authors_since
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor
from studio.governance.policy import approval_rule
from studio.governance.signatures import Signature, sign
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval import reviewed_until
from studio.notebooks.approval_file import Evidence, approval_path
from studio.notebooks.approval_writing import Reviewed, Written, write_approval
from studio.workflows.content_states import Content, revoked_approvals
from studio.workflows.decisions import require
from studio.workflows.submissions import Submission


class Uncommitted(Refused):
    """Whose change it is cannot be known before it is committed."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"{subject}, or a module that it uses, has changes that are not committed, so nobody knows whose they are, "
            "and an author may not approve their own. Next: the author commits them (git add, git commit), then "
            "approve again; what was submitted stays submitted."
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
    files = [one.content.subject, *_modules(one.content)]
    if not approval_rule(one.workspace.settings, one.content.subject).rule.own_changes:
        _check_committed(one, files)
    since = reviewed_until(
        one.workspace, one.content.subject, one.content.fingerprint, revoked=revoked_approvals(one.workspace)
    )
    authors = authors_since(one.workspace, files, since, actor=one.actor, submitters=one.submitters)
    resource = Resource(subject=one.content.subject, authors=authors.addresses, signed=None if _signs(one) else False)
    return require(decide(one.workspace, one.actor, "approve", resource)).reason


def _path(workspace: Workspace, repository: Repository, path: str) -> str:
    return (workspace.root / path).resolve().relative_to(repository.top.resolve()).as_posix()


def _check_committed(one: Approving, files: list[str]) -> None:
    """Nobody can tell whose change it is that git does not know."""
    try:
        repository = open_repository(one.workspace.root)
    except BadInput:  # without git only the submitters are known as authors
        return
    paths = [_path(one.workspace, repository, path) for path in files]
    changed = repository.ask("status", "--porcelain", "--", *paths)
    if changed:
        raise Uncommitted(one.content.subject)


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
        Reviewed(one.content.fingerprint, _evidence(one), revision(workspace.root).commit),
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
