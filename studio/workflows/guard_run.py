"""May this run happen in this environment? Asked before anything starts, and written into the ledger either way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from studio.core.errors import Refused
from studio.core.git import revision
from studio.core.settings import Environment
from studio.core.workspace import Workspace
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor, current_actor
from studio.ledger.ledger import Ledger, open_ledger
from studio.pipelines.plan import Plan
from studio.pipelines.run_record import RunRecord
from studio.pipelines.specification import Pipeline
from studio.workflows.awaited import with_submission
from studio.workflows.content_states import Content, approval_states, contents_of_plan
from studio.workflows.kept_reports import passed


@dataclass(frozen=True)
class Refusal:
    """One rule that does not hold: its name, why, and the next command."""

    rule: str
    reason: str
    next: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}" + (f" Next: {self.next}" if self.next else "")


class RunRefused(Refused):
    """The rules of an environment forbid a run; nothing has been started."""

    def __init__(self, pipeline: str, environment: str, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        lines = "".join(f"\n  {refusal}" for refusal in refusals)
        super().__init__(f"{pipeline} may not run in {environment}; nothing has been started.{lines}")


@dataclass(frozen=True)
class Admission:
    """A run that was admitted to a guarded environment, and what its end has to say."""

    ledger: Ledger
    environment: str
    rules: Environment
    actor: Actor
    details: dict[str, Any]

    def accepted(self, record: RunRecord) -> None:
        """Say that the run begins."""
        self._append("run accepted", record, {})

    def ended(self, record: RunRecord) -> None:
        """Say how the run ended, and on which data."""
        data = {
            name + (f"[{part}]" if part else ""): digest
            for step in record.steps.values()
            for name, parts in _data_of(step.inputs, step.outputs)
            for part, digest in parts.items()
        }
        gates = {str(case["name"]): str(case["status"]) for case in record.gates}
        self._append("run ended", record, {"status": record.status, "data": data, "gates": gates})

    def _append(self, kind: str, record: RunRecord, more: dict[str, Any]) -> None:
        self.ledger.append(
            kind,
            actor=self.actor.name,
            subject=str(self.details["subject"]),
            environment=self.environment,
            details={**self.details, "run": record.id, **more},
        )


def admit(workspace: Workspace, pipeline: Pipeline, plan: Plan, environment: str) -> Admission | None:
    """Return the admission of a run to `environment`; None where the environment demands nothing.

    Raises
    ------
    RunRefused
        When a rule does not hold: every one is named, with the next command. The refusal is in the ledger.
    BadInput
        When there is no such environment, or the ledger cannot be used.
    """
    rules = workspace.settings.environment(environment)
    if not rules.guarded:
        return None
    actor = current_actor(workspace)
    ledger = open_ledger(workspace)
    found = contents_of_plan(workspace, pipeline, plan)
    subject = pipeline.notebook or pipeline.shown
    refusals = [
        *_role(workspace, actor, subject, environment),
        *(_clean_tree(workspace) if "clean tree" in rules.requires else ()),
        *_content(workspace, found, rules),
    ]
    commit = revision(workspace.root).commit
    details = {
        "pipeline": plan.pipeline,
        "subject": subject,
        "commit": commit,
        "fingerprints": {content.subject: content.fingerprint.digest for content in found},
    }
    if refusals:
        told = {
            "rules": sorted({refusal.rule for refusal in refusals}),
            "reasons": [str(refusal) for refusal in refusals],
        }
        ledger.append(
            "run refused", actor=actor.name, subject=subject, environment=environment, details={**details, **told}
        )
        raise RunRefused(f"studio run {plan.notebook or plan.pipeline}", environment, refusals)
    return Admission(ledger, environment, rules, actor, details)


def _role(workspace: Workspace, actor: Actor, subject: str, environment: str) -> list[Refusal]:
    decision = decide(workspace, actor, "run", Resource(subject=subject, environment=environment))
    return [] if decision.allowed else [Refusal("role", decision.reason, decision.next)]


def _clean_tree(workspace: Workspace) -> list[Refusal]:
    found = revision(workspace.root)
    if not found.commit:
        reason = "the workspace has no commit in git, so nobody could say later what ran."
        return [Refusal("clean tree", reason, "git init, git add and git commit")]
    if found.dirty:
        return [
            Refusal(
                "clean tree",
                "files differ from the last commit (git status shows them), so the run could not be repeated.",
                "git add … && git commit, or git stash",
            )
        ]
    return []


def _content(workspace: Workspace, found: Sequence[Content], rules: Environment) -> list[Refusal]:
    if "approval" in rules.requires:  # which holds its tests' report
        return _approvals(workspace, found)
    untested = [content.subject for content in found if not passed(workspace, content)]
    if "tests" not in rules.requires or not untested:
        return []
    reason = f"no passed test report is kept of {_listed(untested)} as it is now."
    return [Refusal("tests", reason, f"studio test {_short(found, untested)}")]


def _approvals(workspace: Workspace, found: Sequence[Content]) -> list[Refusal]:
    refusals: list[Refusal] = []
    never: list[str] = []
    states = approval_states(workspace, found)
    for content in found:
        state = with_submission(workspace, content, states[content.subject])
        if state.status == "draft" and state.approval is None and len(state.reasons) == 1:
            never.append(content.subject)
        elif state.status != "approved":
            refusals.append(Refusal("approval", " ".join(state.reasons), state.next))
    if never:
        reason = f"{_listed(never)} {'was' if len(never) == 1 else 'were'} never approved."
        refusals.append(Refusal("approval", reason, f"studio review submit {_short(found, never)}"))
    return refusals


def _short(found: Sequence[Content], subjects: Sequence[str]) -> str:
    """What to type for the subjects: the pipeline's name stands for all its content."""
    pipeline = next((content.subject for content in found if content.is_pipeline), None)
    if pipeline is not None and len(subjects) > 1:
        return PurePosixPath(pipeline).stem
    return " ".join(subjects)


def _listed(subjects: Sequence[str]) -> str:
    shown = ", ".join(subjects[:3])
    return shown if len(subjects) <= 3 else f"{shown} and {len(subjects) - 3} more"


def _data_of(inputs: Any, outputs: dict[str, dict[str, str]]) -> list[tuple[str, dict[str, str]]]:
    found = [(name, dict(parts)) for name, parts in outputs.items()]
    for name, given in (inputs or {}).items():
        parts = given.get("parts") or {"": given.get("source", "")}
        found.append((name, {part: digest for part, digest in parts.items() if digest}))
    return found
