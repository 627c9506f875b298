"""What any command does first for those that died: their runs are settled, their left-over processes ended."""

from __future__ import annotations

from studio.core.workspace import Workspace
from studio.pipelines.kernels.janitor import sweep
from studio.pipelines.records import RunStore
from studio.pipelines.run_record import RunRecord
from studio.pipelines.trail import STATUS
from studio.tracking import outbox


def settle_runs(workspace: Workspace, store: RunStore) -> list[str]:
    """Settle runs whose runner is gone, here and (in the background) in MLflow; their identifiers."""

    def tell(record: RunRecord) -> None:
        outbox.put(
            workspace,
            {
                "run": record.id,
                "pipeline": record.pipeline,
                "status": STATUS[record.status],
                "started": record.started,
                "ended": record.ended,
            },
        )

    gone = {record.id for record in store.settle(tell)}
    if gone:
        sweep(lambda run: run not in gone)
        outbox.flush_in_background(workspace)
    return sorted(gone)
