"""What the steps of a plan will read from outside the run: there, readable, and keeping its contract."""

from __future__ import annotations

from collections.abc import Iterator

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.data.preflight import check_file, check_source
from studio.data.snapshots import SnapshotStore
from studio.pipelines.plan import Plan


def check_inputs(workspace: Workspace, plan: Plan, only: frozenset[str] | None = None) -> None:
    """Return when all is there and keeps its contract.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    plan : Plan
        What is to be run.
    only : frozenset of str or None
        Keys of the steps that are to be run; None for all.

    Raises
    ------
    BadInput
        For a file or a source that is missing or breaks its contract, and for a dataset of which there is no snapshot.
    """
    for item in dict.fromkeys((item.path, item.contract) for item in plan.inputs):
        check_file(workspace, *item)
    for name in plan.sources:
        check_source(workspace, name)
    snapshots = SnapshotStore(workspace)
    for step, name in _from_earlier_runs(plan, only):
        if not snapshots.latest(name):
            raise BadInput(
                f"{step} loads {name!r}, of which there is no snapshot yet. Next: studio run {plan.pipeline}"
            )


def _from_earlier_runs(plan: Plan, only: frozenset[str] | None) -> Iterator[tuple[str, str]]:
    """Each step that will run with each dataset that none of the steps to run saves."""
    for step in plan.steps:
        if only is not None and step.key not in only:
            continue
        for name in step.loads:
            writers = set(plan.writers.get(name, ()))
            if name not in plan.sources and (not writers or (only is not None and not writers & only)):
                yield step.key, name
