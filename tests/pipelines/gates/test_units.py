from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.pipelines.gates.units import read_size, read_time, show_size, show_time


@pytest.mark.parametrize(
    ("text", "size"),
    [("50 MB", 50_000_000), ("50MB", 50_000_000), ("1.5 kB", 1500), ("2 GiB", 2**31), ("7 B", 7), ("1 KiB", 1024)],
)
def test_sizes(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"), [("5 ms", 0.005), ("90s", 90.0), ("10m", 600.0), ("250us", 0.00025), ("1 h", 3600.0)]
)
def test_times(text: str, seconds: float) -> None:
    assert read_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("wrong", [50, "50", "50 mb", "MB", "-1 MB", "1e3 MB", "1 MB 2", "", None, True, "1,5 MB"])
def test_what_is_no_size(wrong: object) -> None:
    with pytest.raises(ValueError, match='such as "50 MB"'):
        read_size(wrong)


@pytest.mark.parametrize("wrong", [5, "5", "5 MS", "5 min", "-5 ms", None, 0.5])
def test_what_is_no_time(wrong: object) -> None:
    with pytest.raises(ValueError, match='such as "5 ms"'):
        read_time(wrong)


@given(st.integers(1, 10**11))
def test_a_size_is_shown_as_it_is_read(size: int) -> None:
    assert read_size(f"{float(show_size(size).split()[0]):f} {show_size(size).split()[1]}") == pytest.approx(
        size, rel=0.01
    )


@given(st.floats(1e-6, 1e4))
def test_a_time_is_shown_as_it_is_read(seconds: float) -> None:
    number, unit = show_time(seconds).split()
    assert read_time(f"{float(number):f} {unit}") == pytest.approx(seconds, rel=0.01)
