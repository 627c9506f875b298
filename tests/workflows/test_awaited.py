"""What was submitted waits for a reviewer, and everybody who asks is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.errors import BadInput
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
