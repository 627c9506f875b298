"""What MLflow knows after a whole pipeline has run: in the default store, and on a server with PostgreSQL behind it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studio.core.environment import environment_lock
from studio.tracking.client import open_client
from tests import servers
from tests.conftest import Place

pytestmark = pytest.mark.heavy

CATALOG = "version: 1\ndatasets:\n  numbers: {description: points}\n  line: {description: the line through them}\n"
PIPELINE = "version: 1\nsteps:\n  make: {notebook: notebooks/make.ipynb}\n  fit: {notebook: notebooks/fit.ipynb}\n"
MAKE = (
    "import mlflow\nimport pandas as pd\nimport studio",
    ("parameters", "count: int = 6  # how many\nlabel: str = 'x'  # a text"),
    "frame = pd.DataFrame({'x': range(count)})\nframe['y'] = 2.0 * frame['x'] + 1",
    "mlflow.log_metric('rows', len(frame))\nmlflow.set_tag('mine', label)",
    "studio.save('numbers', frame)",
)
FIT = (
    "import mlflow\nimport studio\nfrom sklearn.linear_model import LinearRegression",
    "mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)",
    "frame = studio.load('numbers')\nmodel = LinearRegression().fit(frame[['x']], frame['y'])",
    "mlflow.log_param('kind', 'line')\nmlflow.log_metric('slope', float(model.coef_[0]))",
    "studio.save('line', frame.assign(y=model.predict(frame[['x']])))",
)


@dataclass(frozen=True)
class Recorded:
    """A workspace, where its runs are recorded, and one run in it."""

    place: Place
    uri: str
    environment: dict[str, str]
    run: dict[str, Any]

    def studio(self, *words: str) -> Any:
        return self.place.studio(*words, environment=self.environment)


def made(place: Place, *, uri: str = "", pipeline: str = PIPELINE) -> Place:
    tracking = f'\n[tracking]\nuri = "{uri}"\n' if uri else ""
    place.write("studio.toml", f'version = 1\n\n[project]\nname = "test"\n{tracking}')
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/two.yml", pipeline)
    place.write(".gitignore", ".studio/\n")
    place.notebook("notebooks/make.ipynb", *MAKE)
    place.notebook("notebooks/fit.ipynb", *FIT)
    return place


def embedded(place: Place) -> str:
    return f"sqlite:///{place.root}/.studio/mlflow.db"


def git(place: Place, *words: str) -> str:
    settings = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *settings, *words], cwd=place.root, check=True, capture_output=True, text=True
    ).stdout.strip()


def runs(uri: str, run: str) -> tuple[list[Any], dict[tuple[str, str], Any]]:
    """The parents in MLflow of a run, and the runs nested in them by step and attempt."""
    client = open_client(uri)
    experiments = [item.experiment_id for item in client.search_experiments()]
    found = client.search_runs(experiments, f"tags.`studio.run` = '{run}'")
    parents = [item for item in found if "mlflow.parentRunId" not in item.data.tags]
    nested = [item for item in found if "mlflow.parentRunId" in item.data.tags]
    assert {item.data.tags["mlflow.parentRunId"] for item in nested} <= {item.info.run_id for item in parents}
    by_step = {(item.data.tags["studio.step"], item.data.tags["studio.attempt"]): item for item in nested}
    assert len(by_step) == len(nested), "a step's attempt is recorded once"
    return parents, by_step


def family(uri: str, run: str) -> tuple[Any, dict[tuple[str, str], Any]]:
    parents, nested = runs(uri, run)
    assert len(parents) == 1
    return parents[0], nested


def states(uri: str, run: str) -> dict[Any, str]:
    parents, nested = runs(uri, run)
    return {"run": ",".join(item.info.status for item in parents)} | {
        key: item.info.status for key, item in nested.items()
    }


def files(uri: str, run: Any, folder: str = "") -> set[str]:
    return {item.path for item in open_client(uri).list_artifacts(run.info.run_id, folder or None)}


def text(uri: str, run: Any, path: str, folder: Path) -> str:
    return Path(open_client(uri).download_artifacts(run.info.run_id, path, str(folder))).read_text(encoding="utf-8")


def until(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.postgres() as cluster:
        store = servers.make_database(cluster, "runs")
        with servers.mlflow_server(store, tmp_path_factory.mktemp("server")) as address:
            yield address


SERVED = [pytest.mark.postgres]


@pytest.fixture(
    scope="module",
    params=["default", pytest.param("environment", marks=SERVED), pytest.param("settings", marks=SERVED)],
)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A run of the pipeline, in a clean git repository."""
    address = "" if request.param == "default" else request.getfixturevalue("server")
    place = Place(tmp_path_factory.mktemp(request.param))
    made(place, uri=address if request.param == "settings" else "")
    git(place, "init", "-q")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "first")
    environment = {"MLFLOW_TRACKING_URI": address} if request.param == "environment" else {}
    answer = place.studio("run", "two", "-p", "label=hello", "--json", environment=environment)
    assert answer.status == 0, (answer.out, answer.err)
    assert answer.json["problems"] == []
    return Recorded(place, address or embedded(place), environment, answer.json)


