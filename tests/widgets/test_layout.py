from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.widgets.layout import DOWN, HEIGHT, WIDTH, lay_out, path_of
from tests.notebooks.test_properties import STEADY


@st.composite
def graphs(draw):
    """Needs of up to 14 steps, circles and unknown names among them."""
    names = [f"s{at}" for at in range(draw(st.integers(0, 14)))]
    return {name: draw(st.lists(st.sampled_from([*names, "unknown"]), max_size=4)) for name in names}


@STEADY
@given(graphs())
def test_no_box_stands_on_another_and_everything_is_inside(needs):
    layout = lay_out(needs)
    assert set(layout.places) == set(needs)
    for (x, y), (other_x, other_y) in itertools.combinations(layout.places.values(), 2):
        assert abs(x - other_x) >= WIDTH or abs(y - other_y) >= HEIGHT + DOWN - 0.2
    for x, y in layout.places.values():
        assert 0 <= x <= layout.width - WIDTH
        assert 0 <= y <= layout.height - HEIGHT


@STEADY
@given(graphs())
def test_lines_lead_from_left_to_right_between_the_boxes(needs):
    layout = lay_out(needs)
    for (need, name), points in layout.lines.items():
        assert need in needs[name]
        (x, y), (to_x, to_y) = layout.places[need], layout.places[name]
        assert points[0] == (x + WIDTH, pytest.approx(y + HEIGHT / 2, abs=0.2))
        assert points[-1] == (to_x, pytest.approx(to_y + HEIGHT / 2, abs=0.2))
        assert [point[0] for point in points] == sorted(point[0] for point in points)
        assert path_of(points).startswith("M")


@STEADY
@given(graphs())
def test_every_need_that_closes_no_circle_has_its_line(needs):
    layout = lay_out(needs)
    missing = [(need, name) for name, wanted in needs.items() for need in wanted if (need, name) not in layout.lines]
    for need, name in missing:
        # The line back is there already, directly or through others.
        reached, waiting = {name}, [name]
        while waiting:
            at = waiting.pop()
            further = {to for (start, to) in layout.lines if start == at} - reached
            reached |= further
            waiting += further
        assert need not in needs or need in reached


def test_layers_follow_from_the_needs():
    layout = lay_out({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "e": ["a", "d"]})
    columns = [layout.places[name][0] for name in "abcde"]
    assert columns[0] < columns[1] == columns[2] < columns[3] < columns[4]
    assert len(layout.lines["a", "e"]) == 6  # it passes the layers between


def test_a_chain_is_straight():
    layout = lay_out({"a": [], "b": ["a"], "c": ["b"]})
    assert len({y for _, y in layout.places.values()}) == 1


def test_an_order_without_crossings_is_found():
    layout = lay_out({"a": [], "b": [], "x": ["b"], "y": ["a"]})
    (_, a), (_, b), (_, x), (_, y) = (layout.places[name] for name in "abxy")
    assert (a < b) == (y < x)


def test_two_hundred_steps_are_laid_out():
    needs = {f"s{at}": [f"s{at - back}" for back in (1, 7, 40) if at - back >= 0] for at in range(200)}
    layout = lay_out(needs)
    assert len(layout.places) == 200


def test_nothing_needs_no_room():
    layout = lay_out({})
    assert (layout.places, layout.lines) == ({}, {})
