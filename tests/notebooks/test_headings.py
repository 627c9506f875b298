"""Headings are found as a reader of the rendered text sees them."""

from __future__ import annotations

import pytest

from studio.notebooks.headings import headings, in_words


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("# One", ["One"]),
        ("Some words\n\n## The *second*  level ##\n\n# Later", ["The *second* level", "Later"]),
        ("```sh\n# no heading\n```\n# One", ["One"]),
        ("~~~\n```\n# no\n~~\n~~~~ \n# One", ["One"]),
        ("````\n# no\n```\n# no\n````\n# One", ["One"]),
        ("```\n# it is never closed", []),
        ("```\n# no\n``` python\n# no", []),
        ("``` `code` in a line\n# One", ["One"]),
        ("#tag\n####### seven\n    # indented code\n   # One", ["One"]),
        ("#\n# \n## ##\n# One", ["One"]),
        ("# About C#", ["About C#"]),
        ("# A\N{RIGHT-TO-LEFT OVERRIDE}\ttab", ["A tab"]),
        ("", []),
    ],
)
def test_the_headings_of_a_text(markdown: str, found: list[str]) -> None:
    assert list(headings(markdown)) == found


@pytest.mark.parametrize(("name", "words"), [("a_first-one", "A first one"), ("_", "_"), ("", "")])
def test_a_file_s_name_in_words(name: str, words: str) -> None:
    assert in_words(name) == words
