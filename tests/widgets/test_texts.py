from __future__ import annotations

import math

import pytest

from studio.widgets import texts


@pytest.mark.parametrize(
    ("given", "told"), [(None, ""), (0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (3_725, "1 h 2 min")]
)
def test_seconds(given, told):
    assert texts.seconds(given) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("2026-03-03T09:30:59.123Z", "2026-03-03 09:30 UTC"),
        ("2026-03-03T09:30:59+00:00", "2026-03-03 09:30 UTC"),
        ("yesterday", "yesterday"),
        (None, ""),
    ],
)
def test_moments(given, told):
    assert texts.moment(given) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (0.123456789, "0.123457"),
        (-0.5, "\N{MINUS SIGN}0.5"),
        (12_345, "12,345"),
        (10**20, "1e+20"),
        (math.inf, "inf"),
        (True, "true"),
        ("text", "text"),
        (None, "\N{EN DASH}"),
    ],
)
def test_numbers(given, told):
    assert texts.number(given) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (0.8, 0.85, "+0.05 (+6.2 %)"),
        (1, 0.5, "\N{MINUS SIGN}0.5 (\N{MINUS SIGN}50.0 %)"),
        (0, 2, "+2"),
        (1, 1, ""),
        (None, 1, ""),
        (math.nan, 1, ""),
        ("a", 1, ""),
        (True, 0, ""),
    ],
)
def test_changes(old, new, told):
    assert texts.change(old, new) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"secret": "TOKEN"}, "the secret in TOKEN"),
        ({"float": "nan"}, "nan"),
        ([1, "a"], '[1, "a"]'),
        ("x" * 200, "x" * 119 + "…"),
        (False, "false"),
    ],
)
def test_values(given, told):
    assert texts.value_text(given) == told


def test_counts():
    assert texts.plural(1, "run") == "1 run"
    assert texts.plural(1_200, "run") == "1,200 runs"
    assert texts.plural(2, "entry", "entries") == "2 entries"
    assert texts.listed({"a": 1, "b": 0, "c": 1_000}) == "1 a, 1,000 c"
