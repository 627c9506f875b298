"""What any command does first for those that died: their runs are marked killed, their left-over processes ended."""

from __future__ import annotations

from studio.core.workspace import Workspace
from studio.pipelines.kernels.janitor import sweep
from studio.pipelines.records import RunStore


def settle_runs(workspace: Workspace, store: RunStore) -> list[str]:
    """Settle runs whose runner is gone, here and (in the background) in MLflow; their identifiers."""
    settled = store.settle()
    if settled:
        gone = {record.id for record in settled}
        sweep(lambda run: run not in gone)
        from studio.tracking import outbox

        for record in settled:
            outbox.put(
                workspace,
                {
                    "run": record.id,
                    "pipeline": record.pipeline,
                    "status": "KILLED",
                    "started": record.started,
                    "ended": record.ended,
                },
            )
        outbox.flush_in_background(workspace)
    return [record.id for record in settled]
