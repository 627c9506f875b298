"""What datasets there are, one of them, and whether its data keeps its contract."""

from __future__ import annotations

from studio.core.workspace import find_workspace
from studio.data.overview import CheckResult, DatasetOverview, check_dataset, dataset_overview, overview


def list_datasets() -> list[DatasetOverview]:
    """All datasets of the catalog; BadInput when it cannot be read."""
    return overview(find_workspace())


def show_dataset(name: str) -> DatasetOverview:
    """One dataset; BadInput with the nearest name when the catalog has none."""
    return dataset_overview(find_workspace(), name)


def check_datasets(names: list[str]) -> list[CheckResult]:
    """Check the named datasets, or without names all that have data here."""
    workspace = find_workspace()
    if names:
        return [check_dataset(workspace, name) for name in names]
    return [check_dataset(workspace, item.name) for item in overview(workspace) if item.latest or item.location]
