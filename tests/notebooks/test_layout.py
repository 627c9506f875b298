"""What is rewritten looks as it looked."""

from __future__ import annotations

import itertools
import json

import pytest

from studio.notebooks.layout import Layout, exact_layout_of, layout_of, read_faithfully

VALUE = {"cells": [{"source": "ä = '\u20ac'", "metadata": {}}], "nbformat": 4}
LOOKS = [
    Layout(indent, ascii_only, line_end, ending, compact and indent is None, mark)
    for indent, ascii_only, line_end, ending, compact, mark in itertools.product(
        (" ", "    ", "\t", "", None), (True, False), ("\n", "\r\n"), ("\n", ""), (True, False), ("", "\ufeff")
    )
]


@pytest.mark.parametrize("looks", LOOKS, ids=str)
def test_a_notebook_is_written_as_it_was(looks: Layout):
    text = looks.write(VALUE)
    assert layout_of(text).write(VALUE) == text
    assert exact_layout_of(text, VALUE).write(VALUE) == text


def test_what_no_writer_writes_gets_the_nearest_looks():
    text = '{ "a" : [1,\n2], "b": "\\u00e4" }'
    assert json.loads(exact_layout_of(text, json.loads(text)).write({"a": 1})) == {"a": 1}


def test_only_strict_json_is_read():
    with pytest.raises(ValueError, match="a"):
        read_faithfully('{"a": 1, "a": 2}')
