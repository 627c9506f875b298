"""The kernel's side of redaction: what a notebook itself sends to MLflow holds no secret value.

MLflow's parameters never change and SQLite keeps overwritten bytes, so a secret must be replaced before
it is sent. Every plain call (``log_param``, ``set_tag``, autologging, names of runs) goes through one class of
MLflow; its methods are wrapped here. Files that a notebook logs as artifacts are its own and are left alone.

Only the standard library is imported before mlflow is.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

from studio.tracking.redaction import MARK, Redaction

VARIABLE = "STUDIO_SECRETS"
"""Names, joined by commas, of the environment variables that hold this run's secrets."""
_METHODS = (
    "create_run",
    "update_run",
    "set_tag",
    "log_param",
    "log_metric",
    "log_batch",
    "create_experiment",
    "set_experiment_tag",
)


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
    signature = inspect.signature(method)

    @functools.wraps(method)
    def discreet(*given: Any, **named: Any) -> Any:
        bound = signature.bind(*given, **named)
        for name, value in bound.arguments.items():
            bound.arguments[name] = _name(value, redaction) if name == "key" else _clean(value, redaction)
        return method(*bound.args, **bound.kwargs)

    return discreet


def _name(text: Any, redaction: Redaction) -> str:
    """The name of a parameter, metric or tag, in which MLflow allows no asterisks."""
    return redaction.text(str(text)).replace(MARK, "redacted")


def _clean(value: Any, redaction: Redaction) -> Any:
    if isinstance(value, str):
        return redaction.text(value)
    if isinstance(value, Mapping):
        return {_name(name, redaction): _clean(item, redaction) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, redaction) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if type(value).__module__.startswith("mlflow."):
        return _clean_entity(value, redaction)
    shown = str(value)  # MLflow records the text of any object
    clean = redaction.text(shown)
    return value if clean == shown else clean


def _clean_entity(entity: Any, redaction: Redaction) -> Any:
    from mlflow.entities import Metric, Param, RunTag

    if isinstance(entity, Param | RunTag):
        return type(entity)(_name(entity.key, redaction), redaction.text(str(entity.value)))
    if isinstance(entity, Metric) and redaction.text(entity.key) != entity.key:
        return Metric(_name(entity.key, redaction), entity.value, entity.timestamp, entity.step)
    return entity
