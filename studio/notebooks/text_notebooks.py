"""Notebooks kept as text: jupytext's ``.py`` and ``.md`` files give the same document as their paired ``.ipynb``.

jupytext is imported only here and only when such a file is read.
"""

from __future__ import annotations

import re
from typing import Any

from studio.core.errors import BadInput
from studio.notebooks import reading, strict_json
from studio.notebooks.document import NotebookDocument, as_document

_MARK = re.compile(r"^# (?:%%|\+|---$)", re.MULTILINE)
_OWN = ("jupytext", "lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker")


def parse_text_notebook(text: str, suffix: str, shown: str) -> NotebookDocument:
    """The notebook that jupytext sees in `text`.

    Parameters
    ----------
    text : str
        The file's text.
    suffix : str
        ``.py`` or ``.md``.
    shown : str
        The file as messages name it.

    Raises
    ------
    BadInput
        When the text is a plain module, or jupytext cannot read it.
    Problems
        When the notebook in it is not sound.
    """
    if suffix == ".py" and not _MARK.search(text):
        raise BadInput(
            f"{shown} is a Python module and no notebook: it has no '# %%' line that begins a cell. "
            "Next: correct the path, or write it in jupytext's percent format."
        )
    if strict_json.is_torn(text):
        raise BadInput(f"{shown} holds half a character (a lone surrogate). Next: correct the text.")
    return as_document(reading.mend(_content(text, suffix, shown), shown, ids_kept=False), shown)


def _content(text: str, suffix: str, shown: str) -> dict[str, Any]:
    import jupytext

    try:
        found = jupytext.reads(text.removeprefix("\ufeff"), fmt={"extension": suffix})
    except Exception as error:  # jupytext and the YAML of its header raise many kinds
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"{shown} cannot be read as a text notebook: {first}. Next: correct the file.") from error
    first_cell = found["cells"][0] if found["cells"] else {"cell_type": "none"}
    if first_cell["cell_type"] == "raw" and re.match(r"---\s*\njupyter:", first_cell["source"]):
        # jupytext takes a header it cannot read for a cell, and the kernel and the format it names for unsaid.
        raise BadInput(f"{shown} cannot be read as a text notebook: its header is not valid YAML. Next: correct it.")
    metadata = {key: _plain(value) for key, value in found["metadata"].items() if key not in _OWN}
    cells = [
        {
            "cell_type": cell["cell_type"],
            "source": cell["source"],
            "metadata": {key: _plain(value) for key, value in cell["metadata"].items() if key not in _OWN},
            **({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}),
        }
        for cell in found["cells"]
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def _plain(value: Any) -> Any:
    """The own dictionaries of nbformat as plain ones."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
