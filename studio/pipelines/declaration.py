"""What a pipeline *is* beside its notebooks: one fingerprint over what its file and the catalog say and a run obeys.

Counted: the steps with their notebooks, values, combinations, limits and order; values for all steps; checked inputs
and their contracts; gates; and of every dataset that the notebooks load or save where it lies, how it is read and what
it has to keep. Left out: descriptions, owners, samples, comments, the order of keys,
and the schedule, since when something runs is not what runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from studio.core.files import canonical_json, frame
from studio.core.workspace import Workspace
from studio.data.catalog import read_catalog
from studio.data.contract_file import contract_digest
from studio.notebooks.fingerprint import Fingerprint, Part
from studio.pipelines.specification import Pipeline, PipelineFile

FORMAT = 1
_LEFT_OUT = {"version", "description", "sample", "schedule", "steps", "parameters", "inputs"}


def declaration_fingerprint(workspace: Workspace, pipeline: Pipeline, datasets: Iterable[str]) -> Fingerprint:
    """The fingerprint of the declarations that a run of `pipeline` obeys; its notebooks use `datasets`.

    Raises
    ------
    BadInput, Problems
        When the catalog or a contract can no longer be read.
    """
    parts = _file_parts(pipeline.file)
    parts += _dataset_parts(workspace, datasets)
    contracts = {declared.contract for declared in pipeline.inputs.values()}
    parts += [_part("contract", f"contract {name}", contract_digest(workspace, name)) for name in sorted(contracts)]
    framed = frame("studio pipeline", str(FORMAT), *(text for part in parts for text in (part.kind, part.digest)))
    return Fingerprint(f"p{FORMAT}:{hashlib.sha256(framed).hexdigest()}", tuple(parts))


def _file_parts(file: PipelineFile) -> list[Part]:
    content = file.model_dump(mode="json")
    parts = [_part("step", f"step {name}", [name, step]) for name, step in _sorted(content["steps"])]
    parts += [_part("value", f"parameter {name}", [name, value]) for name, value in _sorted(content["parameters"])]
    parts += [_part("input", f"input {name}", [name, value]) for name, value in _sorted(content["inputs"])]
    for name, value in _sorted(content):
        if name not in _LEFT_OUT and value:
            parts.append(_part("section", name, [name, value]))
    return parts


def _dataset_parts(workspace: Workspace, datasets: Iterable[str]) -> Iterable[Part]:
    catalog = read_catalog(workspace)
    for name in sorted(set(datasets).intersection(catalog.datasets)):
        entry = catalog.datasets[name].model_dump(mode="json", include={"location", "format", "options", "contract"})
        yield _part("dataset", f"dataset {name}", [name, entry])


def _sorted(content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(content.items())


def _part(kind: str, label: str, content: Any) -> Part:
    return Part(kind, label, hashlib.sha256(frame(kind, canonical_json(content))).hexdigest())
