"""How a kernel ends: what the notebook left to be done is done and told, and nothing of ipykernel's can hang."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from studio.pipelines import engine
from studio.pipelines.execution import Limits

Execute = Callable[..., Any]

LATE_CONTROL = """\
import time
kernel = get_ipython().kernel
publish = kernel._publish_status_and_flush
def late(status, channel, *rest):
    if channel == "control" and status == "idle":
        time.sleep(1)
    publish(status, channel, *rest)
kernel._publish_status_and_flush = late
loop = kernel.iopub_thread.io_loop
close = loop.close
def slow_close(**how):
    close(**how)
    time.sleep(2)
loop.close = slow_close"""

BUSY = """\
import os, sys, threading
def busy():
    while True:
        sum(range(1000))
def talk():
    for number in range(50):
        sys.stdout.write(f"thread {number}\\n")
threading.Thread(target=busy, daemon=True).start()
for _ in range(4):
    threading.Thread(target=talk).start()
os.system("echo from a subprocess")
for number in range(2000):
    sys.stdout.write(f"{number}\\n")"""


def test_a_control_thread_that_is_late_holds_nothing_up(run: Execute) -> None:
    """The dead-lock of ipykernel's own end, made certain: the control thread speaks when its listener has closed."""
    done = run(LATE_CONTROL, "print('on')", limits=Limits(timeout=60))
    assert done.outcome.ok, done.outcome
    assert done.outcome.seconds < 15
    assert done.text(1) == "on\n"


def test_threads_and_exit_hooks_come_to_their_end_in_python_s_order(run: Execute) -> None:
    done = run(
        "import atexit, concurrent.futures, os, threading, time, weakref",
        "class Held: pass\n"
        "held = Held()\n"
        "_ = atexit.register(print, 'first registered')\n"
        "_ = atexit.register(lambda: 1 / 0)\n"
        "_ = atexit.register(os.system, 'echo by a subprocess')\n"
        "_ = atexit.register(print, 'last registered')\n"
        "_ = weakref.finalize(held, print, 'finalized')\n"
        "pool = concurrent.futures.ThreadPoolExecutor()\n"
        "_ = pool.submit(lambda: (time.sleep(0.3), print('pooled', flush=True)))\n"
        "threading.Thread(target=lambda: (time.sleep(0.6), print('joined', flush=True))).start()",
    )
    assert done.outcome.ok, done.outcome
    words = done.text(1).splitlines()
    assert words[:2] == ["pooled", "joined"]
    assert sorted(words[2:]) == ["by a subprocess", "finalized", "first registered", "last registered"]
    assert words.index("last registered") < words.index("first registered")
    assert "ZeroDivisionError" in done.text(1, "stderr")


@pytest.mark.parametrize("number", range(3))
def test_the_outputs_of_an_exit_hook_are_all_there(run: Execute, number: int) -> None:
    done = run(
        "import atexit, os, sys",
        "def report():\n"
        "    for line in range(20_000): print(line)\n"
        "    os.system('seq 5000 >&2')\n"
        f"_ = atexit.register(report)\nprint('round {number}')",
    )
    assert done.outcome.ok, done.outcome
    assert done.text(1) == f"round {number}\n" + "".join(f"{line}\n" for line in range(20_000))
    assert done.text(1, "stderr") == "".join(f"{line}\n" for line in range(1, 5001))


def test_files_that_nobody_closed_are_written(run: Execute, tmp_path: Path) -> None:
    text, binary = tmp_path / "text", tmp_path / "binary"
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "keeper.py").write_text(
        f"text = open({str(text)!r}, 'w')\ntext.write('of a module')\n"
        f"binary = open({str(binary)!r}, 'wb')\nbinary.write(b'bytes')\n"
    )
    done = run(
        "import keeper",
        "class Last:\n"
        "    def __init__(self): self.circle = self\n"
        f"    def __del__(self, open=open): open({str(tmp_path / 'circle')!r}, 'w').write('finalized')\n"
        "keeper.last = Last()\n"
        "import atexit; _ = atexit.register(delattr, keeper, 'last')",
    )
    assert done.outcome.ok, done.outcome
    assert (text.read_text(), binary.read_bytes()) == ("of a module", b"bytes")
    assert (tmp_path / "circle").read_text() == "finalized"


def test_daemon_threads_that_never_stop_printing_or_reading_hold_nothing_up(run: Execute) -> None:
    done = run(
        "import os, threading, time\n"
        "def chatter():\n"
        "    while True: print('.', end=''); time.sleep(0.0005)\n"
        "out, into = os.pipe()\n"
        "pipe = open(out)\n"
        "for target in (chatter, chatter, pipe.read):\n"
        "    threading.Thread(target=target, daemon=True).start()",
        "time.sleep(0.2); print('end')",
    )
    assert done.outcome.ok, done.outcome
    assert done.outcome.seconds < 20
    assert "end" in done.text(1)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("raise SystemExit(3)", 3),
        ("raise SystemExit('no')", 1),
        ("os._exit(9)", 9),
    ],
)
def test_a_status_after_the_last_cell_is_told(run: Execute, source: str, status: int) -> None:
    done = run(
        "import asyncio, os\n"
        "async def end():\n"
        "    await asyncio.sleep(0.3)\n"
        f"    {source}\n"
        "kept = asyncio.get_running_loop().create_task(end())",
        on_cell=lambda done, of: time.sleep(1) if done == of else None,
    )
    assert not done.outcome.ok
    assert done.outcome.exit_code == status
    assert f"exited with status {status}" in done.outcome.failure.message


def test_quit_runs_the_exit_hooks_and_keeps_what_they_say(run: Execute) -> None:
    done = run("import atexit\n_ = atexit.register(print, 'bye')", "quit()")
    assert not done.outcome.ok
    assert done.outcome.failure.kind == "exited"
    assert done.outcome.exit_code == 0
    assert "bye\n" in done.text(1)


@pytest.mark.heavy
def test_no_kernel_hangs_at_its_end_on_a_loaded_machine(
    run: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SHUTDOWN_SECONDS", 60.0)

    def one(number: int) -> Any:
        (tmp_path / f"{number}").mkdir()
        return run("print('first')", BUSY, folder=tmp_path / f"{number}", output=tmp_path / f"{number}.ipynb")

    # Two processes that only compute, so that the kernels have to wait for their turn.
    burners = [os.spawnlp(os.P_NOWAIT, "python3", "python3", "-c", "while True: pass") for _ in range(2)]
    try:
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(one, range(30)))
    finally:
        for burner in burners:
            os.kill(burner, 9)
            os.waitpid(burner, 0)
    assert [each.outcome for each in done if not each.outcome.ok] == []
    for each in done:
        lines = each.text(1).splitlines()
        assert [line for line in lines if line.isdecimal()] == [str(number) for number in range(2000)]
        assert sum(line.startswith("thread ") for line in lines) == 200
        assert lines.count("from a subprocess") == 1
