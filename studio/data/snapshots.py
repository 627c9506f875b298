"""The snapshot store: every saved state of a dataset, kept whole and never changed.

A snapshot is the file ``.studio/snapshots/<dataset>/<part>/<digest>.parquet``, named by the SHA-256
of its own bytes, and a manifest of the same name. The manifest is written last: a snapshot without
one does not exist, so no reader ever sees half. Equal content is written once. What `latest` means
is one small file for a dataset, replaced whole under a lock, so that parts saved side by side do
not lose each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core import clock
from studio.core.errors import BadInput, StudioError
from studio.core.files import digest_bytes, write_atomic, write_json
from studio.core.identifiers import check_name
from studio.core.locks import lock
from studio.core.workspace import Workspace
from studio.data import parts

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Snapshot:
    """What is known of one snapshot without reading its rows.

    Attributes
    ----------
    dataset, part : str
        Whose it is; `part` is empty where the dataset has no parts.
    digest : str
        SHA-256 of the Parquet file.
    rows, size : int
        Number of rows; size of the Parquet file in bytes.
    columns : tuple[tuple[str, str], ...]
        Name and dtype of every column.
    run, step : str | None
        What first saved this content; None when saved interactively.
    inputs : Mapping[str, Any]
        What that step had loaded.
    created : str
        When, as an RFC 3339 text.
    contract : str | None
        Digest of the contract it was checked against.
    """

    dataset: str
    part: str
    digest: str
    rows: int
    size: int
    columns: tuple[tuple[str, str], ...]
    created: str
    run: str | None = None
    step: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    contract: str | None = None

    def __repr__(self) -> str:
        """Short, because a notebook's cell that ends in ``studio.save(…)`` shows it."""
        name = f"{self.dataset}[{self.part}]" if self.part else self.dataset
        return f"Snapshot({name} {self.digest[:12]}: {self.rows:,} rows, {len(self.columns)} columns)"


class DamagedSnapshot(StudioError):
    """A file of the snapshot store is missing or is not what was saved."""

    exit_status = 2

    def __init__(self, path: str, dataset: str, fact: str) -> None:
        super().__init__(
            f"{path}, a snapshot of the dataset {dataset!r}, {fact}. Next: delete that file if it is there, and run "
            "the step that saves the dataset again; its content is then written anew."
        )


