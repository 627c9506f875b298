"""Which content of a pipeline is approved: the states of its notebooks and of its own file, as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from studio.core.environment import environment_digest
from studio.core.errors import BadInput, Problem, Problems
from studio.core.workspace import Workspace
from studio.data.catalog import read_catalog
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval import ApprovalState, state
from studio.notebooks.fingerprint import Fingerprint
from studio.pipelines.declaration import declaration_fingerprint
from studio.pipelines.plan import Plan
from studio.pipelines.plan_notebooks import NotebookFacts, NotebookReader
from studio.pipelines.specification import Pipeline, list_pipelines, read_pipeline
from studio.workflows.choose_pipeline import choose_pipeline


@dataclass(frozen=True)
class Content:
    """One thing that can be approved.

    Attributes
    ----------
    subject : str
        A notebook's path, or ``pipelines/<name>.yml``.
    fingerprint : Fingerprint
        What it is now.
    contracts : mapping
        Digest of the contract of each dataset that it loads or saves, by dataset; part of the fingerprint too.
    """

    subject: str
    fingerprint: Fingerprint
    contracts: Mapping[str, str]

    @property
    def is_pipeline(self) -> bool:
        """Whether it is a pipeline's file and not a notebook."""
        return self.subject.startswith("pipelines/")


def contents(workspace: Workspace, pipeline: Pipeline) -> list[Content]:
    """The pipeline's file (unless it is nothing but a notebook), then its notebooks in the file's order.

    Raises
    ------
    Problems
        When the catalog, a notebook, a module or a contract cannot be read.
    """
    problems: list[Problem] = []
    reader = NotebookReader(workspace, read_catalog(workspace), problems)
    found = [
        reader.facts(step.notebook, partial(pipeline.document.problem, ("steps", name, "notebook")))
        for name, step in pipeline.steps.items()
    ]
    if problems:
        raise Problems(problems)
    facts = [one for one in found if one is not None]
    notebooks = notebooks_of(facts)
    if pipeline.notebook is not None:
        return notebooks
    return [declaration_of(workspace, pipeline, facts), *notebooks]


def notebooks_of(facts: Iterable[NotebookFacts]) -> list[Content]:
    """The notebooks of a pipeline, each once; one whose fingerprint cannot be taken is left out."""
    found = {one.document.path: one.fingerprint for one in facts if one.fingerprint is not None}
    return [_notebook(path, fingerprint) for path, fingerprint in found.items()]


def declaration_of(workspace: Workspace, pipeline: Pipeline, facts: Iterable[NotebookFacts]) -> Content:
    """The pipeline's file, with what the catalog says of the datasets that its notebooks load and save.

    Raises
    ------
    BadInput, Problems
        When the catalog or a contract can no longer be read.
    """
    datasets = {name for one in facts for name in (*one.loads, *one.saves)}
    return Content(pipeline.shown, declaration_fingerprint(workspace, pipeline, datasets), {})


def contents_of_plan(workspace: Workspace, pipeline: Pipeline, plan: Plan) -> list[Content]:
    """`contents` for the very documents of a plan, which are what will run."""
    found = {step.document.path: _notebook(step.document.path, step.fingerprint) for step in plan.steps}
    if pipeline.notebook is not None:
        return list(found.values())
    datasets = {name for step in plan.steps for name in (*step.loads, *step.saves)}
    declared = Content(pipeline.shown, declaration_fingerprint(workspace, pipeline, datasets), {})
    return [declared, *found.values()]


def files_of(workspace: Workspace, content: Content) -> list[str]:
    """The files that make `content` what it is: itself, its modules, contracts and, for a pipeline, the catalog.

    Raises
    ------
    BadInput, Problems
        When the catalog can no longer be read.
    """
    parts = content.fingerprint.parts
    modules = [part.label.removeprefix("module ") for part in parts if part.kind == "module"]
    labels = [part.label for part in parts if part.kind == "contract"]
    datasets = read_catalog(workspace).datasets
    found = [content.subject, *modules]
    for label in labels:
        dataset = label.removeprefix("contract of ")
        name = datasets[dataset].contract if dataset in datasets else label.removeprefix("contract ")
        found += [f"pipelines/contracts/{name}.yml"] if name else []
    if any(part.kind == "dataset" for part in parts):
        found.append("pipelines/catalog.yml")
    return list(dict.fromkeys(found))


def _notebook(path: str, fingerprint: Fingerprint) -> Content:
    parts = [part for part in fingerprint.parts if part.kind == "contract"]
    return Content(path, fingerprint, {part.label.removeprefix("contract of "): part.digest for part in parts})


def contents_named(workspace: Workspace, names: Sequence[str], base: Path) -> list[Content]:
    """The contents of the pipelines and notebooks `names`, each once; without names, of all pipelines.

    Raises
    ------
    BadInput, Problems
        When one does not exist or cannot be read.
    """
    found: dict[str, Content] = {}
    pipelines = [choose_pipeline(workspace, name, base) for name in names]
    if not names:
        pipelines = [read_pipeline(workspace, name) for name in list_pipelines(workspace)]
        if not pipelines:
            raise BadInput("There is no pipeline here yet. Next: name a notebook, or write pipelines/<name>.yml")
    for pipeline in pipelines:
        found |= {content.subject: content for content in contents(workspace, pipeline)}
    return list(found.values())


def approval_states(workspace: Workspace, found: Sequence[Content]) -> dict[str, ApprovalState]:
    """The state of each content's approval, by subject."""
    revoked = revoked_approvals(workspace)
    environment = environment_digest()
    known = known_approvals(workspace)
    found_states = {
        content.subject: state(
            workspace,
            content.subject,
            content.fingerprint,
            contracts=content.contracts,
            environment=environment,
            revoked=revoked,
        )
        for content in found
    }
    return {subject: _vouched(one, known) for subject, one in found_states.items()}


def known_approvals(workspace: Workspace) -> frozenset[str] | None:
    """The approvals that the team's ledger knows; None for a ledger of this clone, which lacks those of others."""
    ledger = open_ledger(workspace)
    if ledger.address.path is not None:
        return None
    return frozenset(str(event.details.get("approval")) for event in ledger.events(kinds={"approved"}))


def _vouched(state: ApprovalState, known: frozenset[str] | None) -> ApprovalState:
    """Every approval is told to the ledger before it is written; one that a shared ledger does not know was forged."""
    if known is None or state.status != "approved" or state.approval is None:
        return state
    unknown = [one.reviewer for one in state.approval.approvals if one.id not in known]
    if not unknown:
        return state
    reason = f"The team's ledger knows of no approval of {state.subject} by {', '.join(unknown)}."
    return replace(state, status="invalid", reasons=(reason,), next=f"studio review approve {state.subject}")


def revoked_approvals(workspace: Workspace) -> frozenset[str]:
    """The approvals that the ledger says were revoked, whatever the files say."""
    events = open_ledger(workspace).events(kinds={"revoked"})
    return frozenset(str(event.details.get("approval")) for event in events)
