"""The one place where mlflow is imported: late, silent, with telemetry off, its errors told in sentences.

Importing mlflow and opening a database store takes seconds, so nothing here does it before
`open_client` is called; and nothing of it may write to standard output, where results go.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from studio.core.errors import StudioError

if TYPE_CHECKING:
    from mlflow import MlflowClient

SILENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""What every process that may import mlflow has in its environment: no request leaves, no links are printed."""

_PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0)
_PASSING = re.compile(
    r"database is locked|deadlock detected|UNIQUE constraint failed: (datasets|inputs|latest_metrics)"
    r"|unique constraint \"(dataset_pk|inputs_pk|latest_metric_pk)",
    re.IGNORECASE,
)
Result = TypeVar("Result")


class TrackingFailed(StudioError):
    """The MLflow store refused or failed."""

    def __init__(self, uri: str, doing: str, reason: str) -> None:
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
    return re.sub(r"(://[^/@:]*):[^/]*@", r"\1:***@", uri)


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


@contextlib.contextmanager
def explaining(uri: str, doing: str) -> Iterator[None]:
    """Turn what MLflow raises in the block into `TrackingFailed`; `doing` is an -ing phrase for the message."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise TrackingFailed(uri, doing, reason_of(error, uri)) from error
    except OSError as error:
        raise TrackingFailed(uri, doing, reason_of(error, uri)) from error


def patiently(call: Callable[[], Result]) -> Result:
    """The result of `call`, repeated when another writer was in the way.

    MLflow gives up at once where two steps log the same dataset in the same moment (it looks
    whether the row exists, then inserts), and after its time-out on a locked database.
    """
    from mlflow.exceptions import MlflowException

    for pause in _PATIENCE:
        try:
            return call()
        except MlflowException as error:
            if not _PASSING.search(str(error)):
                raise
            time.sleep(pause)
    return call()


def reason_of(error: BaseException, uri: str) -> str:
    """The first line of what `error` says, without passwords and without a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0] if lines else type(error).__name__
    password = re.search(r"://[^/@:]*:([^/]*)@", uri)
    if password and password[1]:
        reason = reason.replace(password[1], "***")
    return (reason if len(reason) <= 500 else reason[:497] + "...").rstrip(".")


def _advice(error: Exception, uri: str) -> str:
    if isinstance(error, ImportError) and uri.startswith("postgresql"):
        return "install the driver with: pip install 'notebook-studio[postgres]'"
    if "out-of-date database schema" in str(error):
        return f"back the database up, then run: mlflow db upgrade {shown_uri(uri)}"
    return ""
