"""What the shell may complete: names of this workspace, read from its files."""

from __future__ import annotations

from studio.core.errors import StudioError


def pipeline_names(incomplete: str) -> list[str]:
    """The pipelines whose name starts so."""
    from studio.core.workspace import find_workspace

    try:
        folder = find_workspace().pipelines
    except StudioError:
        return []
    names = (path.stem for path in folder.glob("*.yml") if path.name != "catalog.yml")
    return sorted(name for name in names if name.startswith(incomplete))


def run_names(incomplete: str) -> list[str]:
    """The runs whose identifier starts so, newest first."""
    from studio.core.workspace import find_workspace

    try:
        folder = find_workspace().runs
    except StudioError:
        return []
    names = (path.name for path in folder.glob("*") if (path / "run.json").is_file())
    return ["last", *sorted((name for name in names if name.startswith(incomplete)), reverse=True)]


def dataset_names(incomplete: str) -> list[str]:
    """The catalog's datasets whose name starts so."""
    from studio.core.workspace import find_workspace
    from studio.data.catalog import read_catalog

    try:
        datasets = read_catalog(find_workspace()).datasets
    except StudioError:
        return []
    return sorted(name for name in datasets if name.startswith(incomplete))
