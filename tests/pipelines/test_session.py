"""A kernel that is asked one thing after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.workspace import Workspace
from studio.notebooks.testing.kernels import MIME, KernelDidNotStart
from studio.pipelines.conversation import Cancelled
from studio.pipelines.execution import Cancellation
from studio.pipelines.session import SessionKernel, SupervisedKernels
from studio.pipelines.session_store import TrialStore
from tests.conftest import Place


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionKernel]:
    kernel = SupervisedKernels(output_limit=10_000).start(tmp_path_factory.mktemp("folder"), {"MINE": "1"})
    yield kernel
    kernel.close()


def test_what_it_remembers_and_prints(kernel: SessionKernel) -> None:
    assert kernel.run("x = 1", 60).status == "ok"
    reply = kernel.run("import os; print(x, os.environ['MINE'])", 60)
    assert (reply.status, reply.output) == ("ok", "1 1\n")
    assert reply.seconds > 0


def test_an_exception_is_told(kernel: SessionKernel) -> None:
    reply = kernel.run("1 / 0", 60)
    assert (reply.status, reply.ename, reply.evalue) == ("error", "ZeroDivisionError", "division by zero")
    assert "1 / 0" in reply.traceback


def test_published_answers_come_back(kernel: SessionKernel) -> None:
    source = f"get_ipython().display_pub.publish({{{MIME!r}: {{'found': [1]}}}})"
    assert kernel.run(source, 60, quiet=True).answers == ({"found": [1]},)


def test_a_flood_is_cut(kernel: SessionKernel) -> None:
    reply = kernel.run("print('x' * 1_000_000)", 60)
    assert len(reply.output) < 11_000
    assert "characters left out" in reply.output


def test_an_interrupt_stops_what_takes_too_long(kernel: SessionKernel) -> None:
    reply = kernel.run("import time; time.sleep(600)", 0.5)
    assert (reply.status, reply.ename) == ("timeout", "KeyboardInterrupt")
    assert kernel.run("1", 60).status == "ok"


def test_nothing_is_left_of_a_kernel_that_ends(tmp_path: Path) -> None:
    kernel = SupervisedKernels().start(tmp_path, {})
    child = int(kernel.run("import subprocess as s; print(s.Popen(['sleep', '600']).pid)", 60).output)
    reply = kernel.run("import os; os._exit(4)", 60)
    assert reply.status == "died"
    assert "exited with status 4" in reply.message
    assert not Path(f"/proc/{child}").exists()
    assert kernel.run("1", 60).status == "died"
    kernel.close()


def test_a_close_runs_exit_hooks_and_may_be_repeated(tmp_path: Path) -> None:
    kernel = SupervisedKernels().start(tmp_path, {})
    kernel.run("import atexit, pathlib; atexit.register(pathlib.Path('bye').touch)", 60)
    kernel.close()
    kernel.close()
    assert (tmp_path / "bye").exists()


def test_a_caller_inside_a_step_does_not_make_its_kernels_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_RUN", "of-the-caller")
    kernel = SupervisedKernels().start(tmp_path, {})
    assert kernel.run("import os; print(repr(os.environ.get('STUDIO_RUN')))", 60).output == "''\n"
    kernel.close()


def test_a_cancellation_ends_the_kernel(tmp_path: Path) -> None:
    cancellation = Cancellation()
    kernel = SupervisedKernels(cancellation=cancellation).start(tmp_path, {})
    pid = int(kernel.run("import os; print(os.getpid())", 60).output)
    timer = threading.Timer(0.3, cancellation.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        kernel.run("import time; time.sleep(600)", None)
    timer.join()
    assert not Path(f"/proc/{pid}").exists()


def test_a_folder_that_is_not_there_starts_none(tmp_path: Path) -> None:
    with pytest.raises(KernelDidNotStart, match="could not be started"):
        SupervisedKernels().start(tmp_path / "nowhere", {})


def test_the_store_of_tests_is_a_copy(place: Place) -> None:
    import sqlite3

    workspace = Workspace(place.root)
    store = TrialStore(workspace)
    try:
        file = Path(store.environment["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///"))
        assert (place.root / ".studio" / "mlflow.db").exists()
        assert not file.is_relative_to(place.root)
        connection = sqlite3.connect(file)
        (location,) = connection.execute("SELECT artifact_location FROM experiments WHERE experiment_id = 0").fetchone()
        connection.close()
        assert location == (file.parent / "artifacts").as_uri()
        assert file.parent.stat().st_mode & 0o077 == 0
    finally:
        store.close()
    assert not store.folder.exists()
