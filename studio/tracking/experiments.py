"""MLflow's experiments: one for each pipeline, found or made although many look for it at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from studio.tracking.client import TrackingFailed, explaining, patiently

if TYPE_CHECKING:
    from mlflow import MlflowClient


def find_or_make(client: MlflowClient, uri: str, name: str, root: str | None) -> str:
    """The id of the experiment `name`.

    Parameters
    ----------
    client : MlflowClient
        The store.
    uri : str
        Its address, for messages.
    name : str
        ``<project>/<pipeline>``.
    root : str | None
        URI of the folder in which a new experiment keeps its artifacts; None leaves it to the server.

    Raises
    ------
    TrackingFailed
        When the store refuses, or the experiment was deleted by somebody.
    """
    from mlflow.exceptions import MlflowException

    folder = re.sub(r"[^\w.-]", "_", name.partition("/")[2] or name)
    location = f"{root}/{folder}" if root else None
    with explaining(uri, f"making the experiment {name!r}"):
        found = client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(patiently(lambda: client.create_experiment(name, artifact_location=location)))
            except MlflowException:
                found = client.get_experiment_by_name(name)  # another process was faster
                if found is None:
                    raise
    if found.lifecycle_stage != "active":
        raise TrackingFailed(
            uri,
            "starting a run",
            f"the experiment {name!r} was deleted; restore it with "
            f"`mlflow experiments restore -x {found.experiment_id}`, or remove it for good with `mlflow gc`",
        )
    return str(found.experiment_id)
