"""The one place where mlflow is imported: late, silent, with telemetry off, its errors told in sentences.

Importing mlflow and opening a database store takes seconds, so nothing here does it before
`open_client` is called; and nothing of it may write to standard output, where results go.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
import warnings
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from studio.core.addresses import password_in
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from mlflow import MlflowClient

SILENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""What every process that may import mlflow has in its environment: nothing leaves, no links or bars are printed."""

_PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0)
_PASSING = re.compile(
    r"database is locked|deadlock detected|UNIQUE constraint failed: (datasets|inputs|latest_metrics)"
    r"|unique constraint \"(dataset_pk|inputs_pk|latest_metric_pk)",
    re.IGNORECASE,
)
Result = TypeVar("Result")


class TrackingFailed(StudioError):
    """The MLflow store refused or failed."""

    def __init__(self, uri: str, doing: str, reason: str, code: str = "") -> None:
        self.code = code  # MLflow's own, such as RESOURCE_DOES_NOT_EXIST
        super().__init__(
            f"MLflow at {shown_uri(uri)} failed while {doing}: {reason}. Next: correct that, then repeat the command."
        )


class StoreUnavailable(StudioError):
    """Nobody answers at the tracking URI; nothing has been started."""

    exit_status = 2

    def __init__(self, uri: str, reason: str, advice: str = "") -> None:
        advice = advice or (
            "start that server or correct the address (tracking.uri in studio.toml, else MLFLOW_TRACKING_URI)"
        )
        super().__init__(f"The MLflow store {shown_uri(uri)} cannot be used: {reason}. Next: {advice}.")


def shown_uri(uri: str) -> str:
    """`uri` as it may stand in messages, its password replaced by ``***``."""
    password = password_in(uri)
    return uri.replace(f":{password}@", ":***@", 1) if password else uri


def silence() -> None:
    """Set what mlflow reads from the environment when it is imported; kernels inherit it."""
    os.environ.update(SILENT)
    # An unreachable server is told after half a minute, not after the default's four.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "4")


@cache
def open_client(uri: str) -> MlflowClient:
    """MLflow's client of `uri`, its store opened; one for each process and address, for all threads.

    Raises
    ------
    StoreUnavailable
        When the store cannot be opened: no server, wrong password, missing driver, another schema.
    """
    silence()
    # MLflow's tables warn about SQLAlchemy 2.1 while they are imported; nobody here can act on it.
    warnings.filterwarnings("ignore", message="The ``noload`` loader strategy", category=DeprecationWarning)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    # What goes wrong is told by the error; the store would print its traceback besides.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    problems: tuple[type[Exception], ...] = (MlflowException, OSError, ImportError, ValueError)
    with contextlib.suppress(ImportError):
        from sqlalchemy.exc import SQLAlchemyError

        problems = (*problems, SQLAlchemyError)
    try:
        return MlflowClient(tracking_uri=uri)
    except problems as error:
        raise StoreUnavailable(uri, reason_of(error, uri), _advice(error, uri)) from error


def calling(uri: str, doing: str, call: Callable[[MlflowClient], Result]) -> Result:
    """The result of `call` on the client of `uri`; safe from any number of threads.

    It is repeated when another writer was in the way: MLflow gives up at once where two steps log
    the same dataset in the same moment (it looks whether the row exists, then inserts), and after
    its time-out on a locked database.

    Raises
    ------
    StoreUnavailable
        When the store cannot be opened.
    TrackingFailed
        When MLflow refuses; `doing` is an -ing phrase for the message.
    """
    client = open_client(uri)
    from mlflow.exceptions import MlflowException

    with _gate(uri):
        for pause in (*_PATIENCE, None):
            try:
                return call(client)
            except MlflowException as error:
                if pause is None or not _PASSING.search(str(error)):
                    raise TrackingFailed(uri, doing, reason_of(error, uri), error.error_code) from error
            except OSError as error:
                raise TrackingFailed(uri, doing, reason_of(error, uri)) from error
            time.sleep(pause)
    raise AssertionError("unreachable: the last attempt returns or raises")


@cache
def _gate(uri: str) -> contextlib.AbstractContextManager[Any]:
    """How many calls to one database run at a time.

    A single call of MLflow holds up to three connections of a pool of fifteen; enough threads, each
    holding one and waiting for another, would wait for ever.
    """
    return threading.BoundedSemaphore(4) if "://" in uri and not uri.startswith("http") else contextlib.nullcontext()


def reason_of(error: BaseException, uri: str) -> str:
    """The first line of what `error` says, without passwords and without a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0] if lines else type(error).__name__
    password = password_in(uri)
    if password:
        reason = reason.replace(password, "***")
    return reason.rstrip(".") if len(reason) <= 500 else reason[:499] + "…"


def _advice(error: Exception, uri: str) -> str:
    if isinstance(error, ImportError) and uri.startswith("postgresql"):
        return "install the driver with: pip install 'notebook-studio[postgres]'"
    if "out-of-date database schema" in str(error):
        return f"back the database up, then run: mlflow db upgrade {shown_uri(uri)}"
    return ""
