"""``studio check --fix``: what can be mended without changing what a notebook does, with the file's own format kept.

Unused imports are taken out (the only change that a fingerprint sees), what an execution out of order left behind is
cleared, and missing cell ids are written. Everything else in the file stays as it is, to the byte where the file is
written as JSON writers do, so that a diff shows the mended places and no others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import BadInput, StudioError
from studio.core.files import write_atomic
from studio.core.workspace import Workspace
from studio.notebooks.checks.checking import batches, check_documents
from studio.notebooks.checks.execution import counted, first_left_out, first_out_of_order
from studio.notebooks.checks.finding import Edit, Finding, Mending
from studio.notebooks.document import Cell, NotebookDocument, parse_notebook, read_notebook
from studio.notebooks.layout import exact_layout_of

# Each round takes out what the round before made unused.
_ROUNDS = 10


@dataclass(frozen=True, order=True)
class Fixed:
    """One thing that was mended: the notebook, the cell (from 1, 0 for several), the rule, and what was done."""

    path: str
    cell: int
    rule: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        """With stable keys, for ``--json``."""
        return {"path": self.path, "cell": self.cell, "rule": self.rule, "message": self.message}


def fix_notebooks(
    workspace: Workspace,
    paths: Sequence[str | Path],
    *,
    known_datasets: Collection[str] | None = None,
    steps: Collection[str] = (),
    rules: Collection[str] = (),
) -> list[Fixed]:
    """Mend what is safe in the notebooks at `paths`, by these `rules` or by all, and say what was done.

    Notebooks that cannot be read, and notebooks kept as text, are left alone; each file is written whole or not at all.

    Raises
    ------
    CannotWrite
        When the file system refuses.
    Problems
        When studio.toml ignores rules that there are not.
    """
    done: list[Fixed] = []
    for batch in batches(workspace, dict.fromkeys(Path(path) for path in paths)):
        done += _fix_batch(workspace, [Path(path) for path in batch], known_datasets, steps, rules)
    return sorted(set(done))


def _fix_batch(
    workspace: Workspace,
    pending: list[Path],
    known_datasets: Collection[str] | None,
    steps: Collection[str],
    rules: Collection[str],
) -> list[Fixed]:
    """Mend until nothing is left to mend."""
    done: list[Fixed] = []
    for _ in range(_ROUNDS):
        documents = [(path, document) for path in pending if (document := _read(workspace, path)) is not None]
        findings = check_documents(
            workspace, [document for _, document in documents], known_datasets=known_datasets, steps=steps
        )
        fixable = [finding for finding in findings if finding.fixable and (not rules or finding.rule in rules)]
        mended = _round(workspace, documents, fixable)
        if not mended:
            break
        done += [fixed for _, fixes in mended for fixed in fixes]
        pending = [path for path, _ in mended]
    return done


def _read(workspace: Workspace, path: Path) -> NotebookDocument | None:
    if path.suffix != ".ipynb":
        return None
    try:
        return read_notebook(workspace, path)
    except BadInput:
        return None  # told by the check


def _round(
    workspace: Workspace, documents: Sequence[tuple[Path, NotebookDocument]], findings: Sequence[Finding]
) -> list[tuple[Path, list[Fixed]]]:
    """Mend once; the notebooks that changed, with what was done."""
    chosen = [(path, document) for path, document in documents if any(f.path == document.path for f in findings)]
    if not chosen:
        return []
    mended = []
    for path, document in chosen:
        own = [finding for finding in findings if finding.path == document.path]
        fixes = list(_mend(workspace, document, own))
        if fixes:
            mended.append((path, fixes))
    return mended


def _imports(findings: Sequence[Finding]) -> dict[int, list[Mending]]:
    """For each cell's index the unused imports to take out; where an edit would take out more, it is left."""
    every = [(finding.cell, finding.mending) for finding in findings if finding.mending is not None]
    counts = Counter((cell, mending.edits) for cell, mending in every)
    chosen: dict[int, list[Mending]] = {}
    for cell, mending in every:
        if counts[cell, mending.edits] == mending.together:
            chosen.setdefault(cell - 1, []).append(mending)
    return chosen


