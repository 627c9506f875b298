"""A run that is ended from outside leaves no process behind, says what happened and can be continued."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Place

pytestmark = [pytest.mark.heavy, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

SLOW = """
import os, subprocess, sys, time
from pathlib import Path
child = subprocess.Popen([sys.executable, '-c', 'import os, time; os.setsid(); time.sleep(300)'])
Path(os.environ['STUDIO_WORKSPACE'], 'pids.txt').write_text(f'{os.getpid()} {child.pid}')
if slow:
    time.sleep(300)
child.kill(); child.wait()
"""


@pytest.fixture
def slow_second_step(place: Place) -> Place:
    place.write("pipelines/catalog.yml", "version: 1\ndatasets:\n  numbers: {description: some}\n")
    place.write(
        "pipelines/two.yml",
        "version: 1\nsteps:\n  make: {notebook: notebooks/make.ipynb}\n  wait: {notebook: notebooks/wait.ipynb}\n",
    )
    place.notebook(
        "notebooks/make.ipynb",
        "import pandas as pd\nimport studio",
        "studio.save('numbers', pd.DataFrame({'number': [1, 2]}))",
    )
    place.notebook(
        "notebooks/wait.ipynb",
        ("parameters", "slow: bool = True  # whether to wait"),
        "import studio\nstudio.load('numbers')",
        SLOW,
    )
    return place


def start(place: Place) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A run in its second step, and the processes of that step."""
    runner = subprocess.Popen(
        [sys.executable, "-m", "studio.cli", "run", "two"],
        cwd=place.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    pids = place.root / "pids.txt"
    end = time.monotonic() + 90
    while not pids.exists() or not pids.read_text():
        assert runner.poll() is None, runner.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.05)
    return runner, [int(pid) for pid in pids.read_text().split()]


def alive(pids: list[int]) -> list[int]:
    """Those processes that still run (zombies do not)."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            continue
        if state not in "ZX":
            found.append(pid)
    return found


def until_gone(pids: list[int], seconds: float = 15.0) -> list[int]:
    end = time.monotonic() + seconds
    while (left := alive(pids)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def statuses(place: Place) -> dict[str, str]:
    shown = place.studio("runs", "show", "last", "--json").json
    return {"run": shown["status"], **{step["key"]: step["status"] for step in shown["steps"]}}


def mlflow_statuses(place: Place) -> list[str]:
    code = (
        "import json, mlflow; mlflow.set_tracking_uri('sqlite:///.studio/mlflow.db');"
        "print(json.dumps(mlflow.search_runs(search_all_experiments=True)['status'].tolist()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place.root, capture_output=True, text=True, check=True)
    return sorted(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_everything_and_the_run_can_go_on(
    slow_second_step: Place, number: signal.Signals, status: int
) -> None:
    runner, pids = start(slow_second_step)
    runner.send_signal(number)
    said, _ = runner.communicate(timeout=30)
    assert runner.returncode == status, said
    assert b"Traceback" not in said
    assert b"studio runs resume" in said
    assert alive(pids) == []
    assert statuses(slow_second_step) == {"run": "killed", "make": "completed", "wait": "killed"}
    assert mlflow_statuses(slow_second_step) == ["FINISHED", "KILLED", "KILLED"]


def test_sigkill_of_the_runner_leaves_no_process_and_the_run_is_settled(slow_second_step: Place) -> None:
    runner, pids = start(slow_second_step)
    os.kill(runner.pid, signal.SIGKILL)
    runner.communicate(timeout=30)
    assert until_gone(pids) == []
    assert statuses(slow_second_step) == {"run": "killed", "make": "completed", "wait": "killed"}
    # the steps that completed are kept; the mended one runs
    wait = json.loads((slow_second_step.root / "notebooks/wait.ipynb").read_text())
    wait["cells"][0]["source"] = "slow: bool = False  # whether to wait"
    slow_second_step.write("notebooks/wait.ipynb", wait)
    resumed = slow_second_step.studio("runs", "resume", "last")
    assert resumed.status == 0, resumed.err
    assert statuses(slow_second_step) == {"run": "completed", "make": "completed", "wait": "completed"}
    end = time.monotonic() + 60
    while (found := mlflow_statuses(slow_second_step)) and "RUNNING" in found and time.monotonic() < end:
        time.sleep(0.5)
    assert "RUNNING" not in found


def test_two_processes_do_not_run_the_same_run(slow_second_step: Place) -> None:
    runner, pids = start(slow_second_step)
    refused = slow_second_step.studio("runs", "resume", "last")
    assert refused.status == 2
    assert "still running" in refused.err
    runner.terminate()
    runner.communicate(timeout=30)
    assert until_gone(pids) == []


VANISHES = """
import os, shutil
from pathlib import Path
folder = Path(os.environ['STUDIO_INPUTS']).parent
shutil.rmtree(folder)
folder.write_text('in the way')
"""


def test_what_cannot_be_written_stops_the_run_at_once_and_it_can_go_on(place: Place) -> None:
    place.write(
        "pipelines/two.yml",
        "version: 1\nsteps:\n  breaks: {notebook: notebooks/breaks.ipynb}\n  slow: {notebook: notebooks/slow.ipynb}\n",
    )
    place.notebook(
        "notebooks/slow.ipynb", "from pathlib import Path\nimport time", "time.sleep(100)\nPath('end').touch()"
    )
    place.notebook("notebooks/breaks.ipynb", VANISHES)
    stopped = place.studio("run", "two", "--jobs", "2")
    assert stopped.status == 1, (stopped.out, stopped.err)
    assert "stopped: " in stopped.err
    assert "cannot be written" in stopped.err
    assert "studio runs resume" in stopped.err
    assert "Traceback" not in stopped.err
    assert not (place.root / "notebooks" / "end").exists()  # the other step was ended, not waited for
    place.notebook("notebooks/slow.ipynb", "1")
    place.notebook("notebooks/breaks.ipynb", "1")
    resumed = place.studio("runs", "resume", "last", "--json")
    assert resumed.status == 0, resumed.err
    assert {step["status"] for step in resumed.json["steps"]} == {"completed"}
    assert resumed.json["earlier"][0]["status"] == "failed"


def test_a_damaged_record_of_datasets_is_a_failed_step(place: Place) -> None:
    place.notebook("notebooks/meddles.ipynb", "import os\nopen(os.environ['STUDIO_RECORD'], 'a').write('{oops\\n')")
    answer = place.studio("run", "notebooks/meddles.ipynb", "--json")
    assert answer.status == 1, answer.err
    (step,) = answer.json["steps"]
    assert step["status"] == "failed"
    assert "is damaged" in step["error"]["message"]
