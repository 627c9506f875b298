"""nbdime's difference of two notebooks, made in a process of its own that may take so long and no longer.

nbdime compares cells by pairs and characters, and a notebook is somebody's data: nobody knows how long it takes. The
process ends by itself, even where the one that asked was killed.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from studio.core.errors import StudioError

SECONDS = 20
_NOISE = frozenset({"execution", "papermill", "studio", "collapsed", "scrolled", "ExecuteTime", "editable", "trusted"})
_LANGUAGE = ("name", "mimetype")
_KEPT = ("kernelspec", "language_info")


class TooDifferent(StudioError):
    """Comparing two notebooks took too long."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__(
            f"Comparing {path} with its earlier version took more than {seconds:.0f} seconds. "
            "Next: read the submission's page, which shows the same by faster means."
        )


class NotCompared(StudioError):
    """nbdime failed."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"nbdime could not compare {path} with its earlier version ({reason}). Next: read the submission's page."
        )


def plain(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """A notebook without outputs, execution counts and what editors and runs write: what a reviewer compares."""
    metadata = {key: notebook["metadata"][key] for key in _KEPT if key in notebook["metadata"]}
    if isinstance(metadata.get("language_info"), dict):
        metadata["language_info"] = {key: metadata["language_info"].get(key, "") for key in _LANGUAGE}
    cells = [_plain_cell(cell) for cell in notebook["cells"]]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def nbdime_difference(
    base: Mapping[str, Any], remote: Mapping[str, Any], path: str, *, seconds: float = SECONDS
) -> list[dict[str, Any]]:
    """The difference from `base` to `remote`, both nbformat 4.5, in nbdime's form.

    Raises
    ------
    TooDifferent
        When it takes more than `seconds`.
    NotCompared
        When nbdime fails.
    """
    given = json.dumps({"base": base, "remote": remote, "seconds": int(seconds) + 1})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=given.encode("utf-8", "surrogatepass"),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TooDifferent(path, seconds) from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NotCompared(path, lines[-1][:200] if lines else f"it ended with status {done.returncode}")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _plain_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: cell[key] for key in ("id", "cell_type", "source", "attachments") if key in cell}
    kept["metadata"] = {key: value for key, value in cell["metadata"].items() if key not in _NOISE}
    return {**kept, "outputs": [], "execution_count": None} if cell["cell_type"] == "code" else kept


def _compare() -> None:
    """What the process does: two notebooks on its standard input, their difference on its standard output."""
    from studio.core.imports import notebook_libraries

    given = json.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_CPU, (given["seconds"], given["seconds"]))
    with notebook_libraries():
        import nbformat
        from nbdime.diffing.notebooks import diff_notebooks  # type: ignore[import-untyped]
    base, remote = nbformat.from_dict(given["base"]), nbformat.from_dict(given["remote"])
    json.dump(diff_notebooks(base, remote), sys.stdout)


if __name__ == "__main__":
    _compare()
