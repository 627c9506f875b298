"""What is committed: no outputs, no addresses of this machine or of an index, modules of a readable size."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

# Brackets keep these patterns from finding themselves.
INDEX = re.compile(r"py[p]i\.org|python[h]osted\.org|--(?:extra-)?index-ur[l]|conda\.anacond[a]\.org")
COMMON = {"/", "/tmp", "/home", "/root", "/Users", "/var/tmp"}


def texts(tracked: list[Path]) -> dict[Path, str]:
    found = {}
    for path in tracked:
        content = path.read_bytes()
        if b"\0" not in content:
            found[path] = content.decode("utf-8", "replace")
    return found


def test_nothing_names_this_machine_or_an_index(tracked: list[Path], root: Path) -> None:
    places = {f"{path}/" for path in (str(root), str(root.parent), str(Path.home())) if path not in COMMON}
    wrong = []
    for path, text in texts(tracked).items():
        wrong += [f"{path}: {place}" for place in places if place in text]
        wrong += [f"{path}: {found.group()}" for found in INDEX.finditer(text)]
    assert not wrong


def test_committed_notebooks_carry_no_outputs(tracked: list[Path]) -> None:
    notebooks = [path for path in tracked if path.suffix == ".ipynb"]
    assert notebooks
    for path in notebooks:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs"), f"{path} has outputs; next: clear them before committing"
            assert cell.get("execution_count") is None, f"{path} has execution counts; next: clear them"


def test_modules_stay_short(tracked: list[Path], root: Path) -> None:
    modules = [path for path in tracked if path.suffix == ".py" and path.is_relative_to(root / "studio")]
    assert [path for path in modules if len(path.read_text(encoding="utf-8").splitlines()) > 400] == []


def test_links_in_the_readme_lead_somewhere(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    assert [link for link in links if "://" not in link and not _leads_somewhere(root, link)] == []


def _leads_somewhere(root: Path, link: str) -> bool:
    path, _, place = link.partition("#")
    if not (root / path).is_file():
        return False
    headings = re.findall(r"^#+ (.+)$", (root / path).read_text(encoding="utf-8"), re.MULTILINE)
    return not place or place in {re.sub(r"[^a-z0-9-]", "", title.lower().replace(" ", "-")) for title in headings}


def test_the_changelog_has_one_line_for_a_change(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    changes = text.partition("## [Unreleased]")[2]
    assert [line for line in changes.splitlines() if line and not re.match(r"## \[|### [A-Z]|- \S", line)] == []


def test_the_continuous_integration_script_is_a_program(root: Path) -> None:
    script = root / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["bash", "-n", script], check=True)
    text = script.read_text(encoding="utf-8")
    assert all(f"make {target}" in text for target in ("check", "test", "run"))


@pytest.fixture(scope="module")
def workflow(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))


def test_the_workflow_may_only_read_and_runs_the_script(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    jobs = workflow["jobs"]
    assert all("permissions" not in job and job["timeout-minutes"] <= 90 for job in jobs.values())
    assert {"run": "bash .ci/run"} in jobs["everything"]["steps"]


def test_actions_are_pinned_by_commit(workflow: dict[str, Any]) -> None:
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


@pytest.fixture(scope="module")
def hooks(root: Path) -> dict[str, dict[str, Any]]:
    repositories = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    return {hook["id"]: hook for hook in repositories[0]["hooks"]}


def test_hooks_call_what_the_set_up_installs(hooks: dict[str, dict[str, Any]], manifest: dict[str, Any]) -> None:
    tools = {hook["entry"].split()[0] for hook in hooks.values() if hook["language"] == "system"}
    assert tools == {f".venv/bin/{name}" for name in ("ruff", "mypy", "lint-imports", "pytest")}
    paths = [word for hook in hooks.values() for word in hook["entry"].split() if word.startswith("tests/")]
    assert paths
    assert all(Path(__file__).parents[2].joinpath(path).is_file() for path in paths)


@pytest.mark.parametrize(
    ("message", "fits"),
    [
        ("feat(core): a thing", True),
        ("fix!: another", True),
        ("docs: say it\n\nAt length.\n", True),
        ("Add a thing", False),
        ("feat:no space", False),
        ("feature: a thing", False),
    ],
)
def test_commit_messages_are_conventional(hooks: dict[str, dict[str, Any]], message: str, fits: bool) -> None:
    hook = hooks["message"]
    assert hook["args"] == ["--negate"]
    assert bool(re.match(hook["entry"], message)) is fits


@pytest.mark.slow
def test_the_documentation_builds_and_asks_nothing_of_another_host(root: Path, tmp_path: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\t\$\(BIN\)/(sphinx-build .*) docs site$", makefile, re.MULTILINE)
    command = [
        Path(sys.executable).with_name("sphinx-build"),
        *line.split()[1:],
        "-d",
        tmp_path / "cache",
        "docs",
        tmp_path / "site",
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(list((root / "docs").rglob("*.md")))
    outside = r"""["'](?:https?:)?//"""
    loaded = re.compile(rf"<(?:script|img|iframe|source)[^>]+src={outside}|<link[^>]+href={outside}")
    assert [page for page in pages if loaded.search(page.read_text(encoding="utf-8"))] == []
    styles = list((tmp_path / "site").rglob("*.css"))
    assert styles
    assert not any(re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", path.read_text("utf-8")) for path in styles)
