"""Sources: the files, here or behind an fsspec URL, that datasets with a location are read from.

A file is read once into memory, so that its digest is of the very bytes that were parsed. For plans
the digest of a local file is remembered by its size, times and inode, and costs no reading.
"""

from __future__ import annotations

import contextlib
import errno
import json
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.addresses import shown_address
from studio.core.errors import BadInput
from studio.core.files import CannotWrite, canonical_json, digest_bytes, digest_file, frame, short, write_json
from studio.core.workspace import Workspace
from studio.data import catalog
from studio.data.catalog import Dataset, find_dataset, local_path

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
# A file changed this recently may change again within the same tick of the file system's clock.
_SETTLED_SECONDS = 2.0


@dataclass(frozen=True)
class Source:
    """A source as it was read: its rows, checked against its contract, and its digest (see `source_digest`)."""

    frame: pd.DataFrame
    digest: str


def source_digest(workspace: Workspace, name: str) -> str:
    """SHA-256 of the bytes of the source of the dataset `name`, and of the catalog's options for reading them.

    Without options it is the digest of the bytes alone. fsspec is imported only for a URL.

    Raises
    ------
    BadInput
        When the dataset is unknown or has no location, or the file cannot be read.
    """
    dataset = _located(workspace, name)
    path = local_path(workspace, dataset.location or "")
    if path is not None:
        return digest_as_read(dataset, file_digest(workspace, path, f"The source of the dataset {name!r} at"))
    content = read_bytes(workspace, dataset.location or "", f"The source of the dataset {name!r}")
    return digest_as_read(dataset, digest_bytes(content))


def digest_as_read(dataset: Dataset, digest: str) -> str:
    """`digest`, that of the source's bytes, together with the options that decide what rows they give."""
    options = dataset.options.model_dump(mode="json", exclude_defaults=True)
    return digest_bytes(frame(digest, canonical_json(options))) if options else digest


def fetch_source(workspace: Workspace, name: str) -> Source:
    """The source of the dataset `name` with its rows, checked against its contract.

    Raises
    ------
    BadInput
        When the file cannot be read or is not what the catalog says.
    ContractBroken
        When its rows do not keep the contract.
    """
    dataset = _located(workspace, name)
    content = read_bytes(workspace, dataset.location or "", f"The source of the dataset {name!r}")
    return Source(parse(workspace, name, dataset, content), digest_as_read(dataset, digest_bytes(content)))


def fetch_sample(workspace: Workspace, name: str) -> pd.DataFrame:
    """The rows of the sample of the dataset `name`, whether the workspace is sampled or not.

    Raises
    ------
    BadInput
        When the dataset is unknown or has no sample, or the file cannot be read.
    ContractBroken
        When its rows do not keep the contract.
    """
    dataset = catalog.read_catalog(workspace).datasets.get(name) or find_dataset(workspace, name)
    if dataset.sample is None:
        raise catalog.NoSample(name)
    content = read_bytes(workspace, dataset.sample, f"The sample of the dataset {name!r}")
    return parse(workspace, name, dataset.of_sample(), content)


def parse(workspace: Workspace, name: str, dataset: Dataset, content: bytes) -> pd.DataFrame:
    """The rows in `content`, which was read from the location of `dataset`, checked against its contract.

    Raises
    ------
    BadInput
        When the content is not what the catalog says.
    ContractBroken
        When its rows do not keep the contract.
    """
    from studio.data.contracts import read_contract
    from studio.data.tables import Reading, read_table

    contract = read_contract(workspace, dataset.contract) if dataset.contract else None
    shown = shown_address(dataset.location or "")
    reading = Reading(dataset.source_format, dataset.options, f"{catalog.SHOWN} under {name}")
    table = read_table(content, shown, reading, contract)
    if contract is None:
        return table.frame
    return contract.validated(table.frame, f"The file {shown} of the dataset {name!r}", table.unread)


def read_bytes(workspace: Workspace, location: str, subject: str) -> bytes:
    """The whole content behind `location`; `subject` begins the message ("The source of …").

    Raises
    ------
    BadInput
        When it cannot be read; the message names it without passwords.
    """
    path = local_path(workspace, location)
    shown = shown_address(location)
    try:
        if path is not None:
            _refuse_pipe(path)
            return path.read_bytes()
        import fsspec

        with fsspec.open(location, "rb") as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError as error:
        # To fsspec also a server that nobody can reach is a file that is not there.
        more = "" if path is not None else f" or cannot be reached ({shown_address(str(error))[:200]})"
        raise BadInput(
            f"{subject}, {shown}, does not exist{more}. Next: bring the file there, or correct the path."
        ) from error
    except ImportError as error:
        raise BadInput(
            f"{subject}, {shown}, needs a package that is not installed: {error}. "
            "Next: install it with pip in Studio's environment, or bring the file to this machine."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or shown_address(str(error)) or type(error).__name__
        raise BadInput(
            f"{subject}, {shown}, cannot be read: {reason}. Next: correct the file's permissions or the address."
        ) from error


def file_digest(workspace: Workspace, path: Path, subject: str = "The file") -> str:
    """SHA-256 of a local file, remembered in ``.studio/cache`` as long as size, times and inode stay.

    `subject` begins the message, before the path.

    Raises
    ------
    BadInput
        When the file is missing or cannot be read.
    """
    path = path.absolute()
    try:
        _refuse_pipe(path)
        state = _state(path)
        memory = workspace.cache / "digests" / f"{digest_bytes(str(path).encode('utf-8', 'surrogateescape'))}.json"
        remembered = recall(memory)
        if remembered.get("state") == state and isinstance(remembered.get("digest"), str):
            return str(remembered["digest"])
        digest = digest_file(path)
        settled = time.time() - max(path.stat().st_mtime, path.stat().st_ctime) > _SETTLED_SECONDS
        if settled and _state(path) == state:
            remember(memory, {"state": state, "digest": digest})
        return digest
    except FileNotFoundError as error:
        raise BadInput(
            f"{subject} {short(path)} does not exist. Next: correct the path, or bring the file there."
        ) from error
    except OSError as error:
        raise BadInput(
            f"{subject} {short(path)} cannot be read: {error.strerror}. Next: correct the file or its permissions."
        ) from error


def recall(path: Path) -> dict[str, object]:
    """What `remember` wrote to `path`; empty where there is nothing that can be used."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) and content.get("format") == FORMAT else {}


def remember(path: Path, content: dict[str, object]) -> None:
    """Keep `content` at `path` in the cache, if the cache can be written."""
    # A full or read-only cache costs time at the next look, and nothing else.
    with contextlib.suppress(CannotWrite):
        write_json(path, {"format": FORMAT, **content}, durable=False)


def _refuse_pipe(path: Path) -> None:
    """OSError for what would be waited for, or read, without end."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")


def _state(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]


def _located(workspace: Workspace, name: str) -> Dataset:
    dataset = find_dataset(workspace, name)
    if dataset.location is None:
        raise BadInput(
            f"The dataset {name!r} has no location in {catalog.SHOWN}: it is made by a pipeline, and no "
            "source file is read. Next: load it with studio.load, or add its location."
        )
    return dataset