def test_the_run_and_its_steps(recorded: Recorded) -> None:
    run, nested = family(recorded.uri, recorded.run["run"])
    assert recorded.run["mlflow_run_id"] == run.info.run_id
    assert recorded.run["tracking_uri"] == recorded.uri
    assert open_client(recorded.uri).get_experiment(run.info.experiment_id).name == "test/two"
    assert run.info.status == "FINISHED"
    assert run.data.params == {"label": "hello"}
    assert set(nested) == {("make", "1"), ("fit", "1")}
    assert {item.info.status for item in nested.values()} == {"FINISHED"}
    assert {item.info.experiment_id for item in nested.values()} == {run.info.experiment_id}
    everything = open_client(recorded.uri).search_runs([run.info.experiment_id])
    assert len([item for item in everything if item.info.start_time >= run.info.start_time]) >= 3

    steps = {step["key"]: step for step in recorded.run["steps"]}
    commit = git(recorded.place, "rev-parse", "HEAD")
    for (key, _), item in nested.items():
        tags = item.data.tags
        assert steps[key]["mlflow_run_id"] == item.info.run_id
        assert tags["studio.fingerprint"] == steps[key]["fingerprint"]
        assert tags["studio.pipeline"] == "two"
        assert (tags["studio.git.commit"], tags["studio.git.dirty"]) == (commit, "false")
        assert tags["studio.environment"] == "dev"
        assert tags["studio.environment_lock"] == steps[key]["environment"]
        assert (tags["studio.attempt"], tags["studio.reuse"]) == ("1", "false")
        assert tags["studio.notebook"] == f"notebooks/{key}.ipynb"


def test_what_notebooks_log_lands_in_their_step(recorded: Recorded) -> None:
    run, nested = family(recorded.uri, recorded.run["run"])
    make, fit = nested["make", "1"], nested["fit", "1"]
    assert make.data.params == {"count": "6", "label": "hello"}
    assert make.data.metrics == {"rows": 6.0}
    assert make.data.tags["mine"] == "hello"
    assert fit.data.params["kind"] == "line"
    assert fit.data.params["fit_intercept"] == "True", "autologging"
    assert fit.data.metrics["slope"] == pytest.approx(2.0)
    assert any(name.startswith("training_") for name in fit.data.metrics), "autologging"
    assert run.data.metrics == {}


def test_inputs_and_artifacts(recorded: Recorded, tmp_path: Path) -> None:
    run, nested = family(recorded.uri, recorded.run["run"])
    make, fit = nested["make", "1"], nested["fit", "1"]
    steps = {step["key"]: step for step in recorded.run["steps"]}
    digest = steps["make"]["outputs"]["numbers"][""]
    assert make.inputs.dataset_inputs == []
    (given,) = fit.inputs.dataset_inputs
    assert given.dataset.name == "numbers"
    assert digest.startswith(given.dataset.digest)
    assert digest in given.dataset.source + str([tag.value for tag in given.tags])
    assert json.loads(make.data.tags["studio.outputs"]) == {"numbers": {"": digest}}

    assert files(recorded.uri, run) >= {"plan.json", "environment.lock"}
    assert text(recorded.uri, run, "environment.lock", tmp_path) == environment_lock()
    plan = json.loads(text(recorded.uri, run, "plan.json", tmp_path))
    assert [step["key"] for step in plan["steps"]] == ["make", "fit"]
    for item in (make, fit):
        assert files(recorded.uri, item, "notebook") == {"notebook/executed.ipynb", "notebook/executed.html"}
    executed = json.loads(text(recorded.uri, make, "notebook/executed.ipynb", tmp_path))
    injected = [cell for cell in executed["cells"] if "injected-parameters" in cell["metadata"].get("tags", [])]
    assert ["".join(cell["source"]).strip() for cell in injected] == ["label = 'hello'"]
    assert "<html" in text(recorded.uri, fit, "notebook/executed.html", tmp_path)


