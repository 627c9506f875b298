"""MLflow's experiments: one for each pipeline, found or made although many look for it at once."""

from __future__ import annotations

import re

from studio.tracking.client import TrackingFailed, calling


def find_or_make(uri: str, name: str, root: str | None) -> str:
    """The id of the experiment `name`.

    Parameters
    ----------
    uri : str
        The store.
    name : str
        ``<project>/<pipeline>``.
    root : str | None
        URI of the folder in which a new experiment keeps its artifacts; None leaves it to the server.

    Raises
    ------
    StoreUnavailable, TrackingFailed
        When the store cannot be opened or refuses, or the experiment was deleted by somebody.
    """
    folder = re.sub(r"[^\w.-]", "_", name.partition("/")[2] or name)
    location = f"{root}/{folder}" if root else None
    doing = f"making the experiment {name!r}"
    found = calling(uri, doing, lambda client: client.get_experiment_by_name(name))
    if found is None:
        try:
            return str(calling(uri, doing, lambda client: client.create_experiment(name, artifact_location=location)))
        except TrackingFailed:
            found = calling(uri, doing, lambda client: client.get_experiment_by_name(name))
            if found is None:  # else another process was faster
                raise
    if found.lifecycle_stage != "active":
        raise TrackingFailed(
            uri,
            "starting a run",
            f"the experiment {name!r} was deleted; restore it with "
            f"`mlflow experiments restore -x {found.experiment_id}`, or remove it for good with `mlflow gc`",
        )
    return str(found.experiment_id)
