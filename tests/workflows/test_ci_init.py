"""The workflow that is written is sound, safe, and does what it says when its commands are typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from studio import __version__
from tests.conftest import Place
from tests.repositories import Repo, isolate, repository

FILES = {"github": ".github/workflows/studio.yml", "gitlab": ".gitlab-ci.yml"}


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path / "home")


def written(place: Place, platform: str, *options: str, top: Path | None = None) -> dict[Any, Any]:
    answer = place.studio("ci", "init", platform, *options)
    assert answer.status == 0, answer.err
    found = yaml.load(((top or place.root) / FILES[platform]).read_text(), Loader=yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_github_workflow_is_sound_and_safe(place: Place) -> None:
    repository(place).commit()
    workflow = written(place, "github")
    assert set(workflow["on"]) == {"pull_request", "push"}  # never pull_request_target
    assert workflow["on"]["push"] == {"branches": ["main"]}
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"].startswith("studio-")
    jobs = workflow["jobs"]
    assert jobs["comment"]["permissions"] == {"pull-requests": "write"}
    assert "permissions" not in jobs["studio"]
    assert "head.repo.full_name == github.repository" in jobs["comment"]["if"]
    assert not [step for step in jobs["comment"]["steps"] if "uses" in step]
    for job in jobs.values():
        assert int(job["timeout-minutes"]) <= 60
        assert job["runs-on"] == "ubuntu-latest"
    for step in steps(workflow):
        assert ("uses" in step) != ("run" in step)
        # What a stranger chose (a title, a branch) must not become a part of a script.
        assert "${{" not in step.get("run", "")
    text = (place.root / FILES["github"]).read_text()
    uses = re.findall(r"uses: (.+)", text)
    assert len(uses) == 3
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in uses)
    checkout = next(step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"] == {"fetch-depth": "0", "persist-credentials": "false"}
    assert "STUDIO-" not in text


def test_the_gitlab_pipeline_is_sound(place: Place) -> None:
    repository(place).commit()
    pipeline = written(place, "gitlab")
    assert pipeline["stages"] == ["test", "comment"]
    assert {job for job in pipeline if isinstance(pipeline[job], dict) and "script" in pipeline[job]} == {
        "studio",
        "comment",
    }
    assert all(pipeline[job]["stage"] in pipeline["stages"] for job in ("studio", "comment"))
    assert pipeline["studio"]["artifacts"]["reports"] == {"junit": "reports/*.xml"}
    assert pipeline["studio"]["cache"]["key"] == {"files": [".gitlab-ci.yml"]}
    assert pipeline["studio"]["interruptible"] == "true"
    assert "$STUDIO_COMMENT_TOKEN" in pipeline["comment"]["rules"][0]["if"]
    assert "STUDIO-" not in (place.root / FILES["gitlab"]).read_text()


@pytest.mark.parametrize("platform", FILES)
def test_no_address_is_written(place: Place, platform: str) -> None:
    written(place, platform)
    text = (place.root / FILES[platform]).read_text()
    assert not re.search(r"https?://|index-url|\bpypi\b|--extra-index", text)
    assert text.endswith("\n")
    assert max(len(line) for line in text.splitlines()) < 160


@pytest.mark.parametrize(
    ("files", "installs"),
    [
        ({}, [f"python -m pip install notebook-studio=={__version__}"]),
        ({"requirements.txt": "notebook_studio\n"}, ["python -m pip install -r requirements.txt"]),
        (
            {"requirements.txt": "numpy\n"},
            ["python -m pip install -r requirements.txt", f"python -m pip install notebook-studio=={__version__}"],
        ),
        (
            {"requirements.lock": "notebook-studio\n", "pyproject.toml": '[project]\nname = "own"\n'},
            ["python -m pip install -r requirements.lock", "python -m pip install --no-deps -e ."],
        ),
        (
            {"pyproject.toml": '[project]\nname = "own"\ndependencies = ["notebook-studio"]\n'},
            ["python -m pip install -e ."],
        ),
        (
            {"pyproject.toml": "[tool.ruff]\nline-length = 80\n"},
            [f"python -m pip install notebook-studio=={__version__}"],
        ),
    ],
)
def test_how_the_workspace_is_installed(place: Place, files: dict[str, str], installs: list[str]) -> None:
    for name, content in files.items():
        place.write(name, content)
    workflow = written(place, "github")
    install = next(step for step in steps(workflow) if step["name"] == "Install")
    assert install["run"].splitlines() == installs
    python = next(step for step in steps(workflow) if step.get("uses", "").startswith("actions/setup-python@"))
    assert python["with"]["python-version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    expected = next(
        (name for name in ("requirements.lock", "requirements.txt", "pyproject.toml") if name in files), None
    )
    assert python["with"]["cache-dependency-path"] == (expected or FILES["github"])


@pytest.mark.parametrize("platform", FILES)
def test_a_workflow_that_is_there_is_left_alone(place: Place, platform: str) -> None:
    path = place.write(FILES[platform], "mine: true\n")
    answer = place.studio("ci", "init", platform)
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert f"Next: studio ci init {platform} --force" in answer.err
    assert path.read_text() == "mine: true\n"
    made = place.studio("ci", "init", platform, "--force", "--json").json
    assert set(made) == {"path", "platform", "installs", "replaced", "notes"}
    assert made["replaced"] is True
    assert "mine" not in path.read_text()


def test_a_workspace_below_the_top_of_its_repository(place: Place, tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.git("init", "--quiet", "--initial-branch", "trunk")
    repo.commit()
    place.write("requirements.txt", "notebook-studio\n")
    workflow = written(place, "github", top=tmp_path)
    assert workflow["defaults"]["run"]["working-directory"] == "workspace"
    assert workflow["on"]["push"]["branches"] == ["trunk"]
    assert "path: workspace/reports" in (tmp_path / FILES["github"]).read_text()
    pipeline = written(place, "gitlab", top=tmp_path)
    assert pipeline["studio"]["before_script"][0] == "cd workspace"
    assert pipeline["studio"]["cache"]["key"]["files"] == ["workspace/requirements.txt"]


def test_a_folder_with_a_space(tmp_path: Path) -> None:
    place = Place(tmp_path / "my wörk")
    place.write("studio.toml", "version = 1\n")
    Repo(tmp_path).git("init", "--quiet")
    assert written(place, "github", top=tmp_path)["defaults"]["run"]["working-directory"] == "my wörk"
    assert written(place, "gitlab", top=tmp_path)["studio"]["before_script"][0] == "cd 'my wörk'"


def test_an_unknown_platform_and_a_folder_that_no_workflow_can_hold(place: Place, tmp_path: Path) -> None:
    answer = place.studio("ci", "init", "githib")
    assert answer.status == 2
    assert "Did you mean 'github'?" in answer.err
    odd = Place(tmp_path / "odd$(x)")
    odd.write("studio.toml", "version = 1\n")
    Repo(tmp_path).git("init", "--quiet")
    answer = odd.studio("ci", "init", "github")
    assert (answer.status, len(answer.err.splitlines())) == (2, 1)
    assert "cannot be written into a workflow safely" in answer.err


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A workspace as `studio init` makes it, with a change on a branch."""
    home = tmp_path_factory.mktemp("sample")
    place = Place(home / "sample")
    place.root.mkdir()
    assert place.studio("init", ".").status == 0
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, home / "home")
        repo = repository(place)
        repo.commit("feat: first")
        path = place.root / "notebooks/first/sales.ipynb"
        path.write_text(path.read_text().replace("simulate", "made_up"))
        repo.git("switch", "--quiet", "--create", "change")
        repo.commit("feat: second")
    return repo


