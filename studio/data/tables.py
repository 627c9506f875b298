"""The bytes of a CSV or Parquet file as a frame, or a paragraph saying where they are not what they should be.

A CSV file is read twice: once as rows, to find what pandas would repair or drop in silence (rows
that are too short, columns of one name, bytes of another encoding), then as columns, whose types
come from the contract where there is one. Only the empty field is a missing value, and whatever the
option `missing` lists.
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.core.errors import BadInput, Problem, Problems
from studio.data.catalog import ReadingOptions
from studio.data.contracts import Contract, FailureCase

if TYPE_CHECKING:
    import pandas as pd

_OPENERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SHOWN_ROWS = 10


@dataclass(frozen=True)
class Table:
    """A file's rows.

    Attributes
    ----------
    frame : pandas.DataFrame
        The rows; a column with texts that are not of its declared type is left as text.
    unread : dict[str, list[FailureCase]]
        Those columns, each with its failure cases.
    """

    frame: pd.DataFrame
    unread: dict[str, list[FailureCase]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """How a file is read.

    Attributes
    ----------
    kind : str
        "csv" or "parquet".
    options : ReadingOptions
        How the text of a CSV file is read.
    where : str
        Where these options are set, for messages.
    """

    kind: str
    options: ReadingOptions
    where: str


def read_table(content: bytes, shown: str, reading: Reading, contract: Contract | None = None) -> Table:
    """The table in `content`.

    Parameters
    ----------
    content : bytes
        The file, compressed if its name says so.
    shown : str
        The file as messages name it.
    reading : Reading
        How it is read.
    contract : Contract, optional
        Which types the columns of a CSV file have.

    Raises
    ------
    BadInput
        When the file is empty, of another encoding or not of this format.
    Problems
        When rows do not have as many fields as the header; each with its line.
    """
    content = decompressed(content, shown)
    if not content:
        raise BadInput(f"{shown} is empty: it has not even a header. Next: give a file with a header and rows.")
    if reading.kind == "parquet":
        return Table(_parquet(content, shown))
    return _csv(content, shown, reading, contract)


def decompressed(content: bytes, shown: str) -> bytes:
    """What `content` holds when the ending of its name says that it is compressed; else `content` itself."""
    name = shown.split("?", maxsplit=1)[0].lower()
    for ending, opener in _OPENERS.items():
        if name.endswith(ending):
            try:
                return opener(content)
            except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
                raise BadInput(
                    f"{shown} cannot be decompressed: {error}. Next: fetch or make the file again."
                ) from error
    return content


def _parquet(content: bytes, shown: str) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    try:
        return pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    except (pa.ArrowException, OSError, ValueError) as error:
        line = str(error).splitlines()[0]
        raise BadInput(
            f"{shown} is not a readable Parquet file: {line}. Next: fetch or make the file again."
        ) from error


def _csv(content: bytes, shown: str, reading: Reading, contract: Contract | None) -> Table:
    import pandas as pd

    options, where = reading.options, reading.where
    encoding = "utf-8-sig" if codecs.lookup(options.encoding).name == "utf-8" else options.encoding
    _check_encoding(content, encoding, shown, where)
    header = _check_rows(content, encoding, shown, reading)
    _check_separator(header, shown, reading, contract)
    declared = {
        name: rule.dtype
        for name in header
        if contract is not None and (rule := contract.rule(name)) is not None and rule.dtype is not None
    }
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            sep=options.separator,
            encoding=encoding,
            dtype=dict.fromkeys(declared, "str"),
            keep_default_na=False,
            na_values=["", *options.missing],
            index_col=False,
            low_memory=False,
        )
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{shown} cannot be read as CSV: {error}. Next: correct the file, or {where}.") from error
    unread: dict[str, list[FailureCase]] = {}
    for name, dtype in declared.items():
        _convert(frame, name, dtype, options, unread)
    return Table(frame, unread)


def _convert(
    frame: pd.DataFrame, name: str, dtype: str, options: ReadingOptions, unread: dict[str, list[FailureCase]]
) -> None:
    from studio.data.texts import convert

    converted = convert(frame[name], dtype, options.dates)
    if converted.misfits or converted.holes:
        texts = frame[name]
        unread[name] = [
            FailureCase(name, f"dtype {dtype}", repr(texts.iat[row])[:60], row + 1) for row in converted.misfits
        ]
        hint = f"no missing values in {dtype} ({dtype.capitalize().replace('Ui', 'UI')} can hold them)"
        hint = hint.replace("Bool ", "boolean ")
        unread[name] += [FailureCase(name, hint, "missing", row + 1) for row in converted.holes]
    else:
        frame[name] = converted.column


def _check_encoding(content: bytes, encoding: str, shown: str, where: str) -> None:
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        guess = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "latin-1")
        shown_encoding = encoding.removesuffix("-sig")
        raise BadInput(
            f"{shown} is not {shown_encoding} text: byte {error.start} (0x{content[error.start]:02x}, in line "
            f"{line}) does not fit: {error.reason}. Next: save the file as "
            f"{shown_encoding}, or name its encoding in {where}, e.g. options: {{encoding: {guess}}}"
        ) from error


@contextmanager
def large_fields() -> Iterator[None]:
    """Inside the block the csv module takes fields of up to a gigabyte."""
    before = csv.field_size_limit(2**30)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _check_rows(content: bytes, encoding: str, shown: str, reading: Reading) -> list[str]:
    """The header, after every row was seen to have as many fields."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=reading.options.separator)
    problems: list[Problem] = []
    header: list[str] | None = None
    try:
        with large_fields():
            for fields in reader:
                if not fields:
                    continue
                if header is None:
                    header = _checked_header(fields, shown)
                elif len(fields) != len(header) and len(problems) <= _SHOWN_ROWS:
                    problems.append(_ragged(shown, reader.line_num, len(fields), len(header), reading.where))
    except csv.Error as error:
        raise Problems(
            [Problem(shown, reader.line_num, f"This is not CSV: {error}. Next: correct the line.")]
        ) from error
    if header is None:
        raise BadInput(f"{shown} holds only blank lines. Next: give a file with a header and rows.")
    if problems:
        raise Problems(
            problems[:_SHOWN_ROWS]
            + [Problem(shown, 0, f"More rows are so; the first {_SHOWN_ROWS} are shown.")]
            * (len(problems) > _SHOWN_ROWS)
        )
    return header


