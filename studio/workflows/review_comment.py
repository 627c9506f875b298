"""Say something about a notebook, or about one of its cells: a comment that stays with the cell when others change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core.errors import BadInput
from studio.core.workspace import Workspace, find_workspace
from studio.governance.decide import Resource, decide
from studio.governance.people import current_actor
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.document import NotebookDocument
from studio.notebooks.review.anchors import anchor
from studio.workflows import submissions
from studio.workflows.content_states import contents_named
from studio.workflows.decisions import require
from studio.workflows.earlier_version import present_version
from studio.workflows.messages import check_message
from studio.workflows.view_review import submitted_document


def comment(name: str, cell: int | None, text: str, base: Path) -> Event:
    """Say something about a notebook or one of its cells (its number, from 1).

    Raises
    ------
    NotAllowed
        When the policy does not let this person comment.
    BadInput
        When there is no such cell, or nothing was said.
    """
    workspace = find_workspace()
    subject = contents_named(workspace, [name], base)[0].subject
    text = _allowed(workspace, subject, text, name)
    events = submissions.submitted_events(workspace, subject)
    submission = events[-1].details.get("submission") if events else None
    document = present_version(workspace, subject) if cell is not None else None
    return _tell(workspace, subject, submission, text, cell, document)


def comment_on_submission(name: str, cell: int | None, text: str) -> tuple[Event, NotebookDocument]:
    """Say something about what was submitted (`name`: an identifier, or a subject), or about a cell of it.

    Returns
    -------
    Event, NotebookDocument
        The event, and the submitted notebook that `cell` counts in.

    Raises
    ------
    Missing
        When there is no such submission.
    NotAllowed, BadInput
        As for `comment`.
    SubmissionDamaged
        When what is kept of it is not what was submitted.
    """
    workspace = find_workspace()
    event = submissions.find_event(workspace, name)
    text = _allowed(workspace, event.subject, text, event.subject)
    document = submitted_document(workspace, event)
    submission = event.details.get("submission")
    return _tell(workspace, event.subject, submission, text, cell, document), document


def _allowed(workspace: Workspace, subject: str, text: str, name: str) -> str:
    """The text as it is kept, where this person may say it."""
    require(decide(workspace, current_actor(workspace), "comment", Resource(subject=subject)))
    text = check_message(text)
    if not text:
        raise BadInput(f'There is nothing in the comment. Next: studio review comment {name} --cell 3 "…"')
    return text


def _tell(
    workspace: Workspace,
    subject: str,
    submission: Any,
    text: str,
    cell: int | None,
    document: NotebookDocument | None,
) -> Event:
    details: dict[str, Any] = {"text": text, "cell": cell}
    if cell is not None and document is not None:
        if not 1 <= cell <= len(document.cells):
            raise BadInput(f"{subject} has cells 1 to {len(document.cells)}, and no cell {cell}. Next: correct it.")
        details["anchor"] = anchor(document, document.cells[cell - 1]).as_dict()
    details["submission"] = submission
    actor = current_actor(workspace)
    return open_ledger(workspace).append("commented", actor=actor.name, subject=subject, details=details)
