"""A frame as Parquet bytes and back: the same frame always gives the same bytes, and the bytes the same frame.

pyarrow alone does not keep that promise: categories of numbers come back as numbers, object
columns as something near, dictionaries with keys they never had. What it loses and can be told
is written beside the schema; whatever still would not come back as it went is refused, by name,
before anything is written.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from studio.core.errors import BadInput, StudioError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FORMAT = 1
_KEY = b"studio"
# Property tests hold that columns of these types come back exactly; the others are read back and compared.
_EXACT = re.compile(
    r"u?int\d+|U?Int\d+|float(?:16|32|64)|Float\d+|bool|boolean|str|string|datetime64\[.+\]|timedelta64\[.+\]"
)


class CannotKeep(BadInput):
    """A frame that Parquet would not give back as it is."""

    def __init__(self, dataset: str, fact: str, following: str) -> None:
        super().__init__(f"The frame cannot be saved as {dataset!r}: {fact}. Next: {following}.")


def to_parquet(frame: pd.DataFrame, dataset: str) -> bytes:
    """`frame` as zstd-compressed Parquet; `dataset` is its name in messages.

    Raises
    ------
    CannotKeep
        When a column or the index would not come back as it is; the message names it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check_columns(frame, dataset)
    try:
        with _quiet():
            table = pa.Table.from_pandas(frame)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _culprit(frame, dataset, error) from error
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: _notes(frame)})
    sink = pa.BufferOutputStream()
    try:
        pq.write_table(table, sink, compression="zstd")
    except (pa.ArrowException, ValueError) as error:
        raise _culprit(frame, dataset, error) from error
    content: bytes = sink.getvalue().to_pybytes()
    _check_return(frame, content, dataset)
    return content


def from_parquet(content: bytes, columns: list[str] | None = None) -> pd.DataFrame:
    """The frame that `to_parquet` wrote, or the given columns of it.

    Raises
    ------
    StudioError
        When the bytes are not such a file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with _quiet():
            table = pq.read_table(pa.BufferReader(content), columns=columns, use_pandas_metadata=True)
            frame: pd.DataFrame = table.to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StudioError(f"This is not a Parquet file that Studio wrote: {error}.") from error
    return _restored(frame, _read_notes(table))


def columns_of(frame: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Name and dtype of every column, as manifests and records hold them."""
    return tuple((str(name), str(dtype)) for name, dtype in zip(frame.columns, frame.dtypes, strict=True))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # pyarrow still asks time-zone columns for `.values`, which pandas 3 announces will change.
    from pandas.errors import Pandas4Warning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Pandas4Warning)
        yield


def _check_columns(frame: pd.DataFrame, dataset: str) -> None:
    names = list(frame.columns)
    if not names:
        raise CannotKeep(dataset, "it has no columns", "save a frame with at least one column")
    unnamed = [name for name in names if not isinstance(name, str)]
    if unnamed:
        raise CannotKeep(dataset, f"the column name {unnamed[0]!r} is not a string", "name every column with a string")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CannotKeep(dataset, f"two columns are named {twice!r}", "rename one of them")
    if any(name is not None and not isinstance(name, str) for name in frame.index.names):
        raise CannotKeep(dataset, "the name of its index is not a string", "call reset_index() first, or rename it")
    try:
        json.dumps(frame.attrs)
    except (TypeError, ValueError) as error:
        raise CannotKeep(
            dataset, f"its attrs cannot be kept ({error})", "keep only plain JSON values in frame.attrs"
        ) from error


