"""Silencing with a reason: ``# studio: ignore[rule] reason`` in code, ``<!-- studio: ignore[rule] reason -->`` in text.

On a cell's first line it holds for the cell (in the first cell also for what is found about the whole notebook), else
for its line; alone on its line, for the line below.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from studio.core.identifiers import suggest
from studio.notebooks.checks.finding import Finding, found
from studio.notebooks.checks.rules import RULES, SILENCEABLE
from studio.notebooks.document import Cell, NotebookDocument

_COMMENT = re.compile(r"(?P<mark>#|<!--)\s*studio:\s*ignore\b(?P<list>\[[^\]\n]*\])?(?P<reason>[^\n]*)")
_AROUND = re.compile(r"^[\s:,.\u2013\u2014-]+|\s+$")
_FORM = "write it such as: # studio: ignore[unused-import] registers the accessor"


@dataclass(frozen=True)
class Silencing:
    """One comment: the rules that it names, in which cell, for which line (0 for the whole cell), where it stands."""

    rules: tuple[str, ...]
    cell: Cell
    line: int
    stands: int
    reason: str


def read_silencings(document: NotebookDocument) -> list[Silencing]:
    """All silencings of a notebook, in order; those that are not well formed as well."""
    return [silencing for cell in document.cells if "studio:" in cell.source for silencing in _in_cell(cell)]


def silenced(
    document: NotebookDocument, findings: Sequence[Finding], *, unchecked: Collection[str] = ()
) -> Iterator[Finding]:
    """The findings that no comment silences, and what is wrong with the comments themselves.

    Parameters
    ----------
    document : NotebookDocument
        The notebook.
    findings : sequence of Finding
        What was found in it.
    unchecked : collection of str
        Rules that were not checked, so that it cannot be said whether silencing them is needed.
    """
    silencings = read_silencings(document)
    if not silencings:
        yield from findings
        return
    used: set[tuple[int, int, str]] = set()
    for finding in findings:
        fitting = [item for item in silencings if _fits(document, item, finding)]
        used |= {(item.cell.index, item.stands, finding.rule) for item in fitting}
        if not fitting:
            yield finding
    for item in silencings:
        yield from _faults(document, item)
        for rule in item.rules:
            unused = (item.cell.index, item.stands, rule) not in used
            if unused and rule in SILENCEABLE and rule not in unchecked:
                message = f"The silencing of {rule!r} silences nothing."
                yield found(document, "unused-silencing", message, "remove it.", item.cell, item.stands)


def _in_cell(cell: Cell) -> Iterator[Silencing]:
    lines = cell.source.split("\n")
    # A cell magic must stand first, so that the line below it counts as the cell's first.
    first = 2 if cell.source.startswith("%%") else 1
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match is None or (match["mark"] == "<!--") != (cell.type == "markdown"):
            continue
        names = (name.strip() for name in (match["list"] or "")[1:-1].split(","))
        alone = not line[: match.start()].strip()
        target = 0 if number <= first else (number + 1 if alone else number)
        reason = _AROUND.sub("", match["reason"].partition("-->")[0])
        yield Silencing(tuple(dict.fromkeys(filter(None, names))), cell, target, number, reason)


def _fits(document: NotebookDocument, item: Silencing, finding: Finding) -> bool:
    if finding.rule not in item.rules or finding.rule not in SILENCEABLE or finding.path != document.path:
        return False
    if not finding.cell:
        return item.cell.index == 0 and item.line == 0
    return item.cell.number == finding.cell and item.line in {0, finding.line}


def _faults(document: NotebookDocument, item: Silencing) -> Iterator[Finding]:
    faults: list[tuple[str, str]] = []
    if not item.rules:
        faults.append(("The silencing names no rule.", _FORM))
    elif not item.reason:
        faults.append(("The silencing gives no reason.", "write behind it why the finding may stay."))
    for rule in item.rules:
        if rule not in RULES:
            faults.append((f"There is no rule {rule!r}.", suggest(rule, SILENCEABLE)))
        elif rule not in SILENCEABLE:
            faults.append((f"The rule {rule!r} cannot be silenced.", "remove it."))
    for message, fix in faults:
        yield found(document, "invalid-silencing", message, fix, item.cell, item.stands)
