"""What the steps of a plan load, as a run sees it: sources, and snapshots, those of this run before those of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.data.snapshots import SnapshotStore
from studio.data.sources import source_digest
from studio.pipelines.plan import Plan, PlannedStep

StepInputs = Mapping[str, Mapping[str, Any]]
"""For each dataset either ``{"parts": {part: digest}}`` or ``{"source": digest}``."""
MISSING = "missing"
"""Stands for the digest of what is not there."""


class Inputs:
    """The inputs of one plan's steps, for one thread.

    Parameters
    ----------
    workspace : Workspace
        Where sources and snapshots lie.
    plan : Plan
        Says which datasets are sources.
    looking : bool
        What is not there is said to be missing; otherwise it is an error.
    """

    def __init__(self, workspace: Workspace, plan: Plan, *, looking: bool = False) -> None:
        self._workspace = workspace
        self._plan = plan
        self._looking = looking
        self._snapshots = SnapshotStore(workspace)
        self._sources: dict[str, str] = {}
        self._saved: dict[str, dict[str, str]] = {}

    def of(self, step: PlannedStep) -> dict[str, dict[str, Any]]:
        """What `step` loads, each with its digests.

        Raises
        ------
        BadInput
            When a source or every snapshot of a dataset is missing, unless one is only looking.
        """
        found: dict[str, dict[str, Any]] = {}
        for name in step.loads:
            if name in self._plan.sources:
                found[name] = {"source": self._source(name)}
            else:
                parts = self._saved.get(name) or self._latest(step, name)
                found[name] = {"parts": dict(sorted(parts.items()))}
        return found

    def publish(self, outputs: Mapping[str, Mapping[str, str]]) -> None:
        """From now on these parts are what steps load."""
        for name, parts in outputs.items():
            self._saved.setdefault(name, {}).update(parts)

    def saved(self, name: str) -> dict[str, str]:
        """The parts of a dataset that were published; empty where there are none."""
        return self._saved.get(name, {})

    def _source(self, name: str) -> str:
        if name not in self._sources:
            try:
                self._sources[name] = source_digest(self._workspace, name)
            except BadInput:
                if not self._looking:
                    raise
                self._sources[name] = MISSING
        return self._sources[name]

    def _latest(self, step: PlannedStep, name: str) -> dict[str, str]:
        parts = {part: snapshot.digest for part, snapshot in self._snapshots.latest(name).items()}
        if not parts and not self._looking:
            raise BadInput(
                f"{step.key} loads {name!r}, of which there is no snapshot yet. Next: studio run {self._plan.pipeline}"
            )
        return parts
