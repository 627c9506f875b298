"""What a review packet is made of; whoever submits gathers it, from runs, tests and the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.core.report import Report
from studio.notebooks.document import NotebookDocument
from studio.notebooks.fingerprint import Fingerprint
from studio.notebooks.review.anchors import Anchor
from studio.notebooks.review.diff import NotebookDiff


@dataclass(frozen=True)
class ContractTexts:
    """A contract before and after, as YAML; None where there is none."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Comment:
    """What somebody said, and the cell it is about (None: the whole notebook)."""

    author: str
    time: str
    text: str
    anchor: Anchor | None = None


@dataclass(frozen=True)
class PacketFacts:
    """Everything a reviewer has to see.

    Attributes
    ----------
    submission : str
        Its identifier.
    subject : str
        The notebook's path in the workspace.
    title, author, message : str
        What it is called, who submits it and what they say about it.
    time : str
        When, RFC 3339.
    diff : NotebookDiff
        The difference to the last approved notebook (or whatever it is compared with).
    base : str
        What the notebook is compared with, in words: ``the approval of 3 May``, ``main``.
    old_fingerprint, new_fingerprint : Fingerprint or None
        Before and after; None where there is none (yet).
    contracts : sequence of ContractTexts
        Those that the notebook loads or saves by.
    old_metrics, new_metrics : Mapping of str to float
        Of the run before and the run that is evidence.
    old_executed, new_executed : NotebookDocument or None
        The notebooks as those runs executed them, with figures and outputs; None: the outputs in the notebooks.
    report : Report or None
        What the tests found.
    findings : sequence of str or mapping
        What the checks found: sentences, or mappings with ``message`` and perhaps ``rule``, ``cell``, ``line`` and
        ``fix``.
    comments : sequence of Comment
        In order of time.
    policy : str
        The sentence that says who has to approve.
    links : Mapping of str to str
        Addresses by what they lead to; only those of ``http`` and ``https`` become links.
    """

    submission: str
    subject: str
    title: str
    author: str
    time: str
    message: str
    diff: NotebookDiff
    base: str = ""
    old_fingerprint: Fingerprint | None = None
    new_fingerprint: Fingerprint | None = None
    contracts: Sequence[ContractTexts] = ()
    old_metrics: Mapping[str, float] = field(default_factory=dict)
    new_metrics: Mapping[str, float] = field(default_factory=dict)
    old_executed: NotebookDocument | None = None
    new_executed: NotebookDocument | None = None
    report: Report | None = None
    findings: Sequence[str | Mapping[str, Any]] = ()
    comments: Sequence[Comment] = ()
    policy: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
