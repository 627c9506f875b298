"""The ledger's tables, made or migrated by an account that may, before others append under one that may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from studio.core.workspace import find_workspace
from studio.ledger.ledger import open_ledger


@dataclass(frozen=True)
class Migrated:
    """Which ledger, and whether anything had to be done."""

    ledger: str
    changed: bool

    def as_dict(self) -> dict[str, Any]:
        """The outcome with stable keys, for ``--json``."""
        return {"ledger": self.ledger, "changed": self.changed}


def migrate_ledger() -> Migrated:
    """Make or migrate the tables of the workspace's ledger.

    Raises
    ------
    LedgerUnavailable, LedgerFailed, CannotWrite
        When that is not possible; everything is then as it was.
    """
    ledger = open_ledger(find_workspace())
    return Migrated(ledger.address.shown, ledger.migrate())
