"""The facts of a review packet, gathered from git, the ledger, runs and tests; and packets without a submission."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from studio.core.errors import StudioError
from studio.core.workspace import Workspace
from studio.data.catalog import read_catalog
from studio.governance.policy import approval_rule
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval_file import read_approval
from studio.notebooks.checks import check_notebook
from studio.notebooks.review.anchors import Anchor
from studio.notebooks.review.diff import diff_notebooks
from studio.notebooks.review.facts import Comment, ContractTexts, PacketFacts
from studio.notebooks.review.packet import Packet, build_packet
from studio.workflows.content_states import Content
from studio.workflows.earlier_version import Version, approved_version, as_notebook
from studio.workflows.review_evidence import Evidence


def make_packet(
    workspace: Workspace,
    content: Content,
    evidence: Evidence,
    *,
    submission: str,
    author: str,
    time: str,
    message: str,
    before: Version | None = None,
) -> Packet:
    """The review packet of `content`, compared with `before` (default: the last approved version)."""
    if before is None:
        before = version_before(workspace, content.subject)
    new = as_notebook(evidence.text, content.subject)
    facts = PacketFacts(
        submission=submission,
        subject=content.subject,
        title=content.subject if content.is_pipeline else new.title,
        author=author,
        time=time,
        message=message,
        diff=diff_notebooks(before.document, new),
        base=before.base,
        old_fingerprint=before.fingerprint,
        new_fingerprint=content.fingerprint,
        contracts=tuple(_contracts(workspace, content, before)),
        old_metrics=before.metrics,
        new_metrics=evidence.metrics,
        old_executed=before.executed,
        new_executed=evidence.document,
        report=evidence.report,
        findings=_findings(workspace, content),
        comments=comments_on(workspace, content.subject),
        policy=policy_sentence(workspace, content.subject),
    )
    return build_packet(facts)


def comments_on(workspace: Workspace, subject: str) -> tuple[Comment, ...]:
    """What was said about `subject`, oldest first."""
    found = []
    for event in open_ledger(workspace).events(kinds={"commented"}, subject=subject):
        place = event.details.get("anchor")
        found.append(
            Comment(
                author=event.actor,
                time=event.time,
                text=str(event.details.get("text", "")),
                anchor=Anchor.from_dict(place) if isinstance(place, dict) else None,
            )
        )
    return tuple(found)


def policy_sentence(workspace: Workspace, subject: str) -> str:
    """Who has to approve, in one sentence."""
    fitting = approval_rule(workspace.settings, subject)
    rule = fitting.rule
    people = "one approval" if rule.needed == 1 else f"{rule.needed} approvals"
    own = "" if rule.own_changes else ", and not by its authors"
    signed = ", signed" if rule.signatures else ""
    return f"Needs {people}{signed} by: {' or '.join(rule.roles)}{own} ({fitting.name})."


def version_before(workspace: Workspace, subject: str) -> Version:
    """What a submission of `subject` that is made now is compared with: the version that was approved last."""
    try:
        approval = read_approval(workspace, subject)
    except StudioError:  # a damaged approval approves nothing: the packet shows everything as new
        approval = None
    return approved_version(workspace, subject, approval)


def _contracts(workspace: Workspace, content: Content, before: Version) -> Iterator[ContractTexts]:
    catalog = read_catalog(workspace)
    datasets = [catalog.datasets[name] for name in content.contracts if name in catalog.datasets]
    names = sorted({entry.contract for entry in datasets if entry.contract is not None})
    for name in names:
        path = workspace.contracts / f"{name}.yml"
        now = path.read_text(encoding="utf-8") if path.is_file() else None
        yield ContractTexts(name, before.contracts.get(name), now)


def _findings(workspace: Workspace, content: Content) -> Sequence[Any]:
    if content.is_pipeline:
        return ()
    known = frozenset(read_catalog(workspace).datasets)
    return [problem.as_dict() for problem in check_notebook(workspace, content.subject, known_datasets=known)]
