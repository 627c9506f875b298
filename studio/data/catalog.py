"""The catalog: which datasets exist under which name, where they lie, and what they promise.

``pipelines/catalog.yml`` is the only place where a dataset gets its name; notebooks speak to
``studio.load("name")`` and never to a path. The file is read strictly and without pandas, so
that plans and completion stay cheap. A dataset with a `location` is a source and read from
there; one without is made by a pipeline and lives in the snapshot store.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from studio.core.addresses import shown_address
from studio.core.documents import Document, Section, read_yaml, validate
from studio.core.errors import BadInput, Problem, Problems
from studio.core.identifiers import is_name, suggest
from studio.core.workspace import Workspace

FORMAT = 1
SHOWN = "pipelines/catalog.yml"
_COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
_FORMATS: dict[str, Literal["csv", "parquet"]] = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet"}
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:::|://)")


class ReadingOptions(Section):
    """How the text of a CSV file is to be read."""

    encoding: Annotated[str, Field(description="The file's character encoding, e.g. utf-8, latin-1, cp1252.")] = "utf-8"
    separator: Annotated[str, Field(min_length=1, max_length=1, description="What stands between two fields.")] = ","
    missing: Annotated[
        tuple[str, ...], Field(description="Texts that mean a missing value, beside the empty field.")
    ] = ()
    dates: Annotated[
        str | None, Field(description="The strptime format of dates, e.g. %d.%m.%Y; without it ISO 8601.")
    ] = None

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError("Python knows no such encoding; usual ones are utf-8, latin-1, cp1252, utf-16") from None
        return value


class Dataset(Section):
    """One governed dataset."""

    location: Annotated[
        str | None,
        Field(
            min_length=1,
            description="The source file: relative to the workspace, absolute, or an fsspec URL; "
            "without it the dataset is made by a pipeline.",
        ),
    ] = None
    format: Annotated[
        Literal["csv", "parquet"] | None, Field(description="The source's format; without it, by the file's ending.")
    ] = None
    contract: Annotated[str | None, Field(description="The name of its contract in pipelines/contracts/.")] = None
    owner: Annotated[str | None, Field(description="Who answers for it.")] = None
    description: Annotated[str | None, Field(description="What one row is, and what it is good for.")] = None
    licence: Annotated[str | None, Field(description="Under which terms it may be used.")] = None
    tags: Annotated[tuple[str, ...], Field(description="Free words to find it by.")] = ()
    sample: Annotated[
        str | None,
        Field(
            min_length=1,
            description="A small file of the same shape, read in place of the source by functional tests; "
            "its format by its own ending.",
        ),
    ] = None
    options: Annotated[ReadingOptions, Field(description="How a CSV source is read.")] = ReadingOptions()

    @field_validator("location", "sample")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("a location without control characters is expected here")
        return value

    @model_validator(mode="after")
    def _readable(self) -> Dataset:
        if self.location is not None and self.format is None and format_of(self.location) is None:
            raise ValueError(
                f"the ending of {shown_address(self.location)!r} does not tell its format; "
                "add format: csv or format: parquet"
            )
        if self.location is None and self.format is not None:
            raise ValueError("format goes with a location; a dataset made by a pipeline has no format of its own")
        if self.sample is not None and format_of(self.sample) is None:
            raise ValueError(
                f"the ending of the sample {shown_address(self.sample)!r} does not tell its format; "
                "give a .csv or .parquet file"
            )
        return self

    @property
    def source_format(self) -> Literal["csv", "parquet"]:
        """The source's format. Only for a dataset with a location."""
        found = self.format or format_of(self.location or "")
        if found is None:
            raise ValueError("a dataset without a location has no source format")
        return found

    def of_sample(self) -> Dataset:
        """The same dataset, its sample read as its source. Only for a dataset with a sample."""
        return self.model_copy(update={"location": self.sample, "format": None})


class Catalog(Section):
    """The content of pipelines/catalog.yml."""

    version: Annotated[Literal[1], Field(description="The format's number.")] = 1
    datasets: Annotated[dict[str, Dataset], Field(description="The governed datasets by name.")] = Field(
        default_factory=dict
    )

    @field_validator("datasets", mode="before")
    @classmethod
    def _bare_entries(cls, value: object) -> object:
        # `features:` with nothing behind it is a dataset of which only the name is known.
        if value is None:
            return {}
        if isinstance(value, dict):
            return {name: {} if entry is None else entry for name, entry in value.items()}
        return value


