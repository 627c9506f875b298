"""Say something about a notebook, or about one of its cells: a comment that stays with the cell when others change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core.errors import BadInput
from studio.core.workspace import find_workspace
from studio.governance.decide import Resource, decide
from studio.governance.people import current_actor
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.review.anchors import anchor
from studio.workflows import submissions
from studio.workflows.content_states import contents_named
from studio.workflows.decisions import require
from studio.workflows.earlier_version import present_version
from studio.workflows.messages import check_message


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
    actor = current_actor(workspace)
    subject = contents_named(workspace, [name], base)[0].subject
    require(decide(workspace, actor, "comment", Resource(subject=subject)))
    text = check_message(text)
    if not text:
        raise BadInput(f'There is nothing in the comment. Next: studio review comment {name} --cell 3 "…"')
    document = present_version(workspace, subject)
    details: dict[str, Any] = {"text": text, "cell": cell}
    if cell is not None:
        if not 1 <= cell <= len(document.cells):
            raise BadInput(f"{subject} has cells 1 to {len(document.cells)}, and no cell {cell}. Next: correct it.")
        details["anchor"] = anchor(document, document.cells[cell - 1]).as_dict()
    events = submissions.submitted_events(workspace, subject)
    details["submission"] = events[-1].details.get("submission") if events else None
    return open_ledger(workspace).append("commented", actor=actor.name, subject=subject, details=details)
