"""The example from approved to edited to released: a changed number waits for a review, running it again does not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import Answer, Place
from tests.repositories import Repo, isolate, repository

# The fixtures tell the whole story, a run on all customers included: minutes where cores are shared.
pytestmark = [pytest.mark.slow, pytest.mark.heavy, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[3]
NAMES = ("ingest", "prepare", "features", "train", "evaluate", "register")
TRAIN, EVALUATE = "notebooks/churn/train.ipynb", "notebooks/churn/evaluate.ipynb"
PEOPLE = """
[people.anna]
name = "Anna Berger"
emails = ["anna@example.org"]
roles = ["data scientist"]

[people.bob]
name = "Bob Stone"
emails = ["bob@example.org"]
roles = ["ML engineer"]

[running]
jobs = 2
"""
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
path = sys.argv[1]
notebook = nbformat.read(path, 4)
NotebookClient(notebook, timeout=240, kernel_name="python3").execute()
nbformat.write(notebook, path)
"""


@dataclass(frozen=True)
class Release:
    """The workspace, and what its two people do."""

    place: Place
    repo: Repo

    def studio(self, *words: str, who: str = "anna") -> Answer:
        """The command line, as a person."""
        done = subprocess.run(
            [sys.executable, "-m", "studio.cli", *words],
            cwd=self.place.root,
            env={**os.environ, "STUDIO_ACTOR": f"{who}@example.org"},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=900,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def replace(self, path: str, old: str, new: str) -> None:
        """A text of a notebook, by hand."""
        text = (self.place.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1
        self.place.write(path, text.replace(old, new))


@dataclass(frozen=True)
class Story:
    """What was said when one number was edited, until it ran."""

    release: Release
    refused: Answer
    runs_then: int
    submitted: Answer
    approved: Answer
    accepted: Answer


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the caller's settings, and git knows nobody."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("STUDIO_", "MLFLOW_", "JUPYTER_", "IPYTHON")):
                patch.delenv(name)
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        isolate(patch, tmp_path_factory.mktemp("home"))
        yield


def fresh(root: Path) -> Place:
    """This repository's example, as a clone has it, with two people."""
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "approvals")
    for name in ("notebooks", "pipelines"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    place = Place(root)
    place.write("studio.toml", (ROOT / "studio.toml").read_text(encoding="utf-8") + PEOPLE)
    place.write(".gitignore", ".studio/\n__pycache__/\n.ipynb_checkpoints/\n.pytest_cache/\n")
    return place


@pytest.fixture(scope="module")
def approved(alone: None, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Everything submitted once by Anna and approved once by Bob, and committed."""
    place = fresh(tmp_path_factory.mktemp("release") / "workspace")
    release = Release(place, repository(place))
    release.repo.commit("feat: churn")
    submitted = release.studio("review", "submit", "churn", "-m", "all of it", "--json")
    assert submitted.status == 0, submitted.err
    subjects = [item["subject"] for item in submitted.json["submissions"]]
    assert subjects == ["pipelines/churn.yml", *(f"notebooks/churn/{name}.ipynb" for name in NAMES)]
    answer = release.studio("review", "approve", "churn", who="bob")
    assert answer.status == 0, answer.err
    release.repo.commit("chore: approvals")
    return release


@pytest.fixture(scope="module")
def story(approved: Release) -> Story:
    """One number edited: refused, submitted, approved by another, committed, accepted."""
    approved.replace(TRAIN, "C=0.3,", "C=0.2,")
    approved.repo.commit("feat: a little less freedom")
    refused = approved.studio("run", "churn", "--env", "prod", who="bob")
    runs = len(approved.studio("runs", "list", "--json").json["runs"])
    submitted = approved.studio("review", "submit", "churn", "-m", "less freedom", "--json")
    decided = approved.studio("review", "approve", "churn", "-m", "steadier", "--json", who="bob")
    approved.repo.commit("chore: approval")
    accepted = approved.studio("run", "churn", "--env", "prod", "--json", who="bob")
    return Story(approved, refused, runs, submitted, decided, accepted)


def test_an_edited_number_is_refused_by_its_cell_and_nothing_starts(story: Story) -> None:
    assert story.refused.status == 3
    assert f"{TRAIN} changed since its approval by bob" in story.refused.err
    assert "cell 6 (code)" in story.refused.err
    assert f"Next: studio review submit {TRAIN}" in story.refused.err
    assert "clean tree" not in story.refused.err
    assert story.runs_then == 0


def test_what_was_edited_is_what_is_submitted_and_approved(story: Story) -> None:
    assert story.submitted.status == 0, story.submitted.err
    assert [item["subject"] for item in story.submitted.json["submissions"]] == [TRAIN]
    assert len(story.submitted.json["approved_already"]) == len(NAMES)
    decisions = {item["subject"]: item["actor"] for item in story.approved.json["decisions"]}
    assert decisions == {TRAIN: "bob"}


def test_the_packet_shows_the_line_the_metrics_and_the_figures_before_and_after(story: Story) -> None:
    page = Path(story.submitted.json["submissions"][0]["page"])
    packet = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    (changed,) = [cell for cell in packet["diff"]["cells"] if cell["status"] != "unchanged"]
    assert (changed["number"], changed["counts"]) == (6, True)
    deltas = {row["name"]: row for row in packet["metrics"]["rows"]}
    logistic = deltas["train[model=logistic].cv_log_loss"]
    assert logistic["old"] != logistic["new"]
    assert (logistic["direction"] in ("up", "down"), logistic["absolute"] != 0) == (True, True)
    assert deltas["train[model=forest].cv_auc"]["direction"] == "same"
    pairs = packet["figures"]["pairs"]
    assert [pair["status"] for pair in pairs] == ["changed"]
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") >= 2


def test_the_approved_run_is_accepted_and_its_gates_are_judged(story: Story) -> None:
    assert story.accepted.status == 0, story.accepted.err
    record = story.accepted.json
    assert record["status"] == "completed"
    gates = record["gates"]
    assert {case["rung"] for case in gates} == {"model"}
    assert {case["status"] for case in gates} <= {"passed", "skipped"}
    assert sum(case["status"] == "passed" for case in gates) >= 10


def test_the_ledger_tells_the_release_with_its_data(story: Story) -> None:
    release = story.release
    kinds = [event["kind"] for event in release.studio("ledger", "show", "--json", "-n", "100").json["events"]]
    first, again = ["submitted"] * 7 + ["approved"] * 7, ["run refused", "submitted", "approved"]
    assert kinds == [*first, *again, "run accepted", "run ended"]
    told = release.studio("ledger", "show", "--on", datetime.now().astimezone().date().isoformat()).out
    assert "prod: churn, run " in told
    assert re.search(rf"content +{re.escape(TRAIN)} [0-9a-f]{{12}}, approved by bob", told)
    assert re.search(r"data +.*\btest_set [0-9a-f]{12}", told)
    assert release.studio("ledger", "verify").status == 0


def test_running_it_again_by_hand_keeps_the_approval(story: Story, tmp_path: Path) -> None:
    release = story.release
    path = release.place.root / TRAIN
    environment = {
        **os.environ,
        "STUDIO_WORKSPACE": str(release.place.root),
        "STUDIO_SAMPLED": "1",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
    }
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(path)],
        cwd=path.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        assert done.returncode == 0, done.stderr[-3000:]
        assert any(cell.get("outputs") for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
        status = release.studio("review", "status", TRAIN, "--json").json["contents"]
        assert [item["status"] for item in status] == ["approved"]
    finally:
        path.write_bytes(before)


def plain_pytest(place: Place, *words: str) -> Answer:
    """Plain pytest, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cov", *words],
        cwd=place.root,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def broken(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The released workspace, copied with all that it made; one assertion does not hold any more."""
    place = Place(tmp_path_factory.mktemp("broken") / "workspace")
    shutil.copytree(story.release.place.root, place.root)
    release = Release(place, Repo(place.root))
    release.replace(EVALUATE, "assert lift(churned, churned.astype(float), 0.2) == 5.0", "assert 2 + 2 == 5")
    return release


def failing(junit: Path) -> list[tuple[str, str, str]]:
    """Name, cell and message of each case that failed."""
    found = []
    for case in ET.parse(junit).getroot().iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            cell = {item.get("name"): item.get("value") for item in case.iter("property")}.get("cell", "")
            found.append((case.get("name", ""), str(cell), failure.get("message", "")))
    return found


def test_plain_pytest_runs_the_tests_of_all_notebooks(broken: Release) -> None:
    answer = plain_pytest(broken.place, "-q", "-n", "2", "--dist", "loadfile", "--junitxml=junit.xml")
    assert answer.status == 1, answer.out
    assert "1 failed, 38 passed" in answer.out, answer.out
    ((name, cell, message),) = failing(broken.place.root / "junit.xml")
    assert (name, cell) == ("test_a_perfect_score_has_the_greatest_lift_there_is", "10")
    assert "assert (2 + 2) == 5" in message or "assert 4 == 5" in message
    again = plain_pytest(broken.place, "-q", "--lf", EVALUATE)
    assert "1 failed" in again.out
    assert "passed" not in again.out
    chosen = plain_pytest(broken.place, "-q", "-k", "quick_auc or greatest_lift", "-x", EVALUATE)
    assert "1 failed, 1 passed" in chosen.out


def test_the_ladder_s_junit_names_the_cell(broken: Release) -> None:
    answer = broken.studio("test", EVALUATE, "--rung", "code", "--junit", "ladder.xml")
    assert answer.status == 1, answer.err
    ((name, cell, message),) = failing(broken.place.root / "ladder.xml")
    assert name == "test_a_perfect_score_has_the_greatest_lift_there_is (cell 10)"
    assert cell == "10"
    assert "assert" in message


def test_a_clone_without_any_data_says_what_is_missing(alone: None, tmp_path: Path) -> None:
    place = fresh(tmp_path / "workspace")
    answer = plain_pytest(place, "-q", "-x", EVALUATE)
    assert answer.status == 1
    assert "The dataset 'candidates' has no snapshot yet" in answer.out
    assert "Next: run the pipeline that saves it, or give it a location" in answer.out
    assert f"{EVALUATE}: Cell 4 raised" in answer.out
