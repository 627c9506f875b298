from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core import clock

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1), timezones=ZONES))
def test_times_keep_their_milliseconds_and_sort_as_texts(moment: datetime) -> None:
    text = clock.to_text(moment)
    read = clock.from_text(text)
    assert read.tzinfo is not None
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)
    assert clock.to_text(moment + timedelta(seconds=1)) > text


def test_the_textual_form() -> None:
    assert clock.to_text(datetime(2026, 3, 3, 9, 30, 0, 123456, UTC)) == "2026-03-03T09:30:00.123Z"
    assert clock.now().tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        clock.to_text(datetime(2026, 3, 3))
