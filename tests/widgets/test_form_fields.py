from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.notebooks import conversion
from studio.notebooks.kinds import Bound, Bounded, Choice, DictOf, ListOf, Maybe, Plain, Scalar
from studio.notebooks.rendering import as_json
from studio.notebooks.scalars import Misfit, Rules
from studio.notebooks.schema import make_parameter
from studio.notebooks.secrets import SecretReference
from studio.widgets.form_fields import Field, face, read_entry, typed_text, wanted, worded, write_entry
from tests.notebooks.test_properties import RULES, SCALARS, STEADY, TEXTS, typed_values

TYPED = ["12", "012", "-0.5", "true", "null", "2024-02-30", "2024-01-31T08:30Z", "inf", "[1]"]
NAMES = [*sorted(SCALARS), "SecretStr"]


@STEADY
@given(typed_values())
def test_every_value_survives_the_way_through_the_browser(typed):
    kind, value = typed
    entry = json.loads(json.dumps(write_entry(kind, value), allow_nan=False))
    assert repr(read_entry(kind, entry, RULES)) == repr(value)


@STEADY
@given(typed_values())
def test_every_value_is_typed_on_the_command_line_or_said_to_be_ambiguous(typed):
    kind, value = typed
    try:
        text = typed_text(kind, value, RULES)
    except Misfit:
        written = "null" if value is None else as_json(value)
        assert repr(conversion.from_text(kind, str(written).lower(), RULES)) != repr(value)
        return
    assert repr(conversion.from_text(kind, text, RULES)) == repr(value)


@STEADY
@given(TEXTS | st.sampled_from(TYPED), st.sampled_from(NAMES))
def test_what_is_entered_means_what_it_means_on_the_command_line(text, name):
    kind = Scalar(name)
    try:
        expected = conversion.from_text(kind, text, RULES)
    except Misfit:
        with pytest.raises(Misfit):
            read_entry(kind, text, RULES)
        return
    assert repr(read_entry(kind, text, RULES)) == repr(expected)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@STEADY
@given(typed_values(), anything)
def test_whatever_a_browser_sends_is_a_value_or_a_sentence(typed, entry):
    kind, _ = typed
    try:
        value = read_entry(kind, entry, RULES)
    except Misfit:
        return
    # What was taken is a value of the kind, and nothing that only looks like one.
    assert repr(conversion.from_data(kind, value, RULES)) == repr(value)


@pytest.mark.parametrize("name", NAMES)
def test_no_message_for_people_names_a_type_of_python(name):
    with pytest.raises(Misfit) as caught:
        read_entry(Scalar(name), None, Rules())
    assert str(caught.value) == wanted(Scalar(name))
    if name in ("str", "Path"):
        return
    with pytest.raises(Misfit) as caught:
        read_entry(Scalar(name), "no such thing", Rules())
    assert "does not fit" not in str(caught.value)
    assert " is no" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "entry", "message"),
    [
        (Scalar("int"), "0.5", "'0.5' is not a whole number. Write a whole number without leading zeros, such as 48."),
        (Bounded(Scalar("int"), (Bound("ge", 1),)), "0", "0 is not allowed: it must be at least 1."),
        (ListOf(Scalar("date")), ["2024-01-31", "x"], "Entry 2: 'x' is not a date. Write a date such as 2024-01-31."),
        (ListOf(Scalar("int")), [None], "Entry 1: Enter a whole number."),
        (ListOf(Scalar("int")), "1", "Enter a list."),
        (DictOf(Scalar("str"), Scalar("int")), [["a", "1"], ["a", "2"]], "Entry 2: 'a' stands twice."),
        (DictOf(Scalar("str"), Scalar("int")), [["a"]], "Enter pairs of a name and a value."),
        (DictOf(Scalar("str"), Scalar("int")), [[None, "1"]], "Entry 1: Enter a text."),
        (Choice(("a", "b")), 2, "Choose one of a, b."),
        (Choice(("a", "b")), True, "Choose one of a, b."),
        (Choice(("a", "b")), "a", "Choose one of a, b."),
        (Scalar("bool"), None, "Choose yes or no."),
    ],
)
def test_messages_are_plain(kind, entry, message):
    with pytest.raises(Misfit) as caught:
        read_entry(kind, entry, RULES)
    assert str(caught.value) == message


