"""Plain pytest in a workspace: its notebooks are collected, selected, run and reported like any other test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import Answer, Place

ROOT = Path(__file__).parents[2]
FIRST = (
    "x = 3\ndef total(values):\n    return sum(values)",
    (
        "test",
        "import pytest\n\n"
        "@pytest.mark.parametrize(('a', 'b'), [(1, 1), (2, 3)])\ndef test_pairs(a, b):\n    assert a == b\n\n"
        "@pytest.mark.slow\ndef test_total():\n    print('said')\n    assert total([x]) == 4\n\n"
        "@pytest.mark.xfail\ndef test_known(): assert 0\n\n"
        "class TestShop:\n    @pytest.mark.skip(reason='closed')\n    def test_open(self): pass\n"
        "    def test_shut(self): pass",
    ),
)
SECOND = ("y = 1", ("test", "def test_y(): assert y\ndef test_z(): assert y"))


@pytest.fixture
def shop(place: Place) -> Place:
    place.write("pytest.ini", "[pytest]\nmarkers =\n    slow: slow\naddopts = --strict-markers\n")
    place.notebook("notebooks/a.ipynb", *FIRST)
    place.notebook("notebooks/deep/b.ipynb", *SECOND)
    place.notebook("notebooks/without.ipynb", "z = 1")
    place.notebook("notebooks/.ipynb_checkpoints/a-checkpoint.ipynb", *FIRST)
    place.write("tests/test_plain.py", "def test_plain(): pass\n")
    return place


def run(place: Place, *words: str, cwd: Path | None = None) -> Answer:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=cwd or place.root,
        env={**os.environ, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert not kernels_of(place)
    return Answer(done.returncode, done.stdout, done.stderr)


def kernels_of(place: Place) -> list[str]:
    """Processes that still know the workspace."""
    wanted = f"STUDIO_WORKSPACE={place.root}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(entry.name)
            except OSError:
                continue
    return found


def collected(answer: Answer) -> list[str]:
    return [line for line in answer.out.splitlines() if "::" in line]


ALL = [
    "notebooks/a.ipynb::test_pairs[1-1]",
    "notebooks/a.ipynb::test_pairs[2-3]",
    "notebooks/a.ipynb::test_total",
    "notebooks/a.ipynb::test_known",
    "notebooks/a.ipynb::TestShop::test_open",
    "notebooks/a.ipynb::TestShop::test_shut",
    "notebooks/deep/b.ipynb::test_y",
    "notebooks/deep/b.ipynb::test_z",
    "tests/test_plain.py::test_plain",
]


def test_what_is_collected_and_selected(shop: Place) -> None:
    listed = ("--collect-only", "-q")
    assert collected(run(shop, *listed)) == ALL
    assert collected(run(shop, *listed, "-k", "pairs or shut")) == [ALL[0], ALL[1], ALL[5]]
    assert collected(run(shop, *listed, "-m", "slow")) == [ALL[2]]
    assert collected(run(shop, *listed, "notebooks/a.ipynb::test_pairs[2-3]", "notebooks/a.ipynb::TestShop")) == [
        ALL[1],
        *ALL[4:6],
    ]
    assert collected(run(shop, *listed, "deep/b.ipynb", cwd=shop.root / "notebooks")) == ALL[6:8]
    assert collected(run(shop, *listed, "-p", "no:studio-notebooks")) == ALL[8:]
    assert not (shop.root / ".studio").exists()  # nothing was run for that


def test_results_are_pytests_own(shop: Place) -> None:
    answer = run(shop, "-v", "-rA", "--junitxml=out.xml", "--durations=2", "--durations-min=0")
    assert answer.status == 1, answer.out + answer.err
    assert "5 passed, 2 failed, 1 skipped, 1 xfailed" in answer.out or (
        "2 failed, 5 passed, 1 skipped, 1 xfailed" in answer.out
    )
    assert "notebooks/a.ipynb::test_total FAILED" in answer.out
    assert "_ test_total (cell 2) _" in answer.out
    assert "E       assert 3 == 4\nE        +  where 3 = total([3])" in answer.out
    assert "notebooks/a.ipynb[cell 2]:10: AssertionError" in answer.out
    assert "said" in answer.out
    assert "SKIPPED [1] notebooks/a.ipynb[cell 2]: closed" in answer.out
    cases = {case.get("name"): case for case in ET.parse(shop.root / "out.xml").iter("testcase")}
    total = cases["test_total"]
    assert total.get("classname") == "notebooks.a.ipynb"
    assert {item.get("name"): item.get("value") for item in total.iter("property")} == {
        "notebook": "notebooks/a.ipynb",
        "cell": "2",
    }
    failure = total.find("failure")
    assert failure is not None
    assert "notebooks/a.ipynb[cell 2]:10" in (failure.text or "")
    assert "assert 3 == 4" in (failure.get("message") or "")


def test_the_last_failures_come_first_and_x_stops(shop: Place) -> None:
    run(shop, "-q", "notebooks")
    assert collected(run(shop, "--lf", "--collect-only", "-q", "notebooks")) == [ALL[1], ALL[2]]
    first = run(shop, "--ff", "-x", "-v", "notebooks")
    assert "1 failed" in first.out
    assert "passed" not in first.out
    again = run(shop, "--ff", "-q", "notebooks")
    assert "2 failed, 4 passed" in again.out


@pytest.mark.slow
def test_workers_share_the_tests(shop: Place) -> None:
    answer = run(shop, "-n", "2", "-q")
    assert "2 failed, 5 passed, 1 skipped, 1 xfailed" in answer.out, answer.out


def test_a_kernel_is_asked_once_where_the_source_does_not_say(place: Place) -> None:
    place.notebook(
        "notebooks/a.ipynb",
        "from pathlib import Path\nwith Path('asked').open('a') as file: print('x', file=file)\nVALUES = [1, 2]",
        (
            "test",
            "import pytest\n@pytest.mark.parametrize('v', VALUES)\ndef test_v(v): assert v == 1\n"
            "if VALUES:\n    @pytest.mark.skip\n    def test_if(): pass",
        ),
        ("test", "def test_plain(): pass"),
    )
    expected = [f"notebooks/a.ipynb::test_{name}" for name in ("v[1]", "v[2]", "if", "plain")]
    assert collected(run(place, "--collect-only", "-q")) == expected
    assert collected(run(place, "--collect-only", "-q")) == expected
    asked = place.root / "notebooks" / "asked"
    assert asked.read_text() == "x\n"
    answer = run(place, "-q")
    assert "1 failed, 2 passed, 1 skipped" in answer.out
    assert asked.read_text() == "x\nx\n"


def test_what_is_wrong_names_its_cell(place: Place) -> None:
    place.notebook(
        "notebooks/a.ipynb",
        "y = 1 / 0",
        ("test", "def test_y(): assert y\ndef test_x(): pass"),
        ("test", "def test_broken(:"),
        ("test", "import os\ndef test_exits(): os._exit(3)\ndef test_after(): pass"),
    )
    answer = run(place, "-q")
    assert "2 passed" in answer.out
    assert "notebooks/a.ipynb: Cell 1 raised ZeroDivisionError: division by zero. The test in cell 2" in answer.out
    assert "Cell 3, line 1: its tests cannot be collected: SyntaxError" in answer.out
    assert "The kernel ended while the test was running: it exited with status 3." in answer.out
    place.write("notebooks/a.ipynb", '{"cells": [], "x": "test"}')
    answer = run(place, "-q")
    assert answer.status == 2
    assert "notebooks/a.ipynb" in answer.out


def test_settings_that_cannot_be_read_are_told_in_a_sentence(shop: Place) -> None:
    shop.write("studio.toml", "version = 1\n[tests]\ntimeuot = 3\n")
    answer = run(shop, "-q", "notebooks")
    assert answer.status == 2
    assert "timeuot" in answer.out
    assert "Traceback" not in answer.out + answer.err


def test_the_example_is_tested(place: Place) -> None:
    for folder in ("notebooks/churn", "pipelines"):
        shutil.copytree(ROOT / folder, place.root / folder, dirs_exist_ok=True)
    notebook = "notebooks/churn/ingest.ipynb"
    answer = run(place, "-q", notebook)
    assert "6 passed" in answer.out, answer.out
    content = json.loads((place.root / notebook).read_text())
    lines = content["cells"][11]["source"]
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("assert"))
    lines[first] = "    assert len(table.columns) == 4\n"
    place.write(notebook, content)
    answer = run(place, "-q", notebook)
    assert "1 failed, 5 passed" in answer.out, answer.out
    assert "assert 3 == 4" in answer.out
    assert "notebooks/churn/ingest.ipynb[cell 12]:" in answer.out


def test_an_interrupt_leaves_no_kernel(place: Place) -> None:
    place.notebook(
        "notebooks/a.ipynb",
        ("test", "import time, pathlib\ndef test_long():\n    pathlib.Path('running').touch()\n    time.sleep(600)"),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=place.root,
        stdout=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores interrupts, and so would all that is started from there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        end = time.monotonic() + 120
        while not (place.root / "notebooks" / "running").exists():
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 2, out
    assert not kernels_of(place)


def test_outside_a_workspace_nothing_of_studio_is_imported(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [], "tags": ["test"]}))
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    found = {name for name in sys.modules if name.partition('.')[0] in {'studio', 'pydantic', 'pandas'}}\n"
        "    assert found == {'studio', 'studio.cli', 'studio.cli.pytest_plugin'}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "1 passed" in done.stdout, done.stdout
