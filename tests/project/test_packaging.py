"""``pip install .`` and ``pip install -e .`` work, and the archives hold the package and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.heavy]


def run(*words: str | Path, folder: Path) -> str:
    done = subprocess.run(list(words), cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tree(present: list[Path], root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git does not ignore, so that building leaves no trace in the repository."""
    copied = tmp_path_factory.mktemp("tree")
    for path in present:
        target = copied / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return copied


@pytest.fixture(scope="module")
def archives(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", built, folder=tree)
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


def test_the_wheel_holds_the_whole_package_and_nothing_else(archives: Path, tree: Path) -> None:
    (wheel,) = archives.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == package_files(tree)
    assert "studio/py.typed" in names


def test_the_source_archive_builds_the_same_wheel(archives: Path, tree: Path, tmp_path: Path) -> None:
    (source,) = archives.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    rest = {path.name for path in unpacked.iterdir()}
    assert rest <= {"studio", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore", "PKG-INFO"}
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", tmp_path / "again", folder=unpacked)
    (wheel,) = (tmp_path / "again").glob("*.whl")
    assert package_files(tree) <= set(zipfile.ZipFile(wheel).namelist())


def test_the_metadata_says_what_the_project_is(archives: Path, manifest: dict[str, Any]) -> None:
    (wheel,) = archives.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = archive.read(name).decode()
    for line in ("Name: notebook-studio", "License-Expression: Apache-2.0", "Requires-Python: >=3.11"):
        assert line in metadata
    assert metadata.count("Requires-Dist: ") >= len(manifest["project"]["dependencies"])
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


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
