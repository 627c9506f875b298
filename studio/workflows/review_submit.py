"""Submit content for review: run the ladder on exactly what it is now, and keep the review packet and its evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.core import clock
from studio.core.environment import environment_digest
from studio.core.errors import Refused, StudioError
from studio.core.files import digest_bytes
from studio.core.git import revision
from studio.core.identifiers import new_run_id
from studio.core.readiness import check_state
from studio.core.report import Report
from studio.core.workspace import Workspace, find_workspace
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor, current_actor
from studio.governance.policy import rules_digest
from studio.governance.worktree import unlike_commit
from studio.ledger.ledger import open_ledger
from studio.notebooks.review.nbdime_diff import plain
from studio.tracking.runs import Tracker
from studio.tracking.store import prepare_store, ready_store
from studio.workflows import submissions
from studio.workflows.climb_ladder import RUNGS, Climbed, Watching, climb
from studio.workflows.climb_targets import choose_targets
from studio.workflows.content_states import Content, approval_states, contents_named, files_of
from studio.workflows.decisions import require
from studio.workflows.messages import check_message
from studio.workflows.review_evidence import Evidence, gather_evidence
from studio.workflows.review_packet import make_packet, version_before
from studio.workflows.submissions import Submission

EXPERIMENT = "reviews"


class ContentChanged(Refused):
    """The content changed while its tests ran, so that nobody knows which of the two was tested."""

    def __init__(self, subjects: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(subjects)} changed while the tests ran, so nothing was submitted. "
            "Next: save everything, then submit again."
        )


@dataclass(frozen=True)
class SubmitRequest:
    """What is to be submitted.

    Attributes
    ----------
    names : tuple of str
        Notebooks by path, pipelines by name (their file and every notebook that is not approved).
    message : str
        What the author says about the change.
    base : Path
        The folder against which relative paths are taken.
    """

    names: tuple[str, ...]
    message: str = ""
    base: Path = field(default_factory=Path.cwd)


@dataclass(frozen=True)
class Submitted:
    """What was submitted, and what came of the tests.

    Attributes
    ----------
    submissions : tuple of Submission
        One for each content that was not approved already.
    report : Report
        Of all tests.
    approved_already : tuple of str
        What was approved as it is.
    uncommitted : tuple of str
        Files of the content that git does not have as they are: with them, nobody can approve it yet.
    """

    workspace: Workspace
    submissions: tuple[Submission, ...]
    report: Report
    approved_already: tuple[str, ...]
    uncommitted: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """0 when every test was passed, else 1: the submission stands, and cannot be approved."""
        return 0 if self.report.ok else 1

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "submissions": [
                {
                    "submission": item.id,
                    "subject": item.subject,
                    "fingerprint": item.fingerprint["digest"],
                    "ok": item.ok,
                    "counts": item.counts,
                    "page": str(submissions.folder(self.workspace, item.id) / submissions.PAGE),
                    "mlflow_run_id": item.mlflow_run_id,
                }
                for item in self.submissions
            ],
            "approved_already": list(self.approved_already),
            "report": self.report.as_dict(),
        }


def submit(request: SubmitRequest, watching: Watching | None = None) -> Submitted:
    """Submit what was asked for.

    Raises
    ------
    NotAllowed
        When the policy does not let this person submit.
    ContentChanged
        When a file was changed while the tests ran.
    BadInput, Problems
        When something does not exist or cannot be read.
    """
    workspace = find_workspace()
    actor = current_actor(workspace)
    message = check_message(request.message)
    found = contents_named(workspace, request.names, request.base)
    for content in found:
        require(decide(workspace, actor, "submit", Resource(subject=content.subject)))
    check_state(workspace)
    ready_store(workspace)
    wanted, approved = _open_contents(workspace, found)
    if not wanted:
        return Submitted(workspace, (), Report(()), approved)
    targets = choose_targets(workspace, _names(wanted), workspace.root)
    climbed = climb(workspace, targets, frozenset(RUNGS), watching or Watching(), whole=True)
    _check_unchanged(workspace, wanted)
    prepare_store(workspace)
    made = [_submit_one(workspace, actor, content, climbed, message) for content in wanted]
    return Submitted(workspace, tuple(made), climbed.report, approved, _uncommitted(workspace, wanted))


def _uncommitted(workspace: Workspace, contents: Sequence[Content]) -> tuple[str, ...]:
    """What is still to be committed; nothing where git gives no answer, for the approval asks it again."""
    files = {file for content in contents for file in files_of(workspace, content)}
    try:
        return tuple(unlike_commit(workspace.root, sorted(files)))
    except StudioError:
        return ()


def _open_contents(workspace: Workspace, found: Sequence[Content]) -> tuple[list[Content], tuple[str, ...]]:
    """What is to be submitted: all that is not approved as it is."""
    states = approval_states(workspace, found)
    approved = tuple(content.subject for content in found if states[content.subject].status == "approved")
    return [content for content in found if content.subject not in approved], approved


def _names(wanted: Sequence[Content]) -> list[str]:
    return [Path(content.subject).stem if content.is_pipeline else content.subject for content in wanted]


def _check_unchanged(workspace: Workspace, wanted: Sequence[Content]) -> None:
    try:
        found = contents_named(workspace, [content.subject for content in wanted], workspace.root)
        now = {content.subject: content for content in found}
    except StudioError as error:
        raise ContentChanged([content.subject for content in wanted]) from error
    changed = [content.subject for content in wanted if now.get(content.subject) != content]
    if changed:
        raise ContentChanged(changed)


def _submit_one(workspace: Workspace, actor: Actor, content: Content, climbed: Climbed, message: str) -> Submission:
    identity = new_run_id()
    evidence = gather_evidence(workspace, content, climbed)
    tracker = Tracker(workspace)
    mlflow_run = tracker.begin_pipeline(
        EXPERIMENT,
        identity,
        tags={
            "studio.submission": identity,
            "studio.subject": content.subject,
            "studio.fingerprint": content.fingerprint.digest,
            "studio.tests": "passed" if evidence.report.ok else "failed",
        },
    )
    try:
        submission = _keep(workspace, actor, content, evidence, (identity, mlflow_run, message))
        home = submissions.folder(workspace, identity)
        kept = {f"{submissions.ARTIFACTS}/{path.name}": path for path in sorted(home.iterdir())}
        tracker.log_artifacts(mlflow_run, kept)
        tracker.log_metrics(mlflow_run, dict(submission.metrics))
    except BaseException:
        tracker.end(mlflow_run, "FAILED")
        raise
    tracker.end(mlflow_run, "FINISHED")
    return submission


def _keep(
    workspace: Workspace, actor: Actor, content: Content, evidence: Evidence, identity: tuple[str, str, str]
) -> Submission:
    name, mlflow_run, message = identity
    moment = clock.to_text(clock.now())
    before = version_before(workspace, content.subject)
    told = {"submission": name, "author": str(actor), "time": moment, "message": message}
    packet = make_packet(workspace, content, evidence, before=before, **told)
    files = evidence.files()
    if before.document is not None:
        files[submissions.BEFORE] = json.dumps(plain(before.document.raw), indent=1) + "\n"
    files[submissions.PACKET] = json.dumps(packet.as_dict(), indent=1, ensure_ascii=False, default=str) + "\n"
    files[submissions.PAGE] = packet.to_html()
    submission = Submission(
        id=name,
        subject=content.subject,
        author=actor.name,
        address=actor.address,
        time=moment,
        message=message,
        commit=revision(workspace.root).commit,
        fingerprint=content.fingerprint.as_dict(),
        contracts=dict(content.contracts),
        environment=environment_digest(),
        ok=evidence.report.ok,
        counts=evidence.report.counts(),
        report=evidence.report.digest(),
        packet=digest_bytes(str(files[submissions.PACKET]).encode()),
        metrics=dict(evidence.metrics),
        run=evidence.run,
        sampled=evidence.sampled,
        mlflow_run_id=mlflow_run,
        files={name: digest_bytes(_bytes(text)) for name, text in sorted(files.items())},
    )
    digest = submissions.keep_submission(workspace, submission, files)
    # What was gathered just now was read from files that somebody may have saved in the meantime.
    _check_unchanged(workspace, [content])
    open_ledger(workspace).append(
        "submitted",
        actor=actor.name,
        subject=content.subject,
        details={
            "submission": name,
            "fingerprint": content.fingerprint.digest,
            "packet": digest,
            "mlflow_run_id": mlflow_run,
            "message": message,
            "ok": submission.ok,
            "address": actor.address,
            "governing": rules_digest(workspace.settings),
        },
    )
    return submission


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")
