"""Columns of text turned into the types that a contract declares, every text that does not fit told with its row.

A reader that guesses types changes data silently ("012" becomes 12, "NA" a missing value), and one
that stops at the first misfit makes mending slow. Here nothing is guessed for a declared column.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pandas as pd

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|Inf|INF)|nan|NaN|NAN")
_OFFSET = re.compile(r"(?:[Zz]|[+-]\d{2}:?\d{2})$")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@dataclass(frozen=True)
class Converted:
    """A column after conversion.

    Attributes
    ----------
    column : pandas.Series
        The typed column, or the texts as they were where some do not fit.
    misfits : tuple[int, ...]
        0-based positions of the texts that do not fit.
    holes : tuple[int, ...]
        0-based positions of missing values that the type cannot hold.
    """

    column: pd.Series[Any]
    misfits: tuple[int, ...] = ()
    holes: tuple[int, ...] = ()


def convert(texts: pd.Series[Any], dtype: str, dates: str | None = None) -> Converted:
    """`texts` (of dtype str, missing values allowed) as `dtype`, a type that contracts know.

    Parameters
    ----------
    dates : str, optional
        The strptime format of dates and times; ISO 8601 without it.
    """
    if dtype.startswith(("str", "object", "category")):
        return Converted(texts.astype(cast("Any", dtype)))
    if dtype.startswith("date"):
        return _moments(texts, dtype, dates)
    if dtype.startswith("timedelta"):
        return _timedeltas(texts, dtype)
    if dtype in {"bool", "boolean"}:
        return _scalars(texts, dtype, _truth)
    if dtype.lower().startswith("float"):
        return _scalars(texts, dtype, _number)
    return _scalars(texts, dtype, _integer(dtype))


def _scalars(texts: pd.Series[Any], dtype: str, read: Callable[[str], Any]) -> Converted:
    import pandas as pd

    quick = _cast(texts, dtype)
    if quick is not None:
        return Converted(quick)
    missing = texts.isna().to_numpy()
    values: list[Any] = []
    misfits = []
    for position, text in enumerate(texts.tolist()):
        value = None if missing[position] else read(text.strip())
        if value is None and not missing[position]:
            misfits.append(position)
        values.append(value)
    holes = (
        tuple(int(position) for position in missing.nonzero()[0]) if dtype[0] in "biu" and dtype != "boolean" else ()
    )
    if misfits or holes:
        return Converted(texts, tuple(misfits), holes)
    if dtype.startswith("float"):
        values = [float("nan") if value is None else value for value in values]
    return Converted(pd.Series(values, index=texts.index, name=texts.name, dtype=dtype))


def _cast(texts: pd.Series[Any], dtype: str) -> pd.Series[Any] | None:
    """What pyarrow makes of the whole column at once; None where it is not sure that every text fits."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = getattr(pa, {"int": "int64", "float": "float64"}.get(dtype.lower(), dtype.lower()), None)
    if kind is None or dtype in {"float16", "bool", "boolean"}:
        return None
    array = pa.array(texts, type=pa.large_string(), from_pandas=True)
    # pyarrow reads 0x1F as a whole number; a missing value needs a type that can hold it.
    if (dtype[0] in "iu" and array.null_count) or pc.any(pc.match_substring(array, "x", ignore_case=True)).as_py():
        return None
    try:
        numbers = array.cast(kind())
    except pa.ArrowInvalid:
        return None
    wanted: Any = pd.api.types.pandas_dtype(dtype)
    values = wanted.__from_arrow__(numbers) if dtype[0].isupper() else numbers.to_numpy(zero_copy_only=False)
    return pd.Series(values, index=texts.index, name=texts.name)


def _truth(text: str) -> bool | None:
    return _TRUTH.get(text)


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _integer(dtype: str) -> Callable[[str], int | None]:
    bits = int(re.sub(r"\D", "", dtype) or 64)
    least, most = (0, 2**bits - 1) if dtype.lower().startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def read(text: str) -> int | None:
        # 40 digits are more than any integer type holds, and int() refuses very long texts.
        if len(text) > 40 or not _INTEGER.fullmatch(text):
            return None
        value = int(text)
        return value if least <= value <= most else None

    return read


def _moments(texts: pd.Series[Any], dtype: str, dates: str | None) -> Converted:
    import pandas as pd

    zone = dtype.partition(", ")[2].rstrip("]")
    unit = dtype.partition("[")[2][:2].strip(",]") if "[" in dtype else "us"
    if not zone and dates is None:
        # A moment with an offset is no local time, and reading it as one would move it.
        offset = texts.str.contains(_OFFSET.pattern, regex=True).fillna(False).astype(bool)
    else:
        offset = texts.isna() & False
    read = pd.to_datetime(texts.mask(offset), format=dates or "ISO8601", errors="coerce", utc=bool(zone))
    misfits = tuple(int(position) for position in (texts.notna() & read.isna()).to_numpy().nonzero()[0])
    if not misfits and dtype != "date":
        try:
            read = read.dt.as_unit(unit)  # type: ignore[arg-type]
        except pd.errors.OutOfBoundsDatetime:
            beyond = (read < pd.Timestamp.min.tz_localize(read.dt.tz)) | (
                read > pd.Timestamp.max.tz_localize(read.dt.tz)
            )
            misfits = tuple(int(position) for position in beyond.to_numpy().nonzero()[0])
    if misfits:
        return Converted(texts, misfits)
    if dtype == "date":
        return Converted(read.dt.date.astype(object).where(read.notna(), None))
    return Converted(read.dt.tz_convert(zone) if zone else read)


def _timedeltas(texts: pd.Series[Any], dtype: str) -> Converted:
    import pandas as pd

    read: Any = pd.to_timedelta(cast("Any", texts), errors="coerce")
    misfits = tuple(int(position) for position in (texts.notna() & read.isna()).to_numpy().nonzero()[0])
    if misfits:
        return Converted(texts, misfits)
    return Converted(read.astype(dtype if "[" in dtype else "timedelta64[us]"))
