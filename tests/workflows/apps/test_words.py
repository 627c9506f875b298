"""Numbers, times and names as people say them."""

from __future__ import annotations

import pytest

from studio.workflows.apps.scenario import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (-3.0, "\N{MINUS SIGN}3"),
        (12345.0, "12,345"),
        (12345.678, "12,346"),
        (0.123456, "0.1235"),
        (0.00001234, "1.234e\N{MINUS SIGN}05"),
        (float("nan"), "no number"),
        (float("inf"), "no number"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "yes"),
        (False, "no"),
        (7, "7"),
        ("", "(empty)"),
        ({"secret": "TOKEN"}, "the secret TOKEN"),
        ([1, 2], "1, 2"),
        ([], "(none)"),
        ({"a": 1}, "a: 1"),
    ],
)
def test_values(value: object, text: str) -> None:
    assert words.value(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.2, "1 second"), (59, "59 seconds"), (200, "3 minutes"), (7500, "2 hours 5 minutes")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


def test_names_and_moments() -> None:
    assert words.spoken("test_auc") == "Test auc"
    assert words.step_name("train[model=forest,depth=3]") == "train (model: forest, depth: 3)"
    assert words.moment("2026-03-03T09:30:00.000Z") == "3 March 2026, 09:30 UTC"
    assert words.moment(None) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b"]) == "a and b"
    assert words.listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
