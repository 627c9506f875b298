"""What goes wrong while the ladder is climbed: each told as a case or in a sentence, the rest tested, nothing left."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from textwrap import indent
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import Answer, Place, notebook
from tests.data.test_faults import small_disk
from tests.faults.test_runs import until_gone
from tests.workflows.test_ladder import make

pytestmark = [pytest.mark.heavy, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]

HOSTILE = (
    "import pathlib\nx = 1",
    ("test", "def test_in_c_without_end():\n    import itertools\n    sum(itertools.repeat(0))"),
    ("test", "def test_kills():\n    import os\n    os.kill(os.getpid(), 9)"),
    (
        "test",
        "def test_leaves():\n"
        "    import subprocess, threading, time\n"
        "    threading.Thread(target=time.sleep, args=(3600,)).start()\n"
        "    child = subprocess.Popen(['sleep', '3600'], start_new_session=True)\n"
        "    pathlib.Path('pids').write_text(str(child.pid))",
    ),
    ("test", "def test_floods():\n    for _ in range(3_000):\n        print('x' * 10_000)"),
    ("test", "def test_syntax(:"),
    "y = 1 / 0",
    ("test", "def test_needs():\n    assert y"),
    ("test", "def test_needs_not():\n    assert x == 1"),
)


@pytest.fixture
def sums(place: Place) -> Place:
    """A sound workspace: a source, a step with a test, two contracts."""
    make(place)
    place.write("studio.toml", "version = 1\n[tests]\ntimeout = 3\n")
    return place


def failures(answer: Answer) -> dict[tuple[str, str], str]:
    return {(c["subject"], c["name"]): c["message"] for c in answer.json["cases"] if c["status"] in ("failed", "error")}


def passed(answer: Answer) -> set[tuple[str, str]]:
    return {(case["subject"], case["name"]) for case in answer.json["cases"] if case["status"] == "passed"}


def test_hostile_tests_cost_themselves_only(sums: Place) -> None:
    path = "notebooks/hostile.ipynb"
    sums.write(path, notebook(*HOSTILE))
    answer = sums.studio("test", path, "notebooks/sum.ipynb", "--rung", "code", "--json", "--junit", "junit.xml")
    assert answer.status == 1, answer.err
    assert "Traceback" not in answer.err
    told = failures(answer)
    assert "3 s" in told.pop((path, "test_in_c_without_end"))
    assert "kernel" in told.pop((path, "test_kills"))
    assert "ZeroDivisionError" in told.pop((path, "test_needs"))
    ((subject, _), message) = told.popitem()
    assert subject == path
    assert "SyntaxError" in message
    assert not told
    fine = {(path, name) for name in ("test_leaves", "test_floods", "test_needs_not")}
    assert passed(answer) >= fine | {("notebooks/sum.ipynb", "test_summed")}
    assert all(len(case["output"]) < 1_000_000 for case in answer.json["cases"])
    cases = list(ET.parse(sums.root / "junit.xml").getroot().iter("testcase"))
    assert len(cases) == len(answer.json["cases"])
    assert until_gone([int((sums.root / "notebooks/pids").read_text())]) == []


@pytest.mark.parametrize(
    ("file", "content", "culprit"),
    [
        ("pipelines/other.yml", "version: [\n", ("pipelines/other.yml", "runs on samples")),
        ("pipelines/other.yml", "version: 1\nstesp: {}\n", ("pipelines/other.yml", "runs on samples")),
        ("pipelines/contracts/totals.yml", "version: 1\ncolumns: [\n", ("pipelines/contracts/totals.yml", "")),
        (
            "pipelines/other.yml",
            "version: 1\nsteps:\n  sum:\n    notebook: notebooks/sum.ipynb\ngates:\n  metrics:\n    sum.x: {mni: 3}\n",
            ("pipelines/other.yml", ""),
        ),
        ("notebooks/other.ipynb", '{"cells": 3}', ("notebooks/other.ipynb", "can be tested")),
    ],
    ids=["pipeline", "key", "contract", "gates", "notebook"],
)
def test_a_broken_file_is_a_case_and_the_rest_is_tested(
    sums: Place, file: str, content: str, culprit: tuple[str, str]
) -> None:
    sums.write(file, content)
    answer = sums.studio("test", "all", "--json")
    assert answer.status == 1, answer.err
    assert "Traceback" not in answer.err
    told = {key: message for key, message in failures(answer).items() if key[0] == culprit[0]}
    assert told, failures(answer)
    assert all(name.startswith(culprit[1]) for _, name in told)
    assert any("Next: " in message or "Did you mean" in message for message in told.values())
    if file != "pipelines/contracts/totals.yml":
        assert set(failures(answer)) == set(told)
    rest = {("notebooks/sum.ipynb", "test_summed"), ("pipelines/contracts/orders.yml", "sample of orders")}
    assert passed(answer) >= rest


def test_a_broken_catalog_is_told_and_what_needs_no_data_is_tested(sums: Place) -> None:
    sums.write("pipelines/catalog.yml", "version: [\n")
    sums.notebook("notebooks/free.ipynb", ("test", "def test_free():\n    assert True"))
    answer = sums.studio("test", "all", "--json")
    assert answer.status == 1, answer.err
    told = failures(answer)
    assert "pipelines/catalog.yml:2" in told["pipelines/sums.yml", "runs on samples"]
    assert ("notebooks/sum.ipynb", "test_summed") in told
    assert ("notebooks/free.ipynb", "test_free") in passed(answer)


SLEEPS = """import os, pathlib, subprocess, time
child = subprocess.Popen(['sleep', '3600'], start_new_session=True)
place = pathlib.Path(os.environ['STUDIO_WORKSPACE'], 'pids')
place.with_name('pids.new').write_text(f'{os.getpid()} {child.pid}')
place.with_name('pids.new').rename(place)
time.sleep(600)"""
LONG = (
    ("markdown", "# Long"),
    (
        "test",
        "def test_long():\n" + indent(SLEEPS, "    "),
    ),
)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("words", [("test", "--junit", "junit.xml"), ("review", "submit")], ids=["test", "submit"])
@pytest.mark.parametrize("where", ["a test", "the run on samples"])
def test_a_signal_leaves_no_process_and_nothing_half_written(
    place: Place, where: str, words: tuple[str, ...], number: signal.Signals, status: int
) -> None:
    cells = LONG if where == "a test" else (("markdown", "# Long"), SLEEPS)
    place.write("notebooks/long.ipynb", notebook(*cells))
    place.write("pipelines/long.yml", "version: 1\nsteps:\n  long: {notebook: notebooks/long.ipynb}\n")
    command = subprocess.Popen(
        [sys.executable, "-m", "studio.cli", *words, "long"],
        cwd=place.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores interrupts, and so would all that is started from there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    pids = place.root / "pids"
    try:
        end = time.monotonic() + 200
        while not pids.exists():
            assert command.poll() is None, command.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
        command.send_signal(number)
        out, err = command.communicate(timeout=60)
    finally:
        command.kill()
        command.wait()
    assert command.returncode == status, err
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("Interrupted: ")
    assert out == ""
    assert until_gone([int(pid) for pid in pids.read_text().split()]) == []
    assert not (place.root / "junit.xml").exists()
    state = place.root / ".studio"
    assert not list(state.glob("reviews/*"))
    assert not list(state.glob("tests/*"))
    assert not [path for path in state.rglob("*") if path.suffix in (".tmp", ".new", ".part")]
    events = place.studio("ledger", "show", "--json").json
    assert events["total"] == 0
    assert place.studio("ledger", "verify").status == 0


def test_no_room_for_the_junit_file(sums: Place) -> None:
    folder = sums.root / "full"
    with small_disk(folder, "16k"):
        (folder / "filler").write_bytes(b"x" * 12_000)
        answer = sums.studio("test", "notebooks/sum.ipynb", "--junit", "full/junit.xml")
        assert answer.status in (1, 2)
        assert "full/junit.xml" in answer.err
        assert "No space left" in answer.err or "full" in answer.err
        assert "Next: " in answer.err
        assert "Traceback" not in answer.err
        assert [path.name for path in folder.iterdir()] == ["filler"]


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(sums: Place) -> None:
    (sums.root / ".studio").write_text("in the way")
    for words in (("test",), ("review", "submit", "sums")):
        answer = sums.studio(*words)
        assert answer.status == 2
        assert ".studio" in answer.err
        assert "Next: " in answer.err
        assert "Traceback" not in answer.err
        assert "started" not in answer.err


def test_without_its_mlflow_server_tests_run_and_a_submission_says_so(sums: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    sums.write("studio.toml", f'version = 1\n[tracking]\nuri = "http://127.0.0.1:{port}"\n')
    answer = sums.studio("test", "--json")
    assert answer.status == 0, (answer.out[-2000:], answer.err)
    submitted = sums.studio("review", "submit", "sums")
    assert submitted.status in (1, 2)
    assert str(port) in submitted.err
    assert "Traceback" not in submitted.err
    assert submitted.err.count("Error: ") == 1
    assert not list((sums.root / ".studio").glob("reviews/*"))
    assert sums.studio("ledger", "show", "--json").json["total"] == 0
