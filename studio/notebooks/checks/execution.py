"""Rules about what the file remembers of its last execution: order, missing counts, stale and large outputs."""

from __future__ import annotations

from collections.abc import Iterator

from studio.notebooks.checks.finding import Finding, found
from studio.notebooks.document import SKIP, Cell, NotebookDocument

_AGAIN = "restart the kernel and run all cells, or clear what is stale with: studio check --fix"


def execution_findings(document: NotebookDocument, output_limit: int) -> Iterator[Finding]:
    """Findings from execution counts and stored outputs, in any language; `output_limit` in bytes."""
    # A cell that was edited after its execution keeps its count, so that this cannot be known from the file.
    cells = counted(document)
    if (broken := first_out_of_order(cells)) is not None:
        later = min(
            (cell for cell in cells if cell.index > broken.index and cell.execution_count is not None),
            key=lambda cell: cell.execution_count or 0,
        )
        message = (
            f"The cell was executed as [{broken.execution_count}], after cell {later.number} "
            f"([{later.execution_count}]) that stands below it."
            if broken.execution_count != later.execution_count
            else f"The cell and cell {later.number} were both executed as [{later.execution_count}], "
            "so in different kernels."
        )
        yield found(document, "execution-order", message, _AGAIN, broken, fixable=True)
    if (left_out := first_left_out(cells)) is not None:
        message = "The cell was not executed, and cells below it were."
        yield found(document, "stale-execution", message, _AGAIN, left_out, fixable=True)
    for cell in cells:
        if cell.execution_count is None and cell.outputs:
            message = "The cell has outputs and no execution count, so they are not of its last execution."
            yield found(document, "stale-execution", message, _AGAIN, cell, fixable=True)
    for cell in document.cells:
        if cell.outputs_bytes > output_limit:
            yield found(
                document,
                "large-output",
                f"The cell's stored output is {_size(cell.outputs_bytes)}, and the limit is {_size(output_limit)}.",
                "show less, or clear the output before saving.",
                cell,
            )


def counted(document: NotebookDocument) -> list[Cell]:
    """The cells whose execution counts say something: what runs or tests execute, and that is not empty."""
    return [
        cell
        for cell in document.cells
        if cell.type == "code" and cell.role in {"code", "parameters", "test"} and cell.source.strip()
    ]


def first_out_of_order(cells: list[Cell]) -> Cell | None:
    """The first cell whose count is not below that of every cell after it."""
    lowest: int | None = None
    broken = None
    for cell in reversed(cells):
        count = cell.execution_count
        if count is None:
            continue
        if lowest is not None and count >= lowest:
            broken = cell
        lowest = count if lowest is None else min(lowest, count)
    return broken


def first_left_out(cells: list[Cell]) -> Cell | None:
    """The first cell without a count and without outputs above one that has a count; tests are often left out."""
    last = max((cell.index for cell in cells if cell.execution_count is not None), default=-1)
    for cell in cells:
        unrun = cell.execution_count is None and not cell.outputs
        if unrun and cell.index < last and cell.role != "test" and SKIP not in cell.tags:
            return cell
    return None


def _size(count: int) -> str:
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} bytes"
