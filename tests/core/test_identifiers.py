from __future__ import annotations

import re

import pytest

from studio.core import identifiers
from studio.core.errors import BadInput


@pytest.mark.parametrize("name", ["a", "churn", "telco_customers", "a-1", "x" * 64])
def test_names(name: str) -> None:
    assert identifiers.check_name(name, "dataset") == name


@pytest.mark.parametrize("name", ["", "A", "1a", "-a", "a.b", "a/b", "../a", "a b", "a\n", "ä", "x" * 65])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(BadInput, match="is no name for a dataset"):
        identifiers.check_name(name, "dataset")


def test_run_identifiers_are_new_and_safe() -> None:
    made = [identifiers.new_run_id() for _ in range(50)]
    assert len(set(made)) == 50
    assert all(re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", run) for run in made)
    assert [run[:15] for run in made] == sorted(run[:15] for run in made)


def test_suggestions() -> None:
    known = ["seed", "horizon", "folds"]
    assert identifiers.suggest("horizn", known) == "Did you mean 'horizon'?"
    assert identifiers.suggest("zzz", known) == "Known: folds, horizon, seed."
    assert identifiers.suggest("zzz", iter(())) == "None is known."
    assert identifiers.nearest("zzz", known) is None


def test_a_name_beyond_reason_is_told_in_short() -> None:
    with pytest.raises(BadInput, match="is no name for a step") as caught:
        identifiers.check_name("a" * 100_000, "step")
    assert len(str(caught.value)) < 400
