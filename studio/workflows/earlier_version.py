"""The version that a change is compared with: the last approved one, or the one of a git revision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from studio.core.errors import BadInput, StudioError
from studio.core.git import Repository, open_repository
from studio.core.workspace import Workspace
from studio.notebooks.approval_file import ApprovalFile
from studio.notebooks.document import NotebookDocument, as_document, is_notebook, parse_notebook, read_notebook
from studio.notebooks.fingerprint import Fingerprint
from studio.notebooks.reading import read_text
from studio.workflows import submissions


@dataclass(frozen=True)
class Version:
    """A version of a notebook or of a pipeline's file.

    Attributes
    ----------
    base : str
        What it is, in words: ``the approval of 2026-03-03 by anna``, ``main``.
    document : NotebookDocument or None
        It, as a notebook; None where nothing (or nothing any more) is known of it.
    executed : NotebookDocument or None
        The notebook as it was executed for its evidence.
    fingerprint : Fingerprint or None
        What it was.
    metrics : mapping
        What its run measured.
    contracts : mapping
        The texts of contracts then, by name, as far as known.
    """

    base: str
    document: NotebookDocument | None = None
    executed: NotebookDocument | None = None
    fingerprint: Fingerprint | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    contracts: Mapping[str, str] = field(default_factory=dict)


def as_notebook(text: str, subject: str) -> NotebookDocument:
    """The document of a text: a notebook, or a pipeline's file shown as a notebook of one cell."""
    if subject.endswith(".ipynb"):
        return parse_notebook(text, subject)
    if is_notebook(subject):
        from studio.notebooks.text_notebooks import parse_text_notebook

        return parse_text_notebook(text, Path(subject).suffix, subject)
    return declaration_document(text, subject)


def declaration_document(text: str, subject: str) -> NotebookDocument:
    """A declaration's text as a notebook of one cell, so that it is compared and commented on like one."""
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "declaration",
        "metadata": {},
        "source": text,
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"name": "yaml", "display_name": "YAML", "language": "yaml"}
    raw = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return as_document(read_text(json.dumps(raw), subject), subject)


def approved_version(workspace: Workspace, subject: str, approval: ApprovalFile | None) -> Version:
    """The version that `approval` is about; one without a document where it can be found nowhere."""
    if approval is None:
        return Version("nothing: it was never approved")
    first = approval.approvals[0] if approval.approvals else None
    base = f"the approval of {first.time[:10]} by {first.reviewer}" if first else "the last approval"
    evidence = approval.evidence
    home = submissions.folder(workspace, evidence.submission)
    kept = submissions.NOTEBOOK if is_notebook(subject) else submissions.DECLARATION
    text = _kept(home / kept) or _committed(workspace, subject, approval.commit)
    document = _read(text, subject)
    return Version(
        base=base,
        document=document,
        executed=_read(_kept(home / submissions.EXECUTED), subject),
        fingerprint=approval.content,
        metrics={name: value for name, value in evidence.metrics.items() if value is not None},
        contracts=_committed_contracts(workspace, approval.commit),
    )


def version_at(workspace: Workspace, subject: str, name: str) -> Version:
    """The version of the git revision `name`.

    Raises
    ------
    BadInput
        When git knows no such revision.
    """
    repository = open_repository(workspace.root)
    if repository.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is None:
        raise BadInput(f"git knows no revision {name!r} here. Next: git fetch, or correct the name.")
    document = _read(_committed(workspace, subject, name), subject)
    return Version(base=name, document=document, contracts=_committed_contracts(workspace, name))


def present_version(workspace: Workspace, subject: str) -> NotebookDocument:
    """The content of `subject` as it is now.

    Raises
    ------
    BadInput
        When it cannot be read.
    """
    if not subject.startswith("pipelines/"):
        return read_notebook(workspace, subject)
    return declaration_document((workspace.root / subject).read_text(encoding="utf-8"), subject)


def _kept(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # not here any more: git is asked next
        return None


def _committed(workspace: Workspace, path: str, revision: str) -> str | None:
    repository = _repository(workspace)
    if repository is None or not revision:
        return None
    content = repository.content(f"{revision}:{_prefix(workspace, repository)}{path}")
    return None if content is None else content.decode("utf-8", "replace")


def _committed_contracts(workspace: Workspace, revision: str) -> dict[str, str]:
    found = {}
    for path in sorted(workspace.contracts.glob("*.yml")):
        text = _committed(workspace, workspace.shown(path), revision)
        if text is not None:
            found[path.stem] = text
    return found


def _repository(workspace: Workspace) -> Repository | None:
    try:
        return open_repository(workspace.root)
    except StudioError:  # without git there is no earlier version, and the page says so
        return None


def _prefix(workspace: Workspace, repository: Repository) -> str:
    relative = workspace.root.resolve().relative_to(repository.top.resolve()).as_posix()
    return "" if relative == "." else f"{relative}/"


def _read(text: str | None, subject: str) -> NotebookDocument | None:
    if text is None:
        return None
    try:
        return as_notebook(text, subject)
    except BadInput:  # a version that was broken then cannot be compared with; the page says that there is none
        return None
