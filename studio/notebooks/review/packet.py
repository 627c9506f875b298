"""The review packet: everything a reviewer has to see about one submission, as data and as one page.

The page is made from the data and from nothing else, so whoever reads one has read the other. Everything in it is
bounded, and what is left out is counted and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studio.core.report import Case
from studio.notebooks.fingerprint import difference
from studio.notebooks.review.anchors import locate
from studio.notebooks.review.contracts import contract_diff
from studio.notebooks.review.diff import CellDiff, NotebookDiff
from studio.notebooks.review.evidence import Budget, Evidence
from studio.notebooks.review.facts import Comment, PacketFacts
from studio.notebooks.review.figures import figure_pairs
from studio.notebooks.review.lines import LineDiff
from studio.notebooks.review.metrics import MOST as MOST_METRICS
from studio.notebooks.review.metrics import metric_deltas

FORMAT = 1
_MOST_CELLS = 2_000
_MOST_CASES = 1_000
_MOST_FINDINGS = 500
_MOST_COMMENTS = 500
_SOURCES = 1_500_000
_LINES = 12_000
_REPORTED = 700_000
_LONGEST = 4_000


@dataclass(frozen=True)
class Packet:
    """A review packet; `content` is JSON data with stable keys."""

    content: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The whole packet as JSON data."""
        return dict(self.content)

    def to_html(self) -> str:
        """The packet as one self-contained page that runs no script and fetches nothing."""
        from studio.notebooks.review.page import packet_page

        return packet_page(self.content)


def build_packet(facts: PacketFacts) -> Packet:
    """The packet of a submission; large facts are cut, and the packet says where."""
    content: dict[str, Any] = {
        "version": FORMAT,
        "submission": _told(facts.submission),
        "subject": _told(facts.subject),
        "title": _told(facts.title),
        "author": _told(facts.author),
        "time": _told(facts.time),
        "message": _told(facts.message),
        "base": _told(facts.base),
        "policy": _told(facts.policy),
        "links": [{"name": _told(name), "address": _told(address)} for name, address in facts.links.items()],
        "fingerprint": _fingerprints(facts),
        "diff": _diff(facts),
        "contracts": [contract_diff(texts).as_dict() for texts in facts.contracts],
        "metrics": _metrics(facts),
        "figures": _figures(facts),
        "report": _report(facts),
        "findings": _findings(facts.findings),
        "comments": _comments(facts),
    }
    content["summary"] = _summary(facts.diff, content)
    return Packet(content)


def _fingerprints(facts: PacketFacts) -> dict[str, Any]:
    old, new = facts.old_fingerprint, facts.new_fingerprint
    changes = difference(old.parts, new.parts) if old and new else []
    return {"old": old.digest if old else None, "new": new.digest if new else None, "difference": changes}


def _diff(facts: PacketFacts) -> dict[str, Any]:
    diff = facts.diff
    # Where not everything fits, changed cells come first; what is shown stands in the notebook's order.
    order = sorted(range(len(diff.cells)), key=lambda at: not diff.cells[at].touched)[:_MOST_CELLS]
    places = sorted(order)
    content = diff.as_dict(cells=places)
    entries = dict(zip(places, content["cells"], strict=True))
    outputs = Evidence().of_cells(facts.new_executed or diff.new)
    sources, lines = Budget(_SOURCES), _LINES
    for at in order:
        cell, entry = diff.cells[at], entries[at]
        entry["text"] = None if cell.source.hunks else _text(cell)
        entry["outputs_shown"] = outputs.get(cell.new.index, []) if cell.new else []
        shown = _shown_text(cell)
        size = shown.count("\n") + 1
        if size > lines or not sources.take(shown):
            _leave_out(entry, cell)
        else:
            lines -= size
    content["cells_left_out"] = len(diff.cells) - len(places)
    content["outputs_of"] = "run" if facts.new_executed else "notebook"
    return content


def _text(cell: CellDiff) -> str:
    source = cell.cell.source
    cut = len(source) - 20_000
    return source if cut <= 0 else f"{source[:20_000]}\n… ({cut} more characters are not shown)"


def _shown_text(cell: CellDiff) -> str:
    texts = [difference.unified() for difference in (cell.source, cell.output_lines) if difference]
    return "\n".join([*texts, "" if cell.source.hunks else _text(cell)])


