"""Make or mend `.venv` from requirements.lock: called by the Makefile, takes no answer, may be interrupted anywhere.

The stamp that tells make "ready" is written last. What an interruption leaves behind has none and is made anew from
the start: half an installed package looks like a whole one. Two calls at once wait for each other. Only the standard
library is used, because this runs before anything is installed.

With ``--extension`` the extension for JupyterLab is built and installed as well, which takes Node (from the machine,
or from requirements.lock) and npm's registry; where they are missing, all else still works.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "set-up.stamp"
EXTENSION_STAMP = VENV / "lab-extension.stamp"
CANNOT_BUILD_HERE = 3
"""The exit status of hatch_build.py on a machine that lacks what building takes; it has said so."""
REQUIRE = "STUDIO_REQUIRE_LAB"
INPUTS = (Path("requirements.lock"), Path("pyproject.toml"), Path("tools/set_up.py"))
# Settings of the calling shell that would send packages elsewhere or other packages in.
UNWANTED = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "UV_PYTHON")


class Failed(Exception):
    """A command of the set-up did not end well; it has said why itself."""


def main() -> int:
    """Bring `.venv` to what requirements.lock says; the exit status."""
    os.chdir(ROOT)
    for name in UNWANTED:
        os.environ.pop(name, None)
    try:
        with INPUTS[0].open("r+b") as lock:  # the system frees the lock when this program ends, however it ends
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_ready():
                set_up()
            if "--extension" in sys.argv[1:]:
                add_extension()
    except Failed as error:
        print(f"The set-up did not finish: {error} failed, see above. Next: mend that and repeat.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("The set-up was interrupted; the next make goes on with it.", file=sys.stderr)
        return 130
    return 0


def is_ready() -> bool:
    """Whether the stamp is newer than all it depends on (another make may have come first)."""
    if not STAMP.exists() or not PYTHON.exists():
        return False
    made = STAMP.stat().st_mtime_ns
    return all(path.stat().st_mtime_ns <= made for path in (*INPUTS, PYTHON))


def set_up() -> None:
    """Make the environment, bring uv into it, and let uv do the rest."""
    usable = is_usable()
    STAMP.unlink(missing_ok=True)
    if not usable:
        say(f"Making {VENV} with Python {sys.version.split()[0]}")
        run([sys.executable, "-m", "venv", "--clear", VENV])
    wanted = locked(INPUTS[0].read_text(encoding="utf-8").splitlines(), "uv")
    if wanted.split()[0].replace("==", " ") != installed_uv():
        say("Bringing uv into it")
        requirement = VENV / "uv.lock.txt"
        requirement.write_text(wanted, encoding="utf-8")
        run([PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", "--requirement", requirement])
    say("Installing what requirements.lock names")
    uv: list[str | Path] = [PYTHON, "-m", "uv", "--quiet", "pip"]
    run([*uv, "sync", "--python", PYTHON, "--require-hashes", INPUTS[0]])
    install_project()
    STAMP.touch()
    say("Ready")


def add_extension() -> None:
    """Build the extension for JupyterLab and install it with the project; Failed when its sources do not build."""
    EXTENSION_STAMP.unlink(missing_ok=True)
    if subprocess.run([PYTHON, "hatch_build.py"], stdin=subprocess.DEVNULL, check=False).returncode not in (
        0,
        CANNOT_BUILD_HERE,
    ):
        raise Failed("The extension for JupyterLab")
    install_project()
    EXTENSION_STAMP.touch()


def install_project() -> None:
    """Install this project as it is; what of the extension is built already goes along, and nothing is built."""
    before = os.environ.get(REQUIRE)
    os.environ[REQUIRE] = "0"
    options = ["--no-deps", "--no-build-isolation", "--reinstall-package", "notebook-studio", "--editable", "."]
    try:
        run([PYTHON, "-m", "uv", "--quiet", "pip", "install", "--python", PYTHON, *options])
    finally:
        os.environ.pop(REQUIRE)
        if before is not None:
            os.environ[REQUIRE] = before


def is_usable() -> bool:
    """Whether `.venv` was once complete and holds a Python that runs, is new enough and has pip."""
    test = "import sys, pip; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
    return STAMP.exists() and quiet([PYTHON, "-c", test]).returncode == 0


def installed_uv() -> str:
    """``uv 0.9.1``, or nothing where uv is missing."""
    return " ".join(quiet([PYTHON, "-m", "uv", "--version"]).stdout.split()[:2])


def locked(lines: Iterable[str], name: str) -> str:
    """The requirement of `name` with its hashes, as it stands in the lines of requirements.lock."""

    def entry() -> Iterator[str]:
        found = False
        for line in lines:
            found = found or line.startswith(f"{name}==")
            if found:
                yield line
                if not line.endswith("\\"):
                    return

    return "\n".join(entry()) + "\n"


def quiet(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a command for its answer; status 127 where it cannot be started (a `.venv` made by halves)."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError:
        return subprocess.CompletedProcess(command, 127, "", "")


def run(command: list[str | Path]) -> None:
    """Run a command before the user's eyes; Failed when it does not end well."""
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
        raise Failed(" ".join(str(part) for part in command))


def say(text: str) -> None:
    """Tell the user what goes on, on stderr: stdout belongs to the target that make was called for."""
    print(f"set-up: {text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
