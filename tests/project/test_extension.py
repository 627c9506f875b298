"""The extension for JupyterLab as sources: what it is made of can be had again, and it keeps to its own rules."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import studio

LAB = Path(__file__).parents[2] / "extensions" / "lab"
CAPABILITIES = ("home", "launcher", "ledger", "notebook", "pipelines", "review", "status")
# Only at run time, in the page.
PROVIDED = ("react", "@jupyterlab/", "@lumino/", "@jupyter/", "@codemirror/")


@pytest.fixture(scope="module")
def package() -> dict[str, Any]:
    return json.loads((LAB / "package.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    return json.loads((LAB / "package-lock.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sources() -> dict[Path, str]:
    """The modules, without tests and what tests use."""
    found = {path: path.read_text(encoding="utf-8") for path in (LAB / "src").rglob("*.ts*")}
    return {path: text for path, text in found.items() if ".spec." not in path.name and "testing" not in path.parts}


def imported(text: str) -> set[str]:
    """The packages that a module names."""
    names = re.findall(r"(?:from|import\(?)\s*'([^'.][^']*)'", text)
    return {"/".join(name.split("/")[: 2 if name.startswith("@") else 1]) for name in names}


def test_the_lock_names_no_address_and_fits_the_package(package: dict[str, Any], lock: dict[str, Any]) -> None:
    root = lock["packages"][""]
    assert root["dependencies"] == package["dependencies"]
    assert root["devDependencies"] == package["devDependencies"]
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) > 500
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry and not entry.get("inBundle")] == []
    settings = (LAB / ".npmrc").read_text(encoding="utf-8")
    assert "omit-lockfile-registry-resolved=true" in settings
    assert "ignore-scripts=true" in settings


def test_the_two_packages_have_one_version(package: dict[str, Any]) -> None:
    assert package["version"] == studio.__version__
    assert package["license"] == "Apache-2.0"


def test_what_is_imported_is_declared_and_lab_provides_what_it_has(
    package: dict[str, Any], sources: dict[Path, str]
) -> None:
    used = set().union(*(imported(text) for text in sources.values()))
    assert used <= set(package["dependencies"])
    shared = package["jupyterlab"]["sharedPackages"]
    for name in package["dependencies"]:
        if name.startswith(PROVIDED):
            assert shared[name]["bundled"] is False, f"{name} would be bundled"
            assert shared[name]["requiredVersion"], f"{name} asks for no version"
        else:
            assert shared[name] is False, f"{name} would be taken from other extensions"


def test_a_capability_is_a_folder_a_style_and_a_line(sources: dict[Path, str]) -> None:
    index = (LAB / "src" / "index.ts").read_text(encoding="utf-8")
    styles = (LAB / "style" / "index.css").read_text(encoding="utf-8")
    for name in CAPABILITIES:
        assert f"from './{name}'" in index
        assert f"...{name}" in index
        assert f"@import url('{name}.css');" in styles
        assert "export const plugins" in sources[LAB / "src" / name / "index.ts"]
    # What two of them share lies outside of both.
    for name in CAPABILITIES:
        others = "|".join(other for other in CAPABILITIES if other != name)
        texts = {path: text for path, text in sources.items() if path.is_relative_to(LAB / "src" / name)}
        assert [path for path, text in texts.items() if re.search(rf"from '(?:\.\./)+(?:{others})[/']", text)] == []


def test_only_the_client_talks_to_the_server(sources: dict[Path, str]) -> None:
    talking = {
        path.name for path, text in sources.items() if re.search(r"makeRequest|(?<![.\w])fetch\(|XMLHttpRequest", text)
    }
    assert talking <= {"client.ts"}


def test_files_are_short_and_say_why_they_exist(sources: dict[Path, str]) -> None:
    own = {path: text for path, text in sources.items() if path.name != "api.ts"}
    assert [path for path, text in own.items() if len(text.splitlines()) > 400] == []
    assert [path for path, text in own.items() if not text.startswith("/**")] == []


def test_colours_are_those_of_the_theme() -> None:
    literal = re.compile(r"#[0-9a-fA-F]{3,8}\b(?!-)|\b(?:rgb|hsl)a?\(|:\s*(?:white|black|red|green|blue|gray|grey)\b")
    paper = "background: white;"  # of figures, which are drawn for it
    wrong = []
    for path in (LAB / "style").glob("*.css"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            declared = ":" in line and not line.rstrip().endswith("{")
            if declared and line.strip() != paper and literal.search(line):
                wrong.append(f"{path.name}:{number}: {line.strip()}")
    assert wrong == []


def test_every_command_of_a_menu_or_toolbar_is_added(sources: dict[Path, str]) -> None:
    text = "\n".join(sources.values())
    for path in (LAB / "schema").glob("*.json"):
        schema = path.read_text(encoding="utf-8")
        assert json.loads(schema)["type"] == "object"
        for command in set(re.findall(r'"command": "(studio:[a-z-]+)"', schema)):
            verb, _, mark = command.partition("studio:mark-")
            assert f"'{command}'" in text or (not verb and "`studio:mark-${mark}`" in text and mark), command


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    specification = importlib.util.spec_from_file_location("hatch_build", LAB.parents[1] / "hatch_build.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def copy(hook: ModuleType, tmp_path: Path) -> Path:
    """A few sources of an extension, and what would be built of them."""
    for name, text in (("package.json", "{}"), ("package-lock.json", "{}"), ("src/index.ts", "one")):
        (tmp_path / hook.LAB / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / hook.LAB / name).write_text(text, encoding="utf-8")
    (tmp_path / hook.BUILT).mkdir()
    (tmp_path / hook.BUILT / "package.json").touch()
    (tmp_path / hook.STAMP).write_text(hook.digest(tmp_path), encoding="utf-8")
    return tmp_path


def test_what_was_built_is_stale_when_a_source_changed(hook: ModuleType, copy: Path) -> None:
    assert hook.is_fresh(copy)
    (copy / hook.LAB / "src" / "index.spec.ts").write_text("a test", encoding="utf-8")
    assert hook.is_fresh(copy)
    index = copy / hook.LAB / "src" / "index.ts"
    index.write_text("two", encoding="utf-8")
    assert not hook.is_fresh(copy)
    index.write_text("one", encoding="utf-8")
    assert hook.is_fresh(copy)
    (copy / hook.LAB / "src" / "more.ts").touch()
    assert not hook.is_fresh(copy)


def test_no_registry_is_told_with_the_way_on(hook: ModuleType, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in npm's place that says what npm says without a network."""
    npm = copy / "npm.py"
    npm.write_text(
        "import sys; sys.exit('npm error code ENOTFOUND\\nnpm error request to registry failed, reason: ENOTFOUND')",
        encoding="utf-8",
    )
    (copy / hook.STAMP).unlink()
    monkeypatch.setattr(hook, "find_node", lambda: [Path(sys.executable), npm])
    (copy / hook.LAB / "node_modules").mkdir()
    said = hook.provide(copy, required=False)
    assert "ENOTFOUND" in said
    assert "what was built before stays" in said
    assert "make lab-extension" in said
    for settings in ({"required": True}, {"required": False, "wish": "1"}):
        with pytest.raises(hook.Unavailable, match="STUDIO_REQUIRE_LAB=0"):
            hook.provide(copy, **settings)
    assert hook.provide(copy, required=True, wish="0") == ""


def test_node_of_the_python_package_is_whole(hook: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    node, npm = hook.find_node()
    done = subprocess.run([node, npm, "--version"], capture_output=True, text=True, check=False, timeout=60)
    assert re.fullmatch(r"\d+\.\d+\.\d+", done.stdout.strip()), done.stderr
