"""What happens when the machine fails in the middle: nothing saved is lost, and nothing half-written is seen."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

import studio
from studio.core.files import CannotWrite
from studio.data.contracts import ContractBroken
from studio.data.preflight import check_file
from studio.data.snapshots import SnapshotStore

FRAME = pd.DataFrame({"n": np.arange(5)})
LARGE = pd.DataFrame({"n": np.random.default_rng(0).integers(0, 2**60, 200_000)})
SAVER = """
import sys, numpy, pandas, studio
random = numpy.random.default_rng()
while True:
    studio.save("numbers", pandas.DataFrame({"n": random.integers(0, 2**60, 50_000)}))
    print("saved", flush=True)
"""


@pytest.fixture(autouse=True)
def at_home(workspace, catalog, contract, monkeypatch):
    monkeypatch.chdir(workspace.root)
    contract("n", "columns: {n: {dtype: int64, ge: 0}}\n")
    catalog("  numbers: {}\n  raw: {location: data/raw.csv, contract: n}\n")


@pytest.fixture
def store(workspace):
    return SnapshotStore(workspace)


def files(workspace):
    return {str(path.relative_to(workspace.root)) for path in workspace.root.rglob("*") if path.is_file()}


@contextlib.contextmanager
def permissions_that_count():
    """Root may write anywhere; without these two capabilities (Linux) it is held to the permissions as others are."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    held = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    less = (ctypes.c_uint32 * 6)(*held)
    less[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: effective only, so that they can be taken back
    assert libc.capset(header, less) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0


@contextlib.contextmanager
def files_no_larger_than(size):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextlib.contextmanager
def folders_read_only(folder):
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        with permissions_that_count():
            yield
    finally:
        for path in folders:
            path.chmod(0o755)


@contextlib.contextmanager
def small_disk(folder, size):
    folder.mkdir(parents=True, exist_ok=True)
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True, check=False
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root's right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def refused(workspace, store, before, save):
    """`save` is refused in one paragraph, and what was there before is there and whole."""
    files_before = files(workspace)
    with pytest.raises(CannotWrite) as caught:
        save()
    assert caught.value.exit_status == 2
    assert "cannot be written" in str(caught.value)
    assert "Next:" in str(caught.value)
    assert files(workspace) <= files_before | {".studio/snapshots/numbers/.lock"}
    assert store.latest("numbers")[""].digest == before.digest
    pd.testing.assert_frame_equal(studio.load("numbers"), FRAME)


def test_a_read_only_folder(workspace, store):
    before = studio.save("numbers", FRAME)
    with folders_read_only(workspace.state):
        refused(workspace, store, before, lambda: studio.save("numbers", LARGE))
    assert studio.save("numbers", LARGE).rows == len(LARGE)


def test_a_read_only_workspace_without_any_state(workspace):
    with folders_read_only(workspace.root), pytest.raises(CannotWrite):
        studio.save("numbers", FRAME)


def test_reading_and_checking_need_no_writing(workspace):
    (workspace.root / "data" / "raw.csv").write_text("n\n1\n", encoding="utf-8")
    studio.save("numbers", FRAME)
    with folders_read_only(workspace.root):
        assert len(studio.load("numbers")) == 5
        assert len(studio.load("raw")) == 1
        check_file(workspace, workspace.root / "data" / "raw.csv", "n")
    (workspace.root / "data" / "raw.csv").write_text("n\n-1\n", encoding="utf-8")
    with folders_read_only(workspace.root), pytest.raises(ContractBroken):
        check_file(workspace, workspace.root / "data" / "raw.csv", "n")


def test_a_limit_of_file_size(workspace, store):
    before = studio.save("numbers", FRAME)
    with files_no_larger_than(10_000):
        refused(workspace, store, before, lambda: studio.save("numbers", LARGE))
    assert studio.save("numbers", LARGE).rows == len(LARGE)


def test_a_limit_that_the_manifest_meets(workspace, store):
    before = studio.save("numbers", FRAME)
    with files_no_larger_than(0), pytest.raises(CannotWrite):
        studio.save("numbers", FRAME.assign(m=1))
    assert store.latest("numbers")[""] == before


def test_a_full_disk(workspace, store):
    with small_disk(workspace.state, "1m"):
        before = studio.save("numbers", FRAME)
        refused(workspace, store, before, lambda: studio.save("numbers", LARGE))
        assert studio.save("numbers", FRAME.assign(m=1)).rows == 5


def whole(store):
    """Every manifest that stands has its file, whole."""
    folder = store.workspace.snapshots / "numbers" / "_"
    digests = [path.stem for path in folder.glob("*.json")]
    for digest in digests:
        assert store.exists("numbers", digest)
        store.load("numbers", digest)
    return digests


@pytest.mark.slow
def test_a_saver_that_is_killed_leaves_no_half_snapshot(workspace, store):
    seen, stop, failures = set(), threading.Event(), []

    def watch():
        while not stop.is_set():
            try:
                for part, snapshot in store.latest("numbers").items():
                    store.load("numbers", snapshot.digest, part)
                    seen.add(snapshot.digest)
            except Exception as error:  # noqa: BLE001 - any error at all is a failure
                failures.append(error)

    reader = threading.Thread(target=watch)
    reader.start()
    try:
        for _ in range(5):
            with subprocess.Popen([sys.executable, "-c", SAVER], stdout=subprocess.PIPE) as saver:
                assert saver.stdout.readline() == b"saved\n"
                time.sleep(random.uniform(0.0, 0.15))
                saver.send_signal(signal.SIGKILL)
            latest = store.latest("numbers")[""]
            assert len(store.load("numbers", latest.digest)) == latest.rows == 50_000
    finally:
        stop.set()
        reader.join()
    assert failures == []
    assert seen
    assert len(whole(store)) >= 5
    assert studio.save("numbers", FRAME).rows == 5


PART_SAVER = """
import sys, pandas, studio
sys.stdin.readline()
for number in range(10):
    studio.save("numbers", pandas.DataFrame({"n": [int(sys.argv[1]), number]}))
"""


@pytest.mark.slow
def test_eight_savers_at_once_lose_nothing_of_each_other(workspace, store, in_run):
    savers = []
    for worker in range(8):
        in_run(part=f"worker={worker}", step=f"train[worker={worker}]")
        savers.append(subprocess.Popen([sys.executable, "-c", PART_SAVER, str(worker)], stdin=subprocess.PIPE))
    for saver in savers:
        saver.stdin.write(b"go\n")
        saver.stdin.close()
    assert [saver.wait(120) for saver in savers] == [0] * 8
    in_run.leave()
    assert list(store.latest("numbers")) == [f"worker={worker}" for worker in range(8)]
    frame = studio.load("numbers")
    assert frame["worker"].tolist() == [worker for worker in range(8) for _ in range(2)]
    assert frame["n"].tolist() == [value for worker in range(8) for value in (worker, 9)]
    assert len(in_run.lines) == 80
    assert not [name for name in files(workspace) if name.endswith(".tmp")]


@pytest.mark.slow
def test_equal_content_saved_at_once_is_one_snapshot(workspace, store):
    code = (
        "import sys, pandas, studio\nsys.stdin.readline()\nstudio.save('numbers', pandas.DataFrame({'n': range(1000)}))"
    )
    savers = [subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) for _ in range(4)]
    for saver in savers:
        saver.stdin.write(b"go\n")
        saver.stdin.close()
    assert [saver.wait(120) for saver in savers] == [0] * 4
    assert len(whole(store)) == 1
