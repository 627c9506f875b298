from __future__ import annotations

import pytest

from studio.core.errors import BadInput, Problem, Problems, Refused, StudioError


def test_the_exit_status_belongs_to_the_class() -> None:
    assert [error.exit_status for error in (StudioError, BadInput, Problems, Refused)] == [1, 2, 2, 3]


def test_a_problem_reads_like_a_compilers() -> None:
    assert str(Problem("a.yml", 3, "Wrong.", "steps.train")) == "a.yml:3: steps.train: Wrong."
    assert str(Problem("a.yml", 0, "Wrong.")) == "a.yml: Wrong."
    assert str(Problem("", 0, "Wrong.")) == "Wrong."
    assert Problem("a.yml", 3, "Wrong.").as_dict() == {"path": "a.yml", "line": 3, "field": "", "message": "Wrong."}


def test_problems_are_told_once_each_in_their_order() -> None:
    first, second = Problem("a", 2, "One."), Problem("a", 1, "Two.")
    problems = Problems([first, second, first])
    assert problems.problems == (first, second)
    assert str(problems) == "a:2: One.\na:1: Two."


def test_no_problem_is_no_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Problems([])


def test_a_file_is_named_once() -> None:
    assert str(Problem("a.yml", 0, "a.yml is empty.", "steps.x")) == "a.yml is empty."
    assert str(Problem("a.yml", 3, "a.yml is empty.")) == "a.yml:3: a.yml is empty."
    assert str(Problem("a.yml", 0, "It is empty.", "steps.x")) == "a.yml: steps.x: It is empty."