def _ragged(shown: str, line: int, found: int, wanted: int, where: str) -> Problem:
    return Problem(
        shown,
        line,
        f"The row that ends here has {found} field{'s' * (found != 1)}, and the header has {wanted}. Next: correct the "
        f"row (a text that holds the separator or a line break belongs in quotes), or the separator in {where}.",
    )


def _checked_header(fields: list[str], shown: str) -> list[str]:
    if any("\x00" in name for name in fields):
        raise BadInput(
            f"{shown} holds NUL bytes, so it is not text of this encoding. Next: save it as CSV in UTF-8, or name its "
            "encoding, e.g. options: {encoding: utf-16}"
        )
    if not "".join(fields).strip():
        raise BadInput(
            f"{shown} has no header: its first line names no column. Next: give a file with a header and rows."
        )
    twice = sorted({name for name in fields if fields.count(name) > 1})
    if twice:
        named = ", ".join(map(repr, twice))
        raise BadInput(f"The header of {shown} names a column twice: {named}. Next: rename one of the two.")
    return fields


def _check_separator(header: list[str], shown: str, reading: Reading, contract: Contract | None) -> None:
    marks = ";\t|,".replace(reading.options.separator, "")
    other = next((mark for mark in marks if len(header) == 1 and mark in header[0]), None)
    if other is not None and (contract is None or contract.rule(header[0]) is None):
        raise BadInput(
            f"The header of {shown} is one single column, {header[0][:60]!r}, that holds {other!r}. Next: name the "
            f"separator in {reading.where}, e.g. options: {{separator: {other!r}}}"
        )
