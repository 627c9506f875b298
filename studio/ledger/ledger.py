"""The ledger itself: append an event, read events, verify the chain; for any number of writers at once."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import urllib.parse
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core import clock
from studio.core.identifiers import suggest
from studio.core.locks import Locked, lock
from studio.core.workspace import Workspace
from studio.ledger import schema
from studio.ledger.address import Address, find_address
from studio.ledger.chain import Anchor, Fault, Verification, broken_link, examine
from studio.ledger.errors import LedgerDamaged, LedgerUnavailable, explain, locked
from studio.ledger.event import FIELDS, GENESIS, KINDS, Event, Row, check_text, details_text

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

PATIENCE = 60.0
"""Seconds that a ledger which another program holds is waited for."""

_CONNECT_SECONDS = 10


def open_ledger(workspace: Workspace, *, patience: float = PATIENCE) -> Ledger:
    """The ledger of `workspace`. Nothing is touched yet: the first event makes the tables, reading never does.

    Raises
    ------
    BadInput
        When the address of the ledger is none.
    """
    return Ledger(find_address(workspace), patience=patience)


class Ledger:
    """An append-only, hash-chained record. Safe from any number of threads and processes.

    Parameters
    ----------
    address : Address
        Where it is.
    patience : float
        Seconds that a lock of somebody else is waited for.
    """

    def __init__(self, address: Address, *, patience: float = PATIENCE) -> None:
        self.address = address
        self.patience = patience

    def append(
        self,
        kind: str,
        *,
        actor: str,
        subject: str,
        environment: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Event:
        """Record that something happened; it is on the disk, or the server has it, when this returns.

        Raises
        ------
        ValueError, TypeError
            When `kind` is unknown, `details` are not plain JSON, or a text is not one that every database can hold.
        LedgerUnavailable, LedgerFailed, LedgerDamaged, CannotWrite
            When the ledger does not take it; nothing is recorded then.
        """
        if kind not in KINDS:
            raise ValueError(f"There is no kind of event {kind!r}. {suggest(kind, KINDS)}")
        check_text("actor", actor)
        check_text("subject", subject)
        check_text("environment", environment, empty=True)
        text = details_text(details or {})
        if self._missing():
            self._migrate()
        for _ in range(2):
            with self._transaction(write=True) as connection:
                schema.lock_postgres(connection, self.patience)
                if schema.revision(connection, self.address) == schema.REVISIONS[-1]:
                    return _insert(connection, kind, actor, subject, environment, text)
            self._migrate()
        raise LedgerUnavailable(self.address.shown, "its tables disappear while it is used", "studio ledger verify")

    def events(
        self,
        *,
        kinds: Collection[str] | None = None,
        subject: str | None = None,
        after: int = 0,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """Events in their order: of some `kinds`, about one `subject`, numbered above `after`, not later than `until`.

        Raises
        ------
        LedgerUnavailable, LedgerFailed
            When the ledger does not answer.
        LedgerDamaged
            When an event cannot be read.
        """
        return self._events(self._rows(kinds=kinds, subject=subject, after=after, until=until, limit=limit))

    def latest(
        self,
        limit: int,
        *,
        kinds: Collection[str] | None = None,
        subject: str | None = None,
        actor: str | None = None,
        before: int | None = None,
    ) -> list[Event]:
        """The newest `limit` events, newest first: of `kinds`, about `subject`, by `actor`, numbered below `before`.

        Raises
        ------
        LedgerUnavailable, LedgerFailed
            When the ledger does not answer.
        LedgerDamaged
            When an event cannot be read.
        """
        return self._events(
            self._rows(kinds=kinds, subject=subject, actor=actor, before=before, limit=limit, newest_first=True)
        )

    def migrate(self) -> bool:
        """Make or migrate the tables where that is needed; whether it was.

        `append` does it by itself. This is for a database whose owner is another account than those that append.

        Raises
        ------
        LedgerUnavailable, LedgerFailed, CannotWrite
            When this account may not, or the database refuses; everything is then as it was.
        """
        if not self._missing():
            with self._transaction() as connection:
                if schema.revision(connection, self.address) == schema.REVISIONS[-1]:
                    return False
        self._migrate()
        return True

    def rows(self) -> list[Row]:
        """Everything as it is stored, in the order of the numbers, for exports."""
        return self._rows()

    def head(self) -> tuple[int, str]:
        """Number and hash of the last event, ``(0, "0" * 64)`` where there is none: an anchor to keep elsewhere."""
        with self._reading() as connection:
            if connection is None:
                return 0, GENESIS
            last = _last(connection)
            return (int(last.sequence), str(last.hash)) if last is not None else (0, GENESIS)

    def verify(self, anchors: Iterable[Anchor] = ()) -> Verification:
        """Whether the chain is whole and every anchor (number and hash, kept elsewhere) stands in it, else why not.

        Raises
        ------
        LedgerUnavailable, LedgerFailed, LedgerDamaged
            When it cannot be read at all.
        """
        found = examine(self._rows(), anchors)
        with self._reading() as connection:
            broken = schema.damage(connection) if connection is not None else []
        faults = [Fault(0, "file", f"The file is damaged: {line}.") for line in broken]
        return Verification(found.events, found.head, found.anchors, (*found.faults, *faults))

    def check_tail(self, rows: int = 200) -> None:
        """See that the last `rows` events are a whole chain: what is added to a damaged one proves nothing.

        Raises
        ------
        LedgerDamaged
            When they are not; one is named.
        """
        broken = broken_link(self._rows(after=max(0, self.head()[0] - rows)))
        if broken:
            advice = "studio ledger verify, then restore the ledger from a backup, or keep it elsewhere and begin anew"
            raise LedgerDamaged(self.address.shown, broken, advice)

    def _events(self, rows: Iterable[Row]) -> list[Event]:
        found = []
        for row in rows:
            try:
                found.append(row.event())
            except ValueError as error:
                raise LedgerDamaged(self.address.shown, f"event {row.sequence} cannot be read ({error})") from error
        return found

    def _rows(
        self,
        *,
        kinds: Collection[str] | None = None,
        subject: str | None = None,
        actor: str | None = None,
        after: int = 0,
        before: int | None = None,
        until: datetime | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Row]:
        from sqlalchemy import select

        with self._reading() as connection:
            if connection is None:
                return []
            events = schema.table()
            query = select(events).order_by(events.c.sequence.desc() if newest_first else events.c.sequence)
            if after:
                query = query.where(events.c.sequence > after)
            if kinds is not None:
                query = query.where(events.c.kind.in_(list(kinds)))
            if subject is not None:
                query = query.where(events.c.subject == subject)
            if actor is not None:
                query = query.where(events.c.actor == actor)
            if before is not None:
                query = query.where(events.c.sequence < before)
            if until is not None:
                query = query.where(events.c.time <= clock.to_text(until))
            if limit is not None:
                query = query.limit(limit)
            return [Row(*row) for row in connection.execute(query)]

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection | None]:
        """A connection to a ledger of the current schema; None where there is no ledger yet, and none is made."""
        if self._missing():
            yield None
            return
        with self._transaction() as connection:
            found = schema.revision(connection, self.address)
            if found in ("", schema.REVISIONS[-1]):
                yield connection if found else None
                return
        self._migrate()
        with self._transaction() as connection:
            yield connection

    def _missing(self) -> bool:
        path = self.address.path
        try:
            return path is not None and (not path.exists() or (path.is_file() and path.stat().st_size == 0))
        except OSError:
            return False  # the database says what is wrong with the path

    def _migrate(self) -> None:
        """Make or migrate the tables; one program at a time, all of it or nothing."""
        with contextlib.ExitStack() as stack:
            if self.address.path is not None:
                _hold(stack, self.address, self.patience)
                self._use_write_ahead_log()
            connection = stack.enter_context(self._transaction(write=True))
            schema.lock_postgres(connection, self.patience)
            if schema.revision(connection, self.address) != schema.REVISIONS[-1]:
                schema.migrate(connection)

    def _use_write_ahead_log(self) -> None:
        with self._explained(), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")

    @contextlib.contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[Connection]:
        with self._explained(), self._engine.connect() as opened:
            connection = opened.execution_options(studio_begin="BEGIN IMMEDIATE" if write else "BEGIN")
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            raise explain(error, self.address, self.patience) from error

    @cached_property
    def _engine(self) -> Engine:
        path = self.address.path
        engine = _postgres_engine(self.address) if path is None else _sqlite_engine(path, self.patience)
        # A connection that nobody closed would be warned of when it is collected.
        weakref.finalize(self, engine.dispose)
        return engine


def _insert(connection: Connection, kind: str, actor: str, subject: str, environment: str, details: str) -> Event:
    last = _last(connection)
    sequence, time, previous = 1, clock.to_text(clock.now()), GENESIS
    if last is not None:
        # What somebody put there by hand may be no time; a time compares as a text with one of its own form only.
        sequence, time, previous = last.sequence + 1, max(time, last.time if last.has_time else ""), last.hash
    row = Row(sequence, secrets.token_hex(16), time, kind, actor, subject, environment, details, previous, "")
    values = {name: getattr(row, name) for name in FIELDS} | {"hash": row.digest()}
    connection.execute(schema.table().insert(), values)
    return Row(**values).event()


def _last(connection: Connection) -> Row | None:
    from sqlalchemy import select

    events = schema.table()
    found = connection.execute(select(events).order_by(events.c.sequence.desc()).limit(1)).first()
    return None if found is None else Row(*found)


def _hold(stack: contextlib.ExitStack, address: Address, patience: float) -> None:
    assert address.path is not None
    try:
        stack.enter_context(lock(address.path.with_name(address.path.name + ".lock"), seconds=patience))
    except Locked as error:
        raise locked(address, patience) from error


def _sqlite_engine(path: Path, patience: float) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    def connect() -> sqlite3.Connection:
        # From a folder that may not be written a closed ledger is read as it lies there: its log could not be opened.
        beside = path.with_name(path.name + "-wal")
        effective = os.access in os.supports_effective_ids
        writable = os.access(path.parent, os.W_OK, effective_ids=effective)
        fixed = not writable and path.exists() and not beside.exists()
        target = f"file:{urllib.parse.quote(str(path))}{'?immutable=1' if fixed else ''}"
        connection = sqlite3.connect(target, uri=True, timeout=patience, isolation_level=None)
        # Bytes that are no UTF-8 are damage that `verify` names, not a reason to read nothing.
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        try:
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    def begin(connection: Connection) -> None:
        # Python's driver begins nothing by itself here; a writer takes its lock at once, and need not give up later.
        wanted = connection.get_execution_options().get("studio_begin")
        if wanted:
            connection.exec_driver_sql(wanted)

    event.listen(engine, "begin", begin)
    return engine


def _postgres_engine(address: Address) -> Engine:
    from sqlalchemy import create_engine

    assert address.url is not None
    given = {} if "connect_timeout" in address.url.query else {"connect_timeout": _CONNECT_SECONDS}
    try:
        # READ COMMITTED: what is read after the lock was waited for has to be what its last holder wrote.
        return create_engine(
            address.url,
            isolation_level="READ COMMITTED",
            pool_size=1,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=given,
        )
    except ImportError as error:
        advice = "install the driver with: pip install 'notebook-studio[postgres]'"
        raise LedgerUnavailable(address.shown, "Python's PostgreSQL driver psycopg is not installed", advice) from error
