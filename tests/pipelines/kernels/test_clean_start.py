"""Nothing that lies about on the machine has a say in how a kernel starts."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.pipelines.kernels import janitor, specs

Execute = Callable[..., Any]
TRAP = "import pathlib; pathlib.Path({mark!r}).open('a').write('sprung ')\n"


def test_no_configuration_start_up_file_or_specification_from_elsewhere(
    run: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "sprung"
    trap = TRAP.format(mark=str(mark))
    home = tmp_path / "home"
    profile = home / ".ipython" / "profile_default"
    for path in (
        profile / "startup" / "00-trap.py",
        profile / "ipython_config.py",
        profile / "ipython_kernel_config.py",
        home / ".jupyter" / "jupyter_config.py",
        tmp_path / "pythonpath" / "pandas.py",
        tmp_path / "pythonpath" / "sitecustomize.py",
        tmp_path / "start.py",
        tmp_path / "notebooks" / "ipython_config.py",
        tmp_path / "notebooks" / "ipython_kernel_config.py",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(trap)
    kernels = tmp_path / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    hostile = {"argv": [sys.executable, "-c", trap], "display_name": "x", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(hostile))
    for name, value in {
        "HOME": str(home),
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "JUPYTER_DATA_DIR": str(tmp_path / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "PYTHONPATH": str(tmp_path / "pythonpath"),
        "PYTHONSTARTUP": str(tmp_path / "start.py"),
        "PYTHONWARNINGS": "error",
        "JPY_PARENT_PID": "1",
        "PLAIN": "inherited",
    }.items():
        monkeypatch.setenv(name, value)
    done = run(
        "import os, sys, json, stat, pathlib",
        "print(json.dumps([sys.path[0], sys.flags.isolated, dict(os.environ)]))",
        "folder = pathlib.Path(os.environ['JUPYTER_RUNTIME_DIR'])\n"
        "print(oct(folder.stat().st_mode), oct((folder / 'connection.json').stat().st_mode))",
        "import subprocess\nassert subprocess.run([sys.executable, '-c', '1']).returncode == 0",
        "print(get_ipython().history_manager.hist_file)",
    )
    assert done.outcome.ok, done.outcome
    assert not mark.exists(), mark.read_text()
    first, isolated, environment = json.loads(done.text(1))
    assert first == str(tmp_path / "notebooks")
    assert isolated == 1
    assert environment["PLAIN"] == "inherited"
    assert not {"PYTHONPATH", "PYTHONSTARTUP", "JPY_PARENT_PID", "JUPYTER_PATH", "STUDIO_KERNEL_READY"} & set(
        environment
    )
    assert [int(mode, 8) & 0o777 for mode in done.text(2).split()] == [0o700, 0o600]
    assert done.text(4) == ":memory:\n"
    assert not Path(environment["JUPYTER_RUNTIME_DIR"]).exists()


def test_modules_are_found_in_the_notebook_s_folder_then_the_workspace(run: Execute, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    folder = root / "notebooks"
    folder.mkdir(parents=True)
    (folder / "near.py").write_text("where = 'folder'")
    (root / "near.py").write_text("where = 'root'")
    (root / "far.py").write_text("where = 'root'")
    done = run(
        "import near, far, studio; print(near.where, far.where)",
        "import os; os.chdir('/'); import importlib; importlib.invalidate_caches(); import sys; print(sys.path[:2])",
        folder=folder,
        environment={"STUDIO_WORKSPACE": str(root)},
    )
    assert done.text(0) == "folder root\n"
    assert done.text(1) == f"{[str(folder), str(root)]}\n"


def test_the_environment_given_wins_but_not_over_the_clean_configuration() -> None:
    folder = specs.KernelFolder(Path("/tmp/somewhere"))
    runner = {"A": "runner", "B": "runner", "PYTHONPATH": "/evil", "STUDIO_RUN": "outer", "STUDIO_KERNEL": "outer"}
    made = specs.kernel_environment({"A": "given", "IPYTHONDIR": "/evil", "STUDIO_RUN": "inner"}, folder, runner)
    assert (made["A"], made["B"], made["STUDIO_RUN"]) == ("given", "runner", "inner")
    assert made["IPYTHONDIR"] == "/tmp/somewhere/ipython"
    assert "PYTHONPATH" not in made
    assert made["STUDIO_KERNEL"] != "outer"
    assert made["STUDIO_RUNNER"] == janitor.runner_mark()


def test_a_folder_of_a_kernel_is_private_and_bears_the_runner_s_mark() -> None:
    folder = specs.new_folder()
    try:
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        assert folder.path.name.startswith(f"studio-kernel-{os.getpid()}-")
        assert folder.transport == "ipc"
    finally:
        folder.path.rmdir()


def test_a_path_too_long_for_a_socket_uses_loopback(
    run: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    done = run("import json, os\nprint(json.load(open(os.environ['JUPYTER_RUNTIME_DIR'] + '/connection.json'))['ip'])")
    assert done.outcome.ok, done.outcome
    assert done.text(0) == "127.0.0.1\n"
    assert not list(deep.iterdir())


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, "python"),
        ({"kernelspec": {"name": "python3"}}, "python"),
        ({"kernelspec": {"name": "my-venv"}}, "python"),
        ({"kernelspec": {"name": "anything", "language": "Python"}}, "python"),
        ({"kernelspec": {"name": "ir"}}, "ir"),
        ({"kernelspec": {"name": "python3", "language": "R"}}, "r"),
        ({"language_info": {"name": "scala"}}, "scala"),
    ],
)
def test_the_language_is_read_from_the_metadata(metadata: dict[str, Any], language: str) -> None:
    assert specs.language(metadata) == language
