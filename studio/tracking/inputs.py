"""The datasets that a run read or wrote, as MLflow's dataset inputs, built without pandas.

MLflow keeps 36 characters of a digest; ours has 64. The whole stands in the source and in a tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.tracking.redaction import Redaction

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput as MlflowDatasetInput

DIGEST_LENGTH = 36
NAME_LENGTH = 500
TAG_LENGTH = 500
SOURCE_LENGTH = 65_535
SCHEMA_LENGTH = 1_048_575
_TYPES = (
    (re.compile(r"u?int(8|16)|int32", re.IGNORECASE), "integer"),
    (re.compile(r"u?int(32|64)", re.IGNORECASE), "long"),
    (re.compile(r"float(16|32)|halffloat", re.IGNORECASE), "float"),
    (re.compile(r"float|double|decimal", re.IGNORECASE), "double"),
    (re.compile(r"bool", re.IGNORECASE), "boolean"),
    (re.compile(r"datetime|timestamp|date", re.IGNORECASE), "datetime"),
    (re.compile(r"binary|bytes", re.IGNORECASE), "binary"),
)


@dataclass(frozen=True)
class DatasetInput:
    """One dataset of a run.

    Attributes
    ----------
    name : str
        The catalog's name; with the part, where it has parts: ``scores[model=forest]``.
    digest : str
        SHA-256 of the content in hexadecimal, or another digest.
    source : str
        Where the bytes are: a path or a URL.
    rows : int | None
        How many rows it has, where known.
    columns : Sequence[Sequence[str]]
        Pairs of name and dtype.
    context : str
        What it was to the run: ``input``, ``output``, ``training`` …
    """

    name: str
    digest: str
    source: str = ""
    rows: int | None = None
    columns: Sequence[Sequence[str]] = ()
    context: str = "input"

    def as_dict(self) -> dict[str, Any]:
        """The input as JSON."""
        columns = [list(column) for column in self.columns]
        return {**vars(self), "columns": columns}


def entity(given: DatasetInput, redaction: Redaction) -> MlflowDatasetInput:
    """`given` as MLflow's entity, within its limits."""
    from mlflow.entities import Dataset, InputTag
    from mlflow.entities import DatasetInput as MlflowDatasetInput

    where = redaction.text(given.source)
    dataset = Dataset(
        name=redaction.text(given.name)[:NAME_LENGTH],
        digest=given.digest[:DIGEST_LENGTH],
        source_type=_source_type(where),
        source=_source(where, given.digest),
        schema=_schema(given.columns, redaction),
        profile=None if given.rows is None else json.dumps({"num_rows": given.rows}),
    )
    tags = [InputTag("mlflow.data.context", given.context[:TAG_LENGTH])]
    tags.append(InputTag("studio.digest", given.digest[:TAG_LENGTH]))
    return MlflowDatasetInput(dataset=dataset, tags=tags)


def _source_type(where: str) -> str:
    scheme = where.partition("://")[0].lower() if "://" in where else ""
    return {"": "local", "file": "local", "https": "http"}.get(scheme, scheme)


def _source(where: str, digest: str) -> str:
    field = "url" if _source_type(where) == "http" else "uri"
    whole = json.dumps({field: where, "digest": digest})
    return whole if len(whole) <= SOURCE_LENGTH else json.dumps({field: where[:8000], "digest": digest})


def _schema(columns: Sequence[Sequence[str]], redaction: Redaction) -> str | None:
    if not columns:
        return None
    specification = [{"type": _type(dtype), "name": redaction.text(name), "required": True} for name, dtype in columns]
    while len(whole := json.dumps({"mlflow_colspec": specification})) > SCHEMA_LENGTH:
        specification = specification[: len(specification) // 2]
    return whole


def _type(dtype: str) -> str:
    return next((name for pattern, name in _TYPES if pattern.match(dtype)), "string")
