"""Files that were kept with a run, brought back: into a temporary folder first, then moved whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.tracking.client import calling
from studio.tracking.store import tracking_uri


def download(workspace: Workspace, mlflow_run_id: str, path: str, target: Path) -> None:
    """Bring the artifact folder `path` of a run to the folder `target`, which must not exist yet.

    Raises
    ------
    TrackingFailed, StoreUnavailable
        When the run or the folder is not there, or the store does not answer.
    CannotWrite
        When the file system refuses.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetched-", dir=target.parent) as place:
            found = calling(
                tracking_uri(workspace),
                "fetching artifacts",
                lambda client: client.download_artifacts(mlflow_run_id, path, place),
            )
            Path(found).rename(target)
    except OSError as error:
        raise CannotWrite(target, error) from error
