from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from studio.core.files import CannotWrite
from studio.pipelines import engine
from studio.pipelines.execution import Cancellation, CellFailure, Limits
from studio.pipelines.kernels import specs

Execute = Callable[..., Any]
PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}
COLOURS = re.compile(r"\x1b\[[\d;]*m")


def failure_of(done: Any) -> CellFailure:
    assert not done.outcome.ok
    assert done.outcome.failure is not None
    failure: CellFailure = done.outcome.failure
    return replace(failure, traceback=tuple(COLOURS.sub("", line) for line in failure.traceback))


def wait_for(path: Path, seconds: float = 30) -> str:
    end = time.monotonic() + seconds
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.01)
    return path.read_text().strip()


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


# ---------------------------------------------------------------- success


def test_a_notebook_that_runs_to_its_end(run: Execute) -> None:
    code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    old = [{"output_type": "stream", "name": "stdout", "text": "old"}]
    given = {
        "cells": [
            {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Title"},
            {**code, "id": "a", "source": ["x = 1\n", "print('hello')"]},
            {**code, "id": "e", "source": "  "},
            {
                **code,
                "id": "b",
                "metadata": {"tags": ["keep"]},
                "source": "x + 1",
                "outputs": old,
                "execution_count": 7,
            },
            {**code, "id": "s", "metadata": {"tags": ["skip-execution"]}, "source": "1/0"},
        ],
        "metadata": {"kernelspec": PYTHON, "mine": {"a": 1}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    before = json.dumps(given)
    done = run(notebook=given)
    assert done.outcome.ok
    assert done.outcome.failure is None
    assert (done.outcome.cells_done, done.outcome.exit_code) == (2, 0)
    assert done.told == [(0, 2), (1, 2), (2, 2)]
    assert 0 < done.outcome.seconds < 60
    assert json.dumps(given) == before, "the document given was changed"

    written = done.document
    nbformat.validate(nbformat.from_dict(written))
    assert [cell["id"] for cell in written["cells"]] == ["m", "a", "e", "b", "s"]
    assert done.text(1) == "hello\n"
    assert done.outputs(3)[0]["data"]["text/plain"] == ["2"]
    assert done.outputs(4) == []
    assert [cell.get("execution_count") for cell in written["cells"]] == [None, 1, None, 2, None]
    assert written["cells"][3]["metadata"]["tags"] == ["keep"]
    assert "papermill" not in json.dumps(written["cells"])
    assert "tags" not in written["cells"][1]["metadata"]
    assert written["metadata"]["mine"] == {"a": 1}
    assert written["metadata"]["language_info"]["name"] == "python"
    assert written["metadata"]["papermill"]["exception"] is False
    assert set(written["metadata"]["papermill"]) == {"version", "start_time", "end_time", "duration", "exception"}


def test_nothing_is_printed_and_the_working_folder_stays(run: Execute, capfd: pytest.CaptureFixture[str]) -> None:
    here = Path.cwd()
    assert run("print('out')", "import sys; print('err', file=sys.stderr)", "1/0").outcome.cells_done == 2
    assert Path.cwd() == here
    assert capfd.readouterr() == ("", "")


def test_what_jupyter_allows_is_allowed(run: Execute) -> None:
    done = run(("raises-exception", "1/0"), "print('on')", ("raises-exception", "import sys; sys.exit(3)"), "2")
    assert done.outcome.ok
    assert done.outcome.cells_done == 4
    assert done.outputs(0)[0]["ename"] == "ZeroDivisionError"
    assert done.text(1) == "on\n"


def test_displays_are_updated_cleared_and_overwritten(run: Execute) -> None:
    done = run(
        "from IPython.display import display, clear_output\nshown = display('first', display_id=True)",
        "shown.update('second')\nprint('kept')",
        "print('old')\nclear_output()\nprint('new')",
        "print('old')\nclear_output(wait=True)\nprint('newer')",
        "for i in range(3): print(f'\\rstep {i}', end='', flush=True)",
        # A thread of the kernel's passes it on: it gets the time that a loaded machine needs for that.
        "import os, time; status = os.system('echo from a subprocess'); time.sleep(2)",
        "import threading\nthread = threading.Timer(0.1, lambda: print('late'))\nthread.start()",
        "thread.join(); print('joined')",
    )
    assert done.outcome.ok
    assert done.outputs(0)[0]["data"]["text/plain"] == ["'second'"]
    assert [done.text(cell) for cell in range(1, 6)] == ["kept\n", "new\n", "newer\n", "step 2", "from a subprocess\n"]
    assert done.text(6) + done.text(7) == "late\njoined\n"


def test_threads_execute_at_the_same_time(run: Execute, tmp_path: Path) -> None:
    done: dict[int, Any] = {}

    def one(number: int) -> None:
        folder = tmp_path / f"folder-{number}"
        folder.mkdir()
        done[number] = run(
            f"import os, pathlib, time\nprint({number}, pathlib.Path.cwd().name, os.environ['NUMBER'])\ntime.sleep(1)",
            output=tmp_path / f"{number}.ipynb",
            folder=folder,
            environment={"NUMBER": str(number)},
        )

    started = time.monotonic()
    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 4 + 15
    for number in range(4):
        assert done[number].outcome.ok
        assert done[number].text(0) == f"{number} folder-{number} {number}\n"


# ---------------------------------------------------------------- failures


def test_an_error_names_its_cell_and_keeps_its_traceback(run: Execute) -> None:
    done = run(
        ("injected-parameters", "horizon = 48"),
        "print('before')",
        "def f():\n    raise ValueError('bad\\nvalue')\nf()",
        "print(1)",
    )
    failure = failure_of(done)
    assert failure.kind == "error"
    assert failure.cell == 1, "the injected cell does not count in the original document"
    assert failure.source.startswith("def f()")
    assert (failure.ename, failure.evalue) == ("ValueError", "bad\nvalue")
    assert failure.message == "Cell 2 raised ValueError: bad"
    assert any("raise ValueError" in line for line in failure.traceback)
    assert (done.outcome.cells_done, done.outcome.exit_code) == (2, 0)
    assert done.outputs(2)[0]["ename"] == "ValueError"
    assert done.outputs(3) == []
    assert [cell["id"] for cell in done.document["cells"]] == ["c0", "c1", "c2", "c3"], "no marker cells"
    assert done.document["metadata"]["papermill"]["exception"] is True


def test_a_failure_in_the_injected_cell_is_told_as_such(run: Execute) -> None:
    failure = failure_of(run(("injected-parameters", "1/0"), "2"))
    assert failure.cell is None
    assert failure.source == "1/0"
    assert failure.message == "The injected parameters' cell raised ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("source", "kind", "code", "words"),
    [
        ("import sys; sys.exit(0)", "exited", 0, "sys.exit(0)"),
        ("quit()\nimport time; time.sleep(0.3)", "exited", 0, "quit()"),
        ("import os; os._exit(0)", "exited", 0, "exited with status 0"),
        ("import os; os._exit(3)", "exited", 3, "exited with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "died", -9, "SIGKILL, as the system does when memory runs out"),
        ("import os; os.abort()", "died", -6, "SIGABRT"),
        ("import os; os.execvp('true', ['true'])", "exited", 0, "exited with status 0"),
    ],
)
def test_a_kernel_that_ends_in_mid_notebook_is_a_failure(
    run: Execute, source: str, kind: str, code: int, words: str
) -> None:
    done = run("print('first')", f"import time; print('said', flush=True); time.sleep(0.1)\n{source}", "print('never')")
    failure = failure_of(done)
    assert (failure.kind, failure.cell, done.outcome.exit_code) == (kind, 1, code)
    assert words in failure.message
    assert done.outcome.cells_done == 1
    assert done.text(0) == "first\n"
    assert done.text(1) == "said\n", "what was said before the end is kept"
    assert any(output["output_type"] == "error" for output in done.outputs(1))
    assert done.outputs(2) == []


def test_a_kernel_killed_right_after_its_last_cell_is_a_failure(run: Execute, tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    def kill_after_the_last(done: int, of: int) -> None:
        if done == of:
            os.kill(int(wait_for(pid)), signal.SIGKILL)

    source = f"import os, pathlib; _ = pathlib.Path({str(pid)!r}).write_text(f'{{os.getpid()}}\\n')"
    done = run("1", source, on_cell=kill_after_the_last)
    failure = failure_of(done)
    assert (failure.kind, failure.cell, done.outcome.exit_code, done.outcome.cells_done) == ("died", None, -9, 2)
    assert failure.message.startswith(
        "All cells finished, but then the kernel ended by itself: it was killed by SIGKILL"
    )


def test_an_exit_status_after_the_last_cell_is_a_failure(run: Execute) -> None:
    done = run("import atexit, os\n_ = atexit.register(lambda: os._exit(7))")
    assert (failure_of(done).kind, done.outcome.exit_code) == ("exited", 7)


def test_a_kernel_that_does_not_end_is_a_failure(run: Execute, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SHUTDOWN_SECONDS", 1.0)
    done = run("import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()")
    assert failure_of(done).kind == "timeout"
    assert "was still alive 1 s after it was asked to end" in failure_of(done).message
    assert done.outcome.exit_code == -9


def test_a_kernel_that_becomes_another_program_is_a_failure(run: Execute) -> None:
    done = run("import os; os.execvp('sleep', ['sleep', '3600'])")
    failure = failure_of(done)
    assert (failure.kind, failure.cell, done.outcome.exit_code) == ("died", 0, -9)
    assert "stopped answering" in failure.message
    assert done.outcome.seconds < 30


def test_input_is_refused_at_once(run: Execute) -> None:
    failure = failure_of(run("name = input('who? ')"))
    assert (failure.kind, failure.ename) == ("error", "StdinNotImplementedError")


def test_a_cell_s_time_is_limited_and_shows_where_it_was(run: Execute) -> None:
    done = run("import time", "def wait():\n    time.sleep(60)\nwait()", limits=Limits(cell_timeout=0.5))
    failure = failure_of(done)
    assert (failure.kind, failure.cell, done.outcome.cells_done) == ("timeout", 1, 1)
    assert failure.message == "Cell 2 did not finish within its 0.5 s (cell_timeout)."
    assert any("time.sleep(60)" in line for line in failure.traceback)
    assert done.outputs(1)[0]["ename"] == "KeyboardInterrupt"
    assert done.outcome.seconds < 30


def test_a_cell_that_cannot_be_interrupted_is_killed(run: Execute, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "INTERRUPT_SECONDS", 0.3)
    source = "import itertools\nsum(itertools.repeat(0))  # holds the interpreter and looks for no signal"
    done = run(source, limits=Limits(cell_timeout=0.5))
    assert failure_of(done).kind == "timeout"
    assert done.outputs(0)[0]["ename"] == "TimeoutError"
    assert done.outcome.seconds < 30


def test_a_notebook_s_time_is_limited(run: Execute) -> None:
    done = run("import time", "time.sleep(60)", limits=Limits(timeout=2, cell_timeout=50))
    assert failure_of(done).message == "The notebook did not finish within its 2 s (timeout); cell 2 was running."


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, "asks for a r kernel"),
        ({"kernelspec": {"name": "bash", "display_name": "Bash"}}, "asks for a bash kernel"),
        ({"kernelspec": {"name": "x", "display_name": "x"}, "language_info": {"name": "julia"}}, "a julia kernel"),
    ],
)
def test_another_language_does_not_start(run: Execute, metadata: dict[str, Any], words: str) -> None:
    content = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    done = run(notebook=content)
    failure = failure_of(done)
    assert failure.kind == "start"
    assert words in failure.message
    assert done.outcome.exit_code is None


def test_a_kernel_that_cannot_start_says_why(run: Execute, tmp_path: Path) -> None:
    failure = failure_of(run("1", folder=tmp_path / "nowhere"))
    assert failure.kind == "start"
    assert "No such file or directory" in failure.message


def test_a_kernel_that_ends_while_it_starts_says_why(
    run: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = tmp_path / "launcher.py"
    launcher.write_text("raise RuntimeError('no luck today')")
    monkeypatch.setattr(specs, "LAUNCHER", launcher)
    done = run("1")
    failure = failure_of(done)
    assert (failure.kind, done.outcome.exit_code) == ("start", 1)
    assert "exited with status 1" in failure.message
    assert "RuntimeError: no luck today" in failure.message


def test_a_kernel_that_takes_too_long_to_start(run: Execute) -> None:
    failure = failure_of(run("1", limits=Limits(start_timeout=0.05)))
    assert failure.kind == "start"
    assert "did not start within 0.05 s" in failure.message


# ---------------------------------------------------------------- cancellation


def test_cancellation_wakes_at_once_and_leaves_nothing(run: Execute, tmp_path: Path) -> None:
    pids, cancellation = tmp_path / "pids", Cancellation()
    source = f"""
import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "3600"])
other = subprocess.Popen(["setsid", "sleep", "3600"])
_ = pathlib.Path({str(pids)!r}).write_text(f"{{os.getpid()}} {{child.pid}} {{other.pid}}\\n")
time.sleep(3600)
"""
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(run(source, cancellation=cancellation)))
    thread.start()
    alive = [int(pid) for pid in wait_for(pids).split()]
    cancellation.cancel()
    thread.join(10)
    assert not thread.is_alive()
    assert all(gone(pid) for pid in alive)
    failure = failure_of(result[0])
    assert (failure.kind, failure.cell) == ("cancelled", 0)
    assert cancellation.cancelled
    cancellation.cancel()
    again = failure_of(run("1", cancellation=cancellation))
    assert again.kind == "cancelled"


def test_an_exception_of_the_caller_s_own_leaves_no_kernel(run: Execute, tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    def interrupt(done: int, _of: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(f"import os, pathlib; _ = pathlib.Path({str(pid)!r}).write_text(f'{{os.getpid()}}\\n')", on_cell=interrupt)
    assert gone(int(wait_for(pid)))
    written = json.loads((tmp_path / "executed.ipynb").read_text())
    assert written["metadata"]["papermill"]["exception"] is True


# ---------------------------------------------------------------- outputs


def test_fifty_thousand_flushed_lines_lose_none(run: Execute) -> None:
    done = run("for i in range(5_000): print('line', i, flush=True)", "for i in range(50_000): print('line', i)")
    assert done.outcome.ok
    assert done.text(0) == "".join(f"line {i}\n" for i in range(5_000))
    assert done.text(1) == "".join(f"line {i}\n" for i in range(50_000))


def test_a_flood_is_cut_and_marked_and_the_rest_of_the_notebook_runs(run: Execute) -> None:
    done = run("print('a' * 3_000_000)\nprint('the end')", "print('next')", limits=Limits(cell_output_limit=10_000))
    assert done.outcome.ok
    assert len(done.text(0)) < 10_000
    assert done.text(0).endswith("the end\n")
    assert "characters of output were cut here: a cell keeps 10,000" in done.text(0, "stderr")
    assert done.text(1) == "next\n"


def test_text_that_is_no_valid_unicode_is_kept_readable(run: Execute) -> None:
    done = run("print('a\\ud800b')", "raise ValueError('c\\ud800d')", limits=Limits(cell_timeout=20))
    assert done.text(0) == "a\ufffdb\n"
    failure = failure_of(done)
    assert (failure.kind, failure.evalue) == ("error", "c\ufffdd")
    assert failure.message.encode()


def test_widgets_are_kept_and_bounded(run: Execute) -> None:
    cells = (
        "import ipywidgets as w\nfrom IPython.display import display\nout = w.Output()\ndisplay(out)",
        "with out:\n    for i in range(3): print('in the widget', i, flush=True)",
        "print('beside')",
    )
    done = run(*cells)
    assert done.outcome.ok
    state = done.document["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    outputs = [model["state"]["outputs"] for model in state.values() if model["model_name"] == "OutputModel"]
    assert outputs[0][0]["text"] == "in the widget 0\nin the widget 1\nin the widget 2\n"
    assert (done.outputs(1), done.text(2)) == ([], "beside\n")
    small = run(*cells[:1], "with out: print('x' * 20_000)", limits=Limits(cell_output_limit=1_000))
    assert small.outcome.ok
    assert small.path.stat().st_size < 10_000
    assert "1 other outputs were cut here" in small.text(1, "stderr")


# ---------------------------------------------------------------- saving


def test_the_notebook_is_saved_as_it_goes(run: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.pipelines.saving._EVERY", 0.2)
    path, go = tmp_path / "executed.ipynb", tmp_path / "go"
    saved: list[Any] = []
    in_the_long_cell: list[Any] = []

    def watch() -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end and not in_the_long_cell:
            in_the_long_cell.extend(json.loads(path.read_text())["cells"][1]["outputs"])
            time.sleep(0.02)
        go.write_text("x")

    def look(done: int, _of: int) -> None:
        saved.append(json.loads(path.read_text()))
        if done == 1:
            threading.Thread(target=watch).start()

    done = run(
        "print('one')\nimport time; time.sleep(0.3)",
        f"print('half', flush=True)\nimport pathlib\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)",
        on_cell=look,
    )
    assert done.outcome.ok
    assert saved[0]["cells"][0]["outputs"] == []
    assert saved[1]["cells"][0]["outputs"][0]["text"] == ["one\n"]
    assert saved[1]["metadata"]["papermill"]["exception"] is None
    assert in_the_long_cell[0]["text"] == ["half\n"], "a long cell's outputs were not saved while it ran"
    assert not list(tmp_path.glob(".executed*")), "a temporary file was left"


def test_a_place_that_cannot_be_written_stops_before_the_start(run: Execute, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(CannotWrite, match="cannot be written"):
        run("1", output=blocked / "executed.ipynb")


def test_a_disk_that_is_full_for_a_while_costs_nothing(run: Execute, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    path = folder / "executed.ipynb"
    contents = []

    def fill_and_free(done: int, _of: int) -> None:
        if done == 1:
            path.unlink()
            folder.rmdir()
            folder.write_text("in the way")
        elif done == 2:
            contents.append(folder.read_text())
            folder.unlink()

    done = run("print(1)", "import time; time.sleep(0.5)", "print(3)", output=path, on_cell=fill_and_free)
    assert done.outcome.ok
    assert contents == ["in the way"]
    assert done.text(2) == "3\n"
