"""The difference of two notebooks with 50 MB of outputs each, as whole commands, beside nbdime's own command."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.timing import Table, command, in_turn

MB = 1_000_000
CELLS = 20
PATIENCE = 120
_OURS = """
import sys
from studio.core.workspace import Workspace
from pathlib import Path
from studio.notebooks.document import read_notebook
from studio.notebooks.review.diff import diff_notebooks
workspace = Workspace(Path(sys.argv[1]))
sys.stdout.write(diff_notebooks(*(read_notebook(workspace, path) for path in sys.argv[2:])).to_text())
"""
Outputs = dict[int, list[dict[str, Any]]]


def measure(runs: int) -> list[Table]:
    """Each shape of outputs in turn; nbdime is given up after two minutes."""
    tables = []
    for shape, made in SHAPES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "studio.toml").write_text("version = 1\n")
            sizes = [_write(folder / path, made(seed), edit) for path, seed, edit in _TWO]
            ours = f"studio, {shape}, {sizes[0] / MB:.0f} MB each"
            times = in_turn(
                runs, {ours: lambda folder=folder: _studio(folder), "nbdiff": lambda folder=folder: _nbdiff(folder)}
            )
        tables.append(Table(f"Difference of two notebooks: {shape}", times, {ours: "under 2 s"}))
    return tables


_TWO = (("old.ipynb", 1, ""), ("new.ipynb", 2, " + 7"))


def _studio(folder: Path) -> float:
    return command([sys.executable, "-c", _OURS, str(folder), "old.ipynb", "new.ipynb"], folder)


def _nbdiff(folder: Path) -> float:
    started = time.perf_counter()
    words = [str(Path(sys.executable).with_name("nbdiff")), "old.ipynb", "new.ipynb"]
    try:
        subprocess.run(
            words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return float(PATIENCE)
    return time.perf_counter() - started


def _write(path: Path, outputs: Outputs, edit: str) -> int:
    cells = [
        {
            "cell_type": "code",
            "id": f"{number * 7919 + 3141:06x}ab",
            "metadata": {},
            "execution_count": number,
            "source": f"x = {number}{edit if number == 3 else ''}\ny = x + 1",
            "outputs": outputs.get(number, []),
        }
        for number in range(CELLS)
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    path.write_text(json.dumps(content, indent=1))
    return path.stat().st_size


def _stream(seed: int) -> Outputs:
    chance = random.Random(seed)
    lines = [f"line {number} \u2603 \U0001f600 {chance.random()}\n" for number in range(50 * MB // 58)]
    return {2: [{"output_type": "stream", "name": "stdout", "text": lines}]}


def _images(seed: int) -> Outputs:
    chance = random.Random(seed)
    image = lambda: base64.b64encode(chance.randbytes(12_000)).decode()  # noqa: E731
    return {number: [_shown({"image/png": image()}) for _ in range(155)] for number in range(CELLS)}


def _deep(seed: int) -> Outputs:
    chance = random.Random(seed)
    traces = [
        {"x": [chance.random() for _ in range(1_000)], "m": {"a": {"b": [{"k": n, "t": "s"} for n in range(50)]}}}
        for _ in range(1_250)
    ]
    return {5: [_shown({"application/vnd.plotly.v1+json": {"data": traces}})]}


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


SHAPES: dict[str, Callable[[int], Outputs]] = {"one stream": _stream, "3,100 images": _images, "deep JSON": _deep}
