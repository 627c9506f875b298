"""The process that opens a model and asks it, so that whatever a model does, the one who judges lives on.

Started as ``python -I worker.py REQUEST RESULTS`` by `evaluation`. REQUEST is a JSON file; RESULTS gets one line of
JSON for each gate as soon as it is known, so that a crash costs only what was not asked yet. Standard input is a pipe
from the one who asked: its end means that nobody waits any more.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main(request: Path, results: Path) -> None:
    """Answer the request."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asked = json.loads(request.read_text(encoding="utf-8"))
    from studio.pipelines.gates.questions import questions

    # As in a kernel: the notebooks' folders and the workspace, where a model's own types may be defined. Only now, so
    # that nothing in them stands in front of what asks.
    sys.path[:0] = [*asked["folders"], asked["root"]]

    with results.open("a", encoding="utf-8") as file:

        def tell(gate: str, facts: dict[str, Any]) -> None:
            file.write(json.dumps({"gate": gate, **facts}, default=float) + "\n")
            file.flush()

        tell("model", {"begun": True})
        try:
            for gate, question in questions(asked):
                tell(gate, {"begun": True})
                tell(gate, _answered(question))
        except Exception as error:  # noqa: BLE001 - told, and nothing could be asked
            tell("model", _problem(error))


def _answered(question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        facts = question()
        if any(isinstance(value, float) and not math.isfinite(value) for value in facts.values()):
            facts = {"problem": "The model's answers on these rows hold values that are no finite numbers."}
    except Exception as error:  # noqa: BLE001 - whatever a model raises is told, and the next question is asked
        facts = _problem(error)
    return {**facts, "seconds": time.perf_counter() - start}


def _problem(error: Exception) -> dict[str, Any]:
    """What went wrong: a sentence where it is one of ours, else the exception with its traceback."""
    from studio.core.errors import StudioError
    from studio.pipelines.gates.statistics import Undefined

    if isinstance(error, Undefined):
        return {"problem": str(error), "undefined": True}
    if isinstance(error, StudioError):
        return {"problem": str(error)}
    return {
        "problem": f"The model could not be asked: {type(error).__name__}: {error}",
        "detail": "".join(traceback.format_exception(error)),
    }


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
