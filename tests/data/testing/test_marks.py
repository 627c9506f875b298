"""The mark of functions: it says something and changes nothing, and costs no import."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import studio
from studio.core.errors import BadInput


def test_a_marked_function_is_the_function() -> None:
    def prepare(frame: Any) -> Any:
        return frame

    marked = studio.contract(takes="orders", gives="prepared_orders")(prepare)
    assert marked is prepare
    assert marked.__studio_contract__ == {"takes": "orders", "gives": "prepared_orders"}
    assert studio.contract("orders")(prepare).__studio_contract__ == {"takes": "orders", "gives": None}


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (lambda: studio.contract(print), "stands on a function without saying which frames it takes"),
        (lambda: studio.contract(), r"takes of @studio\.contract is missing"),
        (lambda: studio.contract(takes="../orders"), r"takes .* is '\.\./orders', which is no name of a contract"),
        (lambda: studio.contract(takes="orders", gives=3), "gives .* is 3, which is no name"),
        (lambda: studio.contract(takes="orders")(7), "stands on 7, and only a function can be marked"),
        (lambda: studio.contract(takes="orders")(dict), "only a function can be marked"),
    ],
)
def test_a_wrong_mark_is_one_sentence_and_the_next_step(mark: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        mark()
    assert "Next: " in str(caught.value)


def test_marking_imports_nothing_heavy() -> None:
    code = "import sys, studio; studio.contract; print(sorted({'pandas', 'pandera', 'hypothesis'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
