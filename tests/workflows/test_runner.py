"""How a plan is run: what overlaps, what waits, what is tried again, what is reused, and what stops when."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from studio.core.workspace import Workspace
from studio.data.snapshots import SnapshotStore
from tests.conftest import Place

pytestmark = pytest.mark.heavy

CATALOG = """
version: 1
datasets:
  pieces: {description: one piece for each n}
  total: {description: all pieces}
  nothing: {description: declared and never saved}
"""
FAN = """
version: 1
steps:
  piece:
    notebook: notebooks/piece.ipynb
    matrix: {n: [1, 2]}
  total: {notebook: notebooks/total.ipynb}
"""
# Each piece waits for the other one where the test asks for it: both can only end if they run at the same time.
MEET = """
import os, time
from pathlib import Path
Path(f'here-{n}').touch()
end = time.monotonic() + 60
while os.environ.get('MEET') and not Path(f'here-{3 - n}').exists():
    assert time.monotonic() < end, 'the other step did not start'
    time.sleep(0.02)
"""
PIECE = "studio.save('pieces', pd.DataFrame({'value': [base * n, base * n + 1]}))"


def piece(place: Place, save: str = PIECE) -> None:
    place.notebook(
        "notebooks/piece.ipynb",
        "import pandas as pd\nimport studio",
        ("parameters", "n: int = 1  # which piece\nbase: int = 10  # by what it is multiplied"),
        MEET,
        save,
    )


def made(root: Place) -> Place:
    root.write("studio.toml", 'version = 1\n\n[project]\nname = "test"\n')
    root.write("pipelines/catalog.yml", CATALOG)
    return root


@pytest.fixture(scope="module")
def fan(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A fan-out and a fan-in, run once with two steps at a time."""
    place = made(Place(tmp_path_factory.mktemp("fan")))
    place.write("pipelines/fan.yml", FAN)
    piece(place)
    place.notebook(
        "notebooks/total.ipynb",
        "import studio",
        "frame = studio.load('pieces')",
        "assert list(frame.columns) == ['n', 'value'], frame.columns\nassert frame['n'].tolist() == [1, 1, 2, 2]",
        "studio.save('total', frame[['value']].sum().to_frame('sum'))",
    )
    answer = place.studio("run", "fan", "--jobs", "2", "--json", environment={"MEET": "1"})
    assert answer.status == 0, (answer.out, answer.err)
    assert statuses(answer.json) == {"piece[n=1]": "completed", "piece[n=2]": "completed", "total": "completed"}
    return place


@pytest.fixture
def spare(place: Place) -> Place:
    return made(place)


def steps(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["key"]: step for step in run["steps"]}


def statuses(run: dict[str, Any]) -> dict[str, str]:
    return {key: step["status"] for key, step in steps(run).items()}


def latest(place: Place, dataset: str) -> dict[str, str]:
    return {part: found.digest for part, found in SnapshotStore(Workspace(place.root)).latest(dataset).items()}


def test_parts_come_together_and_latest_follows_the_run_also_where_it_is_reused(fan: Place) -> None:
    first = latest(fan, "pieces")
    assert list(first) == ["n=1", "n=2"]
    other = fan.studio("run", "fan", "-p", "base=20", "--json")
    assert set(statuses(other.json).values()) == {"completed"}, other.err
    assert latest(fan, "pieces") != first
    back = fan.studio("run", "fan", "--json")
    assert set(statuses(back.json).values()) == {"reused"}, back.err
    assert latest(fan, "pieces") == first
    assert steps(back.json)["total"]["outputs"]["total"] == latest(fan, "total")


def test_what_follows_the_same_output_is_reused(fan: Place) -> None:
    piece(fan, PIECE.replace("base * n + 1", "1 + base * n"))
    try:
        answer = fan.studio("run", "fan", "--json")
    finally:
        piece(fan)
    assert statuses(answer.json) == {"piece[n=1]": "completed", "piece[n=2]": "completed", "total": "reused"}


def test_force_from_and_only_choose_what_runs(fan: Place) -> None:
    later = fan.studio("run", "fan", "--from", "total", "--json")
    assert statuses(later.json) == {"piece[n=1]": "reused", "piece[n=2]": "reused", "total": "completed"}
    assert steps(later.json)["total"]["verdict"]["changes"][0]["kind"] == "forced"
    one = fan.studio("run", "fan", "--only", "piece[n=2]", "--force", "--json")
    assert statuses(one.json) == {"piece[n=1]": "not run", "piece[n=2]": "completed", "total": "not run"}
    assert list(latest(fan, "pieces")) == ["n=1", "n=2"], "what was left out stays"


