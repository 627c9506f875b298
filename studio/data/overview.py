"""What ``studio data`` shows: every dataset with its latest snapshots, and whether its data keeps its contract.

Listing reads the catalog and the manifests only, so it costs no pandas; checking reads the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from studio.core.addresses import shown_address
from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.data import catalog
from studio.data.catalog import Dataset, find_dataset, local_path, read_catalog
from studio.data.contract_file import contract_digest
from studio.data.snapshots import DamagedSnapshot, Snapshot, SnapshotStore


@dataclass(frozen=True)
class DatasetOverview:
    """One dataset as the command line shows it.

    Attributes
    ----------
    name : str
        Its name in the catalog.
    location, format, contract, owner, description, licence : str | None
        What the catalog says of it; the location without passwords.
    tags : tuple[str, ...]
        What the catalog says of it.
    latest : Mapping[str, Snapshot]
        The latest snapshot of every part; the empty part where there are no parts.
    problem : str
        Why it cannot be used as it is (a source that is not there, a damaged snapshot); else empty.
    """

    name: str
    location: str | None
    format: str | None
    contract: str | None
    owner: str | None
    description: str | None
    licence: str | None
    tags: tuple[str, ...]
    latest: Mapping[str, Snapshot]
    problem: str = ""

    @property
    def rows(self) -> int | None:
        """Rows of all latest parts together; None where there is no snapshot."""
        return sum(snapshot.rows for snapshot in self.latest.values()) if self.latest else None

    @property
    def created(self) -> str | None:
        """When the newest of the latest parts was made; None where there is no snapshot."""
        return max((snapshot.created for snapshot in self.latest.values()), default=None)

    def as_dict(self) -> dict[str, Any]:
        """The overview with stable keys, for ``--json``."""
        content = asdict(self) | {"rows": self.rows, "created": self.created, "tags": list(self.tags)}
        content["latest"] = {
            part: {
                "digest": kept.digest,
                "rows": kept.rows,
                "created": kept.created,
                "run": kept.run,
                "step": kept.step,
            }
            | {"columns": [list(column) for column in kept.columns], "size": kept.size, "contract": kept.contract}
            for part, kept in self.latest.items()
        }
        return content


@dataclass(frozen=True)
class Finding:
    """What a check of one piece of data found.

    Attributes
    ----------
    subject : str
        What was checked, e.g. "source data/x.csv" or "snapshot 3f2a91c0 (model=forest)".
    rows : int | None
        How many rows it has; None when it could not be read.
    message : str
        What is wrong with it, as one paragraph; empty when nothing is.
    cases : tuple[Mapping[str, object], ...]
        The failure cases of its contract: column, check, value, row.
    """

    subject: str
    rows: int | None
    message: str = ""
    cases: tuple[Mapping[str, object], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.message


@dataclass(frozen=True)
class CheckResult:
    """What checking one dataset found: its source, if it has one, and its latest snapshots."""

    dataset: str
    contract: str | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether something could be checked, and nothing is wrong with it."""
        return bool(self.findings) and all(finding.ok for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """The result with stable keys, for ``--json``."""
        findings = [asdict(finding) | {"ok": finding.ok, "cases": list(finding.cases)} for finding in self.findings]
        return {"dataset": self.dataset, "contract": self.contract, "ok": self.ok, "findings": findings}


def overview(workspace: Workspace) -> list[DatasetOverview]:
    """All datasets of the catalog, by name.

    Raises
    ------
    BadInput
        When the catalog cannot be read.
    """
    found = read_catalog(workspace)
    return [_overview_of(workspace, name, found.datasets[name]) for name in sorted(found.datasets)]


def dataset_overview(workspace: Workspace, name: str) -> DatasetOverview:
    """One dataset; UnknownDataset with the nearest name when the catalog has none."""
    return _overview_of(workspace, name, find_dataset(workspace, name))


def check_dataset(workspace: Workspace, name: str) -> CheckResult:
    """Check the source of a dataset (where it has one) and its latest snapshots against its contract.

    Without a contract, what is checked is that everything can be read and no snapshot is damaged.

    Raises
    ------
    BadInput
        When the dataset is unknown, or its contract is not what a contract file may be.
    """
    dataset = find_dataset(workspace, name)
    if dataset.contract is not None:
        contract_digest(workspace, dataset.contract)
    findings = (
        [_check_source(workspace, name, dataset)] if dataset.location else _check_snapshots(workspace, name, dataset)
    )
    return CheckResult(name, dataset.contract, tuple(findings))


def _overview_of(workspace: Workspace, name: str, dataset: Dataset) -> DatasetOverview:
    latest: Mapping[str, Snapshot] = {}
    problem = ""
    try:
        latest = SnapshotStore(workspace).latest(name)
    except DamagedSnapshot as error:
        problem = str(error)
    path = local_path(workspace, dataset.location) if dataset.location else None
    if path is not None and not path.is_file():
        problem = (
            f"Its source {dataset.location} does not exist. Next: bring the file there, or correct {catalog.SHOWN}."
        )
    return DatasetOverview(
        name=name,
        location=shown_address(dataset.location) if dataset.location else None,
        format=dataset.source_format if dataset.location else None,
        contract=dataset.contract,
        owner=dataset.owner,
        description=dataset.description,
        licence=dataset.licence,
        tags=dataset.tags,
        latest=latest,
        problem=problem,
    )


def _check_source(workspace: Workspace, name: str, dataset: Dataset) -> Finding:
    from studio.data.contracts import ContractBroken
    from studio.data.sources import fetch_source

    subject = f"source {shown_address(dataset.location or '')}"
    try:
        return Finding(subject, len(fetch_source(workspace, name).frame))
    except ContractBroken as error:
        return Finding(subject, None, str(error), tuple(case.as_dict() for case in error.cases))
    except BadInput as error:
        return Finding(subject, None, str(error))


def _check_snapshots(workspace: Workspace, name: str, dataset: Dataset) -> list[Finding]:
    from studio.data.contracts import ContractBroken, read_contract

    store = SnapshotStore(workspace)
    try:
        latest = store.latest(name)
    except DamagedSnapshot as error:
        return [Finding("snapshots", None, str(error))]
    findings = []
    for part, snapshot in latest.items():
        subject = f"snapshot {snapshot.digest[:8]}{f' ({part})' if part else ''}"
        try:
            frame = store.load(name, snapshot.digest, part)
            if dataset.contract is not None:
                read_contract(workspace, dataset.contract).validated(frame, f"The {subject} of the dataset {name!r}")
            findings.append(Finding(subject, len(frame)))
        except ContractBroken as error:
            cases = tuple(case.as_dict() for case in error.cases)
            findings.append(Finding(subject, snapshot.rows, str(error), cases))
        except DamagedSnapshot as error:
            findings.append(Finding(subject, None, str(error)))
    return findings