def test_reused_runs_appear_within_seconds_and_once(recorded: Recorded) -> None:
    again = recorded.studio("run", "two", "-p", "label=hello", "--json")
    assert again.status == 0, again.err
    assert {step["status"] for step in again.json["steps"]} == {"reused"}
    outbox = recorded.place.root / ".studio" / "outbox"
    until(lambda: not list(outbox.glob("*.json")))
    _, first = family(recorded.uri, recorded.run["run"])
    run, nested = family(recorded.uri, again.json["run"])
    assert states(recorded.uri, again.json["run"]) == {
        "run": "FINISHED",
        ("make", "1"): "FINISHED",
        ("fit", "1"): "FINISHED",
    }
    assert run.data.params == {"label": "hello"}
    for key, item in nested.items():
        assert item.data.tags["studio.reuse"] == "true"
        assert item.data.tags["studio.reused_from"] == recorded.run["run"]
        assert item.data.tags["studio.reused_mlflow_run"] == first[key].info.run_id
        assert item.data.tags["studio.fingerprint"] == first[key].data.tags["studio.fingerprint"]
    assert nested["make", "1"].data.params == {"count": "6", "label": "hello"}

    # a part of the run is reused, and its notebook has not been committed
    recorded.place.notebook("notebooks/fit.ipynb", *FIT, "print('one cell more')")
    partly = recorded.studio("run", "two", "-p", "label=hello", "--json")
    assert partly.status == 0, partly.err
    until(lambda: not list(outbox.glob("*.json")))
    assert set(states(recorded.uri, partly.json["run"]).values()) == {"FINISHED"}
    _, nested = family(recorded.uri, partly.json["run"])
    assert {key: item.data.tags["studio.reuse"] for key, item in nested.items()} == {
        ("make", "1"): "true",
        ("fit", "1"): "false",
    }
    assert {item.data.tags["studio.git.dirty"] for item in nested.values()} == {"true"}
    assert not (outbox / "failed").exists()


SECRET = "s3cr3t <&>\"é' of-mine"
LEAKY = (
    "import mlflow\nimport studio\nfrom pydantic import SecretStr",
    ("parameters", "token: SecretStr = studio.secret('LEAKY_TOKEN')  # the key\nmended: bool = False  # works"),
    "value = token.get_secret_value()\nprint(value, repr(value), token)\nvalue",
    "mlflow.set_tag('used', value)\nmlflow.log_param('also', [value])\nmlflow.log_params({'more': value})",
    "if not mended:\n    raise ValueError(f'{value} was refused')",
)
LEAKY_PIPELINE = "version: 1\nsteps:\n  leak: {notebook: notebooks/leak.ipynb, retries: {limit: 1, delay: 0.1}}\n"


def test_failed_attempts_resumed_in_the_same_parent_and_secrets_nowhere(place: Place) -> None:
    made(place)
    place.write("pipelines/leaky.yml", LEAKY_PIPELINE)
    place.notebook("notebooks/leak.ipynb", *LEAKY)
    uri, environment = embedded(place), {"LEAKY_TOKEN": SECRET}
    failed = place.studio("run", "leaky", "--json", environment=environment)
    assert failed.status == 1, (failed.out, failed.err)
    run = failed.json["run"]
    assert states(uri, run) == {"run": "FAILED", ("leak", "1"): "FAILED", ("leak", "2"): "FAILED"}
    parent, nested = family(uri, run)
    for item in nested.values():
        assert item.data.params["token"] == '{"secret": "LEAKY_TOKEN"}'
        assert (item.data.tags["used"], item.data.params["more"]) == ("***", "***")
        assert files(uri, item) == {"failure.txt", "notebook"}
    assert "*** was refused" in failed.json["steps"][0]["error"]["message"]

    place.notebook("notebooks/leak.ipynb", LEAKY[0], (LEAKY[1][0], LEAKY[1][1].replace("False", "True")), *LEAKY[2:])
    resumed = place.studio("runs", "resume", run, "--json", environment=environment)
    assert resumed.status == 0, (resumed.out, resumed.err)
    assert states(uri, run) == {
        "run": "FINISHED",
        ("leak", "1"): "FAILED",
        ("leak", "2"): "FAILED",
        ("leak", "3"): "FINISHED",
    }
    assert family(uri, run)[0].info.run_id == parent.info.run_id

    place.studio("runs", "open", run, "--print", environment=environment)
    for answer in (failed, resumed, place.studio("runs", "show", run)):
        assert not holds(answer.out.encode() + answer.err.encode())
    looked_at = [path for path in (place.root / ".studio").rglob("*") if path.is_file()]
    assert any(path.name == "executed.html" for path in looked_at)
    assert [path for path in looked_at if holds(path.read_bytes())] == []


