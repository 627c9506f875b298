"""Sizes and times as people write them: ``50 MB``, ``5 ms``."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = r"(\d+(?:\.\d+)?)\s*"
_SIZE = rf"^{_NUMBER}({'|'.join(_SIZES)})$"
_TIME = rf"^{_NUMBER}({'|'.join(_TIMES)})$"


def read_size(value: object) -> int:
    """Bytes: ``50 MB`` is 50 million, ``50 MiB`` are 50 times 1024 times 1024; a ValueError for anything else."""
    match = re.fullmatch(_SIZE, value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a size is a number and its unit, such as "50 MB", "800 kB" or "2 GiB"')
    return round(float(match[1]) * _SIZES[match[2]])


def read_time(value: object) -> float:
    """Seconds: ``5 ms`` is 0.005; a ValueError for anything else."""
    match = re.fullmatch(_TIME, value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a time is a number and its unit, such as "5 ms", "90s" or "10m"')
    return float(match[1]) * _TIMES[match[2]]


def show_size(size: float) -> str:
    """
    >>> show_size(5_968_343)
    '5.97 MB'
    """
    unit = next((unit for unit in ("GB", "MB", "kB") if size >= _SIZES[unit]), "B")
    return f"{size / _SIZES[unit]:.3g} {unit}"


def show_time(seconds: float) -> str:
    """
    >>> show_time(0.00512)
    '5.12 ms'
    """
    unit = next((unit for unit in ("s", "ms") if seconds >= _TIMES[unit]), "us")
    return f"{seconds / _TIMES[unit]:.3g} {unit}"


_WrittenSize = Annotated[str, Field(pattern=_SIZE)]
_WrittenTime = Annotated[str, Field(pattern=_TIME)]
Size = Annotated[int, Field(gt=0), BeforeValidator(read_size, json_schema_input_type=_WrittenSize)]
"""Bytes, more than none; written as ``50 MB``."""
Time = Annotated[float, Field(gt=0, le=86_400), BeforeValidator(read_time, json_schema_input_type=_WrittenTime)]
"""Seconds, more than none and at most a day's; written as ``5 ms``."""
