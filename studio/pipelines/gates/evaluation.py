"""Asking a model in a process of its own: started, bounded in time, and told from when it died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.pipelines.gates.units import show_time

_WORKER = Path(__file__).with_name("worker.py")
_TAIL = 4000
# One thread: the figures do not depend on the machine's cores, and a time is a time on one core.
_THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1"
)


@dataclass(frozen=True)
class Evaluation:
    """What came of asking.

    Attributes
    ----------
    facts : mapping
        For each gate what was found; ``problem`` is a sentence where it could not be asked.
    ended : str
        A sentence about how the process ended before it was done; empty where it was.
    during : str
        The gate that was being asked then.
    output : str
        The end of what the process printed.
    """

    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ended: str = ""
    during: str = ""
    output: str = ""


def evaluate(request: Mapping[str, Any], seconds: float) -> Evaluation:
    """Ask in a process of its own, for at most `seconds`; whatever that process does is told in the result."""
    with tempfile.TemporaryDirectory(prefix="studio-gates-") as name:
        folder = Path(name)
        question, results, output = folder / "request.json", folder / "results.jsonl", folder / "output.txt"
        question.write_text(json.dumps(request), encoding="utf-8")
        results.touch()
        with output.open("wb") as printed:
            worker = subprocess.Popen(
                [sys.executable, "-I", str(_WORKER), str(question), str(results)],
                cwd=folder,
                env={**os.environ, **_THREADS},
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )
            ended = _wait(worker, seconds)
        facts, during = _read(results.read_text(encoding="utf-8"))
        tail = output.read_bytes()[-_TAIL:].decode(errors="replace")
    return Evaluation(facts, ended, during if ended else "", tail)


def _wait(worker: subprocess.Popen[bytes], seconds: float) -> str:
    """Wait for the process and end all of it; a sentence where it did not come to its end."""
    try:
        status = worker.wait(seconds)
    except subprocess.TimeoutExpired:
        return (
            f"The process that asked the model was ended after {show_time(seconds)}. "
            "Next: ask for less, or give it more time with gates.model.timeout."
        )
    finally:
        _end(worker)
    if status == 0:
        return ""
    how = f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    return f"The process that asked the model {how}. Next: look at its output, and at the memory that the model needs."


def _end(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    if worker.stdin is not None:
        worker.stdin.close()


def _read(text: str) -> tuple[dict[str, dict[str, Any]], str]:
    """The facts by gate, and the gate that was begun last and not answered."""
    facts: dict[str, dict[str, Any]] = {}
    begun: dict[str, None] = {}
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue  # the process died while it wrote this line
        gate = found.pop("gate")
        if found.pop("begun", False):
            begun[gate] = None
        else:
            facts[gate] = found
            begun.pop(gate, None)
    return facts, next(reversed(begun), "model")