def typed(repo: Repo, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a runner does with the lines of a step."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=repo.top,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def kept(repo: Repo) -> None:
    reports = {path.name for path in (repo.top / "reports").iterdir()}
    assert {"pipeline-first.xml", "tests.xml", "packet", "summary.md"} <= reports
    assert list((repo.top / "reports/packet").iterdir())
    assert "sales" in (repo.top / "reports/summary.md").read_text()


@pytest.mark.heavy
@pytest.mark.timeout(900)  # every command of a whole workflow
def test_the_lines_of_the_github_workflow_do_what_they_say(sample: Repo, tmp_path: Path) -> None:
    workflow = written(Place(sample.top), "github", "--force")
    base = sample.git("rev-parse", "main").out.strip()
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for step in workflow["jobs"]["studio"]["steps"]:
        if "run" in step:
            done = typed(sample, step["run"], BASE=base, **files)
            assert done.returncode == 0, (step["name"], done.stdout, done.stderr)
    kept(sample)
    summary = (sample.top / "reports/summary.md").read_text()
    assert Path(files["GITHUB_STEP_SUMMARY"]).read_text() == summary
    name, _, rest = Path(files["GITHUB_OUTPUT"]).read_text().partition("<<")
    end, _, content = rest.partition("\n")
    assert name == "summary"
    assert content == f"{summary}\n{end}\n"


def commands(script: str) -> list[str]:
    """The calls of studio in a script, without what is done with their status."""
    return [found.strip() for found in re.findall(r"^\s*(studio .*?)(?: \|\| failed=1)?$", script, re.MULTILINE)]


def test_the_gitlab_pipeline_types_the_same_commands(place: Place) -> None:
    github, gitlab = written(place, "github"), written(place, "gitlab")
    lines = [line for step in github["jobs"]["studio"]["steps"] for line in commands(step.get("run", ""))]
    same = [
        line.replace("$CI_MERGE_REQUEST_DIFF_BASE_SHA", "$BASE") for line in commands(gitlab["studio"]["script"][0])
    ]
    assert same == lines
    assert len(lines) == 5


@pytest.mark.parametrize("failing", ["", "check", "test first", "test all", "review"])
def test_the_gitlab_pipeline_goes_on_after_a_failure_and_fails_at_the_end(
    place: Place, tmp_path: Path, failing: str
) -> None:
    job = written(place, "gitlab")["studio"]
    stub = tmp_path / "bin/studio"
    stub.parent.mkdir()
    stub.write_text(
        f'#!/bin/sh\necho "$@" >> "{tmp_path}/calls"\n'
        'case "$1" in pipelines) echo \'{"pipelines": [{"name": "first"}, {"name": "second"}]}\';; esac\n'
        f'case "$*" in "{failing or "nothing"}"*) exit 1;; esac\n'
    )
    stub.chmod(0o755)
    script = "\n".join([f'PATH="{stub.parent}:$PATH"', *job["before_script"][-1:], *job["script"]])
    done = typed(Repo(place.root), script, CI_MERGE_REQUEST_DIFF_BASE_SHA="abc")
    assert done.returncode == (1 if failing else 0), done.stderr
    assert (tmp_path / "calls").read_text().splitlines() == [
        "check",
        "pipelines list --json",
        "test first --rung pipeline --junit reports/pipeline-first.xml",
        "test second --rung pipeline --junit reports/pipeline-second.xml",
        "test all --junit reports/tests.xml",
        "review packet --against abc --output reports/packet --summary reports/summary.md",
    ]


def test_the_gitlab_comment_is_written_with_its_own_token(place: Place, tmp_path: Path) -> None:
    (script,) = written(place, "gitlab")["comment"]["script"]
    curl = tmp_path / "bin/curl"
    curl.parent.mkdir()
    curl.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{tmp_path}/calls"\n')
    curl.chmod(0o755)
    facts = {"STUDIO_COMMENT_TOKEN": "t", "CI_API_V4_URL": "api", "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "2"}
    script = f'PATH="{curl.parent}:$PATH"\n{script}'
    assert typed(Repo(place.root), script, **facts).returncode == 0  # no summary, no comment
    assert not (tmp_path / "calls").exists()
    place.write("reports/summary.md", "# Review\n")
    assert typed(Repo(place.root), script, **facts).returncode == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[-3:] == ["--data-urlencode", "body@reports/summary.md", "api/projects/1/merge_requests/2/notes"]


@pytest.mark.parametrize("earlier", [True, False])
def test_the_comment_is_written_once_and_then_kept_up_to_date(place: Place, tmp_path: Path, earlier: bool) -> None:
    workflow = written(place, "github")
    gh = tmp_path / "bin/gh"
    gh.parent.mkdir()
    gh.write_text(
        f'#!/bin/sh\necho "$@" >> "{tmp_path}/calls"\ncase "$*" in *--edit-last*) {str(earlier).lower()};; esac\n'
    )
    gh.chmod(0o755)
    (step,) = workflow["jobs"]["comment"]["steps"]
    summary = "# Review\n$(touch stolen) `touch stolen`"
    done = typed(Repo(place.root), f'PATH="{gh.parent}:$PATH"\n{step["run"]}', NUMBER="7", SUMMARY=summary)
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[0] == "pr comment 7 --edit-last --body-file summary.md"
    assert calls[1:] == ([] if earlier else ["pr comment 7 --body-file summary.md"])
    assert (place.root / "summary.md").read_text() == summary + "\n"
    assert not (place.root / "stolen").exists()
