"""Whether a database has the ledger's tables as this Studio knows them, and what to do where it has not.

The answer takes one plain query; alembic is imported only when there is something to migrate.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from studio.ledger.errors import LedgerUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from studio.ledger.address import Address

EVENTS = "ledger_events"
VERSION = "ledger_version"
REVISIONS = ("0001", "0002")
"""The migrations in migrations/versions, oldest first; the last one is what this Studio needs."""

LOCK = 0x5374_6C67
"""PostgreSQL's advisory lock of everybody who appends or migrates; one arbitrary number."""


def revision(connection: Connection, address: Address) -> str:
    """The schema's revision, empty where there is no ledger yet.

    Raises
    ------
    LedgerUnavailable
        When a newer Studio made it.
    """
    if connection.dialect.name == "sqlite":
        question = f"SELECT name FROM sqlite_master WHERE type = 'table' AND name = '{VERSION}'"  # noqa: S608 - ours
    else:
        question = f"SELECT to_regclass('{VERSION}')"
    if connection.exec_driver_sql(question).scalar() is None:
        return ""
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION}").scalars().all()  # noqa: S608 - ours
    if not found:
        return ""
    if found[0] not in REVISIONS or len(found) > 1:
        raise LedgerUnavailable(
            address.shown,
            f"its schema is {', '.join(map(str, found))}, and this Studio knows none after {REVISIONS[-1]}",
            "update Studio to the version that wrote it",
        )
    return str(found[0])


def migrate(connection: Connection) -> None:
    """Bring the schema to `REVISIONS[-1]`, within the transaction that `connection` is in."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "studio.ledger:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, REVISIONS[-1])


def lock_postgres(connection: Connection, patience: float) -> None:
    """Hold the lock of all who write until the transaction ends; nothing for SQLite, where BEGIN IMMEDIATE is it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, round(patience * 1000))}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def table() -> Any:
    """The table of events, as SQLAlchemy writes queries about it."""
    from sqlalchemy import column
    from sqlalchemy import table as make_table

    from studio.ledger.event import FIELDS

    return make_table(EVENTS, *(column(name) for name in FIELDS))


def damage(connection: Connection) -> list[str]:
    """What SQLite itself finds wrong with the file; nothing for PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return []
    with contextlib.closing(connection.exec_driver_sql("PRAGMA integrity_check(10)")) as answer:
        return [str(row[0]) for row in answer if row[0] != "ok"]