class SnapshotStore:
    """The snapshots of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def save(
        self,
        dataset: str,
        frame: pd.DataFrame,
        part: str = "",
        *,
        run: str | None = None,
        step: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        contract_digest: str | None = None,
    ) -> Snapshot:
        """Keep `frame` as a snapshot, and make it the latest of its part.

        Content that is there already is not written again; its first manifest stands.

        Raises
        ------
        CannotKeep
            When Parquet would not give the frame back as it is.
        CannotWrite
            When the file system refuses; everything saved earlier is untouched.
        """
        from studio.data.parquet import columns_of, to_parquet

        path = self._folder(dataset, part)
        content = to_parquet(frame, dataset)
        snapshot = Snapshot(
            dataset=dataset,
            part=part,
            digest=digest_bytes(content),
            rows=len(frame),
            size=len(content),
            columns=columns_of(frame),
            created=clock.to_text(clock.now()),
            run=run,
            step=step,
            inputs=dict(inputs or {}),
            contract=contract_digest,
        )
        if self.exists(dataset, snapshot.digest, part):
            snapshot = self.manifest(dataset, snapshot.digest, part)
        else:
            write_atomic(path / f"{snapshot.digest}.parquet", content)
            write_json(path / f"{snapshot.digest}.json", {"format": FORMAT, **asdict(snapshot)})
        self._move(dataset, {part: snapshot.digest}, beside=True)
        return snapshot

    def load(self, dataset: str, digest: str, part: str = "") -> pd.DataFrame:
        """The frame of one snapshot, its bytes checked against its digest.

        Raises
        ------
        DamagedSnapshot
            When the file is missing or is not what was saved; the message names it.
        """
        from studio.data.parquet import from_parquet

        path = self.path(dataset, digest, part)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise self._damaged(path, dataset, "does not exist") from error
        except OSError as error:
            raise self._damaged(path, dataset, f"cannot be read ({error.strerror})") from error
        if digest_bytes(content) != digest:
            raise self._damaged(path, dataset, "is damaged: its bytes do not have the digest in its name")
        return from_parquet(content)

    def path(self, dataset: str, digest: str, part: str = "") -> Path:
        """Where the Parquet file of a snapshot lies, whether it is there or not."""
        if not _DIGEST.fullmatch(digest):
            raise BadInput(f"{digest!r} is no snapshot digest: 64 hexadecimal characters. Next: correct it.")
        return self._folder(dataset, part) / f"{digest}.parquet"

    def exists(self, dataset: str, digest: str, part: str = "") -> bool:
        """Whether the snapshot is there whole: a manifest, and a file of the size it tells."""
        path = self.path(dataset, digest, part)
        try:
            return path.stat().st_size == self.manifest(dataset, digest, part).size
        except (OSError, DamagedSnapshot):
            return False

    def manifest(self, dataset: str, digest: str, part: str = "") -> Snapshot:
        """What is known of a snapshot.

        Raises
        ------
        DamagedSnapshot
            When there is no readable manifest.
        """
        path = self.path(dataset, digest, part).with_suffix(".json")
        content = self._read(path, dataset)
        if content is None:
            raise self._damaged(path, dataset, "does not exist")
        try:
            if content.pop("format") != FORMAT:
                raise self._damaged(path, dataset, "has a format that this version of Studio does not know")
            content["columns"] = tuple((str(name), str(dtype)) for name, dtype in content["columns"])
            return Snapshot(**content)
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged(path, dataset, "is not a manifest") from error

    def latest(self, dataset: str) -> dict[str, Snapshot]:
        """The latest snapshot of every part, parts in order; empty where nothing was saved.

        Raises
        ------
        DamagedSnapshot
            When one of them has lost its manifest.
        """
        pointed = self._pointed(dataset)
        return {part: self.manifest(dataset, pointed[part], part) for part in parts.in_order(pointed)}

    def point(self, dataset: str, digests: Mapping[str, str]) -> None:
        """Make exactly `digests` (by part) the latest, e.g. those of a step that was reused.

        Raises
        ------
        DamagedSnapshot
            When one of them is not in the store; nothing is changed then.
        CannotWrite
            When the file system refuses.
        """
        for part, digest in digests.items():
            if not self.exists(dataset, digest, part):
                raise self._damaged(self.path(dataset, digest, part), dataset, "is not there whole")
        self._move(dataset, digests, beside=False)

    def _folder(self, dataset: str, part: str) -> Path:
        return self.workspace.snapshots / check_name(dataset, "dataset") / parts.folder_name(part)

    def _pointer(self, dataset: str) -> Path:
        return self.workspace.snapshots / check_name(dataset, "dataset") / "latest.json"

    def _pointed(self, dataset: str) -> dict[str, str]:
        path = self._pointer(dataset)
        content = self._read(path, dataset)
        if content is None:
            return {}
        found = content.get("parts")
        if not isinstance(found, dict) or not all(isinstance(digest, str) for digest in found.values()):
            raise self._damaged(path, dataset, "does not name the latest snapshots")
        return found

    def _move(self, dataset: str, digests: Mapping[str, str], *, beside: bool) -> None:
        path = self._pointer(dataset)
        with lock(path.with_name(".lock")):
            before = self._pointed(dataset)
            after = dict(digests)
            if beside:
                # A part with other keys is of an earlier declaration of the step, and no sibling.
                kinds = {parts.keys(part) for part in digests}
                after = {part: digest for part, digest in before.items() if parts.keys(part) in kinds} | after
            if after != before:
                write_json(path, {"format": FORMAT, "dataset": dataset, "parts": after})

    def _read(self, path: Path, dataset: str) -> dict[str, Any] | None:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._damaged(path, dataset, f"cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise self._damaged(path, dataset, "is damaged: it is not JSON") from error
        if not isinstance(content, dict):
            raise self._damaged(path, dataset, "is damaged: it is not a JSON object")
        return content

    def _damaged(self, path: Path, dataset: str, fact: str) -> DamagedSnapshot:
        return DamagedSnapshot(self.workspace.shown(path), dataset, fact)
