"""What is under review: the submissions and what became of them, one of them, and what is approved now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.report import Report
from studio.core.workspace import Workspace, find_workspace
from studio.governance.policy import approval_rule
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval import ApprovalState
from studio.notebooks.document import NotebookDocument, is_notebook
from studio.notebooks.review.anchors import locate
from studio.notebooks.review.facts import Comment
from studio.workflows import submissions
from studio.workflows.awaited import with_submission
from studio.workflows.content_states import approval_states, contents_named
from studio.workflows.earlier_version import present_version
from studio.workflows.review_packet import comments_on
from studio.workflows.submissions import Submission

KINDS = frozenset({"submitted", "approved", "rejected", "revoked"})
"""What may become of a submission."""


@dataclass(frozen=True)
class Listed:
    """One submission and what became of it."""

    submission: str
    subject: str
    author: str
    time: str
    message: str
    ok: bool
    status: str

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return dict(self.__dict__)


def list_submissions(*, everything: bool = False) -> list[Listed]:
    """The submissions, newest first: those that wait for a decision, or all with what became of them."""
    workspace = find_workspace()
    events = open_ledger(workspace).events(kinds=KINDS)
    found: list[Listed] = []
    later: dict[str, list[Event]] = {}  # by subject, newest first
    for event in reversed(events):
        after = later.setdefault(event.subject, [])
        if event.kind == "submitted":
            listed = became(workspace, event, after[::-1])
            if everything or listed.status in ("waiting", "tests failed"):
                found.append(listed)
            after.clear()  # a submission settles what became of the one before
        after.append(event)
    return found


def became(workspace: Workspace, event: Event, later: Sequence[Event]) -> Listed:
    """A submission and what became of it, by the events about its subject that came `later`, oldest first."""
    identity = event.details.get("submission")
    ok = bool(event.details.get("ok"))
    status = "waiting" if ok else "tests failed"
    needed = approval_rule(workspace.settings, event.subject).rule.needed
    approvers: set[str] = set()
    for other in later:
        if other.kind == "submitted":
            status = status if status in ("approved", "rejected", "revoked") else "replaced"
            break
        if other.kind == "approved" and other.details.get("submission") == identity:
            approvers.add(other.actor)
            status = "approved" if len(approvers) >= needed else status
        elif other.details.get("submission") == identity or other.kind == "revoked":
            status = other.kind
    message = str(event.details.get("message", ""))
    return Listed(str(identity), event.subject, event.actor, event.time, message, ok, status)


@dataclass(frozen=True)
class Placed:
    """A comment and the cell that it hangs on now."""

    comment: Comment
    cell: int | None
    status: str

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "author": self.comment.author,
            "time": self.comment.time,
            "text": self.comment.text,
            "cell": self.cell,
            "status": self.status,
        }


@dataclass(frozen=True)
class Shown:
    """One submission with its report, its page and what was said about it."""

    workspace: Workspace
    submission: Submission
    report: Report
    status: str
    comments: tuple[Placed, ...]

    @property
    def page(self) -> Path:
        """The review packet's page."""
        return submissions.folder(self.workspace, self.submission.id) / submissions.PAGE

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            **self.submission.model_dump(mode="json"),
            "status": self.status,
            "page": str(self.page),
            "comments": [comment.as_dict() for comment in self.comments],
            "cases": [case.as_dict() for case in self.report.cases],
        }


def show_submission(name: str) -> Shown:
    """The submission `name`: an identifier, or the latest one of a notebook or pipeline.

    Raises
    ------
    BadInput
        When there is none.
    SubmissionDamaged
        When what is kept of it is not what was submitted.
    """
    workspace = find_workspace()
    event = submissions.find_event(workspace, _subject_in(workspace, name))
    submission = submissions.read_submission(workspace, event)
    later = open_ledger(workspace).events(kinds=KINDS, subject=submission.subject, after=event.sequence)
    document = _now(workspace, submission.subject)
    return Shown(
        workspace,
        submission,
        submissions.kept_report(workspace, submission),
        became(workspace, event, later).status,
        tuple(_placed(comment, document) for comment in comments_on(workspace, submission.subject)),
    )


def _subject_in(workspace: Workspace, name: str) -> str:
    return workspace.shown(Path.cwd() / name) if is_notebook(name) else name


def _placed(comment: Comment, document: NotebookDocument | None) -> Placed:
    if comment.anchor is None:
        return Placed(comment, None, "notebook")
    if document is None:
        return Placed(comment, None, "gone")
    located = locate(comment.anchor, document)
    return Placed(comment, None if located.cell is None else located.cell.number, located.status)


def _now(workspace: Workspace, subject: str) -> NotebookDocument | None:
    try:
        return present_version(workspace, subject)
    except (BadInput, OSError):  # the notebook is gone or broken now; what was submitted can still be read
        return None


def review_status(names: Sequence[str], base: Path) -> list[ApprovalState]:
    """Whether the content of pipelines and notebooks is approved as it is now; without names, of all pipelines.

    Raises
    ------
    BadInput, Problems
        When something does not exist or cannot be read.
    """
    workspace = find_workspace()
    found = contents_named(workspace, names, base)
    states = approval_states(workspace, found)
    return [with_submission(workspace, content, states[content.subject]) for content in found]
