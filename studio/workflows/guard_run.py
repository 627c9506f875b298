"""May this run happen in this environment? Asked before anything starts, and written into the ledger either way."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from studio.core.errors import BadInput, Refused, StudioError
from studio.core.settings import Environment
from studio.core.workspace import SAMPLED, Workspace
from studio.governance.decide import Resource, decide
from studio.governance.people import Actor, current_actor
from studio.governance.policy import rules_digest
from studio.governance.worktree import look
from studio.ledger.ledger import Ledger, open_ledger
from studio.pipelines.plan import Plan
from studio.pipelines.run_record import RunRecord
from studio.pipelines.specification import Pipeline
from studio.workflows.awaited import with_submission
from studio.workflows.content_states import Content, approval_states, contents_named, contents_of_plan
from studio.workflows.guard_rules import Refusal, clean_tree, drop_bytecode
from studio.workflows.kept_reports import passed
from studio.workflows.run_endings import damaged_data, ending, settle_ledger


class ContentMoved(StudioError):
    """A run completed, and what it ran on was changed meanwhile."""

    def __init__(self, run: str, environment: str, changed: Sequence[str], damaged: Sequence[str]) -> None:
        facts = [f"{_listed(changed)} changed while it ran"] if changed else []
        facts += [f"the snapshots of {_listed(damaged)} do not have the digests in their names"] if damaged else []
        super().__init__(
            f"The run {run} in {environment} completed, but {' and '.join(facts)}, so nobody can say that it was what "
            f"was approved; the ledger says so, too. Next: look into it, then run it again with --force"
        )


class RunRefused(Refused):
    """The rules of an environment forbid a run; nothing has been started."""

    def __init__(self, pipeline: str, environment: str, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        lines = "".join("\n  " + str(refusal).replace("\n", "\n    ") for refusal in refusals)
        super().__init__(f"{pipeline} may not run in {environment}; nothing has been started.{lines}")


@dataclass(frozen=True)
class Admission:
    """A run that was admitted to a guarded environment, and what its end has to say."""

    workspace: Workspace
    ledger: Ledger
    environment: str
    rules: Environment
    actor: Actor
    details: dict[str, Any]

    def accepted(self, record: RunRecord) -> None:
        """Say that the run begins, and what was asked for beside the approved content."""
        asked = {
            "parameters": dict(record.given),
            "only": record.only or "",
            "from": record.start or "",
            "force": record.force,
            "continued": bool(record.earlier),
        }
        self._append("run accepted", record, asked)

    def ended(self, record: RunRecord) -> None:
        """Say how the run ended, on which data, and whether the content was the approved one all the time.

        Raises
        ------
        ContentMoved
            When the run completed, and its content is another one by now; the ledger says so.
        """
        before = sys.exc_info()[1]
        changed = _changed(self.workspace, str(self.details["subject"]), self.details["fingerprints"])
        damaged = damaged_data(self.workspace, record)
        self._append("run ended", record, ending(record, changed=changed, damaged=damaged))
        if before is None and record.status == "completed" and (changed or damaged):
            raise ContentMoved(record.id, self.environment, changed, damaged)

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
    ledger.check_tail()
    settle_ledger(workspace, ledger)
    found = contents_of_plan(workspace, pipeline, plan)
    subject = pipeline.notebook or pipeline.shown
    refusals = [
        *_role(workspace, actor, subject, environment),
        *_samples(workspace),
        *(clean_tree(workspace, found) if "clean tree" in rules.requires else ()),
        *_content(workspace, found, rules),
    ]
    tree = look(workspace.root)
    commit = tree.commit if tree else ""
    details = {
        "pipeline": plan.pipeline,
        "subject": subject,
        "commit": commit,
        "governing": rules_digest(workspace.settings),
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
    drop_bytecode(workspace, found)
    return Admission(workspace, ledger, environment, rules, actor, details)


def _role(workspace: Workspace, actor: Actor, subject: str, environment: str) -> list[Refusal]:
    decision = decide(workspace, actor, "run", Resource(subject=subject, environment=environment))
    return [] if decision.allowed else [Refusal("role", decision.reason, decision.next)]


def _samples(workspace: Workspace) -> list[Refusal]:
    if not workspace.sampled:
        return []
    reason = f"the variable {SAMPLED} is set, so it would run on samples."
    return [Refusal("samples", reason, f"unset {SAMPLED}")]


def _changed(workspace: Workspace, subject: str, fingerprints: Mapping[str, str]) -> list[str]:
    """The content that is another one now, or cannot be read any more: it was edited while the run was under way."""
    try:
        now = {one.subject: one.fingerprint.digest for one in contents_named(workspace, [subject], workspace.root)}
    except BadInput:
        return sorted(fingerprints)
    return sorted(subject for subject, digest in fingerprints.items() if now.get(subject) != digest)


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
