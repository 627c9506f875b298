"""The set-up: which Python it takes, when it runs again, and that an interruption leaves nothing that looks ready."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FAKE = """#!/bin/sh
case "$1" in
  -c) exec {python} "$@" ;;
  tools/set_up.py)
    echo set-up >> calls
    test -e fail && exit 3
    mkdir -p .venv/bin && test -x .venv/bin/python || cp ../bin/installed .venv/bin/python
    touch .venv/bin/python .venv/set-up.stamp ;;
esac
"""
# The Python of .venv, of which make asks for the extension alone.
INSTALLED = """#!/bin/sh
test "$*" = "tools/set_up.py --extension" || exit 4
echo extension >> calls
test -e broken && exit 1
touch .venv/lab-extension.stamp
"""
OLD = """#!/bin/sh
exit 1
"""


@pytest.fixture
def clone(root: Path, tmp_path: Path) -> Path:
    """What make reads, in a folder whose name has a space, with programs of our own on the path."""
    folder = tmp_path / "a clone"
    (folder / "tools").mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "tools/set_up.py"):
        shutil.copy(root / name, folder / name)
    (folder / "extensions" / "lab" / "src" / "home").mkdir(parents=True)
    (folder / "extensions" / "lab" / "src" / "home" / "index.ts").touch()
    (tmp_path / "bin").mkdir()
    program(folder, "installed", INSTALLED)
    return folder


def program(clone: Path, name: str, text: str) -> None:
    file = clone.parent / "bin" / name
    file.write_text(text.format(python=sys.executable), encoding="utf-8")
    file.chmod(0o755)


def make(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    tools = clone.parent / "bin"
    for name in ("sh", "make", "mkdir", "touch", "test", "awk", "cp"):
        found = shutil.which(name)
        if found and not (tools / name).exists():
            (tools / name).symlink_to(found)
    words = ("make", f"SHELL={tools / 'sh'}", *words)
    environment = {"PATH": str(tools)}
    return subprocess.run(words, cwd=clone, env=environment, capture_output=True, text=True, check=False, timeout=60)


def calls(clone: Path, what: str = "set-up") -> int:
    file = clone / "calls"
    return file.read_text(encoding="utf-8").splitlines().count(what) if file.exists() else 0


def test_it_runs_once_and_again_when_something_changed(clone: Path) -> None:
    program(clone, "python3", FAKE)
    assert make(clone, "set-up").returncode == 0
    begun = time.perf_counter()
    assert make(clone, "set-up").returncode == 0
    assert time.perf_counter() - begun < 1
    assert calls(clone) == 1
    for number, name in enumerate(("requirements.lock", "pyproject.toml", "tools/set_up.py"), start=2):
        later = time.time() + number
        os.utime(clone / name, (later, later))
        make(clone, "set-up")
        assert calls(clone) == number
        os.utime(clone / name, (1, 1))
    (clone / ".venv" / "bin" / "python").unlink()
    make(clone, "set-up")
    assert calls(clone) == 5


def test_the_extension_is_built_again_when_its_sources_changed(clone: Path) -> None:
    program(clone, "python3", FAKE)
    assert make(clone, "set-up").returncode == 0
    assert make(clone, "set-up").returncode == 0
    assert calls(clone, "extension") == 1
    source = clone / "extensions" / "lab" / "src" / "home" / "index.ts"
    later = time.time() + 5
    os.utime(source, (later, later))
    assert make(clone, "set-up").returncode == 0
    assert (calls(clone), calls(clone, "extension")) == (1, 2)
    (clone / "broken").touch()
    assert make(clone, "set-up").returncode == 2
    assert calls(clone, "extension") == 3


def test_what_failed_is_not_ready(clone: Path) -> None:
    program(clone, "python3", FAKE)
    (clone / "fail").touch()
    assert make(clone, "set-up").returncode == 2
    (clone / "fail").unlink()
    assert make(clone, "-j4", "set-up", "set-up").returncode == 0
    assert calls(clone) == 2


def test_an_old_python_is_passed_over(clone: Path) -> None:
    program(clone, "python3", OLD)
    program(clone, "python3.12", FAKE)
    assert make(clone, "set-up").returncode == 0
    assert calls(clone) == 1


def test_no_python_is_one_clear_sentence(clone: Path) -> None:
    program(clone, "python3", OLD)
    done = make(clone, "run")
    assert done.returncode == 2
    assert done.stderr.startswith("Studio needs Python 3.11 or newer")
    assert "Next: install one" in done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("make")]) == 1
    assert not (clone / ".venv").exists()


def test_another_python_can_be_named(clone: Path) -> None:
    program(clone, "python3", OLD)
    program(clone, "mine", FAKE)
    assert make(clone, "set-up", "PYTHON=mine").returncode == 0


def test_help_is_the_default_and_lists_every_target(root: Path, clone: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    done = make(clone)
    assert re.findall(r"^make (\S+)", done.stdout, re.MULTILINE) == phony.split()
    assert not (clone / ".venv").exists()
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `make ([a-z-]+)`", readme, re.MULTILINE)) == sorted(phony.split())


@pytest.fixture
def set_up(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, at work in a folder of its own, its commands written down instead of run."""
    specification = importlib.util.spec_from_file_location("set_up", root / "tools" / "set_up.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    (tmp_path / "tools").mkdir()
    for path in module.INPUTS:
        shutil.copy(root / path, tmp_path / path)
    monkeypatch.setattr(sys, "argv", ["tools/set_up.py"])
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    return module


class Commands:
    """Stands for `run`: remembers, and fails at the command that holds a word."""

    def __init__(self, module: Any, failing: str = "", error: type[BaseException] | None = None) -> None:
        self.module, self.failing, self.error = module, failing, error
        self.seen: list[str] = []

    def __call__(self, command: list[str | Path]) -> None:
        text = " ".join(str(part) for part in command)
        assert not self.module.STAMP.exists()
        self.seen.append(text)
        if self.failing and self.failing in text:
            raise (self.error or self.module.Failed)(text)
        if "venv" in text:
            self.module.PYTHON.parent.mkdir(parents=True, exist_ok=True)
            self.module.PYTHON.touch()


def test_the_stamp_comes_last(set_up: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands(set_up)
    monkeypatch.setattr(set_up, "run", commands)
    assert set_up.main() == 0
    assert set_up.STAMP.exists()
    assert [word for text in commands.seen for word in ("-m venv", "-m pip", "sync", "--editable") if word in text] == [
        "-m venv",
        "-m pip",
        "sync",
        "--editable",
    ]
    assert all("--require-hashes" in text for text in commands.seen[1:3])
    commands.seen.clear()
    assert set_up.main() == 0
    assert commands.seen == []


def usable_python(module: Any) -> None:
    """Make `.venv` hold a program that answers as a good Python would."""
    module.PYTHON.parent.mkdir(parents=True, exist_ok=True)
    module.PYTHON.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    module.PYTHON.chmod(0o755)


def test_a_complete_environment_is_mended_and_an_interrupted_one_made_anew(
    set_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable_python(set_up)
    set_up.STAMP.touch()
    later = time.time() + 5
    os.utime(set_up.INPUTS[0], (later, later))
    commands = Commands(set_up, "sync")
    monkeypatch.setattr(set_up, "run", commands)
    assert set_up.main() == 1
    assert not any("venv --clear" in text for text in commands.seen)
    commands.seen.clear()
    assert set_up.main() == 1
    assert "venv --clear" in commands.seen[0]


@pytest.mark.parametrize("failing", ["-m venv", "-m pip", "sync", "--editable"])
@pytest.mark.parametrize(("error", "status"), [(None, 1), (KeyboardInterrupt, 130)])
def test_whatever_is_interrupted_is_not_ready(
    set_up: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: str,
    error: Any,
    status: int,
) -> None:
    monkeypatch.setattr(set_up, "run", Commands(set_up, failing, error))
    assert set_up.main() == status
    assert not set_up.STAMP.exists()
    assert ("did not finish" if error is None else "interrupted") in capsys.readouterr().err


@pytest.mark.parametrize(("status", "ready"), [(0, True), (3, True), (1, False)])
def test_the_extension_comes_after_the_rest(
    set_up: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int, ready: bool
) -> None:
    """Status 3: this machine cannot build it, and everything else works."""
    usable_python(set_up)
    (set_up.ROOT / "hatch_build.py").touch()
    set_up.PYTHON.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    set_up.STAMP.touch()
    wishes = []
    monkeypatch.setenv("STUDIO_REQUIRE_LAB", "1")
    monkeypatch.setattr(set_up, "run", lambda command: wishes.append((command[-1], os.environ["STUDIO_REQUIRE_LAB"])))
    monkeypatch.setattr(sys, "argv", ["tools/set_up.py", "--extension"])
    assert set_up.main() == (0 if ready else 1)
    assert set_up.EXTENSION_STAMP.exists() is ready
    assert wishes == ([(".", "0")] if ready else [])
    assert os.environ["STUDIO_REQUIRE_LAB"] == "1"
    assert ready or "The extension for JupyterLab failed" in capsys.readouterr().err


def test_settings_of_the_shell_stay_outside(set_up: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PIP_TARGET", "elsewhere")
    monkeypatch.setattr(set_up, "run", Commands(set_up))
    set_up.main()
    assert not {"PYTHONPATH", "PIP_TARGET"} & set(os.environ)


def test_uv_is_brought_in_with_its_hashes(set_up: Any) -> None:
    lines = [
        "tzdata==1 \\",
        "    --hash=sha256:0",
        "uv==0.9 \\",
        "    --hash=sha256:1 \\",
        "    --hash=sha256:2",
        "    # via",
    ]
    assert set_up.locked([*lines, "uvicorn==1"], "uv") == "uv==0.9 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\n"