def _culprit(frame: pd.DataFrame, dataset: str, error: BaseException) -> CannotKeep:
    """Which column it was; pyarrow does not always say."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in frame.columns:
        try:
            with _quiet():
                pq.write_table(pa.Table.from_pandas(frame[[name]], preserve_index=False), pa.BufferOutputStream())
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as inner:
            return _not_kept(dataset, name, str(frame[name].dtype), _first_line(inner))
    return CannotKeep(dataset, f"Parquet cannot hold its index ({_first_line(error)})", "call reset_index() first")


def _first_line(error: BaseException) -> str:
    text = str(error.args[0]) if error.args and not isinstance(error, UnicodeError) else str(error)
    return text.splitlines()[0][:200] if text else type(error).__name__


def _not_kept(dataset: str, column: str, dtype: str, why: str) -> CannotKeep:
    return CannotKeep(
        dataset,
        f"the column {column!r} ({dtype}) would not come back as it is ({why})",
        "give the column one plain type, such as astype('str'), astype('Int64') or pandas.to_datetime, or spread it "
        "over several columns",
    )


def _notes(frame: pd.DataFrame) -> bytes:
    import pandas as pd

    categories: dict[str, Any] = {}
    for name, dtype in frame.dtypes.items():
        # pyarrow keeps the categories of text by itself, unless there is no row to hold on to.
        if isinstance(dtype, pd.CategoricalDtype) and (len(frame) == 0 or str(dtype.categories.dtype) != "str"):
            categories[str(name)] = {"ordered": bool(dtype.ordered), "values": _packed(dtype.categories)}
    dtypes = {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
    return json.dumps({"format": FORMAT, "dtypes": dtypes, "categories": categories}, sort_keys=True).encode()


def _packed(categories: pd.Index[Any]) -> str:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with _quiet():
        table = pa.Table.from_pandas(categories.to_frame(index=False, name="value"), preserve_index=False)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return base64.b64encode(sink.getvalue().to_pybytes()).decode()


def _unpacked(text: str) -> pd.Index[Any]:
    import pandas as pd
    import pyarrow as pa

    with _quiet(), pa.ipc.open_stream(base64.b64decode(text)) as reader:
        categories: pd.Index[Any] = pd.Index(reader.read_all().to_pandas()["value"]).rename(None)
    return categories


def _read_notes(table: pa.Table) -> Mapping[str, Any]:
    raw = (table.schema.metadata or {}).get(_KEY)
    notes: Mapping[str, Any] = json.loads(raw) if raw else {"dtypes": {}, "categories": {}}
    return notes


def _restored(frame: pd.DataFrame, notes: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    wanted: dict[str, Any] = {}
    for name in frame.columns:
        packed = notes["categories"].get(name)
        if packed is not None:
            dtype = pd.CategoricalDtype(_unpacked(packed["values"]), ordered=packed["ordered"])
            if frame[name].dtype != dtype:
                wanted[name] = dtype
        elif str(frame[name].dtype) != notes["dtypes"].get(name, str(frame[name].dtype)):
            wanted[name] = notes["dtypes"][name]
    restored = frame.astype(wanted) if wanted else frame
    for name in (name for name, dtype in wanted.items() if dtype == "object"):
        # A missing value of an object column is None, as pyarrow gives it back elsewhere.
        restored[name] = restored[name].where(restored[name].notna(), None)
    return restored


def _check_return(frame: pd.DataFrame, content: bytes, dataset: str) -> None:
    import pandas as pd

    delicate = [name for name, dtype in frame.dtypes.items() if not _EXACT.fullmatch(str(dtype))]
    if not delicate and isinstance(frame.index, pd.RangeIndex):
        return
    try:
        back = from_parquet(content, [str(name) for name in delicate])
    except (StudioError, TypeError, ValueError) as error:
        raise CannotKeep(dataset, _first_line(error), "give its columns plain types") from error
    if (
        not frame.index.equals(back.index)
        or list(frame.index.names) != list(back.index.names)
        or _index_types(frame.index) != _index_types(back.index)
    ):
        raise CannotKeep(dataset, "its index would not come back as it is", "call reset_index() first")
    for name in delicate:
        why = _difference(frame[name], back[name])
        if why:
            raise _not_kept(dataset, str(name), str(frame[name].dtype), why)


def _index_types(index: pd.Index[Any]) -> list[str]:
    """The types of the index's levels; text is text however it is held, and Parquet has no unit of whole seconds."""
    import pandas as pd

    types = [str(dtype) for dtype in index.dtypes] if isinstance(index, pd.MultiIndex) else [str(index.dtype)]
    return [re.sub(r"\[m?s\b", "[ms", {"object": "str"}.get(kind, kind)) for kind in types]


def _difference(went: pd.Series[Any], came: pd.Series[Any]) -> str:
    if went.dtype != came.dtype:
        return f"it would come back as {came.dtype}"
    if str(went.dtype) != "object":
        return "" if went.array.equals(came.array) else "its values would come back changed"
    for row, (old, new) in enumerate(zip(went.array, came.array, strict=True)):
        if not _same(old, new):
            return f"the {type(old).__name__} in data row {row + 1} would come back as {str(new)[:60]!r}"
    return ""


def _same(old: Any, new: Any) -> bool:
    import numpy as np
    import pandas as pd

    if isinstance(old, np.ndarray):
        return (
            isinstance(new, np.ndarray)
            and old.dtype == new.dtype
            and old.shape == new.shape
            and all(_same(a, b) for a, b in zip(old, new, strict=True))
        )
    if isinstance(old, dict):
        return isinstance(new, dict) and list(old) == list(new) and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list | tuple | set):
        return False
    if pd.isna(old):
        return bool(not isinstance(new, np.ndarray | dict) and pd.isna(new))
    return type(old) is type(new) and bool(old == new)
