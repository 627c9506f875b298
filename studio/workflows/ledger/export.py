"""The whole ledger, taken out of its database: for an auditor, a spreadsheet, a backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.files import write_atomic
from studio.core.identifiers import suggest
from studio.core.workspace import find_workspace
from studio.ledger.event import GENESIS
from studio.ledger.export import FORMATS, to_csv, to_jsonl
from studio.ledger.ledger import open_ledger


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes
    ----------
    text : str
        The export itself.
    events : int
        How many rows it holds.
    anchor : str
        ``SEQUENCE:HASH`` of the last one: what shows later that nothing was cut off.
    """

    text: str
    events: int
    anchor: str


def export_ledger(form: str, output: Path | None) -> Exported:
    """Export the workspace's ledger in `form`, to the file `output` where one is named (whole, or not at all).

    Raises
    ------
    BadInput
        When there is no such format.
    CannotWrite
        When the file cannot be written.
    LedgerUnavailable, LedgerFailed, LedgerDamaged
        When the ledger cannot be read.
    """
    if form not in FORMATS:
        raise BadInput(f"There is no format {form!r}. {suggest(form, FORMATS)}")
    rows = open_ledger(find_workspace()).rows()
    text = to_csv(rows) if form == "csv" else to_jsonl(rows)
    if output is not None:
        # A torn character, which only meddling can bring here, is shown as an escape.
        write_atomic(output, text.encode("utf-8", "backslashreplace"))
    anchor = f"{rows[-1].sequence}:{rows[-1].hash}" if rows else f"0:{GENESIS}"
    return Exported(text, len(rows), anchor)
