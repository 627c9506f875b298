"""What was submitted waits for a reviewer, and everybody who asks is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.workflows.guard_run import RunRefused
from tests.workflows.reviewing import NOTEBOOK, Team, new_team

TWO = '\n[[policy.approvals]]\nnotebooks = ["**"]\nneeded = 2\n'


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A team of which anna has submitted everything, where two people have to approve."""
    team = new_team(tmp_path_factory.mktemp("awaited") / "workspace")
    settings = team.root / "studio.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + TWO, encoding="utf-8")
    team.commit("feat: two approvals")
    assert team.submit().report.ok
    return team


def listed(team: Team) -> dict[str, str]:
    from studio.workflows.review_show import list_submissions

    with team.acting("anna"):
        return {item.subject: item.status for item in list_submissions()}


def test_the_reviewer_is_next_and_not_the_author(waiting: Team, tmp_path: Path) -> None:
    team = waiting.copy(tmp_path / "workspace")
    assert team.status().next == f"studio review approve {NOTEBOOK}"
    with pytest.raises(RunRefused, match="waits for a reviewer"):
        team.run()
    team.decide("reject", message="no")
    assert team.status().next == f"studio review submit {NOTEBOOK}"
    assert listed(team) == {}


def test_a_submission_waits_until_enough_people_have_approved(waiting: Team, tmp_path: Path) -> None:
    team = waiting.copy(tmp_path / "workspace")
    team.decide("approve", who="bob")
    assert set(listed(team).values()) == {"waiting"}
    team.decide("approve", who="carla")
    assert listed(team) == {}
    with pytest.raises(BadInput, match="nothing to reject"):
        team.decide("reject")


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A team of which anna has submitted everything, and bob approved it."""
    team = new_team(tmp_path_factory.mktemp("decided") / "workspace")
    assert team.submit().report.ok
    team.decide("approve")
    team.commit("chore: approvals", who="bob")
    return team


def told(team: Team) -> tuple[str, str, str, list[str]]:
    """What the notebook's panel and the pipeline's say, why an app would not run it, and what Home counts as lapsed."""
    from studio.workflows.apps.scenario.choices import find_choice
    from studio.workflows.lapsed import lapsed_approvals
    from studio.workflows.notebook_state import notebook_state
    from studio.workflows.view_pipeline import view_pipeline

    with team.acting("anna"):
        workspace = Workspace(team.root)
        shown = notebook_state(workspace, NOTEBOOK).state
        assert shown is not None
        return (
            "submitted" if shown.waits else shown.approval.status,
            view_pipeline("total", verdicts=False).states[NOTEBOOK],
            find_choice(workspace, "total").problem,
            [state.status for state in lapsed_approvals(workspace) if state.subject == NOTEBOOK],
        )


SUBMITTED = ("submitted", "submitted", "It waits for somebody to review and approve it.", [])


def test_what_lapsed_by_its_environment_alone_waits_when_it_was_submitted_again(
    decided: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = decided.copy(tmp_path / "workspace")
    assert told(team) == ("approved", "approved", "", [])
    for module in ("content_states", "review_submit"):
        monkeypatch.setattr(f"studio.workflows.{module}.environment_digest", lambda: "0" * 64)
    lapsed = "The programs that it uses were changed after it had been approved, so it has to be approved again."
    assert told(team) == ("lapsed", "lapsed", lapsed, ["lapsed"])
    assert team.status().next == f"studio review submit {NOTEBOOK}"
    team.submit()
    assert told(team) == SUBMITTED
    assert team.status().next == f"studio review approve {NOTEBOOK}"
    team.decide("approve")
    assert told(team) == ("approved", "approved", "", [])


def test_what_was_revoked_waits_when_it_was_submitted_again(decided: Team, tmp_path: Path) -> None:
    team = decided.copy(tmp_path / "workspace")
    team.decide("revoke")
    assert told(team) == ("revoked", "revoked", "Its approval was taken back.", ["revoked"])
    team.submit()
    assert told(team) == SUBMITTED
    team.decide("reject")
    assert told(team) == ("revoked", "revoked", "Its approval was taken back.", ["revoked"])