def test_two_runs_of_one_pipeline_at_the_same_time(fan: Place) -> None:
    words = [sys.executable, "-m", "studio.cli", "run", "fan", "--force", "--jobs", "2", "--json"]
    running = [
        subprocess.Popen(words, cwd=fan.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in running:
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, (out, err)
        assert set(statuses(json.loads(out)).values()) == {"completed"}
    assert len({item["run"] for item in fan.studio("runs", "list", "--json").json["runs"]}) >= 2


BAD = """
import time
from pathlib import Path
end = time.monotonic() + 60
while not Path('slow-runs').exists():
    assert time.monotonic() < end
    time.sleep(0.02)
assert mended, 'bad on purpose'
"""
# Ends once the run's record says that the other step has failed.
SLOW = """
import json, os, time
from pathlib import Path
Path('slow-runs').touch()
record = Path(os.environ['STUDIO_WORKSPACE'], '.studio', 'runs', os.environ['STUDIO_RUN'], 'run.json')
end = time.monotonic() + 60
while '"failed"' not in record.read_text():
    assert time.monotonic() < end, 'the other step did not fail'
    time.sleep(0.05)
"""
STOPS = """
version: 1
steps:
  bad: {notebook: notebooks/bad.ipynb}
  slow: {notebook: notebooks/slow.ipynb}
  after_bad: {notebook: notebooks/empty.ipynb, after: [bad]}
  after_slow: {notebook: notebooks/empty.ipynb, after: [slow]}
"""


def test_a_failure_starts_nothing_more_and_ends_nothing_that_runs(spare: Place) -> None:
    spare.write("pipelines/stops.yml", STOPS)
    spare.notebook("notebooks/bad.ipynb", ("parameters", "mended: bool = False  # whether it works"), BAD)
    spare.notebook("notebooks/slow.ipynb", SLOW)
    spare.notebook("notebooks/empty.ipynb", "1")
    answer = spare.studio("run", "stops", "--jobs", "2", "--json")
    assert answer.status == 1, (answer.out, answer.err)
    assert answer.json["status"] == "failed"
    assert statuses(answer.json) == {
        "bad": "failed",
        "slow": "completed",
        "after_bad": "not run",
        "after_slow": "not run",
    }
    assert "bad on purpose" in steps(answer.json)["bad"]["error"]["message"]

    spare.notebook("notebooks/bad.ipynb", ("parameters", "mended: bool = True  # whether it works"), BAD)
    resumed = spare.studio("runs", "resume", "--json")
    assert resumed.status == 0, (resumed.out, resumed.err)
    assert statuses(resumed.json) == {
        "bad": "completed",
        "slow": "completed",
        "after_bad": "completed",
        "after_slow": "completed",
    }
    assert steps(resumed.json)["bad"]["attempt"] == 2


FLAKY = """
import time
from pathlib import Path
with Path('times').open('a') as file:
    file.write(f'{time.time()}\\n')
assert len(Path('times').read_text().split()) > 2, 'not yet'
"""
FLAKY_PIPELINE = """
version: 1
steps:
  flaky:
    notebook: notebooks/flaky.ipynb
    retries: {limit: 3, delay: 0.5, factor: 3}
"""


def test_a_failed_step_is_tried_again_after_growing_pauses(spare: Place) -> None:
    spare.write("pipelines/flaky.yml", FLAKY_PIPELINE)
    spare.notebook("notebooks/flaky.ipynb", FLAKY)
    answer = spare.studio("run", "flaky", "--json")
    assert answer.status == 0, (answer.out, answer.err)
    flaky = steps(answer.json)["flaky"]
    assert (flaky["status"], flaky["attempt"], flaky["error"]) == ("completed", 3, None)
    first, second, third = map(float, (spare.root / "notebooks/times").read_text().split())
    assert second - first >= 0.5
    assert third - second >= 1.5
    assert answer.err.count("next attempt in") == 2
    assert "not yet" in answer.err
    attempts = spare.root / ".studio/runs" / answer.json["run"] / "steps/flaky"
    assert sorted(path.name for path in attempts.iterdir()) == ["attempt-1", "attempt-2", "attempt-3"]


LIMITS = """
version: 1
steps:
  cell: {notebook: notebooks/sleep.ipynb, cell_timeout: 1}
  whole: {notebook: notebooks/sleep.ipynb, timeout: 8s}
  forgets: {notebook: notebooks/forgets.ipynb}
"""


def test_time_limits_and_a_dataset_that_was_not_saved_are_failures_with_their_reason(spare: Place) -> None:
    spare.write("pipelines/limits.yml", LIMITS)
    spare.notebook("notebooks/sleep.ipynb", "import time\ntime.sleep(100)")
    spare.notebook("notebooks/forgets.ipynb", "import studio\nif 1 > 2:\n    studio.save('nothing', None)")
    began = time.monotonic()
    answer = spare.studio("run", "limits", "--jobs", "3", "--json")
    assert time.monotonic() - began < 90
    assert answer.status == 1, (answer.out, answer.err)
    errors = {key: step["error"] for key, step in steps(answer.json).items()}
    assert (errors["cell"]["kind"], errors["whole"]["kind"]) == ("timeout", "timeout")
    assert "cell_timeout" in errors["cell"]["message"]
    assert "8 s (timeout)" in errors["whole"]["message"]
    assert "without saving 'nothing'" in errors["forgets"]["message"]
    assert set(statuses(answer.json).values()) == {"failed"}
