"""The MLflow store of tests: a copy, which knows all runs and models and keeps to itself what tests log.

A notebook's test may read the model of an earlier step, and a cell that it needs may register one. Neither may show
beside the real runs.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

from studio.core.workspace import Workspace
from studio.pipelines.kernels import specs


class TrialStore:
    """A copy of a workspace's SQLite store in a temporary folder; of the samples' store where a server has the runs.

    Parameters
    ----------
    workspace : Workspace
        Whose store is copied, and made where there is none yet.

    Raises
    ------
    CannotWrite
        When ``.studio/`` cannot be written.
    """

    def __init__(self, workspace: Workspace) -> None:
        from studio.tracking.store import prepare_store, sqlite_path, tracking_uri

        if not tracking_uri(workspace).startswith("sqlite:"):
            workspace = replace(workspace, sampled=True)
        prepare_store(workspace)
        # Named as a kernel's, so that the janitor removes it when this process is killed.
        self.folder = specs.new_folder().path
        file = self.folder / "mlflow.db"
        _copy(sqlite_path(tracking_uri(workspace)), file, (self.folder / "artifacts").as_uri())
        self.environment = {"MLFLOW_TRACKING_URI": f"sqlite:///{file}", "MLFLOW_DISABLE_TELEMETRY": "true"}

    def close(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _copy(source: Path, target: Path, artifacts: str) -> None:
    with (
        contextlib.closing(sqlite3.connect(source)) as real,
        contextlib.closing(sqlite3.connect(target)) as copy,
        copy,
    ):
        real.backup(copy)
        # Runs that say no experiment belong to this one; files of runs that exist stay where they are.
        copy.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = 0", (artifacts,))
