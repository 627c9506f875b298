"""A person writes a sample of a source, so that functional tests have something small to run on."""

from __future__ import annotations

from pathlib import Path

from studio.core.workspace import find_workspace
from studio.data.samples import Sample, write_sample


def sample_dataset(name: str, rows: int, output: Path | None = None, *, force: bool = False) -> Sample:
    """Write a sample of the dataset `name`; see `studio.data.samples.write_sample` for what is raised."""
    return write_sample(find_workspace(), name, rows, output, force=force)
