"""Reviews: what waits, one submission with its packet and its difference, comments and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from studio.server.place import Place
from studio.server.routing import Model, Page, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from studio.workflows.review_permissions import Permission as May
    from studio.workflows.view_review import PlacedComment

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
    """``notebook`` (about the whole), ``here``, ``edited`` since, ``gone``."""


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


@routes.get()
def list_(place: Place, asked: ReviewsQuery) -> Reviews:
    """Submissions, newest first."""
    from studio.workflows.review_show import list_submissions

    del place
    found = list_submissions(everything=asked.everything)
    return Reviews(submissions=[Listed(**vars(one)) for one in found])


@routes.get("review")
def review(place: Place, asked: SubmissionQuery) -> Review:
    """One submission with all that a reviewer needs."""
    from studio.workflows.view_review import view_review

    view = view_review(asked.submission)
    submission, packet = view.submission, view.packet
    is_notebook = not submission.subject.startswith("pipelines/")
    return Review(
        submission=submission.id,
        subject=submission.subject,
        notebook=place.lab_path(submission.subject) if is_notebook else None,
        title=packet["title"],
        author=submission.author,
        time=submission.time,
        message=submission.message,
        commit=submission.commit,
        status=view.status,
        base=packet["base"],
        policy=view.policy,
        summary=packet["summary"]["cells"],
        fingerprint=submission.fingerprint["digest"],
        fingerprint_changed=packet["summary"]["fingerprint_changed"],
        changes=packet["fingerprint"]["difference"],
        ok=submission.ok,
        counts=submission.counts,
        cases=[_case(case) for case in (packet["report"] or {}).get("cases", ())],
        metrics=[_metric(row) for row in packet["metrics"]["rows"]],
        figures=[_figure(pair) for pair in packet["figures"]["pairs"]],
        contracts=[_contract(one) for one in packet["contracts"]],
        findings=[_finding(row) for row in packet["findings"]["rows"]],
        comments=[_comment(one) for one in view.comments],
        run=submission.run,
        sampled=submission.sampled,
        page=f"{place.base_url}studio/api/v1/reviews/page?submission={submission.id}",
        approve=_permission(view.may.approve),
        reject=_permission(view.may.reject),
        revoke=_permission(view.may.revoke),
        comment=_permission(view.may.comment),
        current=view.may.current,
        signature_needed=view.signature_needed,
    )


@routes.get("difference")
def difference(place: Place, asked: SubmissionQuery) -> NotebookDifference:
    """What a submission changes, as nbdime's view takes it."""
    from studio.workflows import view_review

    del place
    found = view_review.difference(asked.submission)
    return NotebookDifference(
        base=dict(found.base),
        diff=found.diff,
        base_label=found.base_label,
        remote_label=found.remote_label,
        cells=list(found.cells),
    )


@routes.get("page")
def page(place: Place, asked: SubmissionQuery) -> Page:
    """The packet as one page that does nothing."""
    from studio.workflows import view_review

    del place
    return Page(html=view_review.page(asked.submission))


@routes.post("comment")
def comment(place: Place, asked: Say) -> Comment:
    """Say something about what was submitted."""
    from studio.notebooks.review.anchors import Anchor
    from studio.notebooks.review.facts import Comment as Said
    from studio.workflows.review_comment import comment_on_submission
    from studio.workflows.view_review import place_comment

    del place
    event, document = comment_on_submission(asked.submission, asked.cell, asked.text)
    hung = event.details.get("anchor")
    said = Said(event.actor, event.time, event.details["text"], Anchor.from_dict(hung) if hung else None)
    return _comment(place_comment(said, document))


@routes.post("decide")
def decide(place: Place, asked: Decide) -> Decided:
    """Approve, reject or revoke, as the command line does; only what was looked at."""
    from studio.workflows import review_decide

    act = {"approve": review_decide.approve, "reject": review_decide.reject, "revoke": review_decide.revoke}
    request = review_decide.ReviewRequest(message=asked.message, base=place.workspace.root, submission=asked.submission)
    (done,) = act[asked.verb](request)
    return Decided(
        subject=done.subject,
        verb=done.verb,
        actor=done.actor,
        reason=done.reason,
        next=done.next,
        file=done.file,
    )


def _permission(may: May) -> Permission:
    return Permission(allowed=may.allowed, reason=may.reason, next=may.next)


def _comment(placed: PlacedComment) -> Comment:
    said = placed.comment
    return Comment(
        author=said.author,
        time=said.time,
        text=said.text,
        cell=placed.cell,
        cell_id=placed.cell_id,
        status=placed.status,
    )


def _case(case: Mapping[str, Any]) -> Case:
    return Case(**{name: case[name] for name in Case.model_fields})


def _metric(row: Mapping[str, Any]) -> Metric:
    rest = {name: row[name] for name in ("name", "absolute", "relative", "direction")}
    return Metric(old=_number(row["old"]), new=_number(row["new"]), **rest)


def _number(value: object) -> float | None:
    """A value that is not finite is a text in the packet, and none here."""
    return float(value) if isinstance(value, int | float) else None


def _figure(pair: Mapping[str, Any]) -> Figure:
    return Figure(cell=pair["cell"], status=pair["status"], old=_image(pair["old"]), new=_image(pair["new"]))


def _image(figure: Mapping[str, Any] | None) -> str | None:
    """An image that the packet found to be one, as the source of an image element and of nothing else."""
    from studio.notebooks.review.figures import MIMES

    if not figure or not figure["data"] or figure["mime"] not in MIMES:
        return None
    return f"data:{figure['mime']};base64,{figure['data']}"


def _contract(one: Mapping[str, Any]) -> Contract:
    rows = [line for hunk in one["text"]["hunks"] for line in _lines(hunk)]
    if one["text"]["left_out"]:
        rows.append(f"… {one['text']['left_out']} more lines are not shown")
    return Contract(name=one["name"], status=one["status"], words=one["words"], text="\n".join(rows))


def _lines(hunk: Mapping[str, Any]) -> Iterable[str]:
    marks = {"same": " ", "added": "+", "removed": "-"}
    yield hunk["header"]
    for line in hunk["lines"]:
        yield marks[line["kind"]] + line["text"]


def _finding(row: Mapping[str, Any]) -> str:
    place = f"cell {row['cell']}" + (f", line {row['line']}" if row["line"] else "") if row["cell"] else ""
    rule = f" ({row['rule']})" if row["rule"] else ""
    return f"{place}: {row['message']}{rule}" if place else f"{row['message']}{rule}"
