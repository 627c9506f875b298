"""Where runs are recorded: the tracking URI of a workspace, and a store made ready before many use it at once.

MLflow migrates an empty database on first use, and two processes doing so together break it
for good. So the store is made ready here, once, under a lock, before any kernel sees its URI.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import BadInput
from studio.core.locks import lock
from studio.core.workspace import Workspace
from studio.tracking import sqlite
from studio.tracking.client import StoreUnavailable, open_client, reason_of

if TYPE_CHECKING:
    import psycopg

VARIABLE = "MLFLOW_TRACKING_URI"
_ANSWER_SECONDS = 5.0
_ADVISORY_LOCK = 0x53747564  # one arbitrary number that all Studio processes share
_prepared: set[str] = set()
_preparing = threading.Lock()


def tracking_uri(workspace: Workspace) -> str:
    """The MLflow tracking URI of `workspace`, absolute: studio.toml's, else ``$MLFLOW_TRACKING_URI``, else SQLite.

    A relative path in studio.toml is taken from the workspace, one in the environment from the
    current folder. ``postgresql://`` names psycopg 3 as its driver.

    Raises
    ------
    BadInput
        For a SQLite URI that kernels could not share, or a path that no SQLite URI can express.
    """
    if workspace.sampled:  # what runs on samples never reaches the store of the real runs
        return _sqlite_uri(workspace.state / "mlflow.db")
    if workspace.settings.tracking.uri:
        return _absolute(workspace.settings.tracking.uri, workspace.root)
    if os.environ.get(VARIABLE):
        return _absolute(os.environ[VARIABLE], Path.cwd())
    return _sqlite_uri(workspace.state / "mlflow.db")


def artifact_root(workspace: Workspace) -> str | None:
    """The URI under which experiments keep artifacts; None where an MLflow server decides that."""
    return (workspace.state / "artifacts").as_uri() if is_database(tracking_uri(workspace)) else None


def is_database(uri: str) -> bool:
    """Whether `uri` names a database that this process opens itself, with no MLflow server between."""
    return re.match(r"(sqlite|postgresql|mysql|mssql)(\+\w+)?://", uri) is not None


def prepare_store(workspace: Workspace) -> None:
    """Make the store of `workspace` ready for many processes; quick when it is (no mlflow for SQLite and servers).

    SQLite is created from a migrated template and set to write-ahead logging; an older schema is
    migrated, after a copy. A database server's first use is guarded by a lock in that server.
    An MLflow server is asked whether it answers.

    Raises
    ------
    StoreUnavailable
        When nobody answers, or the store is of no use.
    CannotWrite
        When ``.studio/`` cannot be written.
    """
    uri = tracking_uri(workspace)
    with _preparing:
        if uri in _prepared and not _vanished(uri):
            return
        if uri.startswith("sqlite:"):
            sqlite.prepare(sqlite_path(uri), artifact_root(workspace) or "", workspace.cache)
        elif uri.startswith("postgresql"):
            with _postgres_lock(uri):
                open_client(uri)
        elif is_database(uri):
            with lock(workspace.state / "mlflow.lock", seconds=120):
                open_client(uri)
        elif is_server(uri):
            _knock(uri)
        _prepared.add(uri)


def is_server(uri: str) -> bool:
    """Whether a tracking URI is the address of an MLflow server."""
    return uri.startswith(("http://", "https://"))


def check_store(workspace: Workspace) -> None:
    """Raise StoreUnavailable when nobody answers at the tracking URI; quick, and mlflow is not imported for it."""
    uri = tracking_uri(workspace)
    if is_server(uri):
        _knock(uri)
    elif uri.startswith("postgresql"):
        _connect_postgres(uri).close()


def ready_store(workspace: Workspace) -> None:
    """`check_store` and, where the store is a file or an unusual one, `prepare_store`: all before anything starts.

    Raises
    ------
    StoreUnavailable
        When nobody answers, or the store is of no use.
    CannotWrite
        When the embedded store cannot be written.
    """
    uri = tracking_uri(workspace)
    check_store(workspace)
    if uri.startswith("sqlite:"):
        prepare_store(workspace)
        sqlite.check_writable(sqlite_path(uri))
    elif not is_server(uri) and not uri.startswith("postgresql"):
        open_client(uri)


def spare_workspace(workspace: Workspace) -> Workspace:
    """`workspace` with the embedded store in ``.studio/`` as its own, for when the one that it names is gone."""
    spare = Workspace(workspace.root)
    tracking = workspace.settings.tracking.model_copy(update={"uri": _sqlite_uri(workspace.state / "mlflow.db")})
    vars(spare)["settings"] = workspace.settings.model_copy(update={"tracking": tracking})
    return spare


def sqlite_path(uri: str) -> Path:
    """The file that a SQLite URI names."""
    return Path(uri.partition("///")[2].partition("?")[0])


def _vanished(uri: str) -> bool:
    return uri.startswith("sqlite:") and not sqlite_path(uri).exists()


def _absolute(uri: str, base: Path) -> str:
    scheme = uri.partition(":")[0] if re.match(r"[a-z][a-z0-9+.-]*:", uri, re.IGNORECASE) else ""
    if scheme.startswith("sqlite"):
        return _absolute_sqlite(uri, base)
    if scheme in {"postgres", "postgresql"}:
        return "postgresql+psycopg:" + uri.partition(":")[2]
    if scheme in {"http", "https"}:
        return uri.rstrip("/")
    if scheme or uri in {"databricks", "databricks-uc", "uc"}:
        return uri
    return (base / uri).resolve().as_uri()


def _absolute_sqlite(uri: str, base: Path) -> str:
    path = uri.partition("///")[2]
    if not path or path.startswith(":memory:"):
        raise BadInput(
            f"The tracking URI {uri!r} names a SQLite database in memory, which kernels cannot share. "
            "Next: name a file, for example sqlite:///.studio/mlflow.db"
        )
    return _sqlite_uri(base / path)


def _sqlite_uri(path: Path) -> str:
    if "?" in str(path):
        raise BadInput(
            f"The path {path} holds a '?', which no SQLite URI can express. "
            "Next: rename that folder, or set tracking.uri in studio.toml to another place."
        )
    return f"sqlite:///{os.path.normpath(path)}"


def _knock(uri: str) -> None:
    parts = urllib.parse.urlsplit(uri)
    host = parts.hostname or ""
    if urllib.request.getproxies().get(parts.scheme) and not urllib.request.proxy_bypass(host):
        return  # the proxy answers in the server's place
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((host, port), timeout=_ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise StoreUnavailable(uri, f"no server answers there ({reason_of(error, uri)})") from error


def _connect_postgres(uri: str) -> psycopg.Connection[Any]:
    try:
        import psycopg
    except ImportError as error:
        advice = "install the driver with: pip install 'notebook-studio[postgres]'"
        raise StoreUnavailable(uri, "Python's PostgreSQL driver psycopg is not installed", advice) from error
    address = re.sub(r"^postgresql\+\w+", "postgresql", uri)
    try:
        return psycopg.connect(address, autocommit=True, connect_timeout=int(_ANSWER_SECONDS))
    except psycopg.Error as error:
        raise StoreUnavailable(uri, reason_of(error, uri)) from error


@contextlib.contextmanager
def _postgres_lock(uri: str) -> Iterator[None]:
    """Hold an advisory lock of the PostgreSQL server, so that one process at a time looks and migrates."""
    with _connect_postgres(uri) as connection:
        import psycopg

        try:
            connection.execute("SET lock_timeout = '180s'")
            connection.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
        except psycopg.Error as error:
            raise StoreUnavailable(uri, reason_of(error, uri)) from error
        yield
