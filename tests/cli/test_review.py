"""`studio review` as people at a shell use it: what each command prints, writes and leaves with."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Answer, Place
from tests.repositories import isolate
from tests.workflows.reviewing import NOTEBOOK, Team, new_team

pytestmark = pytest.mark.slow

PIPELINE = "pipelines/total.yml"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, tmp_path_factory.mktemp("home"))
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        yield


def act(team: Team, *words: str, who: str = "anna") -> Answer:
    return team.place.studio("review", *words, environment={"STUDIO_ACTOR": f"{who}@example.org"})


@pytest.fixture(scope="module")
def first(alone: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Team, Answer]:
    """A team whose pipeline was submitted, and what was said then."""
    team = new_team(tmp_path_factory.mktemp("first") / "workspace")
    answer = act(team, "submit", "total", "-m", "please look")
    assert answer.status == 0, answer.err
    return team, answer


@pytest.fixture(scope="module")
def second(first: tuple[Team, Answer], tmp_path_factory: pytest.TempPathFactory) -> tuple[Team, Answer]:
    """The same, approved, and what was said then."""
    team = first[0].copy(tmp_path_factory.mktemp("second") / "workspace")
    answer = act(team, "approve", "total", "-m", "fine", who="bob")
    assert answer.status == 0, answer.err
    team.commit("chore: approvals", who="bob")
    return team, answer


@pytest.fixture
def submitted(first: tuple[Team, Answer], tmp_path: Path) -> Team:
    return first[0].copy(tmp_path / "submitted")


@pytest.fixture
def approved(second: tuple[Team, Answer], tmp_path: Path) -> Team:
    return second[0].copy(tmp_path / "workspace")


def test_a_submission_says_what_was_tested_and_what_comes_next(first: tuple[Team, Answer]) -> None:
    team, answer = first
    lines = answer.out.splitlines()
    rows = [line.split() for line in lines if line.startswith("20")]
    assert [row[1] for row in rows] == [PIPELINE, NOTEBOOK]
    assert all((team.root / row[2]).is_file() for row in rows)
    assert lines[-1].startswith("Next: somebody else looks at it, then:")
    assert lines[-1].endswith("studio review approve total")


def test_what_waits_is_listed_and_shown(first: tuple[Team, Answer]) -> None:
    team, _ = first
    listed = act(team, "list").out
    assert [line.split()[1:3] for line in listed.splitlines()[1:]] == [[NOTEBOOK, "waiting"], [PIPELINE, "waiting"]]
    shown = act(team, "show", NOTEBOOK).out
    assert re.match(
        rf"submission \S+ of {NOTEBOOK}: waiting\nby anna on .* \(UTC\): please look\nreview packet: ", shown
    )
    assert "failed" not in shown


def test_an_approval_says_by_whom_and_what_to_commit(second: tuple[Team, Answer]) -> None:
    team, answer = second
    *decisions, following = answer.out.splitlines()
    assert decisions == [f"{subject}: approved by bob, 1 of 1 approvals." for subject in (PIPELINE, NOTEBOOK)]
    files = ["pipelines/approvals/notebooks/sum.json", "pipelines/approvals/pipelines/total.json"]
    assert following == f"Next: commit the approvals: git add {' '.join(files)} && git commit"
    assert all((team.root / file).is_file() for file in files)
    assert [line.split() for line in act(team, "status").out.splitlines()] == [
        ["CONTENT", "STATUS", "APPROVED", "BY"],
        [PIPELINE, "approved", "bob"],
        [NOTEBOOK, "approved", "bob"],
    ]
    assert act(team, "list").out.startswith("No submission waits for a decision.")
    assert "There is nothing to submit." in act(team, "submit", "total").out


def test_nobody_approves_their_own(submitted: Team) -> None:
    answer = act(submitted, "approve", NOTEBOOK, who="anna")
    assert answer.status == 3
    assert answer.err.startswith("Error: ")
    assert "Next: " in answer.err
    assert not (submitted.root / "pipelines/approvals").exists()


def test_comments_rejections_and_revocations_are_said(submitted: Team, approved: Team) -> None:
    said = act(submitted, "comment", NOTEBOOK, "why ten?", "--cell", "4", who="bob")
    assert said.out == f"{NOTEBOOK}: comment on cell 4 by bob recorded.\n"
    assert "bob on cell 4: why ten?" in act(submitted, "show", NOTEBOOK).out
    assert act(submitted, "comment", NOTEBOOK, "where?", "--cell", "40", who="bob").status == 2
    assert act(submitted, "reject", NOTEBOOK, who="bob").status == 2
    rejected = act(submitted, "reject", NOTEBOOK, "-m", "say why ten", who="bob")
    assert rejected.out == f"{NOTEBOOK}: rejected by bob, say why ten.\n"
    assert "rejected" in act(submitted, "approve", NOTEBOOK, who="carla").err
    revoked = act(approved, "revoke", NOTEBOOK, "-m", "it leaks", who="bob")
    assert revoked.out.startswith(f"{NOTEBOOK}: revoked by bob, it leaks.\nNext: commit the approvals: ")
    assert "revoked" in act(approved, "status", NOTEBOOK).out


def test_what_does_not_exist_is_said(second: tuple[Team, Answer]) -> None:
    team, _ = second
    for words in (("submit", "totla"), ("approve", "notebooks/sun.ipynb"), ("status", "none"), ("show", "none")):
        answer = act(team, *words)
        assert answer.status == 2, words
        assert answer.err.startswith("Error: ")
        assert "Traceback" not in answer.err


def test_a_difference_names_the_cell_or_the_line(approved: Team) -> None:
    approved.edit(4, "+ 10", "+ 12")
    told = act(approved, "diff", NOTEBOOK).out
    assert re.match(r"compared with the approval of \S+ by bob\n", told)
    assert "── cell 4 (code) · changed · counts" in told
    text = (approved.root / PIPELINE).read_text()
    approved.place.write(PIPELINE, text.replace("steps:", "description: adds\nsteps:"))
    told = act(approved, "diff", PIPELINE).out
    assert "cell" not in told
    assert "1 line added, 0 removed" in told
    assert " + description: adds" in told.splitlines()


def test_packets_without_a_submission_come_with_a_summary_of_a_line_each(approved: Team) -> None:
    approved.edit(4, "+ 10", "+ 12")
    text = (approved.root / PIPELINE).read_text()
    approved.place.write(PIPELINE, text.replace("steps:", "description: adds\nsteps:"))
    answer = act(approved, "packet", "total", "--summary", "summary.md", "--output", "out")
    assert answer.status == 0, answer.err
    assert answer.out.splitlines() == [
        str(approved.root / "out/pipelines-total.html"),
        str(approved.root / "out/notebooks-sum.html"),
        f"{NOTEBOOK} has no test report yet. Next: studio test {NOTEBOOK}",
    ]
    summary = (approved.root / "summary.md").read_text().splitlines()
    assert summary[:4] == [
        "### What changes against the last approvals",
        "",
        "| content | change | tests |",
        "|---|---|---|",
    ]
    # What a description says changes nothing that runs: the report of before is still the pipeline's.
    assert re.fullmatch(rf"\| `{PIPELINE}` \| 1 line added, 0 removed \| \d+ passed \|", summary[4])
    assert summary[5:] == [f"| `{NOTEBOOK}` | 1 cell changed; 1 of these changes counts | not tested |"]
    page = (approved.root / "out/notebooks-sum.html").read_text()
    assert "Review packet · not submitted" in page
    assert "</strong> submitted" not in page


def test_nothing_changed_is_said(second: tuple[Team, Answer], tmp_path: Path) -> None:
    team, _ = second
    answer = act(team, "packet", "--output", str(tmp_path / "out"), "--summary", str(tmp_path / "summary.md"))
    assert answer.out == "Nothing changed, so there is no packet to write.\n"
    assert (tmp_path / "summary.md").read_text() == "No notebook and no pipeline changed against the last approvals.\n"


def words_of(page: Path) -> str:
    """What a person reads of a page."""
    body = page.read_text(encoding="utf-8").partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_packet_of_a_pipeline_speaks_of_a_file(first: tuple[Team, Answer], approved: Team) -> None:
    team, _ = first
    page = next(path for path in (team.root / ".studio/reviews").glob("*/packet.html") if is_about(path, PIPELINE))
    told = words_of(page)
    assert "cell" not in told.lower().replace("cell 5", "")
    assert "notebook of" not in told
    assert "lines new file of 4" in told
    assert "a new file of 4 lines." in told
    assert re.search(r"anna@?\S*\W.* submitted pipelines/total.yml \d{4}-\d\d-\d\d \d\d:\d\d UTC", told)
    # A comment in the file changes nothing that runs, and the page does not say otherwise.
    text = (approved.root / PIPELINE).read_text()
    approved.place.write(PIPELINE, text.replace("steps:", "steps:  # one"))
    act(approved, "packet", PIPELINE, "--output", "out")
    told = words_of(approved.root / "out/pipelines-total.html")
    assert "lines +1 \u22121" in told
    assert "1 line added, 1 removed." in told


def is_about(page: Path, subject: str) -> bool:
    return json.loads(page.with_name("packet.json").read_text(encoding="utf-8"))["subject"] == subject


@pytest.mark.parametrize("file", ["studio.toml", "pipelines/catalog.yml", PIPELINE])
def test_a_broken_file_is_one_paragraph(second: tuple[Team, Answer], tmp_path: Path, file: str) -> None:
    shutil.copytree(second[0].root, tmp_path / "workspace")
    team = Team(Place(tmp_path / "workspace"))
    team.place.write(file, "version: [\n")
    answer = act(team, "submit", "total")
    assert answer.status in (1, 2)
    assert file in answer.out + answer.err
    assert "Traceback" not in answer.err
    assert answer.err.count("Error") <= 1
