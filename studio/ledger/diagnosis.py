"""What was done to a chain that is not whole: the true order is followed by the hashes, whatever numbers rows carry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from studio.ledger.event import GENESIS, Row

_TRIES = 200_000
"""How many hashes are tried to find out which numbers damaged rows had; about a second."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong.

    Attributes
    ----------
    sequence : int
        The number of the row (its true one where that is known), 0 where no row is concerned.
    kind : str
        ``changed``, ``missing``, ``inserted``, ``renumbered``, ``reordered``, ``time``, ``anchor`` or ``file``.
    sentence : str
        What is wrong.
    """

    sequence: int
    kind: str
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """The fault with stable keys, for ``--json``."""
        return {"sequence": self.sequence, "kind": self.kind, "sentence": self.sentence}


def diagnose(rows: Sequence[Row]) -> list[Fault]:
    """Name what is wrong with `rows`, in the order of the chain."""
    return _Walk(rows).follow()


class _Walk:
    """Follows the chain from its first row, by hashes where they hold and by numbers where they do not."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.left = dict(enumerate(rows))
        self.links: dict[Any, list[int]] = defaultdict(list)
        self.numbers: dict[Any, list[int]] = defaultdict(list)
        for place, row in self.left.items():
            self.links[row.previous].append(place)
            self.numbers[row.sequence].append(place)
        self.faults: list[Fault] = []
        self.moved: dict[int, int] = {}
        self.places: list[tuple[int, int]] = []
        self.tries = _TRIES
        self.expected = 1
        self.link: str | None = GENESIS  # None: the row before was damaged, and any hash may follow
        self.trusted = 0  # the number of the last row that was what it should be

    def follow(self) -> list[Fault]:
        while self.left:
            place = self._genuine()
            if place is not None:
                self._accept(place)
                continue
            numbered = self._numbered(self.expected)
            if numbered is not None:
                self._look_into(numbered)
            elif not self._skip():
                break
        for row in self.left.values():
            self._say(row.sequence, "inserted", f"Row {row.sequence}{_about(row)} was inserted: no row leads to it.")
        return sorted([*self.faults, *self._moves(), *self._disorder()])

    def _genuine(self) -> int | None:
        """The row that follows by its hash; of several that which others follow."""
        if self.link is None:
            fitting = [place for place in self.numbers[self.expected] if self._holds(place)]
        else:
            fitting = [place for place in self.links[self.link] if self._holds(place)]
        return max(fitting, key=self._rank, default=None)

    def _holds(self, place: int) -> bool:
        return place in self.left and self.left[place].digest(self.expected) == self.left[place].hash

    def _rank(self, place: int) -> tuple[bool, bool]:
        row = self.left[place]
        return self._followed(row), row.sequence == self.expected

    def _followed(self, row: Row) -> bool:
        return any(place in self.left for place in self.links[row.hash])

    def _numbered(self, number: int) -> int | None:
        return next((place for place in self.numbers[number] if place in self.left), None)

    def _accept(self, place: int) -> None:
        row = self.left.pop(place)
        if row.sequence != self.expected:
            self.moved[self.expected] = row.sequence
        self.places.append((self.expected, place))
        self.trusted = self.expected
        self.expected += 1
        self.link = row.hash

    def _look_into(self, place: int) -> None:
        """The row that carries the expected number does not follow: which of the two is wrong?"""
        row = self.left[place]
        if row.digest() != row.hash:
            true = self._true_number(row)
            if true is not None and true > self.expected:
                self._missing(true)
                self.link = row.previous
                return
            del self.left[place]
            if true is not None or not (row.previous == self.link or self._followed(row) or self._is_last(place)):
                self._say(
                    row.sequence, "inserted", f"Row {row.sequence}{_about(row)} was inserted: nothing follows it."
                )
                self.numbers[row.sequence].remove(place)
                return
            self._say(
                row.sequence,
                "changed",
                f"Row {row.sequence}{_about(row)} was changed: its content does not give its hash.",
            )
            self.expected += 1
            self.link = None
        else:
            self._unlinked(row)
            self.link = row.previous

    def _is_last(self, place: int) -> bool:
        return not any(other != place for other in self.left)

    def _unlinked(self, row: Row) -> None:
        """A sound row follows another one than stands before it."""
        if self.expected == 1:
            sentence = "Row 1 does not start a chain: what it followed was removed."
            self._say(1, "missing", sentence)
        elif self.trusted == self.expected - 1:
            self._say(
                self.expected - 1,
                "changed",
                f"Row {self.expected - 1} was changed and given a new hash, or row {self.expected} was put in the "
                f"place of another: row {self.expected}{_about(row)} follows a row with another hash.",
            )

    def _skip(self) -> bool:
        """Nothing carries the expected number: go on where the numbers go on; False where nothing is left to go to."""
        later = [place for place, row in self.left.items() if _is_number(row.sequence) and row.sequence > self.expected]
        if not later:
            return False
        place = min(later, key=lambda item: self.left[item].sequence)
        row = self.left[place]
        sound = row.digest() == row.hash
        if sound and row.previous == self.link:
            self._say(row.sequence, "renumbered", f"Row {row.sequence} follows row {self.expected - 1} at once.")
            self.expected = row.sequence
            return True
        true = row.sequence if sound else self._true_number(row)
        if true is not None and true >= self.expected:
            self._missing(true)
            self.link = row.previous
        else:
            self._missing(row.sequence)
            self.link = None
        return True

    def _true_number(self, row: Row) -> int | None:
        """The number under which the content of `row` gives its hash; None where there is none that can be found."""
        numbers = [row.sequence] if _is_number(row.sequence) else []
        highest = max([len(self.rows), *(item for item in numbers if item < 1 << 40)]) + 100
        for number in _around(self.expected, highest):
            if self.tries <= 0:
                return None
            self.tries -= 1
            if row.digest(number) == row.hash:
                return number
        return None

    def _missing(self, until: int) -> None:
        first, last = self.expected, until - 1
        if first == last:
            self._say(first, "missing", f"Row {first} is missing: it was removed.")
        elif first < last:
            self._say(first, "missing", f"Rows {first} to {last} are missing: they were removed.")
        self.expected = until

    def _moves(self) -> Iterator[Fault]:
        for true, stored in self.moved.items():
            at, steps = stored, 0
            while at in self.moved and at != true and steps <= len(self.moved):
                at, steps = self.moved[at], steps + 1
            if at == true:
                yield Fault(true, "reordered", f"Row {true} was put in another place: it carries the number {stored}.")
            else:
                yield Fault(true, "renumbered", f"Row {true} was renumbered: it carries the number {stored}.")

    def _disorder(self) -> Iterator[Fault]:
        """Rows with their own numbers that stand elsewhere: lines of an export that were moved."""
        highest = -1
        for number, place in self.places:
            if number in self.moved:
                continue
            if place < highest:
                yield Fault(number, "reordered", f"Row {number} was put in another place: it stands after later rows.")
            highest = max(highest, place)

    def _say(self, sequence: Any, kind: str, sentence: str) -> None:
        self.faults.append(Fault(sequence if _is_number(sequence) else 0, kind, sentence))


def _is_number(value: Any) -> bool:
    return type(value) is int


def _around(start: int, highest: int) -> Iterator[int]:
    """Numbers from 1 to `highest`, the ones near `start` first."""
    yield start
    for distance in range(1, max(start, highest)):
        if start + distance <= highest:
            yield start + distance
        if start - distance >= 1:
            yield start - distance


def _about(row: Row) -> str:
    """What a row says it is, for its sentence."""
    words = [str(row.kind), f"by {row.actor}", f"of {row.subject}"]
    text = " ".join(" ".join(words).split())
    return f" ({text if len(text) <= 120 else text[:119] + '…'})"