def _mend(workspace: Workspace, document: NotebookDocument, findings: Sequence[Finding]) -> Iterator[Fixed]:
    """Mend one file; nothing where somebody has changed it since it was read."""
    file = workspace.root / document.path
    text = file.read_bytes().decode("utf-8")
    if parse_notebook(text, document.path) != document:
        return
    content = json.loads(text.removeprefix("\ufeff"))
    layout = exact_layout_of(text, content)
    rules = {finding.rule for finding in findings}
    fixes: list[Fixed] = []
    imports = _imports(findings)
    for index, mendings in sorted(imports.items()):
        edits = [edit for mending in mendings for edit in mending.edits]
        _set_source(content["cells"][index], edited(document.cells[index].source, edits))
        names = ", ".join(mending.name for mending in mendings)
        message = f"Took out what is imported and never used ({names}). The fingerprint changes with it."
        fixes.append(Fixed(document.path, index + 1, "unused-import", message))
    if rules & {"execution-order", "stale-execution"}:
        fixes += _clear(document, content["cells"])
    if "missing-cell-id" in rules:
        fixes += _number(document, content["cells"])
    if not fixes:
        return
    written = layout.write(content)
    if not imports and not _same_code(document, parse_notebook(written, document.path)):
        raise StudioError(f"{document.path} would not be the same notebook after the fix, so it was left alone.")
    mode = file.stat().st_mode
    write_atomic(file, written)
    file.chmod(mode & 0o7777)
    yield from fixes


def _clear(document: NotebookDocument, contents: list[dict[str, Any]]) -> Iterator[Fixed]:
    """Clear outputs and counts from the first cell on that was not executed in its place."""
    cells = counted(document)
    unsound = [cell for cell in (first_out_of_order(cells), first_left_out(cells)) if cell is not None]
    start = min((cell.index for cell in unsound), default=len(contents))
    for cell in cells:
        stale = cell.execution_count is None and bool(cell.outputs)
        if (cell.index >= start and (cell.execution_count is not None or cell.outputs)) or stale:
            contents[cell.index].update(outputs=[], execution_count=None)
            rule = "stale-execution" if stale else "execution-order" if first_out_of_order(cells) else "stale-execution"
            yield Fixed(document.path, cell.number, rule, "Cleared the outputs and the execution count.")


def _number(document: NotebookDocument, contents: list[dict[str, Any]]) -> Iterator[Fixed]:
    for cell, content in zip(document.cells, contents, strict=True):
        if content.get("id") != cell.id:
            # The keys keep their order; the id goes where nbformat sorts it.
            items = [(key, value) for key, value in content.items() if key != "id"]
            place = next((n for n, (key, _) in enumerate(items) if key > "id"), len(items))
            items.insert(place, ("id", cell.id))
            content.clear()
            content.update(items)
            yield Fixed(document.path, cell.number, "missing-cell-id", f"Wrote the id {cell.id!r}.")


def _set_source(content: dict[str, Any], source: str) -> None:
    content["source"] = source.splitlines(keepends=True) if isinstance(content["source"], list) else source


def _same_code(old: NotebookDocument, new: NotebookDocument) -> bool:
    def essence(cell: Cell) -> tuple[Any, ...]:
        return cell.type, cell.source, cell.tags

    return [essence(cell) for cell in old.cells] == [essence(cell) for cell in new.cells]


def edited(source: str, edits: Sequence[Edit]) -> str:
    """The source with the edits, the first of those that overlap."""
    lines = source.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(place: tuple[int, int]) -> int:
        row, column = place
        return len(source) if row > len(lines) else min(starts[row - 1] + column - 1, len(source))

    spans = sorted({(offset(edit.start), offset(edit.end), edit.text) for edit in edits})
    text, taken = "", 0
    for start, end, replacement in spans:
        if start < taken:
            continue
        text += source[taken:start] + replacement
        taken = end
    return text + source[taken:]
