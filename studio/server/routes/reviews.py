"""Reviews: what waits, one submission with its packet and its difference, comments and decisions."""

from __future__ import annotations

from typing import Any, Literal

from studio.server.routing import Model, Routes

routes = Routes("reviews")


class ReviewsQuery(Model):
    """Which submissions: those that wait, or all."""

    everything: bool = False


class Listed(Model):
    """One submission in a list."""

    submission: str
    subject: str
    author: str
    time: str
    message: str
    ok: bool
    status: str


class Reviews(Model):
    """Submissions, newest first."""

    submissions: list[Listed]


class SubmissionQuery(Model):
    """Which submission: its identifier, or a subject for its latest one."""

    submission: str


class Permission(Model):
    """Whether this person may do something now, and why (not)."""

    allowed: bool
    reason: str
    next: str


class Comment(Model):
    """What somebody said."""

    author: str
    time: str
    text: str
    cell: int | None
    """From 1, in the notebook as it was submitted; None for the whole, or where the cell is gone."""
    cell_id: str
    status: str
    """``notebook``, ``same``, ``edited``, ``gone`` …"""


class Case(Model):
    """One test of the submission's report."""

    rung: str
    subject: str
    name: str
    status: str
    seconds: float
    message: str
    detail: str
    cell: int | None


class Metric(Model):
    """A measure before and now."""

    name: str
    old: float | None
    new: float | None
    absolute: float | None
    relative: float | None
    direction: str


class Figure(Model):
    """A figure before and now: data URIs of images, never HTML."""

    cell: int
    status: str
    old: str | None
    new: str | None


class Contract(Model):
    """What changed in a contract, in words."""

    name: str
    status: str
    words: list[str]
    text: str


class Review(Model):
    """All that a reviewer needs."""

    submission: str
    subject: str
    notebook: str | None
    """The notebook as Jupyter calls it, to open it."""
    title: str
    author: str
    time: str
    message: str
    commit: str
    status: str
    base: str
    """What it is compared with, in words."""
    policy: str
    summary: str
    """``2 cells changed, 1 added``."""
    fingerprint: str
    """The digest to which a decision is bound."""
    fingerprint_changed: bool
    changes: list[str]
    """What makes the fingerprint differ."""
    ok: bool
    counts: dict[str, int]
    cases: list[Case]
    metrics: list[Metric]
    figures: list[Figure]
    contracts: list[Contract]
    findings: list[str]
    comments: list[Comment]
    run: str
    sampled: bool
    mlflow_run_id: str | None
    page: str
    """Address of the packet as one page (served with a content security policy that runs nothing)."""
    approve: Permission
    reject: Permission
    revoke: Permission
    """Taking back an approval that holds; not allowed where there is none."""
    comment: Permission
    current: bool
    """Whether the content in the workspace is still what was submitted."""
    signature_needed: bool


class NotebookDifference(Model):
    """What nbdime's view shows: the notebook before, and nbdime's difference to the one that was submitted."""

    base: dict[str, Any]
    diff: list[dict[str, Any]]
    base_label: str
    remote_label: str
    cells: list[str]
    """Ids of the submitted notebook's cells, in order."""


class Say(Model):
    """A comment on a submission's notebook or on one of its cells."""

    submission: str
    text: str
    cell: int | None = None


class Decide(Model):
    """Approve, reject or revoke."""

    submission: str
    verb: Literal["approve", "reject", "revoke"]
    message: str = ""


class Decided(Model):
    """What was decided."""

    subject: str
    verb: str
    actor: str
    reason: str
    next: str
    """What to do next: commit the approval's file."""
    file: str


# get "" ReviewsQuery -> Reviews;  get "review" SubmissionQuery -> Review
# get "difference" SubmissionQuery -> NotebookDifference    (a pipeline's file is a notebook of one raw cell there)
# post "comment" Say -> Comment;  post "decide" Decide -> Decided
# the page: GET /studio/api/v1/reviews/page?submission=… (text/html, strict CSP, sandbox)