def test_deep_nesting_is_told():
    kind, entry = Scalar("int"), "1"
    for _ in range(sys.getrecursionlimit()):  # a package may have raised it
        kind, entry = ListOf(kind), [entry]
    with pytest.raises(Misfit, match="nested too deeply"):
        read_entry(kind, entry, RULES)


def test_no_secret_is_repeated():
    with pytest.raises(Misfit) as caught:
        read_entry(Scalar("SecretStr"), "hunter two", RULES)
    assert "hunter" not in str(caught.value)
    assert write_entry(Scalar("SecretStr"), SecretReference("TOKEN")) == "TOKEN"
    assert typed_text(Scalar("SecretStr"), SecretReference("TOKEN"), RULES) == "TOKEN"


def test_what_the_command_line_cannot_tell_apart_is_refused():
    with pytest.raises(Misfit, match="'null' cannot be typed on the command line"):
        typed_text(Maybe(Scalar("str")), "null", RULES)
    with pytest.raises(Misfit, match="cannot be typed"):
        typed_text(Choice(("1", 1)), 1, RULES)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Scalar("int"), {"type": "integer", "hint": ""}),
        (
            Bounded(Scalar("float"), (Bound("ge", 0.0), Bound("lt", 1))),
            {"type": "number", "hint": "at least 0.0, less than 1", "negative": False},
        ),
        (
            Bounded(Scalar("int"), (Bound("le", 5), Bound("multiple_of", 2))),
            {"type": "integer", "hint": "at most 5, a multiple of 2", "negative": True},
        ),
        (
            Bounded(Scalar("date"), (Bound("gt", date(2024, 1, 1)),)),
            {"type": "date", "hint": "more than 2024-01-01", "negative": True},
        ),
        (
            Bounded(Scalar("str"), (Bound("min_length", 2),)),
            {"type": "text", "hint": "at least 2 characters", "negative": True},
        ),
        (Choice(("a", 1, True, "")), {"type": "choice", "choices": ["a", "1", "yes", "(empty)"]}),
        (Maybe(Scalar("bool")), {"type": "bool", "hint": "", "optional": True}),
        (
            ListOf(Scalar("Path")),
            {"type": "list", "item": {"type": "path", "hint": ""}},
        ),
        (
            DictOf(Scalar("str"), Scalar("float")),
            {"type": "pairs", "key": {"type": "text", "hint": ""}, "item": {"type": "number", "hint": ""}},
        ),
        (ListOf(Plain()), {"type": "json", "hint": "a list, written in JSON"}),
        (DictOf(Scalar("str"), Plain()), {"type": "json", "hint": "names and values, written in JSON"}),
        (Scalar("SecretStr"), {"type": "secret", "hint": "the name of an environment variable"}),
    ],
)
def test_faces(kind, expected):
    assert face(kind) == expected


def test_a_field_is_told_in_words():
    parameter = make_parameter("max_depth", Scalar("int"), 1, "how deep", default=3)
    assert Field.of(parameter).facts() == {
        "name": "max_depth",
        "label": "Max depth",
        "help": "how deep",
        "required": False,
        "face": {"type": "integer", "hint": ""},
    }
    assert Field.of(parameter, "Depth").label == "Depth"
    assert (worded("_"), worded("x")) == ("_", "X")


def test_relative_paths_begin_where_the_rules_say():
    assert read_entry(Scalar("Path"), "a.csv", Rules(Path("/data"))) == Path("/data/a.csv")
