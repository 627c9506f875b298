"""One submission for a reviewer in front of a screen: the packet's facts, what was said, what may be done; and pages.

What is shown is what was submitted: the digests of all its files are checked before anything is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from studio.core.errors import BadInput, StudioError
from studio.core.workspace import Workspace, find_workspace
from studio.governance.people import current_actor
from studio.governance.policy import approval_rule
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval_file import read_approval
from studio.notebooks.document import NotebookDocument
from studio.notebooks.review.anchors import locate
from studio.notebooks.review.facts import Comment
from studio.notebooks.review.nbdime_diff import nbdime_difference, plain
from studio.workflows import submissions
from studio.workflows.earlier_version import approved_version, as_notebook
from studio.workflows.review_packet import comments_on, policy_sentence
from studio.workflows.review_permissions import Permissions, permissions
from studio.workflows.review_show import KINDS, became
from studio.workflows.submissions import Submission, SubmissionDamaged


@dataclass(frozen=True)
class PlacedComment:
    """What somebody said, and the cell of the submitted notebook that it is about.

    Attributes
    ----------
    comment : Comment
        Who, when, what.
    cell : int or None
        The cell's number, from 1; None for the whole, and where the cell is gone.
    cell_id : str
        Its id.
    status : str
        ``notebook``, ``here``, ``edited`` or ``gone``.
    """

    comment: Comment
    cell: int | None
    cell_id: str
    status: str


@dataclass(frozen=True)
class ReviewView:
    """All that a reviewer needs.

    Attributes
    ----------
    workspace : Workspace
        Where.
    submission : Submission
        What was submitted.
    packet : mapping
        The review packet, as JSON data.
    status : str
        What became of it: ``waiting``, ``tests failed``, ``approved``, ``rejected``, ``revoked`` or ``replaced``.
    policy : str
        Who has to approve, in one sentence.
    comments : tuple of PlacedComment
        Oldest first.
    may : Permissions
        What whoever looks may do.
    signature_needed : bool
        Whether an approval has to be signed.
    """

    workspace: Workspace
    submission: Submission
    packet: Mapping[str, Any]
    status: str
    policy: str
    comments: tuple[PlacedComment, ...]
    may: Permissions
    signature_needed: bool


@dataclass(frozen=True)
class Difference:
    """A notebook before, and nbdime's difference to the one that was submitted.

    Attributes
    ----------
    base : dict
        The notebook before, in nbformat 4.5 and without outputs; one without cells where there was none.
    diff : list
        nbdime's difference.
    base_label, remote_label : str
        What is compared, in words.
    cells : tuple of str
        Ids of the submitted notebook's cells, in order.
    """

    base: Mapping[str, Any]
    diff: list[dict[str, Any]]
    base_label: str
    remote_label: str
    cells: tuple[str, ...]


def view_review(name: str) -> ReviewView:
    """The submission `name`: an identifier, or the latest one of a subject.

    Raises
    ------
    Missing
        When there is none.
    SubmissionDamaged
        When what is kept of it is not what was submitted.
    """
    workspace = find_workspace()
    actor = current_actor(workspace)
    event, submission = _find(workspace, name)
    later = open_ledger(workspace).events(kinds=KINDS, subject=submission.subject, after=event.sequence)
    status = became(workspace, event, later).status
    document = _submitted(workspace, submission)
    return ReviewView(
        workspace=workspace,
        submission=submission,
        packet=_json(workspace, submission, submissions.PACKET),
        status=status,
        policy=policy_sentence(workspace, submission.subject),
        comments=tuple(place_comment(comment, document) for comment in comments_on(workspace, submission.subject)),
        may=permissions(workspace, actor, event, submission, status),
        signature_needed=approval_rule(workspace.settings, submission.subject).rule.signatures,
    )


def difference(name: str) -> Difference:
    """What the submission `name` changes, as nbdime tells it; a pipeline's file is a notebook of one raw cell.

    Raises
    ------
    Missing
        When there is none.
    SubmissionDamaged
        When what is kept of it is not what was submitted.
    TooDifferent, NotCompared
        When nbdime does not manage.
    """
    workspace = find_workspace()
    _, submission = _find(workspace, name)
    document = _submitted(workspace, submission)
    remote = _shown(document.raw, submission)
    before = _before(workspace, submission)
    base = _shown(before, submission) if before is not None else {**remote, "cells": []}
    return Difference(
        base=base,
        diff=_compared(json.dumps(base), json.dumps(remote), submission.subject),
        base_label=str(_json(workspace, submission, submissions.PACKET).get("base", "")),
        remote_label=f"submitted by {submission.author}, {submission.time[:10]}",
        cells=tuple(cell.id for cell in document.cells),
    )


def page(name: str) -> str:
    """The review packet of the submission `name` as one page, as it was made when it was submitted.

    Raises
    ------
    Missing
        When there is none.
    SubmissionDamaged
        When what is kept of it is not what was submitted.
    """
    workspace = find_workspace()
    _, submission = _find(workspace, name)
    return _text(workspace, submission, submissions.PAGE)


def submitted_document(workspace: Workspace, event: Event) -> NotebookDocument:
    """The notebook (or a pipeline's file as one) that was submitted with `event`.

    Raises
    ------
    SubmissionDamaged
        When what is kept of it is not what was submitted.
    """
    return _submitted(workspace, submissions.read_submission(workspace, event))


def _find(workspace: Workspace, name: str) -> tuple[Event, Submission]:
    event = submissions.find_event(workspace, name)
    return event, submissions.read_submission(workspace, event)


def _text(workspace: Workspace, submission: Submission, name: str) -> str:
    try:
        return (submissions.folder(workspace, submission.id) / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SubmissionDamaged(submission.id, f"has no readable {name} ({error})") from error


def _json(workspace: Workspace, submission: Submission, name: str) -> Mapping[str, Any]:
    try:
        found = json.loads(_text(workspace, submission, name))
    except (ValueError, RecursionError) as error:
        raise SubmissionDamaged(submission.id, f"has a damaged {name} ({error})") from error
    if not isinstance(found, dict):
        raise SubmissionDamaged(submission.id, f"has a damaged {name}")
    return found


def _submitted(workspace: Workspace, submission: Submission) -> NotebookDocument:
    kept = submissions.NOTEBOOK if not submission.subject.startswith("pipelines/") else submissions.DECLARATION
    try:
        return as_notebook(_text(workspace, submission, kept), submission.subject)
    except BadInput as error:
        raise SubmissionDamaged(submission.id, f"has a {kept} that cannot be read ({error})") from error


def place_comment(comment: Comment, document: NotebookDocument) -> PlacedComment:
    """The comment with the cell of `document` that it hangs on."""
    if comment.anchor is None:
        return PlacedComment(comment, None, "", "notebook")
    cell, status = locate(comment.anchor, document)
    return PlacedComment(comment, cell.number if cell else None, cell.id if cell else "", status)


@lru_cache(maxsize=32)
def _compared(base: str, remote: str, path: str) -> list[dict[str, Any]]:
    """What was submitted never changes, and a process for each look would take a second each time."""
    return nbdime_difference(json.loads(base), json.loads(remote), path)


def _shown(notebook: Mapping[str, Any], submission: Submission) -> dict[str, Any]:
    """The notebook as it is compared; the one cell of a declaration is no code to an editor."""
    found = plain(notebook)
    if submission.subject.startswith("pipelines/"):
        keys = ("id", "metadata", "source")
        found["cells"] = [{"cell_type": "raw", **{key: cell[key] for key in keys}} for cell in found["cells"]]
        found["metadata"] = {}
    return found


def _before(workspace: Workspace, submission: Submission) -> Mapping[str, Any] | None:
    """What the packet compares with: kept with the submission; None for something new."""
    if submissions.BEFORE in submission.files:
        return _json(workspace, submission, submissions.BEFORE)
    if _json(workspace, submission, submissions.PACKET)["fingerprint"]["old"] is None:
        return None
    # Of a submission that was made before the earlier version was kept with it: as far as it is still known.
    try:
        approval = read_approval(workspace, submission.subject)
    except StudioError:
        return None
    if approval is None or approval.evidence.submission == submission.id:
        return None
    document = approved_version(workspace, submission.subject, approval).document
    return None if document is None else document.raw
