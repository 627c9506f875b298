"""Samples: small files of the shape of a source, drawn from it once and then committed with the code.

Functional tests read them in place of the sources. A sample is made of the source's own rows as they
stand there (the same texts, the same Parquet types), so that reading it meets what reading the
source meets; every category and every gap of the source stays in it where the rows suffice.
"""

from __future__ import annotations

import codecs
import csv
import io
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.addresses import shown_address
from studio.core.errors import BadInput
from studio.core.files import write_atomic
from studio.core.workspace import Workspace
from studio.data import catalog, sources
from studio.data.catalog import Dataset, read_catalog, sample_line

if TYPE_CHECKING:
    import pandas as pd

ROWS = 200
SEED = 7
_MOST_CATEGORIES = 30
_MISSING = ("missing",)


@dataclass(frozen=True)
class Sample:
    """A sample as it was written.

    Attributes
    ----------
    dataset, path : str
        Whose it is, and the file as the catalog names it.
    rows, of : int
        How many rows it has, and how many the source has.
    lost : tuple[str, ...]
        Columns of which not every category found a place.
    line : str
        The line for the catalog.
    listed : bool
        Whether the catalog has that line already.
    """

    dataset: str
    path: str
    rows: int
    of: int
    lost: tuple[str, ...]
    line: str
    listed: bool

    def as_dict(self) -> dict[str, Any]:
        """The sample with stable keys, for ``--json``."""
        return {**asdict(self), "lost": list(self.lost)}


def write_sample(
    workspace: Workspace, name: str, rows: int = ROWS, output: Path | None = None, *, force: bool = False
) -> Sample:
    """Draw a sample of at most `rows` rows from the source of the dataset `name`, and write it.

    The rows keep their order and their texts; the draw is the same each time. `output` is by default
    the sample that the catalog names, else ``pipelines/samples/<name>`` in the source's format.

    Raises
    ------
    BadInput
        When the dataset is unknown or has no source, the source cannot be read, `rows` is less than 1, or
        the file is there already and not to be replaced (`force`).
    ContractBroken
        When the source, or what was drawn from it, does not keep the contract.
    CannotWrite
        When the file system refuses.
    """
    dataset = read_catalog(workspace).datasets.get(name) or catalog.find_dataset(workspace, name)
    if dataset.location is None:
        raise BadInput(
            f"The dataset {name!r} has no location in {catalog.SHOWN}: it is made by a pipeline, which makes it from "
            "samples too when its sources have some. Next: name a dataset with a location."
        )
    if rows < 1:
        raise BadInput(f"A sample of {rows} rows is none. Next: give --rows a number from 1 on.")
    path = _target(workspace, name, dataset, output)
    if path.exists() and not force:
        raise BadInput(
            f"{workspace.shown(path)} is there already. Next: add --force to replace it, or name another file with "
            "--output."
        )
    content = sources.read_bytes(workspace, dataset.location, f"The source of the dataset {name!r}")
    frame = sources.parse(workspace, name, dataset, content)
    chosen, lost = choose(frame, rows)
    shown = workspace.shown(path)
    drawn = _taken(content, dataset, chosen, len(frame))
    small = dataset.model_copy(update={"sample": shown}).of_sample()
    sources.parse(workspace, name, small, drawn)
    write_atomic(path, drawn)
    return Sample(name, shown, len(chosen), len(frame), lost, f"sample: {shown}", dataset.sample == shown)


def choose(frame: pd.DataFrame, rows: int) -> tuple[list[int], tuple[str, ...]]:
    """Positions of at most `rows` rows, in order, with every category where they suffice; and the columns where not.

    A category is a value of a column of text, truth values or categories that has few different ones, or a
    missing value of any column.
    """
    if len(frame) <= rows:
        return list(range(len(frame))), ()
    # Seeded on purpose: the same source gives the same sample.
    order = random.Random(SEED).sample(range(len(frame)), len(frame))  # noqa: S311
    chosen: dict[int, None] = {}
    lost = []
    for column in range(frame.shape[1]):
        codes = _categories(frame.iloc[:, column])
        if codes is None:
            continue
        first: dict[object, int] = {}
        for row in order:
            first.setdefault(codes[row], row)
        there = {codes[row] for row in chosen}
        wanted = [row for code, row in first.items() if code not in there and code is not None]
        room = rows - len(chosen)
        chosen.update(dict.fromkeys(wanted[:room]))
        if len(wanted) > room:
            lost.append(str(frame.columns[column]))
    for row in order:
        if len(chosen) >= rows:
            break
        chosen.setdefault(row, None)
    return sorted(chosen), tuple(lost)


def _categories(column: pd.Series[Any]) -> list[object] | None:
    """The category of every row (None where there is no such thing), or None for a column without any."""
    missing = column.isna()
    try:
        few = column.nunique() <= _MOST_CATEGORIES and str(column.dtype)[:3] not in {"flo", "Flo", "dat", "tim"}
    except TypeError:  # lists and the like are no categories
        few = False
    if not few and not missing.any():
        return None
    values: list[object] = [value if few else None for value in column.tolist()]
    return [_MISSING if gap else value for value, gap in zip(values, missing.tolist(), strict=True)]


def _target(workspace: Workspace, name: str, dataset: Dataset, output: Path | None) -> Path:
    kind = dataset.source_format
    default = dataset.sample or sample_line(name, kind).removeprefix("sample: ")
    path = catalog.local_path(workspace, default) if output is None else Path.cwd() / output
    if path is None:
        raise BadInput(
            f"The sample of the dataset {name!r}, {shown_address(default)}, is on another machine. Next: name a file "
            "here with --output."
        )
    if catalog.format_of(path.name) != kind or path.suffix not in {".csv", ".tsv", ".parquet", ".pq"}:
        raise BadInput(
            f"{workspace.shown(path)} does not end like a plain {kind} file, and the source of {name!r} is {kind}. "
            f"Next: name a .{kind} file with --output."
        )
    return path


def _taken(content: bytes, dataset: Dataset, chosen: list[int], rows: int) -> bytes:
    from studio.data.tables import decompressed

    plain = decompressed(content, shown_address(dataset.location or ""))
    if dataset.source_format == "parquet":
        return _parquet_rows(plain, chosen)
    return _csv_rows(plain, dataset, chosen, rows)


def _parquet_rows(content: bytes, chosen: list[int]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pq.read_table(pa.BufferReader(content)).take(chosen), sink)
    taken: bytes = sink.getvalue().to_pybytes()
    return taken


def _csv_rows(content: bytes, dataset: Dataset, chosen: list[int], rows: int) -> bytes:
    from studio.data.tables import large_fields

    options = dataset.options
    utf8 = codecs.lookup(options.encoding).name == "utf-8"
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig" if utf8 else options.encoding, newline="")
    with large_fields():
        header, *found = [fields for fields in csv.reader(text, delimiter=options.separator) if fields]
    if len(found) != rows:
        raise BadInput(
            f"The rows of {shown_address(dataset.location or '')} cannot be told apart: it holds {len(found):,} with "
            f"some text and {rows:,} that are read. Next: remove lines of blanks, or write the sample by hand."
        )
    drawn = io.StringIO(newline="")
    writer = csv.writer(drawn, delimiter=options.separator, lineterminator="\n")
    writer.writerows([header, *(found[row] for row in chosen)])
    return drawn.getvalue().encode(options.encoding)
