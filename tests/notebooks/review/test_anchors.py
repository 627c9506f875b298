"""Comments stay on their cell, whatever happens to the others."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.notebooks.document import NotebookDocument, parse_notebook
from studio.notebooks.review.anchors import Anchor, anchor, locate

Plain = tuple[str, str]
SOURCES = [
    "import pandas as pd\nimport studio",
    "frame = studio.load('customers')\nframe.head()",
    "def clean(frame):\n    return frame.dropna()",
    "model = train(frame, seed=7)",
    "print(model.score(frame))",
    "studio.save('scores', model.predict(frame))",
]


def document(cells: list[Plain]) -> NotebookDocument:
    made: list[dict[str, Any]] = [
        {"id": name, "cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for name, source in cells
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3"}}, "cells": made}
    return parse_notebook(json.dumps(content), "notebooks/a.ipynb")


def named(sources: list[str]) -> list[Plain]:
    return [(f"{n * 7919 + 3141:06x}ab", source) for n, source in enumerate(sources)]


def changed_around(cells: list[Plain], kept: int, seed: int, pool: list[str]) -> list[Plain]:
    """The cells after many changes, of which none touches the cell at `kept`."""
    chance = random.Random(seed)
    target, others = cells[kept], [found for place, found in enumerate(cells) if place != kept]
    for number in range(chance.randrange(6)):
        what = chance.choice(["insert", "delete", "edit", "reorder"])
        if what == "insert":
            others.insert(chance.randrange(len(others) + 1), (f"fe{seed % 999:03}{number}xy", chance.choice(pool)))
        elif what == "delete" and others:
            others.pop(chance.randrange(len(others)))
        elif what == "edit" and others:
            place = chance.randrange(len(others))
            others[place] = (others[place][0], chance.choice([*pool, others[place][1] + "\n# more"]))
        else:
            chance.shuffle(others)
    others.insert(chance.randrange(len(others) + 1), target)
    return others


@given(st.integers(0, 5), st.integers(0, 10**6))
def test_changes_of_other_cells_never_move_a_comment(kept: int, seed: int) -> None:
    cells = named(SOURCES)
    made = anchor(document(cells), document(cells).cells[kept])
    # Others may even become copies of the commented cell.
    after = document(changed_around(cells, kept, seed, [*SOURCES, "something = 'else'"]))
    found, status = locate(made, after)
    assert found is not None
    assert (found.id, found.source, status) == (cells[kept][0], cells[kept][1], "here")


@given(st.integers(0, 5), st.integers(0, 10**6), st.sampled_from(["# another thing altogether", "x", ""]))
def test_an_edited_cell_is_found_by_its_id(kept: int, seed: int, source: str) -> None:
    cells = named(SOURCES)
    made = anchor(document(cells), document(cells).cells[kept])
    edited = [(name, source if place == kept else old) for place, (name, old) in enumerate(cells)]
    found, status = locate(made, document(changed_around(edited, kept, seed, SOURCES)))
    assert found is not None
    assert (found.id, status) == (cells[kept][0], "edited")


@given(st.integers(0, 5), st.integers(0, 10**6))
def test_ids_may_all_be_rewritten(kept: int, seed: int) -> None:
    cells = named(SOURCES)
    made = anchor(document(cells), document(cells).cells[kept])
    after = changed_around(cells, kept, seed, ["something = 'else'", "other = 1"])
    rewritten = [(f"{n:03}z{seed % 97:02}new", source) for n, (_, source) in enumerate(after)]
    found, status = locate(made, document(rewritten))
    assert found is not None
    assert (found.source, status) == (cells[kept][1], "here")


@given(st.integers(0, 5), st.integers(0, 10**6))
def test_ids_that_number_the_places_lead_nobody_astray(kept: int, seed: int) -> None:
    cells = [(f"cell-{n}", source) for n, source in enumerate(SOURCES)]
    made = anchor(document(cells), document(cells).cells[kept])
    after = changed_around(cells, kept, seed, ["something = 'else'", "other = 1"])
    found, status = locate(made, document([(f"cell-{n}", source) for n, (_, source) in enumerate(after)]))
    assert found is not None
    assert (found.source, status) == (cells[kept][1], "here")


@given(st.integers(0, 5))
def test_a_cell_that_was_taken_out_is_gone_and_no_other_one(kept: int) -> None:
    similar = [f"value_{n} = compute(frame, {n})" for n in range(6)]
    for cells in (named(similar), [(f"cell-{n}", source) for n, source in enumerate(similar)]):
        made = anchor(document(cells), document(cells).cells[kept])
        left = [found for place, found in enumerate(cells) if place != kept]
        assert locate(made, document(left)) == (None, "gone")


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_cells_of_the_same_content_are_told_apart_by_id_and_by_neighbours(kept: int) -> None:
    sources = ["show()", "a = 1", "show()", "b = 2", "show()"]
    cells = named(sources)
    made = anchor(document(cells), document(cells).cells[kept * 2])
    found, _ = locate(made, document([("ff00ff00x", "new = 1"), *cells]))
    assert found is not None
    assert found.id == cells[kept * 2][0]
    rewritten = [("new", "start = 0"), *((f"q{n}w{n}", source) for n, source in enumerate(sources))]
    found, status = locate(made, document(rewritten))
    assert found is not None
    assert (found.index, status) == (kept * 2 + 1, "here")


def test_an_edited_cell_with_another_id_is_found_by_what_it_still_says() -> None:
    cells = named(SOURCES)
    made = anchor(document(cells), document(cells).cells[2])
    after = [("aa11bb22x", "new = 1"), ("cc33dd44x", SOURCES[2] + ".reset_index()"), ("ee55ff66x", "other()")]
    found, status = locate(made, document(after))
    assert found is not None
    assert (found.index, status) == (1, "edited")


def test_a_numbered_cell_between_its_old_neighbours_is_the_edited_one() -> None:
    cells = [(f"cell-{n}", source) for n, source in enumerate(SOURCES)]
    made = anchor(document(cells), document(cells).cells[3])
    after = [*cells[:3], ("cell-3", "wholly = 'rewritten'"), *cells[4:]]
    found, status = locate(made, document(after))
    assert found is not None
    assert (found.index, status) == (3, "edited")


def test_an_anchor_survives_json() -> None:
    cells = named(SOURCES)
    made = anchor(document(cells), document(cells).cells[1])
    assert Anchor.from_dict(json.loads(json.dumps(made.as_dict()))) == made
