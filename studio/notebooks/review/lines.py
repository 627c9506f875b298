"""Two texts compared line by line: hunks with context, and the words that differ inside a changed line.

Sources are somebody's data, so everything here is bounded: a text that is too long to be compared in good time is
shown as taken out and put in.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

LineKind = Literal["same", "added", "removed"]
CONTEXT = 3
# difflib compares lines by pairs: beyond this many pairs nothing is compared, and all is shown as replaced.
_MOST_PAIRS = 4_000_000
_MOST_LINES = 2_000
_MOST_CHARACTERS = 200_000
_LONGEST_LINE = 2_000
_MOST_PAIRED = 200
_LONGEST_WORDS = 200
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Line:
    """One line of a hunk.

    Attributes
    ----------
    kind : str
        ``same``, ``added`` or ``removed``.
    text : str
        The line without its end, cut where it is longer than anybody reads.
    old, new : int or None
        Its number in the old and in the new text, from 1.
    spans : tuple of (int, int)
        Where in `text` the words stand that differ from the line's counterpart; empty where there is none.
    """

    kind: LineKind
    text: str
    old: int | None
    new: int | None
    spans: tuple[tuple[int, int], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON data."""
        spans = [list(span) for span in self.spans]
        return {"kind": self.kind, "text": self.text, "old": self.old, "new": self.new, "spans": spans}


@dataclass(frozen=True)
class Hunk:
    """Lines that changed, with the lines around them."""

    lines: tuple[Line, ...]

    @property
    def header(self) -> str:
        """The places as unified diffs name them: ``@@ -3,4 +3,6 @@``."""
        old = [line.old for line in self.lines if line.old is not None]
        new = [line.new for line in self.lines if line.new is not None]
        return f"@@ -{_range(old)} +{_range(new)} @@"

    def as_dict(self) -> dict[str, Any]:
        """The hunk as JSON data."""
        return {"header": self.header, "lines": [line.as_dict() for line in self.lines]}


@dataclass(frozen=True)
class LineDiff:
    """The difference of two texts.

    Attributes
    ----------
    hunks : tuple of Hunk
        In order; empty where the texts are the same.
    added, removed : int
        How many lines were put in and taken out, those that are not shown included.
    left_out : int
        How many lines are not shown because there are too many.
    """

    hunks: tuple[Hunk, ...] = ()
    added: int = 0
    removed: int = 0
    left_out: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The difference as JSON data."""
        hunks = [hunk.as_dict() for hunk in self.hunks]
        return {"added": self.added, "removed": self.removed, "left_out": self.left_out, "hunks": hunks}

    def unified(self) -> str:
        """The difference as unified text, without file names."""
        marks: Mapping[LineKind, str] = {"same": " ", "added": "+", "removed": "-"}
        rows = []
        for hunk in self.hunks:
            rows += [hunk.header, *(marks[line.kind] + line.text for line in hunk.lines)]
        if self.left_out:
            rows.append(f"… {self.left_out} more lines are not shown")
        return "\n".join(rows)


def diff_lines(old: str, new: str, *, context: int = CONTEXT) -> LineDiff:
    """The difference of two texts, with `context` lines around each change."""
    if old == new:
        return LineDiff()
    before, after = old.split("\n") if old else [], new.split("\n") if new else []
    opcodes = _opcodes(before, after)
    added = sum(m - k for tag, _, _, k, m in opcodes if tag != "equal")
    removed = sum(j - i for tag, i, j, _, _ in opcodes if tag != "equal")
    hunks: list[Hunk] = []
    left_out = 0
    room = _Room()
    for group in _groups(opcodes, context):
        lines = tuple(_fitting(_lines(group, before, after), room))
        left_out += sum((j - i) if tag == "equal" else (j - i) + (m - k) for tag, i, j, k, m in group) - len(lines)
        hunks += [Hunk(lines)] if lines else []
    return LineDiff(tuple(hunks), added, removed, left_out)


def whole(text: str, kind: LineKind) -> LineDiff:
    """All of a text as put in, taken out or unchanged."""
    rows = text.removesuffix("\n").split("\n") if text else []
    numbered = (
        Line(kind, _cut(row), None if kind == "added" else n, None if kind == "removed" else n)
        for n, row in enumerate(rows, 1)
    )
    lines = tuple(_fitting(numbered, _Room()))
    return LineDiff(
        (Hunk(lines),) if lines else (),
        len(rows) if kind == "added" else 0,
        len(rows) if kind == "removed" else 0,
        len(rows) - len(lines),
    )


def changed_words(old: str, new: str) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Where the words of two lines differ, in each of them; nothing where they have little in common."""
    if len(old) > _LONGEST_WORDS * 3 or len(new) > _LONGEST_WORDS * 3:
        return (), ()
    before, after = _WORD.findall(old), _WORD.findall(new)
    if len(before) > _LONGEST_WORDS or len(after) > _LONGEST_WORDS:
        return (), ()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < 0.5:
        return (), ()
    opcodes = [opcode for opcode in matcher.get_opcodes() if opcode[0] != "equal"]
    return (
        tuple(_spans(before, [(i, j) for _, i, j, _, _ in opcodes])),
        tuple(_spans(after, [(k, m) for _, _, _, k, m in opcodes])),
    )


