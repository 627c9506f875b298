"""What ``studio.load`` and ``studio.save`` are: the only way of a notebook to governed data.

Typed at a prompt they work on the latest snapshots and on the catalog's sources. In a run, the
runner has said in the environment which snapshots may be loaded, so that a step reads exactly what
its plan was made with; everything else is refused, and every load and save is written to the
run's record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.addresses import shown_address
from studio.core.errors import BadInput
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace, find_workspace
from studio.data import parts
from studio.data.catalog import SHOWN, Dataset, find_dataset
from studio.data.contract_file import contract_digest
from studio.data.snapshots import Snapshot, SnapshotStore

if TYPE_CHECKING:
    import pandas as pd


def load(name: str) -> pd.DataFrame:
    """The dataset called `name` in the catalog.

    A dataset that a fan-out saved comes as one frame: its parts one after the other, the values
    that tell them apart as leading columns.

    Raises
    ------
    BadInput
        When the catalog has no such dataset, there is nothing to load, the source cannot be read, or
        (in a run) the load was not seen when the run was planned.
    ContractBroken
        When the data does not keep its contract.
    """
    workspace = find_workspace()
    dataset = find_dataset(workspace, name)
    context = _Context.read()
    if context is None:
        return (
            _load_source(workspace, name, dataset, None) if dataset.location else _load_latest(workspace, name, dataset)
        )
    wanted = context.inputs().get(name)
    if wanted is None:
        raise BadInput(
            f'studio.load("{name}") was not seen when this run was planned, so nothing says which snapshot the step '
            f'reads. Next: write the call in the notebook itself with the name in quotes, studio.load("{name}").'
        )
    if "source" in wanted:
        return _load_source(workspace, name, dataset, context, str(wanted["source"]))
    return _load_parts(workspace, name, dataset, dict(wanted["parts"]), context)


def save(name: str, frame: pd.DataFrame) -> Snapshot:
    """Keep `frame` as a snapshot of the dataset called `name` in the catalog, and make it the latest.

    The contract is checked before anything is written.

    Raises
    ------
    BadInput
        When the catalog has no such dataset, or the dataset is read from a source file.
    ContractBroken
        When the frame does not keep its contract.
    CannotKeep
        When Parquet would not give the frame back as it is.
    CannotWrite
        When the file system refuses; everything saved earlier is untouched.
    """
    workspace = find_workspace()
    dataset = find_dataset(workspace, name)
    if dataset.location is not None:
        raise BadInput(
            f"The dataset {name!r} is read from {shown_address(dataset.location)}, so it cannot be saved. Next: save "
            f"under another name and add that to {SHOWN}, or remove the location there."
        )
    _check_is_frame(name, frame)
    context = _Context.read()
    digest = contract_digest(workspace, dataset.contract) if dataset.contract else None
    kept = _checked(workspace, dataset, frame, f"The frame saved as {name!r}")
    snapshot = SnapshotStore(workspace).save(
        name,
        kept,
        context.part if context else "",
        run=context.run if context else None,
        step=context.step if context else None,
        inputs=context.inputs() if context else None,
        contract_digest=digest,
    )
    if context is not None:
        context.record("save", snapshot)
    return snapshot


@dataclass(frozen=True)
class _Context:
    """What the runner says of this step."""

    run: str
    step: str
    part: str
    inputs_path: Path
    record_path: Path

    @classmethod
    def read(cls) -> _Context | None:
        run = os.environ.get("STUDIO_RUN")
        if not run:
            return None
        names = ("STUDIO_INPUTS", "STUDIO_RECORD")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise BadInput(
                f"STUDIO_RUN is set and {' and '.join(missing)} is not. These variables are set by studio run. "
                "Next: unset STUDIO_RUN to work outside a run."
            )
        inputs, record = (Path(os.environ[name]) for name in names)
        return cls(run, os.environ.get("STUDIO_STEP", ""), os.environ.get("STUDIO_PART", ""), inputs, record)

    def inputs(self) -> dict[str, Mapping[str, Any]]:
        try:
            content = json.loads(self.inputs_path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput(
                f"{self.inputs_path}, which says what this step may load, cannot be read: {error}."
            ) from error
        return dict(content)

    def record(self, kind: str, snapshot: Snapshot, source: Mapping[str, object] | None = None) -> None:
        line = {
            "kind": kind,
            "dataset": snapshot.dataset,
            "part": snapshot.part,
            "digest": snapshot.digest,
            "rows": snapshot.rows,
            "columns": snapshot.columns,
            "source": source is not None,
            "location": None,
            **(source or {}),
        }
        _append(self.record_path, json.dumps(line) + "\n")


def _append(path: Path, line: str) -> None:
    """Add one line in one write, so that lines of several writers never mix."""
    content = line.encode("ascii")  # no character of a column's name may look like the end of a line
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            written = os.write(descriptor, content)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise CannotWrite(path, error) from error
    if written != len(content):
        raise CannotWrite(path, OSError("the disk is full, and only a part of a line was written"))


def _load_latest(workspace: Workspace, name: str, dataset: Dataset) -> pd.DataFrame:
    latest = SnapshotStore(workspace).latest(name)
    if not latest:
        raise BadInput(
            f"The dataset {name!r} has no snapshot yet and no location in {SHOWN}. Next: run the pipeline that saves "
            "it, or give it a location."
        )
    return _load_parts(workspace, name, dataset, {part: snapshot.digest for part, snapshot in latest.items()}, None)


def _load_parts(
    workspace: Workspace, name: str, dataset: Dataset, digests: Mapping[str, str], context: _Context | None
) -> pd.DataFrame:
    store = SnapshotStore(workspace)
    demanded = contract_digest(workspace, dataset.contract) if dataset.contract else None
    frames: dict[str, pd.DataFrame] = {}
    for part in parts.in_order(digests):
        snapshot = store.manifest(name, digests[part], part)
        frame = store.load(name, digests[part], part)
        if demanded != snapshot.contract:
            # It was saved under another contract than stands now.
            frame = _checked(workspace, dataset, frame, _subject(name, part))
        frames[part] = frame
        if context is not None:
            context.record("load", snapshot)
    return _joined(frames)


def _load_source(
    workspace: Workspace, name: str, dataset: Dataset, context: _Context | None, expected: str = ""
) -> pd.DataFrame:
    from studio.data.sources import fetch_source

    source = fetch_source(workspace, name)
    if context is None:
        return source.frame
    location = shown_address(dataset.location or "")
    if source.digest != expected:
        raise BadInput(
            f"The source {location} of the dataset {name!r} changed after this run was planned. Next: run again; the "
            "plan is then made with the file as it is now."
        )
    digest = contract_digest(workspace, dataset.contract) if dataset.contract else None
    # Kept, so that the run can be repeated on what it read when the file has long changed.
    snapshot = SnapshotStore(workspace).save(
        name,
        source.frame,
        run=context.run,
        step=context.step,
        inputs={"source": source.digest, "location": location},
        contract_digest=digest,
    )
    context.record("load", snapshot, {"location": location, "source_digest": source.digest})
    return source.frame


def _joined(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    if set(frames) == {""}:
        return frames[""]
    typed = parts.typed_values(frames)
    for part, frame in frames.items():
        new = {key: value for key, value in typed[part].items() if key not in frame.columns}
        for position, (key, value) in enumerate(new.items()):
            frame.insert(position, key, value)
    plain = all(isinstance(frame.index, pd.RangeIndex) for frame in frames.values())
    return pd.concat(list(frames.values()), ignore_index=plain)


def _checked(workspace: Workspace, dataset: Dataset, frame: pd.DataFrame, subject: str) -> pd.DataFrame:
    if dataset.contract is None:
        return frame
    from studio.data.contracts import read_contract

    return read_contract(workspace, dataset.contract).validated(frame, subject)


def _subject(name: str, part: str) -> str:
    return f"The latest snapshot of the dataset {name!r}{f', part {part},' if part else ''}"


def _check_is_frame(name: str, frame: object) -> None:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise BadInput(
            f'studio.save("{name}", …) was given a {type(frame).__name__}, and a dataset is a pandas.DataFrame. '
            "Next: save a frame; a Series becomes one with to_frame()."
        )