def _leave_out(entry: dict[str, Any], cell: CellDiff) -> None:
    source = cell.source
    lines = sum(len(hunk.lines) for hunk in source.hunks) + source.left_out
    entry["source"] = LineDiff((), source.added, source.removed, lines).as_dict()
    entry["output_lines"] = None
    entry["text"] = None if source.hunks else "… (not shown: the packet would become too large)"


def _metrics(facts: PacketFacts) -> dict[str, Any]:
    deltas = metric_deltas(facts.old_metrics, facts.new_metrics)
    rows = [delta.as_dict() for delta in deltas[:MOST_METRICS]]
    return {"rows": rows, "left_out": len(deltas) - len(rows)}


def _figures(facts: PacketFacts) -> dict[str, Any]:
    diff = facts.diff
    pairs, left_out = figure_pairs(diff, facts.old_executed or diff.old, facts.new_executed or diff.new)
    return {"pairs": [pair.as_dict() for pair in pairs], "left_out": left_out}


def _report(facts: PacketFacts) -> dict[str, Any] | None:
    if facts.report is None:
        return None
    room = Budget(_REPORTED)
    cases = sorted(facts.report.cases, key=lambda case: (case.ok, case.status == "passed"))
    rows = [_case(case, room) for case in cases[:_MOST_CASES]]
    return {
        "ok": facts.report.ok,
        "digest": facts.report.digest(),
        "counts": facts.report.counts(),
        "cases": rows,
        "left_out": len(cases) - len(rows),
    }


def _case(case: Case, room: Budget) -> dict[str, Any]:
    told = {"message": _told(case.message), "detail": _told(case.detail), "output": _told(case.output)}
    for key, text in told.items():
        if not room.take(text):
            told[key] = "… (not shown: the packet would become too large)" if text else ""
    return {
        "rung": case.rung,
        "subject": _told(case.subject, 300),
        "name": _told(case.name, 300),
        "status": case.status,
        "seconds": round(case.seconds, 3),
        "place": _told(case.place, 300),
        "cell": case.cell,
        "line": case.line,
        "values": {_told(str(key), 80): _told(str(value), 200) for key, value in list(case.values.items())[:20]},
        **told,
    }


def _findings(findings: Iterable[str | Mapping[str, Any]]) -> dict[str, Any]:
    given = list(findings)
    rows = []
    for finding in given[:_MOST_FINDINGS]:
        facts = {"message": finding} if isinstance(finding, str) else finding
        texts = {key: _told(str(facts.get(key) or ""), 1_000) for key in ("rule", "message", "fix")}
        numbers = {key: facts[key] if type(facts.get(key)) is int else None for key in ("cell", "line")}
        rows.append({**texts, **numbers})
    return {"rows": rows, "left_out": len(given) - len(rows)}


def _comments(facts: PacketFacts) -> dict[str, Any]:
    given = list(facts.comments)
    # The latest are the ones to be answered.
    rows = [_comment(comment, facts.diff) for comment in given[-_MOST_COMMENTS:]]
    return {"rows": rows, "left_out": len(given) - len(rows)}


def _comment(comment: Comment, diff: NotebookDiff) -> dict[str, Any]:
    cell, status = (None, "notebook") if comment.anchor is None else locate(comment.anchor, diff.new)
    return {
        "author": _told(comment.author, 300),
        "time": _told(comment.time, 100),
        "text": _told(comment.text),
        "status": status,
        "cell": cell.number if cell else None,
        "excerpt": _told(comment.anchor.excerpt, 500) if comment.anchor and status != "here" else "",
    }


def _summary(diff: NotebookDiff, content: Mapping[str, Any]) -> dict[str, Any]:
    report = content["report"]
    return {
        "cells": diff.summary(),
        "tallies": diff.tallies(),
        "fingerprint_changed": content["fingerprint"]["old"] != content["fingerprint"]["new"],
        "tests": report["counts"] if report else None,
        "tests_ok": report["ok"] if report else None,
        "findings": len(content["findings"]["rows"]) + content["findings"]["left_out"],
        "comments": len(content["comments"]["rows"]) + content["comments"]["left_out"],
    }


def _told(text: str, most: int = _LONGEST) -> str:
    """A text from anywhere: cut, and such that it can be written as UTF-8."""
    cut = text if len(text) <= most else f"{text[:most]}… ({len(text) - most} more characters)"
    return cut.encode("utf-8", "replace").decode("utf-8")
