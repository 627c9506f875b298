"""Review packets without a submission, for continuous integration: what a branch changes, with the tests' results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core import clock
from studio.core.errors import BadInput
from studio.core.files import write_atomic
from studio.core.report import Report
from studio.core.workspace import Workspace, find_workspace
from studio.governance.people import current_actor
from studio.notebooks.approval_file import read_approval
from studio.notebooks.review.diff import NotebookDiff, diff_notebooks
from studio.notebooks.review.packet import Packet
from studio.workflows.content_states import Content, contents_named
from studio.workflows.earlier_version import Version, approved_version, present_version, version_at
from studio.workflows.kept_reports import kept
from studio.workflows.review_evidence import Evidence
from studio.workflows.review_packet import make_packet


@dataclass(frozen=True)
class Packed:
    """What was written.

    Attributes
    ----------
    pages : tuple of Path
        The pages, one for each content that changed.
    summary : str
        A table in Markdown, for a comment on a pull request.
    untested : tuple of str
        Changed content of which no test report is kept.
    """

    pages: tuple[Path, ...]
    summary: str
    untested: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "pages": [str(page) for page in self.pages],
            "summary": self.summary,
            "untested": list(self.untested),
        }


def write_packets(names: Sequence[str], base: Path, *, against: str | None, output: Path) -> Packed:
    """Write the review packets of what changed since a git revision (or since the approvals) into `output`.

    The test reports are those that ``studio test`` kept for exactly this content.

    Raises
    ------
    BadInput, Problems
        When something does not exist or cannot be read.
    CannotWrite
        When the file system refuses.
    """
    workspace = find_workspace()
    pages: list[Path] = []
    rows: list[str] = []
    untested: list[str] = []
    for content in contents_named(workspace, names, base):
        before = _before(workspace, content, against)
        report = kept(workspace, content)
        diff = diff_notebooks(before.document, present_version(workspace, content.subject))
        if diff.same:
            continue
        packet = _packet(workspace, content, before, report)
        stem = content.subject.rsplit(".", 1)[0].replace("/", "-")
        page = base / output / f"{stem}.html"
        write_atomic(page, packet.to_html(), durable=False)
        text = json.dumps(packet.as_dict(), indent=1, ensure_ascii=False, default=str) + "\n"
        write_atomic(page.with_suffix(".json"), text, durable=False)
        pages.append(page)
        rows.append(_row(content, diff, report))
        if report is None:
            untested.append(content.subject)
    return Packed(tuple(pages), _summary(rows, against), tuple(untested))


def _before(workspace: Workspace, content: Content, against: str | None) -> Version:
    if against is not None:
        return version_at(workspace, content.subject, against)
    try:
        approval = read_approval(workspace, content.subject)
    except BadInput:  # a damaged approval approves nothing: everything is new
        approval = None
    return approved_version(workspace, content.subject, approval)


def _packet(workspace: Workspace, content: Content, before: Version, report: Report | None) -> Packet:
    text = (workspace.root / content.subject).read_text(encoding="utf-8")
    evidence = Evidence(content, text, report or Report(()), {}, "", sampled=False, executed=None)
    return make_packet(
        workspace,
        content,
        evidence,
        submission="",
        author=str(current_actor(workspace)),
        time=clock.to_text(clock.now()),
        message="",
        before=before,
    )


def _row(content: Content, diff: NotebookDiff, report: Report | None) -> str:
    tests = (report.summary() if report else "") or "not tested"
    return f"| `{content.subject}` | {diff.summary()} | {tests} |"


def _summary(rows: Sequence[str], against: str | None) -> str:
    base = f"`{against}`" if against else "the last approvals"
    if not rows:
        return f"No notebook and no pipeline changed against {base}.\n"
    lines = [f"### What changes against {base}", "", "| content | change | tests |", "|---|---|---|", *rows]
    return "\n".join(lines) + "\n"