def _opcodes(before: Sequence[str], after: Sequence[str]) -> list[Opcode]:
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = len(before) - end, len(after) - end
    found: list[Opcode] = [("equal", 0, start, 0, start)] if start else []
    if (old - start) * (new - start) <= _MOST_PAIRS:
        matcher = difflib.SequenceMatcher(None, before[start:old], after[start:new], autojunk=False)
        found += [(t, i + start, j + start, k + start, m + start) for t, i, j, k, m in matcher.get_opcodes()]
    else:
        found.append(("replace", start, old, start, new))
    if end:
        found.append(("equal", old, len(before), new, len(after)))
    return [opcode for opcode in found if opcode[1] != opcode[2] or opcode[3] != opcode[4]]


def _groups(opcodes: Sequence[Opcode], context: int) -> Iterator[list[Opcode]]:
    """The opcodes around each change, long unchanged stretches cut to `context` lines at either side."""
    group: list[Opcode] = []
    last = len(opcodes) - 1
    for place, (tag, i, j, k, m) in enumerate(opcodes):
        if tag != "equal":
            group.append((tag, i, j, k, m))
            continue
        before = context if place else 0
        after = context if place < last else 0
        if j - i <= before + after:
            group.append((tag, i, j, k, m))
            continue
        if place:
            group.append((tag, i, i + before, k, k + before))
            yield [part for part in group if part[1] != part[2] or part[3] != part[4]]
        group = [(tag, j - after, j, m - after, m)] if place < last else []
    if any(part[0] != "equal" for part in group):
        yield [part for part in group if part[1] != part[2] or part[3] != part[4]]


@dataclass
class _Room:
    lines: int = _MOST_LINES
    characters: int = _MOST_CHARACTERS


def _fitting(lines: Iterable[Line], room: _Room) -> Iterator[Line]:
    if room.lines <= 0 or room.characters <= 0:
        return
    for line in lines:
        room.lines -= 1
        room.characters -= len(line.text)
        yield line
        if room.lines <= 0 or room.characters <= 0:
            return


def _lines(group: Sequence[Opcode], before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    for tag, i, j, k, m in group:
        yield from _of_opcode(tag, (i, j), (k, m), before, after)


def _of_opcode(
    tag: str, old: tuple[int, int], new: tuple[int, int], before: Sequence[str], after: Sequence[str]
) -> Iterator[Line]:
    if tag == "equal":
        for i, k in zip(range(*old), range(*new), strict=True):
            yield Line("same", _cut(before[i]), i + 1, k + 1)
        return
    paired = min(old[1] - old[0], new[1] - new[0], _MOST_PAIRED)
    words = [changed_words(_cut(before[old[0] + n]), _cut(after[new[0] + n])) for n in range(paired)]
    for n, i in enumerate(range(*old)):
        yield Line("removed", _cut(before[i]), i + 1, None, words[n][0] if n < paired else ())
    for n, k in enumerate(range(*new)):
        yield Line("added", _cut(after[k]), None, k + 1, words[n][1] if n < paired else ())


def _spans(words: Sequence[str], ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return ((starts[i], starts[j]) for i, j in ranges if i != j)


def _cut(line: str) -> str:
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{line[:_LONGEST_LINE]}… ({len(line) - _LONGEST_LINE} more characters)"


def _range(numbers: Sequence[int]) -> str:
    if not numbers:
        return "0,0"
    return f"{numbers[0]}" if len(numbers) == 1 else f"{numbers[0]},{len(numbers)}"
