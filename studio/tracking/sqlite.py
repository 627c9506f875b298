"""The embedded store: one SQLite file, created whole, migrated by one process, written by many.

MLflow's own first use runs some fifty migrations in place, which takes seconds and is unsafe
when two do it. Here they run once for each MLflow version, on a template in the user's cache
folder; a new store is a copy of it, moved to its place in one step.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from studio.core.files import CannotWrite
from studio.core.locks import lock
from studio.tracking.client import SILENT, StoreUnavailable, open_client

_BUSY_SECONDS = 30.0


def prepare(path: Path, artifacts: str, fallback: Path) -> None:
    """Make `path` an MLflow database of the installed version, in write-ahead mode.

    Parameters
    ----------
    path : Path
        The database's file; made where it is missing or empty.
    artifacts : str
        URI of the folder for artifacts, for MLflow's default experiment.
    fallback : Path
        A folder for the template where the user's cache folder cannot be written.

    Raises
    ------
    StoreUnavailable
        When the file is no MLflow database, comes from a newer MLflow, or cannot be migrated.
    CannotWrite
        When the folder cannot be written.
    """
    if _stamp(path) == _our_stamp():
        return
    with lock(path.with_name(path.name + ".lock"), seconds=180):
        stamp = _stamp(path)
        if stamp == _our_stamp():
            return
        template = _template(fallback)
        if stamp is None:
            _create(path, template, artifacts)
        else:
            _bring_up_to_date(path, template)


def check_writable(path: Path) -> None:
    """CannotWrite when the database, its journal or its folder cannot be written by this user."""
    beside = (path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm"))
    for item in (path.parent, path, *(file for file in beside if file.exists())):
        if not os.access(item, os.R_OK | os.W_OK):
            raise CannotWrite(item, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def _our_stamp() -> int:
    """What marks a database as ready for the installed MLflow, as SQLite's ``user_version``."""
    return zlib.crc32(f"studio 1, mlflow {version('mlflow')}".encode()) & 0x7FFFFFFF


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    uri = f"sqlite:///{path}"
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise StoreUnavailable(uri, str(error), "correct the file's permissions") from error
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        advice = "correct the file's permissions, or move the file away; a new one is made"
        raise StoreUnavailable(uri, str(error), advice) from error
    finally:
        connection.close()


def _stamp(path: Path) -> int | None:
    """The mark in the database; None where there is none yet."""
    try:
        if path.stat().st_size == 0:
            return None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotWrite(path, error) from error
    with _connected(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _revision(path: Path) -> str | None:
    """The schema's revision; None where the file holds no MLflow database."""
    with _connected(path) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def _create(path: Path, template: Path, artifacts: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(template, temporary)
        with _connected(temporary) as connection:
            connection.execute(
                "UPDATE experiments SET artifact_location = ?, creation_time = ?, last_update_time = ?",
                [f"{artifacts}/0", int(time.time() * 1000), int(time.time() * 1000)],
            )
        _make_ready(temporary)
        temporary.replace(path)
    except OSError as error:
        raise CannotWrite(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _make_ready(path: Path) -> None:
    with _connected(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA user_version = {_our_stamp()}")


def _bring_up_to_date(path: Path, template: Path) -> None:
    found, wanted = _revision(path), _revision(template)
    uri = f"sqlite:///{path}"
    if found is None:
        raise StoreUnavailable(uri, "the file is a SQLite database, but not MLflow's", "name another file")
    if found != wanted:
        backup = path.with_name(f"{path.name}.{found}.bak")
        with _connected(path) as source, _connected(backup) as target:
            source.backup(target)
        result = subprocess.run(
            [sys.executable, "-P", "-m", "mlflow", "db", "upgrade", uri],
            env={**os.environ, **SILENT},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1].rstrip(".")
            advice = f"install the MLflow that wrote it, or go on with a new file; the untouched copy is {backup}"
            raise StoreUnavailable(uri, f"its schema {found} could not be migrated ({reason})", advice)
    _make_ready(path)


def _template(fallback: Path) -> Path:
    """A migrated, empty database of the installed MLflow; made where it is missing."""
    name = f"mlflow-{version('mlflow')}.db"
    folders = [fallback]
    with contextlib.suppress(RuntimeError):  # an account without a home folder
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        folders.insert(0, Path(base) / "notebook-studio")
    for folder in folders[:-1]:
        with contextlib.suppress(CannotWrite):
            return _template_in(folder, name)
    return _template_in(folders[-1], name)


def _template_in(folder: Path, name: str) -> Path:
    path = folder / name
    with lock(folder / f"{name}.lock", seconds=180):
        if path.exists() and _sound(path):
            return path
        working = folder / f".{name}.{os.getpid()}.{time.monotonic_ns()}.tmp"
        finished = working.with_suffix(".new")
        try:
            open_client(f"sqlite:///{working}")
            with _connected(working) as source, _connected(finished) as target:
                source.backup(target)
            finished.replace(path)
        except OSError as error:
            raise CannotWrite(path, error) from error
        finally:
            for leftover in (working, finished):
                leftover.unlink(missing_ok=True)
    return path


def _sound(path: Path) -> bool:
    try:
        with _connected(path) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone()[0] == "ok") and bool(
                connection.execute("SELECT 1 FROM alembic_version").fetchone()
            )
    except StoreUnavailable:
        return False
