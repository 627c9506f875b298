"""Headings of markdown, as far as a title or a caption needs them: lines that begin with ``#``, but for those in code.

The rule is CommonMark's for ATX headings and fenced code blocks (https://spec.commonmark.org/0.31.2/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")


def headings(markdown: str) -> Iterator[str]:
    """The headings of any level in the order of the text, without their marks; empty ones are left out."""
    fence = ""
    for line in markdown.splitlines():
        mark = _FENCE.match(line)
        if fence:  # a block ends with its own mark, at least as long, and nothing after it
            ends = mark is not None and mark[1].startswith(fence) and not line[mark.end() :].strip()
            fence = "" if ends else fence
        elif mark is not None:
            fence = mark[1]
        elif (heading := _HEADING.fullmatch(line)) and (text := one_line(heading[1])).strip("#"):
            yield text


def in_words(name: str) -> str:
    """A file's name without its ending as a title: ``a_first-one`` -> ``A first one``."""
    words = one_line(re.sub(r"[_-]+", " ", name)) or name
    return words[:1].upper() + words[1:]


def one_line(text: str) -> str:
    """One line that people can read, whatever a file says."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())
