"""What can go wrong with a ledger, told in sentences; no password is ever in one of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.core.errors import StudioError

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError

    from studio.ledger.address import Address


class LedgerUnavailable(StudioError):
    """The ledger cannot be opened or used as it is; nothing has been recorded."""

    exit_status = 2

    def __init__(self, shown: str, reason: str, advice: str) -> None:
        super().__init__(f"The ledger {shown} cannot be used: {reason}. Next: {advice}.")


class LedgerFailed(StudioError):
    """The ledger was open and did not take what was to be recorded, or did not answer."""

    def __init__(self, shown: str, reason: str, advice: str) -> None:
        super().__init__(f"The ledger {shown} failed: {reason}; nothing was recorded. Next: {advice}.")


class LedgerDamaged(StudioError):
    """The ledger can be opened, and what it holds cannot be read."""

    def __init__(self, shown: str, reason: str, advice: str = "studio ledger verify") -> None:
        super().__init__(f"The ledger {shown} is damaged: {reason}. Next: {advice}")


_AWAY = "move the file away; a new one is made"
_RESTORE = "keep the file for whoever looks into it, and restore it from a backup."
_HEALTH = "look at the room and the health of that disk, then repeat the command"
_ROOM = "free space on that disk, then repeat the command"
_RIGHTS = "correct the permissions of the file and its folder, then repeat the command"


def explain(error: SQLAlchemyError, address: Address, patience: float) -> StudioError:
    """The sentence for what SQLAlchemy raised; `patience` is how many seconds a lock was waited for."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, address, patience)
    return _of_postgres(cause, address, patience)


def _of_sqlite(cause: sqlite3.Error, address: Address, patience: float) -> StudioError:
    name = getattr(cause, "sqlite_errorname", "")
    shown, reason = address.shown, address.clean(str(cause))
    known: dict[str, Callable[[], StudioError]] = {
        "SQLITE_BUSY": lambda: locked(address, patience),
        "SQLITE_LOCKED": lambda: locked(address, patience),
        "SQLITE_FULL": lambda: LedgerFailed(shown, "its disk is full", _ROOM),
        "SQLITE_IOERR_SHMSIZE": lambda: LedgerFailed(shown, "its disk is full", _ROOM),
        "SQLITE_NOTADB": lambda: LedgerUnavailable(shown, "the file is no SQLite database", _AWAY),
        "SQLITE_CORRUPT": lambda: LedgerDamaged(shown, reason, _RESTORE),
        "SQLITE_READONLY": lambda: LedgerUnavailable(shown, "it may not be written", _RIGHTS),
        "SQLITE_CANTOPEN": lambda: LedgerUnavailable(shown, reason, _RIGHTS),
        "SQLITE_PERM": lambda: LedgerUnavailable(shown, reason, _RIGHTS),
        "SQLITE_IOERR": lambda: LedgerFailed(shown, f"{reason} ({name})", _HEALTH),
    }
    made = next((make for start, make in known.items() if name.startswith(start)), None)
    return made() if made is not None else LedgerFailed(shown, reason, "studio ledger verify")


def _of_postgres(cause: BaseException, address: Address, patience: float) -> StudioError:
    code = getattr(cause, "sqlstate", None) or ""
    shown, reason = address.shown, address.clean(str(cause))
    if code == "55P03":
        return locked(address, patience)
    if code == "53100":
        return LedgerFailed(shown, "the server's disk is full", "free space there, then repeat the command")
    if code == "42501":
        advice = "have the database's owner run studio ledger migrate and grant what the page on the ledger names"
        return LedgerUnavailable(shown, f"this account may not do that ({reason})", advice)
    if code and not code.startswith(("08", "28", "3D", "53", "57")):
        return LedgerFailed(shown, reason, "studio ledger verify")
    advice = "start that server or correct the address (STUDIO_LEDGER_URL, else ledger.url in studio.toml)"
    return LedgerUnavailable(shown, reason, advice)


def locked(address: Address, patience: float) -> LedgerFailed:
    """The sentence for a ledger that somebody else held for too long."""
    return LedgerFailed(
        address.shown,
        f"another program kept it locked for more than {patience:g} s",
        "wait for that program to end, then repeat the command",
    )
