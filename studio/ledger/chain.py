"""Whether a chain of events is whole; and, where it is not, what was done to which row.

A strict pass decides: every row has its number, its content gives its hash, and it names the hash of the row
before it. Only when that fails is the damage looked into, so that the naming can never hide what the pass found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from studio.ledger.diagnosis import Fault, diagnose
from studio.ledger.event import GENESIS, Row

__all__ = ["Anchor", "Fault", "Verification", "examine"]

Anchor = tuple[int, str]
"""Number and hash of an event, kept where whoever can write the ledger cannot."""


@dataclass(frozen=True)
class Verification:
    """What an examination found.

    Attributes
    ----------
    events : int
        How many rows there are.
    head : Anchor
        Number and hash of the last row, as they stand there.
    anchors : int
        How many anchors were compared.
    faults : tuple of Fault
        All that is wrong.
    """

    events: int
    head: Anchor
    anchors: int
    faults: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """The findings with stable keys, for ``--json``."""
        return {
            "ok": self.ok,
            "events": self.events,
            "head": {"sequence": self.head[0], "hash": self.head[1]},
            "anchors": self.anchors,
            "faults": [fault.as_dict() for fault in self.faults],
        }


def examine(rows: Sequence[Row], anchors: Iterable[Anchor] = ()) -> Verification:
    """Examine `rows`, which stand in the order in which they are stored, and the anchors against them."""
    wanted = sorted(set(anchors))
    strict = _strict(rows)
    faults = (diagnose(rows) or [strict]) if strict is not None else []
    faults += _out_of_order(rows) if strict is None else []
    faults += _against(rows, wanted)
    head = (rows[-1].sequence, rows[-1].hash) if rows else (0, GENESIS)
    return Verification(len(rows), head, len(wanted), tuple(faults))


def _strict(rows: Sequence[Row]) -> Fault | None:
    """The first row that is not what the chain demands; None where all are."""
    previous, seen = GENESIS, set()
    for number, row in enumerate(rows, 1):
        if row.sequence != number or row.previous != previous or row.digest() != row.hash or row.id in seen:
            return Fault(number, "changed", f"Row {number} is not what the chain demands there.")
        previous = row.hash
        seen.add(row.id)
    return None


def broken_link(rows: Sequence[Row]) -> str:
    """What is wrong with these last rows of a chain; empty where each follows from the one before it."""
    before = None
    for row in rows:
        expected = (row.sequence, row.previous) if before is None else (before.sequence + 1, before.hash)
        if before is None and row.sequence == 1:
            expected = (1, GENESIS)
        if (row.sequence, row.previous) != expected:
            return f"its row {row.sequence} does not follow from the row before it"
        if row.digest() != row.hash:
            return f"its row {row.sequence} was changed"
        before = row
    return ""


def _out_of_order(rows: Sequence[Row]) -> list[Fault]:
    """Rows of a whole chain whose time is none or goes backwards: another program than Studio wrote them."""
    faults, latest = [], ""
    for row in rows:
        if not row.has_time:
            faults.append(Fault(row.sequence, "time", f"Row {row.sequence} has no time that can be read."))
        elif row.time < latest:
            faults.append(
                Fault(row.sequence, "time", f"Row {row.sequence} is dated {row.time}, before the row before it.")
            )
        else:
            latest = row.time
    return faults


def _against(rows: Sequence[Row], anchors: Iterable[Anchor]) -> list[Fault]:
    hashes = {0: GENESIS} | {row.sequence: row.hash for row in rows if type(row.sequence) is int}
    last = max(hashes)
    faults = []
    for sequence, wanted in anchors:
        if sequence > last:
            lost = f"row {sequence} is" if sequence == last + 1 else f"rows {last + 1} to {sequence} are"
            sentence = f"The ledger ends with row {last}, and an anchor vouches for row {sequence}: {lost} missing."
        elif sequence not in hashes:
            sentence = f"There is no row {sequence}, and an anchor vouches for it."
        elif hashes[sequence] != wanted:
            sentence = (
                f"Row {sequence} has the hash {str(hashes[sequence])[:16]}…, and an anchor says {wanted[:16]}…: "
                "the chain was rewritten there or before, or the anchor is of another ledger."
            )
        else:
            continue
        faults.append(Fault(sequence, "anchor", sentence))
    return faults