class UnknownDataset(BadInput):
    """A name that the catalog does not hold."""

    def __init__(self, name: str, catalog: Catalog) -> None:
        near = suggest(name, catalog.datasets)
        super().__init__(
            f"There is no dataset {name!r} in {SHOWN}. {near} Next: correct the name, or add under 'datasets:' "
            f"in {SHOWN} the line:\n  {name if is_name(name) else 'the_name'}: {{description: what one row is}}"
        )


class NoSample(BadInput):
    """A source that work on samples needs, and that has no sample."""

    def __init__(self, name: str, kind: str = "csv") -> None:
        super().__init__(
            f"The dataset {name!r} has no sample, and work on samples never reads its source. Next: write one with "
            f"studio data sample {name}, and add to {name!r} in {SHOWN} the line:\n  {sample_line(name, kind)}"
        )


def read_catalog(workspace: Workspace) -> Catalog:
    """The workspace's catalog; an empty one where there is no file.

    Raises
    ------
    Problems
        With file and line for everything the format does not allow, for impossible names, and for
        contracts that do not exist.
    BadInput
        When the file cannot be read.
    """
    if not workspace.catalog.exists():
        return Catalog()
    document = read_yaml(workspace.catalog, SHOWN)
    catalog = validate(Catalog, document.content, SHOWN, document)
    problems = [problem for name in catalog.datasets for problem in _name_problems(workspace, document, catalog, name)]
    if problems:
        raise Problems(problems)
    return catalog


def find_dataset(workspace: Workspace, name: str) -> Dataset:
    """The catalog's entry for `name`; in a sampled workspace with the sample in place of the source.

    Raises
    ------
    UnknownDataset
        When the catalog has none; the message holds the nearest name and the line to add.
    NoSample
        In a sampled workspace, when the dataset has a source and no sample.
    """
    catalog = read_catalog(workspace)
    if name not in catalog.datasets:
        raise UnknownDataset(name, catalog)
    dataset = catalog.datasets[name]
    if not workspace.sampled or dataset.location is None:
        return dataset
    if dataset.sample is None:
        raise NoSample(name, dataset.source_format)
    return dataset.of_sample()


def format_of(location: str) -> Literal["csv", "parquet"] | None:
    """The format that a file's ending tells (compression endings aside), None where it tells none."""
    path = location.split("?", maxsplit=1)[0].lower()
    for ending in _COMPRESSIONS:
        path = path.removesuffix(ending)
    return next((kind for ending, kind in _FORMATS.items() if path.endswith(ending)), None)


def local_path(workspace: Workspace, location: str) -> Path | None:
    """The file behind `location` (relative ones start at the workspace), None for one on another machine."""
    if location.startswith("file://"):
        return Path(location.removeprefix("file://"))
    if _REMOTE.match(location):
        return None
    return workspace.root / location


def sample_line(name: str, kind: str) -> str:
    """The line of the catalog for a sample that lies where samples lie by default."""
    return f"sample: pipelines/samples/{name}.{kind}"


def _name_problems(workspace: Workspace, document: Document, catalog: Catalog, name: str) -> list[Problem]:
    place = ("datasets", name)
    problems: list[Problem] = []
    if not is_name(name):
        problems.append(
            document.problem(
                place,
                f"{name!r} is no name for a dataset: lower-case letters, digits, '_' and '-', starting with a letter, "
                "at most 64. Next: rename it here and in the notebooks.",
            )
        )
    contract = catalog.datasets[name].contract
    if contract is not None and not (is_name(contract) and (workspace.contracts / f"{contract}.yml").is_file()):
        known = [path.stem for path in workspace.contracts.glob("*.yml") if path.is_file()]
        problems.append(
            document.problem(
                (*place, "contract"),
                f"There is no contract pipelines/contracts/{contract}.yml. {suggest(contract, known)} "
                "Next: write that file, or correct the name.",
            )
        )
    return problems
