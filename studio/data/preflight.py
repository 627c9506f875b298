"""Before anything starts: does a file that was given as a parameter keep its contract?

The verdict is remembered by the file's digest and the contract's, so that asking again about the
same file costs neither pandas nor pandera.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.errors import BadInput
from studio.core.files import digest_bytes
from studio.core.workspace import Workspace
from studio.data import sources
from studio.data.catalog import ReadingOptions, format_of
from studio.data.contract_file import contract_digest, shown_contract

FORMAT = 1


def check_file(workspace: Workspace, path: Path, contract: str) -> None:
    """Return when the file at `path` (relative ones start at the workspace) keeps the contract named `contract`.

    Raises
    ------
    BadInput
        When the file is missing or unreadable, neither CSV nor Parquet, or of another encoding.
    ContractBroken
        With all failure cases.
    """
    path = workspace.root / path
    kind = format_of(path.name)
    if path.is_dir() or kind is None:
        raise BadInput(f"{path} is neither a CSV nor a Parquet file by its ending. Next: give a .csv or .parquet file.")
    demanded = contract_digest(workspace, contract)
    verdict = workspace.cache / "preflight" / f"{sources.file_digest(workspace, path)}-{demanded[:32]}.json"
    if sources.recall(verdict).get("kept") == FORMAT:
        return
    _check(workspace, path, kind, contract)
    sources.remember(verdict, {"kept": FORMAT})


def _check(workspace: Workspace, path: Path, kind: str, name: str) -> None:
    from studio.data.contracts import read_contract
    from studio.data.tables import Reading, read_table

    contract = read_contract(workspace, name)
    shown = workspace.shown(path)
    content = sources.read_bytes(workspace, str(path), "The file")
    reading = Reading(kind, contract.file.options or ReadingOptions(), shown_contract(name))
    table = read_table(content, shown, reading, contract)
    contract.validated(table.frame, f"The file {shown}", table.unread)
    if digest_bytes(content) != sources.file_digest(workspace, path):
        raise BadInput(f"{shown} changed while it was read. Next: wait until it is written, then repeat the command.")
