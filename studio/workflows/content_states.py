"""Which content of a pipeline is approved: the states of its notebooks and of its own file, as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core.environment import environment_digest
from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.ledger.ledger import open_ledger
from studio.notebooks.approval import ApprovalState, state
from studio.notebooks.fingerprint import Fingerprint
from studio.pipelines.declaration import declaration_fingerprint
from studio.pipelines.plan import Plan, make_plan
from studio.pipelines.specification import Pipeline, list_pipelines, pipeline_of_notebook, read_pipeline


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


def contents(workspace: Workspace, pipeline: Pipeline, plan: Plan) -> list[Content]:
    """The pipeline's file (unless it is nothing but a notebook), then its notebooks in the order of the plan."""
    found: dict[str, Content] = {}
    if pipeline.notebook is None:
        found[pipeline.shown] = Content(pipeline.shown, declaration_fingerprint(workspace, pipeline, plan), {})
    for step in plan.steps:
        path = step.document.path
        contracts = {
            part.label.removeprefix("contract of "): part.digest
            for part in step.fingerprint.parts
            if part.kind == "contract"
        }
        found.setdefault(path, Content(path, step.fingerprint, contracts))
    return list(found.values())


def contents_named(workspace: Workspace, names: Sequence[str], base: Any) -> list[Content]:
    """The contents of the pipelines and notebooks `names`, each once; without names, of all pipelines.

    Raises
    ------
    BadInput, Problems
        When one does not exist or its plan cannot be made.
    """
    found: dict[str, Content] = {}
    pipelines = [_chosen(workspace, name, base) for name in names]
    if not names:
        pipelines = [read_pipeline(workspace, name) for name in list_pipelines(workspace)]
        if not pipelines:
            raise BadInput("There is no pipeline here yet. Next: name a notebook, or write pipelines/<name>.yml")
    for pipeline in pipelines:
        plan = make_plan(workspace, pipeline, {}, base=workspace.root)
        found |= {content.subject: content for content in contents(workspace, pipeline, plan)}
    return list(found.values())


def approval_states(workspace: Workspace, found: Sequence[Content]) -> dict[str, ApprovalState]:
    """The state of each content's approval, by subject."""
    revoked = revoked_approvals(workspace)
    environment = environment_digest()
    return {
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


def revoked_approvals(workspace: Workspace) -> frozenset[str]:
    """The approvals that the ledger says were revoked, whatever the files say."""
    events = open_ledger(workspace).events(kinds={"revoked"})
    return frozenset(str(event.details.get("approval")) for event in events)


def _chosen(workspace: Workspace, name: str, base: Any) -> Pipeline:
    from studio.workflows.choose_pipeline import choose_pipeline

    if name.startswith("pipelines/") and name.endswith(".yml"):
        return read_pipeline(workspace, name.removeprefix("pipelines/").removesuffix(".yml"))
    return choose_pipeline(workspace, name, base)


__all__ = ["Content", "approval_states", "contents", "contents_named", "pipeline_of_notebook", "revoked_approvals"]
