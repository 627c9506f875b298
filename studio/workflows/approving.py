"""One approval: allowed by the policy, signed, written into its file and into the ledger, or into neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from studio.core.errors import BadInput, Refused
from studio.core.files import write_atomic
from studio.core.git import Repository, open_repository
from studio.core.workspace import Workspace
from studio.governance.authorship import authors_since
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor
from studio.governance.policy import approval_rule
from studio.governance.signatures import Signature, sign
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval_file import ApprovalFile, Evidence, approval_path, read_approval
from studio.notebooks.approval_writing import Reviewed, Written, write_approval
from studio.notebooks.document import NotebookDocument, parse_notebook
from studio.notebooks.fingerprint import cell_digests
from studio.notebooks.text_notebooks import parse_text_notebook
from studio.pipelines.declaration import FILE_KINDS, file_digests
from studio.workflows.content_states import Content, revoked_approvals
from studio.workflows.decisions import require
from studio.workflows.submissions import Submission

_LOOKED_THROUGH = 200


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
    since = approved_commit(one.workspace, _earlier(one))
    authors = authors_since(one.workspace, files, since, actor=one.actor, submitters=one.submitters)
    resource = Resource(subject=one.content.subject, authors=authors.addresses, signed=None if _signs(one) else False)
    return require(decide(one.workspace, one.actor, "approve", resource)).reason


def approved_commit(workspace: Workspace, approval: ApprovalFile | None) -> str | None:
    """The first commit, from the one that was submitted on, that holds the approved content; None where none is known.

    Content is often submitted before it is committed. Whoever committed it afterwards changed nothing any more.
    """
    if approval is None or not approval.commit:
        return None
    repository = open_repository(workspace.root)
    later = repository.ask("rev-list", "--reverse", "--ancestry-path", f"{approval.commit}..HEAD") or ""
    for commit in [approval.commit, *later.split()][:_LOOKED_THROUGH]:
        content = repository.content(f"{commit}:{_path(workspace, repository, approval.path)}")
        if content is not None and _holds(approval, content):
            return commit
    return approval.commit


def _path(workspace: Workspace, repository: Repository, path: str) -> str:
    return (workspace.root / path).resolve().relative_to(repository.top.resolve()).as_posix()


def _holds(approval: ApprovalFile, content: bytes) -> bool:
    """Whether the notebook or pipeline file in `content` says what was approved."""
    kinds = FILE_KINDS if approval.path.startswith("pipelines/") else {"cell"}
    try:
        text = content.decode("utf-8")
        found = file_digests(text, approval.path) if kinds is FILE_KINDS else cell_digests(_parsed(text, approval.path))
    except (BadInput, UnicodeDecodeError):  # broken then, so it was not what was approved
        return False
    return found == [part.digest for part in approval.fingerprint.parts if part.kind in kinds]


def _parsed(text: str, path: str) -> NotebookDocument:
    if path.endswith(".ipynb"):
        return parse_notebook(text, path)
    return parse_text_notebook(text, PurePosixPath(path).suffix, path)


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
