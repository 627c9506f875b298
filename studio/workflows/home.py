"""What needs this person now, and what happened lately: the first look at a workspace.

Each part is looked up on its own. One that cannot be read is told as a need, and the others are there all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from studio.core.errors import StudioError
from studio.core.workspace import Workspace, find_workspace
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor, current_actor
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval_file import BadApproval
from studio.notebooks.document import is_notebook
from studio.pipelines.records import RunStore
from studio.pipelines.run_heads import RunHead
from studio.pipelines.specification import list_pipelines
from studio.workflows.lapsed import lapsed_approvals
from studio.workflows.ledger.sentences import sentence
from studio.workflows.plan_pipeline import overview
from studio.workflows.review_permissions import approved_already
from studio.workflows.review_show import Listed, list_submissions

NEWEST = 50
_RUNS = {"run accepted", "run ended"}
Part = TypeVar("Part")


@dataclass(frozen=True)
class Need:
    """Something that waits for somebody.

    Attributes
    ----------
    kind : str
        ``review`` (mine to give), ``returned`` (my submission, which cannot be approved as it is), ``failed run`` (a
        pipeline's latest), ``lapsed`` (an approval that no longer holds), ``problem`` (a part, or a
        pipeline's file, that cannot be read).
    title, text : str
        What it is about, and what is to be known.
    time : str or None
        Since when.
    submission, run, pipeline, subject : str
        Where it leads to; empty where that is nothing of this kind. The subject is a file's path in the workspace.
    """

    kind: Literal["review", "returned", "failed run", "lapsed", "problem"]
    title: str
    text: str
    time: str | None = None
    submission: str = ""
    run: str = ""
    pipeline: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Happening:
    """Something that happened: when, in a sentence, of which kind (of the ledger, or ``run``), and to what."""

    time: str
    text: str
    kind: str
    run: str = ""
    submission: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Home:
    """What needs this person, what happened (newest first), and which runs go on."""

    needs: tuple[Need, ...]
    happened: tuple[Happening, ...]
    running: tuple[str, ...]


def look_home() -> Home:
    """What needs whoever looks, and what happened.

    Raises
    ------
    BadInput
        When there is no workspace, its settings cannot be read, or nobody knows who looks.
    """
    workspace = find_workspace()
    actor = current_actor(workspace)
    needs: list[Need] = []
    nothing: list[Need] = []

    def part(title: str, look: Callable[[], Part], otherwise: Part) -> Part:
        try:
            return look()
        except StudioError as error:
            if str(error) not in {need.text for need in needs}:  # several parts may rest on what is broken
                needs.append(Need("problem", title, str(error)))
            return otherwise

    store = RunStore(workspace)
    needs += part("Reviews", lambda: list(_reviews(workspace, actor)), nothing)
    needs += part("Runs", lambda: list(_failed_runs(workspace, store)), nothing)
    needs += part("Pipelines", lambda: list(_unreadable()), nothing)
    needs += part("Approvals", lambda: list(_lapsed(workspace)), nothing)
    events = part("The ledger", lambda: open_ledger(workspace).latest(NEWEST), list[Event]())
    runs = store.page(limit=NEWEST).heads
    running = tuple(head.run for head in store.running())
    return Home(tuple(needs), tuple(_merged(events, runs)), running)


def _reviews(workspace: Workspace, actor: Actor) -> Iterator[Need]:
    """Reviews that this person may give, and submissions of theirs that came back."""
    seen: set[str] = set()
    for one in list_submissions(everything=True):
        if one.subject in seen:
            continue
        seen.add(one.subject)  # the newest of each subject is the one that counts
        if one.status == "waiting":
            if _may_approve(workspace, actor, one):
                said = f": {one.message}" if one.message else "."
                yield _of_submission("review", one, f"{one.author} submitted it for review{said}")
        elif one.status == "rejected" and actor.owns(one.author):
            yield _of_submission("returned", one, _rejection(workspace, one))
        elif one.status == "tests failed" and actor.owns(one.author):
            yield _of_submission("returned", one, "Its tests failed, so nobody can approve it.")


def _of_submission(kind: Literal["review", "returned"], one: Listed, text: str) -> Need:
    return Need(kind, one.subject, text, one.time, submission=one.submission, subject=one.subject)


def _may_approve(workspace: Workspace, actor: Actor, one: Listed) -> bool:
    resource = Resource(subject=one.subject, authors=frozenset({one.author}))
    if not decide(workspace, actor, "approve", resource).allowed:
        return False
    try:
        return not approved_already(workspace, actor, one.subject, one.submission)
    except BadApproval:  # which costs nobody their other reviews, and is told where this one is looked at
        return True


def _rejection(workspace: Workspace, one: Listed) -> str:
    events = open_ledger(workspace).latest(1, kinds={"rejected"}, subject=one.subject)
    return f"{events[0].actor} rejected it: {events[0].details.get('message', '')}" if events else "It was rejected."


def _failed_runs(workspace: Workspace, store: RunStore) -> Iterator[Need]:
    for pipeline, head in sorted(store.latest(list_pipelines(workspace)).items()):
        if text := _why(store, head):
            yield Need("failed run", pipeline, text, head.ended or head.started, run=head.run, pipeline=pipeline)


def _unreadable() -> Iterator[Need]:
    return (Need("problem", one.name, one.problem, pipeline=one.name) for one in overview() if one.problem)


def _why(store: RunStore, head: RunHead) -> str:
    """Why somebody has to look at the run; "" where nobody has to."""
    if head.status not in ("failed", "killed"):
        return f"It completed, but gates do not hold: {', '.join(head.failed_gates)}." if head.failed_gates else ""
    steps = store.read(head.run).steps.values()
    failed = next((step for step in steps if step.error is not None), None)
    if failed is None or failed.error is None:
        return f"Its latest run was {head.status}." if head.status == "killed" else "Its latest run failed."
    return f"{failed.key}: {failed.error.get('message', '')}"


def _lapsed(workspace: Workspace) -> Iterator[Need]:
    for state in lapsed_approvals(workspace):
        text = " ".join(state.reasons)
        yield Need("lapsed", state.subject, f"{text} Next: {state.next}" if state.next else text, subject=state.subject)


def _merged(events: Sequence[Event], runs: Sequence[RunHead]) -> list[Happening]:
    """Both, newest first; a run that is there is not told by the ledger, too."""
    there = {head.run for head in runs}
    found = [_of_event(event) for event in events if event.kind not in _RUNS or event.details.get("run") not in there]
    found += [_of_run(head) for head in runs if not head.problem]
    return sorted(found, key=lambda one: one.time, reverse=True)[:NEWEST]


def _of_event(event: Event) -> Happening:
    return Happening(
        time=event.time,
        text=sentence(event),
        kind=event.kind,
        run=str(event.details.get("run") or ""),
        submission=str(event.details.get("submission") or ""),
        subject=event.subject,
    )


def _of_run(head: RunHead) -> Happening:
    words = {"completed": "run", "reused": "reused", "failed": "failed", "killed": "killed"}
    counts = ", ".join(f"{number} {words[status]}" for status, number in (head.counts or {}).items() if status in words)
    where = f" in {head.environment}" if head.environment != "dev" else ""
    told = "goes on" if head.status == "running" else head.status
    text = f"Run of {head.pipeline}{where}: {told}{f' ({counts})' if counts else ''}."
    return Happening(head.ended or head.started or "", text, "run", run=head.run, subject=_subject(head))


def _subject(head: RunHead) -> str:
    return head.name if is_notebook(head.name) else f"pipelines/{head.pipeline}.yml"