def holds(content: bytes) -> bool:
    """Whether the secret stands there: in its plain form, or by its unmistakable beginning or end."""
    return any(part in content for part in (b"s3cr3t", b"of-mine"))


ENDLESS = "import os, time\nfrom pathlib import Path\nif wait:\n    Path('waits').touch()\n    time.sleep(300)"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_first_step_is_killed_in_mlflow_and_goes_on_in_the_same_parent(
    place: Place, number: signal.Signals
) -> None:
    made(place, pipeline="version: 1\nsteps:\n  wait: {notebook: notebooks/wait.ipynb}\n")
    place.notebook("notebooks/wait.ipynb", ("parameters", "wait: bool = True  # or not"), ENDLESS)
    words = [sys.executable, "-m", "studio.cli", "run", "two"]
    with (place.root / "said").open("wb") as said:
        runner = subprocess.Popen(words, cwd=place.root, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    until((place.root / "notebooks/waits").exists, 120)
    os.kill(runner.pid, number)
    runner.wait(60)
    run = place.studio("runs", "show", "--json").json["run"]
    killed = {"run": "KILLED", ("wait", "1"): "KILLED"}
    until(lambda: states(embedded(place), run) == killed)

    place.notebook("notebooks/wait.ipynb", ("parameters", "wait: bool = False  # or not"), ENDLESS)
    resumed = place.studio("runs", "resume", "--json")
    assert resumed.status == 0, (resumed.out, resumed.err)
    assert resumed.json["run"] == run
    assert states(embedded(place), run) == {"run": "FINISHED", ("wait", "1"): "KILLED", ("wait", "2"): "FINISHED"}


def test_a_server_that_is_down_at_the_start_starts_nothing(place: Place) -> None:
    made(place, uri=f"http://127.0.0.1:{servers.free_port()}")
    began = time.monotonic()
    answer = place.studio("run", "two")
    assert answer.status == 2, (answer.out, answer.err)
    assert "no server answers there" in answer.err
    assert "tracking.uri" in answer.err
    assert time.monotonic() - began < 30
    assert not (place.root / ".studio/runs").exists()


HOLD = """
import time
from pathlib import Path
Path('holds').touch()
end = time.monotonic() + 120
while not Path('go').exists():
    assert time.monotonic() < end
    time.sleep(0.05)
"""


def test_a_server_that_dies_in_the_middle_costs_no_work_and_learns_of_it_later(place: Place, tmp_path: Path) -> None:
    folder, port = tmp_path / "server", servers.free_port()
    folder.mkdir()
    store = f"sqlite:///{folder}/runs.db"
    made(place, uri=f"http://127.0.0.1:{port}")
    place.notebook("notebooks/make.ipynb", *MAKE, HOLD)
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(servers.mlflow_server(store, folder, port))
        runner = subprocess.Popen(
            [sys.executable, "-m", "studio.cli", "run", "two", "--json"],
            cwd=place.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until((place.root / "notebooks/holds").exists, 120)
    began = time.monotonic()
    (place.root / "notebooks/go").touch()
    out, err = runner.communicate(timeout=200)
    assert time.monotonic() - began < 100
    assert runner.returncode == 0, (out, err)
    run = json.loads(out)
    assert {step["status"] for step in run["steps"]} == {"completed"}
    assert any("no server answers there" in problem for problem in run["problems"])
    assert any(embedded(place) in problem for problem in run["problems"])
    # what the notebook after it logged is not lost
    assert states(embedded(place), run["run"]) == {"run": "FINISHED", ("fit", "1"): "FINISHED"}
    assert family(embedded(place), run["run"])[1]["fit", "1"].data.metrics["slope"] == pytest.approx(2.0)

    assert place.studio("run", "two").status == 2
    with servers.mlflow_server(store, folder, port):
        assert states(address, run["run"]) == {"run": "RUNNING", ("make", "1"): "RUNNING"}
        again = place.studio("run", "two", "--json")
        assert again.status == 0, (again.out, again.err)
        until(lambda: not list((place.root / ".studio/outbox").glob("*.json")))
        for item in (run["run"], again.json["run"]):
            assert set(states(address, item).values()) == {"FINISHED"}
            assert set(states(address, item)) == {"run", ("make", "1"), ("fit", "1")}
