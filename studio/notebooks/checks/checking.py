"""All rules applied to notebooks, without running them: many at once, so that ruff is started once."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from studio.core.errors import BadInput, Problem
from studio.core.workspace import Workspace
from studio.notebooks.checks.execution import execution_findings
from studio.notebooks.checks.finding import Finding, from_problem
from studio.notebooks.checks.lint import lint_findings
from studio.notebooks.checks.names import hidden_state, read_names
from studio.notebooks.checks.paths import path_findings
from studio.notebooks.checks.randomness import random_findings
from studio.notebooks.checks.ruff import NoRuff, Remark, ask_ruff
from studio.notebooks.checks.rules import RULES, ignored_rules
from studio.notebooks.checks.secret_texts import secret_findings
from studio.notebooks.checks.silencing import silenced
from studio.notebooks.checks.structure import attempt, structure_findings
from studio.notebooks.document import NotebookDocument, read_notebook

# Bytes of notebooks that are checked together.
_BATCH = 50_000_000
_BY_RUFF = tuple(rule.name for rule in RULES.values() if rule.by_ruff)


def check_notebook(
    workspace: Workspace, path: str | Path, *, known_datasets: Collection[str] | None = None
) -> list[Problem]:
    """Check the notebook at `path`.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    path : str or Path
        The notebook, relative to the workspace or absolute.
    known_datasets : collection of str, optional
        The catalog's datasets; without them, names of datasets are not looked up.

    Returns
    -------
    list of Problem
        Empty where all is well.

    Raises
    ------
    Problems
        When studio.toml ignores rules that there are not.
    """
    findings = check_notebooks(workspace, [path], known_datasets=known_datasets)
    return [finding.problem for finding in findings]


def check_document(
    workspace: Workspace, document: NotebookDocument, *, known_datasets: Collection[str] | None = None
) -> list[Finding]:
    """What is found in a notebook that was read already; see `check_documents`."""
    return check_documents(workspace, [document], known_datasets=known_datasets)


def check_notebooks(
    workspace: Workspace,
    paths: Sequence[str | Path],
    *,
    known_datasets: Collection[str] | None = None,
    steps: Collection[str] = (),
) -> list[Finding]:
    """What is found in the notebooks at `paths`, those that cannot be read first; see `check_documents`."""
    ignored_rules(workspace)
    unreadable: list[Finding] = []
    findings: list[Finding] = []
    for batch in batches(workspace, paths):
        documents = []
        for path in batch:
            read = attempt(partial(read_notebook, workspace, path), _shown(workspace, path))
            if isinstance(read, list):
                unreadable += [from_problem(problem, "unreadable-notebook") for problem in read]
            else:
                documents.append(read)
        findings += check_documents(workspace, documents, known_datasets=known_datasets, steps=steps)
    return list(dict.fromkeys([*unreadable, *findings]))


def batches(workspace: Workspace, paths: Iterable[str | Path]) -> Iterator[list[str | Path]]:
    """The paths in groups of files that are held in memory at the same time, since outputs may be large."""
    batch: list[str | Path] = []
    size = 0
    for path in paths:
        with contextlib.suppress(OSError, ValueError):  # told when it is read
            size += (workspace.root / path).stat().st_size
        batch.append(path)
        if size > _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def check_documents(
    workspace: Workspace,
    documents: Sequence[NotebookDocument],
    *,
    known_datasets: Collection[str] | None = None,
    steps: Collection[str] = (),
) -> list[Finding]:
    """What is found in notebooks, without what studio.toml ignores and comments silence.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.
    documents : sequence of NotebookDocument
        The notebooks.
    known_datasets : collection of str, optional
        The catalog's datasets; without them, names of datasets are not looked up.
    steps : collection of str
        Paths of the notebooks that are steps of pipelines.

    Raises
    ------
    Problems
        When studio.toml ignores rules that there are not.
    """
    ignored = ignored_rules(workspace)
    unchecked = {*ignored, *(("unknown-dataset",) if known_datasets is None else ())}
    findings: list[Finding] = []
    remarks: list[list[Remark]] = [[] for _ in documents]
    if not set(_BY_RUFF) <= ignored:
        try:
            remarks = ask_ruff(documents)
        except NoRuff as error:
            unchecked |= set(_BY_RUFF)
            findings.append(_incomplete(error))
    for document, said in zip(documents, remarks, strict=True):
        own = _findings(workspace, document, known_datasets, document.path in steps, said)
        kept = sorted({finding for finding in own if finding.rule not in ignored})
        findings += silenced(document, kept, unchecked=unchecked)
    return list(dict.fromkeys(findings))


def _findings(
    workspace: Workspace,
    document: NotebookDocument,
    known_datasets: Collection[str] | None,
    is_step: bool,
    remarks: Sequence[Remark],
) -> Iterator[Finding]:
    yield from structure_findings(workspace, document, known_datasets, is_step)
    yield from execution_findings(document, workspace.settings.checks.output_limit)
    yield from path_findings(document)
    yield from secret_findings(document)
    if document.is_python:
        yield from random_findings(document)
        names = read_names(document)
        yield from hidden_state(document, names)
        yield from lint_findings(workspace, document, names, remarks)


def _incomplete(error: NoRuff) -> Finding:
    rules = f"{', '.join(_BY_RUFF[:-1])} and {_BY_RUFF[-1]}"
    message = f"ruff did not look at the notebooks: {error}. So {rules} were not checked."
    return Finding("", 0, 0, "incomplete-check", message, "install it again with: python -m pip install ruff")


def _shown(workspace: Workspace, path: str | Path) -> str:
    try:
        return workspace.shown(workspace.inside(path, "notebook"))
    except BadInput:
        return str(path)
