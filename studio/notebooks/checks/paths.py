"""The rule absolute-path: paths that exist on the machine of one person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from studio.notebooks.checks.finding import Finding, found
from studio.notebooks.checks.literals import literals
from studio.notebooks.document import Cell, NotebookDocument

_ROOTS = (
    "home|Users|root|mnt|media|data|tmp|var|opt|usr|etc|srv|work|workspace|workspaces|content|kaggle|dbfs|Volumes|"
    "scratch|private|nfs|gpfs|lustre|shared|storage|project|projects"
)
_START = (
    rf"(?:/(?:{_ROOTS})/[^\s'\"`|<>]"  # a folder that machines have at their root
    r"|~[\w.-]*/"  # somebody's home
    r"|[A-Za-z]:[\\/](?![\\/])[^\s'\"]"  # a Windows drive
    r"|\\\\[\w.-]+\\[\w$.-]"  # a Windows share
    r"|file:/)"
)
# The root's folders in capitals are written so only by people; drives and file: in any case.
_WHOLE = re.compile(_START)
_FILE = re.compile(
    r"/(?:[\w.@+-]+/)+[\w.@+-]*\.(?:csv|tsv|txt|json|jsonl|ya?ml|toml|parquet|feather|xlsx?|db|sqlite3?|pkl|pickle|joblib|npy|npz|h5|hdf5|onnx|pt|png|jpe?g|zip|gz|py|ipynb|log)"
)
_QUOTED = re.compile(rf"(?P<quote>['\"])(?P<path>{_START}[^'\"\n]*)(?P=quote)")
_MAGIC = re.compile(rf"^\s*(?:%|!).*?(?<![\w.:/~\\-])(?P<path>{_START}\S*)", re.MULTILINE)
# What the text of the code must hold where one of its texts is such a path: cheap to look for.
_PERHAPS = re.compile(r"['\"](?:/|~|[A-Za-z]:|\\|file:)")
_LINK = re.compile(rf"\]\(\s*<?(?P<path>{_START}[^)\n>]*)|(?:src|href)=[\"'](?P<other>{_START}[^\"'\n]*)")
_FIX = "use a path relative to the notebook, a parameter, or a dataset of the catalog."


def path_findings(document: NotebookDocument) -> Iterator[Finding]:
    """Absolute paths in code, in magics, and in the links of texts; tests are left alone, since they may try them."""
    for cell in document.cells:
        for line, path in sorted(set(_paths(document, cell))):
            shown = path if len(path) <= 40 else f"{path[:37]}…"
            message = f"The path {shown} exists on one machine only."
            yield found(document, "absolute-path", message, _FIX, cell, line)


def _paths(document: NotebookDocument, cell: Cell) -> Iterator[tuple[int, str]]:
    source = cell.source
    if cell.role == "text":
        if cell.type == "markdown":
            for match in _LINK.finditer(source):
                yield _line(source, match.start()), match["path"] or match["other"]
        return
    if cell.role not in {"code", "parameters"} or not any(mark in source for mark in ("/", "\\")):
        return
    if not document.is_python:
        for match in _QUOTED.finditer(source):
            yield _line(source, match.start()), match["path"]
        return
    for literal in literals(source) if _PERHAPS.search(source) else ():
        if not literal.joined and (_WHOLE.match(literal.text) or _FILE.fullmatch(literal.text)):
            yield literal.line, literal.text.split("\n", 1)[0]
    for match in _MAGIC.finditer(source):
        yield _line(source, match.start("path")), match["path"]


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1
