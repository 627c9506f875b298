"""Names and values within MLflow's limits."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from studio.tracking import limits


@given(st.text(max_size=400))
def test_mlflow_takes_every_key(name):
    from mlflow.utils.validation import _validate_metric_name, _validate_param, _validate_tag

    key = limits.key(name)
    _validate_param(key, "x")
    _validate_tag(key, "x")
    _validate_metric_name(key)
    assert len(key) <= limits.KEY_LENGTH


@given(st.lists(st.text(max_size=300), unique=True, max_size=6))
def test_no_two_names_meet(names):
    assert len({limits.key(name) for name in names}) == len(names)


def test_a_name_that_mlflow_takes_is_kept():
    for name in ("horizon", "a/b", "größe", "train.auc", "a b-c:d"):
        assert limits.key(name) == name


@given(st.text(), st.integers(20, 200))
def test_values_fit_and_say_whether_they_were_cut(text, length):
    kept, cut = limits.value(text, length)
    assert len(kept) <= length
    assert "\x00" not in kept
    kept.encode("utf-8")
    if cut:
        assert kept.endswith("[cut]")


def test_values_that_are_no_text_are_written_as_json():
    assert limits.value(True, 99) == ("true", False)
    assert limits.value(None, 99) == ("null", False)
    assert limits.value({"b": [1, "é"]}, 99) == ('{"b": [1, "é"]}', False)
    assert limits.value("true", 99) == ("true", False)
    assert limits.value("a\x00\ud800", 99) == ("a\\x00\\ud800", False)


@given(st.lists(st.text(max_size=50)), st.integers(1, 7))
def test_batches_keep_all_in_order(items, size):
    made = list(limits.batches(items, size, limits.weight))
    assert [item for batch in made for item in batch] == items
    assert all(0 < len(batch) <= size for batch in made)


def test_batches_stay_below_what_a_server_reads():
    made = list(limits.batches(["é" * 6000] * 100, 100, limits.weight))
    assert len(made) > 1
    assert all(len(json.dumps(batch)) < 1_000_000 for batch in made)
