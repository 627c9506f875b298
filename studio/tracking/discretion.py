"""The kernel's side of redaction: what a notebook itself sends to MLflow holds no secret value.

MLflow's parameters never change and SQLite keeps overwritten bytes, so a secret must be replaced before
it is sent. Every plain call (``log_param``, ``set_tag``, autologging, names of runs) goes through one class of
MLflow; its methods are wrapped here. Files that a notebook logs as artifacts are its own and are left alone.

Only the standard library is imported before mlflow is.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

from studio.tracking.redaction import Redaction

VARIABLE = "STUDIO_SECRETS"
"""Names, joined by commas, of the environment variables that hold this run's secrets."""
_METHODS = ("create_run", "update_run", "set_tag", "log_param", "log_batch", "set_experiment_tag", "create_experiment")


def secret_values() -> frozenset[str]:
    """The values of the variables that `VARIABLE` names, as far as they are set."""
    names = os.environ.get(VARIABLE, "").split(",")
    return frozenset(value for name in names if (value := os.environ.get(name)))


def guard() -> None:
    """Replace secret values in what this process sends to MLflow from now on; mlflow must have been imported."""
    redaction = Redaction(secret_values())
    if not redaction:
        return
    from mlflow.tracking._tracking_service.client import TrackingServiceClient

    for name in _METHODS:
        setattr(TrackingServiceClient, name, _wrapped(getattr(TrackingServiceClient, name), redaction))


def _wrapped(method: Callable[..., Any], redaction: Redaction) -> Callable[..., Any]:
    @functools.wraps(method)
    def discreet(client: Any, *given: Any, **named: Any) -> Any:
        clean = [_clean(value, redaction) for value in given]
        return method(client, *clean, **{name: _clean(value, redaction) for name, value in named.items()})

    return discreet


def _clean(value: Any, redaction: Redaction) -> Any:
    from mlflow.entities import Param, RunTag

    if isinstance(value, str):
        return redaction.text(value)
    if isinstance(value, Mapping):
        return {_clean(name, redaction): _clean(item, redaction) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, redaction) for item in value]
    if isinstance(value, Param | RunTag):
        return type(value)(redaction.text(value.key), redaction.text(str(value.value)))
    if value is None or isinstance(value, bool | int | float) or type(value).__module__.startswith("mlflow."):
        return value
    shown = str(value)  # MLflow records the text of any object, of a SecretStr's value in a list for example
    clean = redaction.text(shown)
    return value if clean == shown else clean
