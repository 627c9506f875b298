"""Before anything starts: do the files that a run would read keep their contracts?

That is a file given as a parameter, or the source of a dataset. The verdict is remembered by the
digests of the file, of the contract and of how the file is read, so that asking again about the same
file costs neither pandas nor pandera.
"""

from __future__ import annotations

from pathlib import Path

from studio.core.addresses import shown_address
from studio.core.errors import BadInput
from studio.core.files import canonical_json, digest_bytes, frame
from studio.core.workspace import Workspace
from studio.data import catalog, sources
from studio.data.catalog import ReadingOptions, find_dataset, format_of
from studio.data.contract_file import contract_digest, read_contract_file, shown_contract

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
    options = read_contract_file(workspace, contract).options or ReadingOptions()
    digest = sources.file_digest(workspace, path)
    verdict = _verdict(workspace, digest, contract, kind, options)
    if _kept(verdict):
        return
    shown = workspace.shown(path)
    content = sources.read_bytes(workspace, str(path), "The file")
    _check(workspace, content, shown, contract, (kind, options, shown_contract(contract)))
    _remember(verdict, shown, digest, digest_bytes(content))


def check_source(workspace: Workspace, name: str) -> None:
    """Return when the source of the dataset `name` can be read and keeps its contract, if it has one.

    Raises
    ------
    BadInput
        When the dataset is unknown or has no location, or the source cannot be read.
    ContractBroken
        With all failure cases.
    """
    dataset = find_dataset(workspace, name)
    digest = sources.source_digest(workspace, name)
    if dataset.contract is None or dataset.location is None:
        return
    verdict = _verdict(workspace, digest, dataset.contract, dataset.source_format, dataset.options)
    if _kept(verdict):
        return
    content = sources.read_bytes(workspace, dataset.location, f"The source of the dataset {name!r}")
    shown = shown_address(dataset.location)
    reading = (dataset.source_format, dataset.options, f"{catalog.SHOWN} under {name}")
    _check(workspace, content, shown, dataset.contract, reading)
    _remember(verdict, shown, digest, sources.digest_as_read(dataset, digest_bytes(content)))


def _verdict(workspace: Workspace, digest: str, contract: str, kind: str, options: ReadingOptions) -> Path:
    demanded = contract_digest(workspace, contract)
    key = frame(digest, demanded, kind, canonical_json(options.model_dump(mode="json")))
    return workspace.cache / "preflight" / f"{digest_bytes(key)}.json"


def _kept(verdict: Path) -> bool:
    return sources.recall(verdict).get("kept") == FORMAT


def _remember(verdict: Path, shown: str, before: str, now: str) -> None:
    if now != before:
        raise BadInput(f"{shown} changed while it was read. Next: wait until it is written, then repeat the command.")
    sources.remember(verdict, {"kept": FORMAT})


def _check(
    workspace: Workspace, content: bytes, shown: str, name: str, reading: tuple[str, ReadingOptions, str]
) -> None:
    from studio.data.contracts import read_contract
    from studio.data.tables import Reading, read_table

    contract = read_contract(workspace, name)
    table = read_table(content, shown, Reading(*reading), contract)
    contract.validated(table.frame, f"The file {shown}", table.unread)
