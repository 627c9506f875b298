"""Whether the ledger is whole, held against every anchor that is kept outside of it; or an export of it, offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import BadInput
from studio.core.workspace import Workspace, find_workspace
from studio.ledger.chain import Anchor, Verification, examine
from studio.ledger.export import read_jsonl
from studio.ledger.ledger import open_ledger


@dataclass(frozen=True)
class Verified:
    """What was found, where, and against how much.

    Attributes
    ----------
    ledger : str
        What was verified: a file, or the address of a database without its password.
    verification : Verification
        What was found.
    unreadable : list of str
        Files of approvals whose anchors could not be read, and are not held against the ledger.
    """

    ledger: str
    verification: Verification
    unreadable: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The findings with stable keys, for ``--json``."""
        return {"ledger": self.ledger, **self.verification.as_dict(), "unreadable": self.unreadable}


def verify_ledger(expected: list[str], file: Path | None = None) -> Verified:
    """Verify the workspace's ledger with the anchors of all approvals, or an export in `file` without them.

    Parameters
    ----------
    expected : list of str
        More anchors, each as ``SEQUENCE:HASH``.
    file : Path, optional
        An export in JSON lines; no workspace is needed then. An export may be older than an approval, so only
        `expected` is held against it.

    Raises
    ------
    BadInput
        When an anchor or the file is none.
    LedgerUnavailable, LedgerFailed, LedgerDamaged
        When the ledger cannot be read.
    """
    anchors = [parse_anchor(text) for text in expected]
    if file is not None:
        return Verified(str(file), examine(read_jsonl(file), anchors), [])
    workspace = find_workspace()
    unreadable: list[str] = []
    anchors += approval_anchors(workspace, unreadable)
    ledger = open_ledger(workspace)
    return Verified(ledger.address.shown, ledger.verify(anchors), unreadable)


def parse_anchor(text: str) -> Anchor:
    """The anchor that ``SEQUENCE:HASH`` names; BadInput where it is none."""
    number, _, digest = text.strip().partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19 and _is_hash(digest.lower())):
        raise BadInput(
            f"--expect {text!r} is no anchor. Next: write it as SEQUENCE:HASH, as studio ledger verify prints it."
        )
    return int(number), digest.lower()


def approval_anchors(workspace: Workspace, unreadable: list[str]) -> list[Anchor]:
    """Every anchor in the files of approvals; files that cannot be read are added to `unreadable`."""
    found: list[Anchor] = []
    for path in sorted(workspace.approvals.rglob("*.json")):
        try:
            found += _anchors(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError):
            unreadable.append(workspace.shown(path))
    return found


def _anchors(value: Any) -> Iterator[Anchor]:
    """What stands under the key ``anchor`` anywhere in `value` and looks like one: other rooms own the format."""
    if isinstance(value, dict):
        anchor = value.get("anchor")
        if isinstance(anchor, dict):
            sequence, digest = anchor.get("sequence"), anchor.get("hash")
            if type(sequence) is int and sequence >= 0 and isinstance(digest, str) and _is_hash(digest):
                yield sequence, digest
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _anchors(inner)


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")
