"""What a notebook logs lands in its step's run: real processes, real IPython, real autologging."""

from __future__ import annotations

import subprocess
import sys

import pytest

from studio.tracking.runs import Tracker

START = """
import os
from studio.tracking import adopt
adopt.install(os.environ["MLFLOW_RUN_ID"])
"""
SHELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def cell(source):
    result = shell.run_cell(source)
    result.raise_error()
"""


class Step:
    """A step's run, and processes that log to it."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.parent = tracker.begin_pipeline("churn", "r1")
        self.run = tracker.begin_step(self.parent, "train")
        self.client = tracker._open()

    def execute(self, python, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {**self.tracker.kernel_environment(self.run), **environment}
        done = python(START + script, environment=given)
        assert done.returncode == 0, done.stderr
        return done

    @property
    def data(self):
        return self.client.get_run(self.run).data

    @property
    def status(self) -> str:
        return str(self.client.get_run(self.run).info.status)

    @property
    def own(self):
        """The runs nested in the step's."""
        return sorted(self.tracker.children(self.run), key=lambda run: run.info.start_time)

    def count(self) -> int:
        """All runs of all experiments, the pipeline's own left out."""
        experiments = [found.experiment_id for found in self.client.search_experiments()]
        return len(self.client.search_runs(experiments)) - 1


@pytest.fixture
def step(workspace):
    return Step(Tracker(workspace))


def test_plain_calls_land_in_the_run_and_the_runner_has_the_last_word(step, python):
    done = step.execute(
        python,
        """
        import sys
        assert "mlflow" not in sys.modules
        import mlflow
        mlflow.log_metric("auc", 0.5)
        mlflow.log_param("depth", 3)
        mlflow.set_tag("mine", "yes")
        assert mlflow.active_run().info.run_id
        assert "MLFLOW_RUN_ID" not in os.environ
        """.replace("\n        ", "\n"),
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert (step.data.metrics, step.data.params, step.data.tags["mine"]) == ({"auc": 0.5}, {"depth": "3"}, "yes")
    assert step.status == "RUNNING"  # the kernel's exit says nothing
    assert step.count() == 1
    step.tracker.end(step.run, "FAILED")
    assert step.status == "FAILED"


def test_a_kernel_that_never_imports_mlflow_pays_nothing(step, python):
    step.execute(
        python,
        """
import sys
import json, decimal
assert not [name for name in ("mlflow", "yaml", "pydantic") if name in sys.modules]
assert os.environ["MLFLOW_RUN_ID"]
""",
    )


def test_the_first_start_run_is_the_step_and_each_further_one_is_nested(step, python):
    step.execute(
        python,
        SHELL
        + '''
cell("""
import mlflow
mlflow.set_experiment("of my own")
mlflow.log_param("before", 1)
with mlflow.start_run(run_name="ignored", tags={"a": "b"}, description="words") as run:
    mlflow.log_param("depth", 3)
    with mlflow.start_run(nested=True):
        mlflow.log_param("depth", 30)
mlflow.log_metric("after", 1)
""")
cell("""
for depth in (4, 5):
    with mlflow.start_run():
        mlflow.log_param("depth", depth)
mlflow.log_metric("last", 1)
run = mlflow.start_run()
mlflow.log_param("depth", 6)
mlflow.end_run()
mlflow.end_run()
""")
cell("mlflow.log_metric('final', 1)")
''',
    )
    assert step.data.params == {"before": "1", "depth": "3"}
    assert step.data.metrics == {"after": 1, "last": 1, "final": 1}
    assert (step.data.tags["a"], step.data.tags["mlflow.note.content"]) == ("b", "words")
    assert step.client.get_run(step.run).info.run_name == "train"
    experiments = [found.experiment_id for found in step.client.search_experiments()]
    nested = step.client.search_runs(experiments, f"tags.`mlflow.parentRunId` = '{step.run}'")
    assert sorted(run.data.params["depth"] for run in nested) == ["30", "4", "5", "6"]
    assert {run.info.status for run in nested} == {"FINISHED"}
    assert step.count() == 5


@pytest.mark.heavy
def test_autologging_of_several_fits_in_one_cell(step, python):
    step.execute(
        python,
        SHELL
        + '''
cell("""
import mlflow
mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor
one = LinearRegression().fit([[0.], [1.]], [0., 1.])
two = DecisionTreeRegressor(max_depth=2).fit([[0.], [1.]], [0., 1.])
mlflow.log_metric("mine", 1)
""")
cell("""
from sklearn.neighbors import KNeighborsRegressor
three = KNeighborsRegressor(n_neighbors=1).fit([[0.], [1.]], [0., 1.])
four = KNeighborsRegressor(n_neighbors=2).fit([[0.], [1.]], [0., 1.])
""")
''',
    )
    assert {"fit_intercept", "max_depth", "n_neighbors"} <= set(step.data.params)
    assert step.data.params["n_neighbors"] == "1"  # the first fit's: MLflow's parameters never change
    assert step.data.metrics["mine"] == 1
    assert "training_r2_score" in step.data.metrics
    assert step.count() == 1


@pytest.mark.heavy
def test_threads_log_to_the_step(step, python):
    step.execute(
        python,
        """
import threading
def log(name):
    import mlflow
    mlflow.log_metric(name, 1)
for name in ("a", "b"):
    thread = threading.Thread(target=log, args=[name])
    thread.start()
    thread.join()
log("main")
""",
    )
    assert step.data.metrics == {"a": 1, "b": 1, "main": 1}
    assert step.count() == 1


@pytest.mark.heavy
def test_processes_of_the_notebook_get_runs_nested_in_the_step(step, python):
    step.execute(
        python,
        """
import subprocess, sys
import mlflow
with mlflow.start_run():
    mlflow.log_param("who", "kernel")
child = "import mlflow\\nwith mlflow.start_run():\\n    mlflow.log_param('who', 'child')"
subprocess.run([sys.executable, "-c", child], check=True)
pid = os.fork()
if pid == 0:
    with mlflow.start_run():
        mlflow.log_param("who", "fork")
    mlflow.log_metric("forked", 1)
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
mlflow.log_metric("kernel", 1)
""",
    )
    assert step.data.params == {"who": "kernel"}
    assert step.data.metrics == {"forked": 1, "kernel": 1}
    assert sorted(run.data.params["who"] for run in step.own) == ["child", "fork"]


@pytest.mark.heavy
def test_before_mlflow_is_imported_a_program_of_the_notebook_logs_to_the_step(step, python):
    step.execute(
        python,
        """
import subprocess, sys
subprocess.run([sys.executable, "-c", "import mlflow; mlflow.log_metric('program', 1)"], check=True)
""",
    )
    assert step.data.metrics == {"program": 1}
    assert step.count() == 1


@pytest.mark.heavy
def test_an_import_that_cannot_open_the_run_still_succeeds(step, python):
    done = step.execute(
        python,
        """
import mlflow
assert os.environ["MLFLOW_RUN_ID"] == "0" * 32
try:
    mlflow.log_metric("x", 1)
except mlflow.exceptions.MlflowException as error:
    print("refused")
""",
        MLFLOW_RUN_ID="0" * 32,
    )
    assert done.stdout == "refused\n"
    assert "could not open this step's run" in done.stderr
    assert step.count() == 1


@pytest.mark.heavy
def test_installed_after_the_import(step):
    given = step.tracker.kernel_environment(step.run)
    script = "import mlflow\n" + START + "mlflow.log_metric('x', 1)\nimport importlib; importlib.reload(mlflow)\n"
    subprocess.run([sys.executable, "-c", script], env=given, check=True, timeout=100)
    assert step.data.metrics == {"x": 1}
