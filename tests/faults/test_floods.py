"""200 MB of prints, however they come: the runner stays small, the notebook too, and the run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = """
import json, resource, sys
from pathlib import Path
from studio.pipelines.executing import execute
from studio.pipelines.execution import Cancellation, Limits

def cells(*sources):
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
        for i, s in enumerate(sources)
    ]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

def run(*sources):
    return execute(
        cells(*sources), output=Path("executed.ipynb"), folder=Path.cwd(), environment={}, limits=Limits(timeout=200),
        cancellation=Cancellation(),
    )

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

run("1")
before = peak()
outcome = run(sys.argv[1], "print('after')")
print(json.dumps([outcome.ok, outcome.cells_done, peak() - before]))
"""


@pytest.mark.heavy
@pytest.mark.parametrize(
    "source",
    [
        "line = 'x' * 999\nfor _ in range(200_000): print(line)",
        "print('x' * 200_000_000)",
        "import os; status = os.system('head -c 200000000 /dev/zero | tr \"\\\\0\" x')",
    ],
    ids=["lines", "one-print", "subprocess"],
)
def test_two_hundred_megabytes(tmp_path: Path, source: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, source], cwd=tmp_path, capture_output=True, text=True, timeout=250, check=True
    )
    ok, cells, grown = json.loads(done.stdout)
    assert (ok, cells, done.stderr) == (True, 2, "")
    assert grown < 100, f"the runner grew by {grown} MB"
    path = tmp_path / "executed.ipynb"
    assert path.stat().st_size < 5_000_000
    flooded, after = json.loads(path.read_text())["cells"]
    assert "characters of output were cut here" in json.dumps(flooded["outputs"])
    assert after["outputs"][0]["text"] == ["after\n"]


@pytest.mark.heavy
def test_fifty_thousand_flushed_lines(tmp_path: Path) -> None:
    source = "for i in range(50_000): print('line', i, flush=True)"
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, source], cwd=tmp_path, capture_output=True, text=True, timeout=250, check=True
    )
    assert json.loads(done.stdout)[:2] == [True, 2]
    (output,) = json.loads((tmp_path / "executed.ipynb").read_text())["cells"][0]["outputs"]
    assert "".join(output["text"]) == "".join(f"line {i}\n" for i in range(50_000))
