from __future__ import annotations

from typing import Any

import nbformat
import pytest

from studio.pipelines.failures import ending, kind_of_end, last_words, original_index, place


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (0, "exited", "it exited with status 0"),
        (7, "exited", "it exited with status 7"),
        (-15, "died", "it was killed by SIGTERM"),
        (-9, "died", "it was killed by SIGKILL, as the system does when memory runs out"),
        (-11, "died", "it was killed by SIGSEGV"),
        (-63, "died", "it was killed by signal 63"),
    ],
)
def test_how_a_kernel_ended(code: int, kind: str, words: str) -> None:
    assert kind_of_end(code) == kind
    assert ending(code) == words


def test_last_words_are_the_last_lines() -> None:
    assert last_words(" \n") == ""
    assert last_words("\n".join("abcdefg")) == " It last wrote: c / d / e / f / g"


@pytest.mark.parametrize(
    ("metadata", "index", "words"),
    [
        ({"studio": {"cell": 0}}, 0, "cell 1"),
        ({"studio": {"cell": 3}, "tags": ["injected-parameters"]}, 3, "cell 4"),
        ({"tags": ["injected-parameters"]}, None, "the injected parameters' cell"),
        ({}, 9, "cell 10"),
    ],
)
def test_cells_are_called_as_their_author_knows_them(metadata: dict[str, Any], index: int | None, words: str) -> None:
    cell = nbformat.v4.new_code_cell("1", metadata=metadata)
    assert original_index(cell, 9) == index
    assert place(cell, 9) == words
