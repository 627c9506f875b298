"""ruff's remarks as findings: told once, in Studio's words, without what only looks wrong in a notebook."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from studio.core.workspace import Workspace
from studio.notebooks.checks.finding import Finding, Mending, found
from studio.notebooks.checks.names import Names, is_given, why_hidden
from studio.notebooks.checks.ruff import Remark
from studio.notebooks.checks.scopes import magic_words
from studio.notebooks.document import RAISES, NotebookDocument

# Importing these does something: it registers methods, styles or estimators, and the name itself is never used.
_EFFECTS = (
    "sklearn.experimental",
    "mpl_toolkits",
    "hvplot",
    "janitor",
    "swifter",
    "scienceplots",
    "readline",
    "antigravity",
    "this",
)
# Importing these does nothing that a notebook could rely on, so that an import that nobody uses may be taken out.
_PURE = {"numpy", "pandas", "scipy", "sklearn", "matplotlib", "mlflow", "studio", "pydantic", "annotated_types"}
_NAMED = re.compile(r"`([^`]*)`")


def lint_findings(
    workspace: Workspace, document: NotebookDocument, names: Names, remarks: Sequence[Remark]
) -> Iterator[Finding]:
    """The findings that `remarks` stand for."""
    told: set[tuple[int, str]] = set()
    elsewhere = _words_elsewhere(document)
    for remark in sorted(remarks, key=lambda remark: (remark.cell.index, remark.line)):
        name = quoted[1] if (quoted := _NAMED.search(remark.message)) else ""
        if remark.code == "F821":
            if (remark.cell.index, name) not in told:
                told.add((remark.cell.index, name))
                yield from _undefined(document, names, remark, name)
        elif remark.code == "F401":
            if not _is_used(remark, name, elsewhere):
                together = sum(other.cell is remark.cell and other.edits == remark.edits for other in remarks)
                yield _unused(workspace, document, remark, name, together)
        else:
            message = f"{remark.message.rstrip('.')}."
            yield found(document, "probable-mistake", message, "correct it.", remark.cell, remark.line)


def _undefined(document: NotebookDocument, names: Names, remark: Remark, name: str) -> Iterator[Finding]:
    # A name that ruff does not see defined above, and that is, came from a magic; what comes below is hidden state.
    if (
        names.opaque
        or is_given(name)
        or RAISES in remark.cell.tags
        or (name in names.runs and remark.cell.role != "test")
    ):
        return
    reason = why_hidden(names, remark.cell, name)
    if reason is None:
        message = f"{name!r} is used here and defined nowhere."
        fix = "define or import it, or correct its spelling."
        yield found(document, "undefined-name", message, fix, remark.cell, remark.line)
    elif remark.cell.role == "test":
        message = f"{name!r} is used by this test and defined only {reason}."
        fix = "define it in a cell that runs execute, or in the test."
        yield found(document, "hidden-state", message, fix, remark.cell, remark.line)
    # Else the rule hidden-state has told it.


def _unused(workspace: Workspace, document: NotebookDocument, remark: Remark, name: str, together: int) -> Finding:
    fixable = bool(remark.edits) and document.path.endswith(".ipynb") and _is_pure(workspace, document, name)
    fix = "remove it, which studio check --fix does." if fixable else "remove it, or silence this and say why."
    message = f"The import of {name.removeprefix('.')!r} is never used."
    return found(
        document,
        "unused-import",
        message,
        fix,
        remark.cell,
        remark.line,
        fixable=fixable,
        mending=Mending(remark.edits, name.removeprefix("."), together),
    )


def _is_used(remark: Remark, name: str, elsewhere: frozenset[str]) -> bool:
    """Whether something that ruff does not see uses the import, or the import itself does something."""
    if any(name == module or name.startswith(f"{module}.") for module in _EFFECTS):
        return True
    words = remark.text.split() or [name]  # such as numpy, os.path, or numpy as np
    bound = words[-1] if "as" in words else words[0].partition(".")[0]
    return bound in elsewhere


def _words_elsewhere(document: NotebookDocument) -> frozenset[str]:
    """Words in magics, in cells that are left out, and in pandas' ``@name`` queries: they may use an import."""
    words: set[str] = set()
    for cell in document.cells:
        if cell.type != "code":
            continue
        words |= magic_words(cell.source)
        if cell.role in {"scratch", "leftover"}:
            words |= set(re.findall(r"[^\W\d]\w*", cell.source))
        if "@" in cell.source:
            words |= set(re.findall(r"(?<=[\"' (@])@([^\W\d]\w*)", cell.source))
    return frozenset(words)


def _is_pure(workspace: Workspace, document: NotebookDocument, name: str) -> bool:
    """Whether taking the import out cannot change what the notebook does."""
    top = name.partition(".")[0]
    folder = (workspace.root / document.path).parent
    for place in {folder, workspace.root}:
        if Path(place, f"{top}.py").exists() or Path(place, top).is_dir():
            return False  # the workspace's own module: it may do anything when it is imported
    return top in sys.stdlib_module_names or top in _PURE
