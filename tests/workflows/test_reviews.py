"""Submitting, approving, rejecting, revoking: what each of them makes of the content, and of a run in prod."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.errors import BadInput, Refused
from tests.workflows.reviewing import APPROVAL, NOTEBOOK, Team, new_team

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def submitted_once(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A workspace whose content was submitted by Anna."""
    team = new_team(tmp_path_factory.mktemp("submitted") / "workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        assert team.submit().exit_status == 0
    return team


@pytest.fixture(scope="module")
def approved_once(submitted_once: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """The same, approved by Bob and committed."""
    team = submitted_once.copy(tmp_path_factory.mktemp("approved") / "workspace")
    team.decide("approve")
    team.commit("chore: approvals", who="bob")
    return team


@pytest.fixture
def submitted(submitted_once: Team, tmp_path: Path) -> Team:
    return submitted_once.copy(tmp_path / "workspace")


@pytest.fixture
def approved(approved_once: Team, tmp_path: Path) -> Team:
    return approved_once.copy(tmp_path / "workspace")


def refusal(call: Callable[[], object]) -> str:
    """What the refusal of `call` says; it has the exit status 3."""
    with pytest.raises(Refused) as caught:
        call()
    assert caught.value.exit_status == 3
    return str(caught.value)


def test_what_was_never_approved_does_not_run_in_prod(tmp_path: Path) -> None:
    team = new_team(tmp_path / "workspace")
    told = refusal(team.run)
    assert "never approved" in told
    assert "Next: studio review submit total" in told
    assert not (team.root / ".studio" / "runs").exists(), "nothing was started"
    (event,) = team.events()
    assert (event.kind, event.actor, event.environment) == ("run refused", "bob", "prod")
    assert event.details["rules"] == ["approval"]


def test_an_approval_lets_it_run_and_the_ledger_says_who_and_on_what(approved: Team) -> None:
    result = approved.run()
    assert result.exit_status == 0
    accepted, ended = approved.events("run accepted", "run ended")
    assert accepted.details["run"] == ended.details["run"] == result.record.id
    assert ended.details["status"] == "completed"
    assert set(ended.details["fingerprints"]) == {"pipelines/total.yml", NOTEBOOK}
    assert result.record.environment == "prod"
    assert result.record.actor == "bob"


def test_an_edited_number_lapses_the_approval_and_the_refusal_names_the_cell(approved: Team) -> None:
    approved.edit(4, "10", "11")
    approved.commit("fix: eleven")
    told = refusal(approved.run)
    assert f"{NOTEBOOK} changed since its approval by bob" in told
    assert "cell 4 (code)" in told
    assert f"Next: studio review submit {NOTEBOOK}" in told
    assert not approved.events("run accepted")


def test_executing_it_again_keeps_the_approval(approved: Team) -> None:
    approved.execute()
    assert approved.status().status == "approved"
    approved.commit("chore: executed")
    assert approved.run().exit_status == 0


def test_a_changed_pipeline_file_lapses_its_approval(approved: Team) -> None:
    path = approved.root / "pipelines/total.yml"
    path.write_text(path.read_text() + "    parameters: {count: 4}\n")
    state = approved.status("total")
    assert (state.subject, state.status) == ("pipelines/total.yml", "lapsed")
    assert state.changes == ("step sum",)
    path.write_text("# said better\n" + path.read_text().replace("    parameters: {count: 4}\n", ""))
    assert approved.status("total").status == "approved"


def test_a_dirty_tree_does_not_run_in_prod(approved: Team) -> None:
    approved.place.write("notes.txt", "not committed")
    assert "clean tree" in refusal(approved.run)


def test_a_role_is_asked_for(approved: Team) -> None:
    told = refusal(lambda: approved.run(who="anna"))
    assert "role: " in told
    assert "Anna Berger (anna)" in told


def test_an_author_cannot_approve_and_a_reviewer_who_changed_it_neither(submitted: Team) -> None:
    assert "roles" in refusal(lambda: submitted.decide("approve", who="anna"))
    submitted.edit(4, "10", "12")
    submitted.commit("fix: twelve", who="bob")
    submitted.submit(NOTEBOOK, who="anna")
    told = refusal(lambda: submitted.decide("approve", NOTEBOOK, who="bob"))
    assert "own changes" in told
    submitted.decide("approve", NOTEBOOK, who="carla")
    assert submitted.status().approvers == ("carla",)


def test_who_submitted_is_an_author_whatever_git_says(submitted: Team) -> None:
    submitted.edit(4, "10", "12")
    submitted.commit("fix: twelve", who="bob")
    submitted.submit(NOTEBOOK, who="bob")
    submitted.git("commit", "-q", "--amend", "--no-edit", "--author=anna <anna@example.org>", who="anna")
    assert "own changes" in refusal(lambda: submitted.decide("approve", NOTEBOOK, who="bob"))


def test_a_change_that_is_not_committed_cannot_be_approved(submitted: Team) -> None:
    submitted.edit(4, "10", "12")
    submitted.submit(NOTEBOOK)
    assert "not committed" in refusal(lambda: submitted.decide("approve", NOTEBOOK))
    submitted.commit("fix: twelve")
    submitted.decide("approve", NOTEBOOK)
    assert submitted.status().status == "approved"


def test_the_next_change_does_not_inherit_the_authors_of_the_approved_one(approved: Team) -> None:
    approved.edit(4, "10", "12")
    approved.commit("fix: twelve", who="bob")
    approved.submit(NOTEBOOK, who="bob")
    approved.place.write(
        "studio.toml",
        (approved.root / "studio.toml").read_text().replace('roles = ["data scientist"]', 'roles = ["ML engineer"]'),
    )
    approved.commit("chore: roles", who="carla")
    approved.decide("approve", NOTEBOOK, who="anna")  # she wrote what was approved before, and nothing since
    assert approved.status().approvers == ("anna",)


def test_content_that_changed_after_its_submission_is_not_approved(submitted: Team) -> None:
    submitted.edit(4, "10", "12")
    submitted.commit("fix: twelve")
    told = refusal(lambda: submitted.decide("approve"))
    assert "changed since it was submitted, in cell 4 (code)" in told


def test_what_failed_its_tests_is_not_approved(submitted: Team) -> None:
    submitted.edit(5, ">= 10", "< 0")
    submitted.commit("test: the wrong way round")
    made = submitted.submit(NOTEBOOK)
    assert made.exit_status == 1
    (failed,) = [case for case in made.report.cases if not case.ok]
    assert (failed.subject, failed.name, failed.cell) == (NOTEBOOK, "test_total", 5)
    assert "assert 13 < 0" in failed.detail
    assert "did not pass its tests" in refusal(lambda: submitted.decide("approve", NOTEBOOK))


def test_a_rejection_stands_until_it_is_submitted_again(submitted: Team) -> None:
    submitted.decide("reject", message="the sum is wrong")
    assert "the sum is wrong" in refusal(lambda: submitted.decide("approve"))
    submitted.submit()
    submitted.decide("approve")
    assert submitted.status().status == "approved"


def test_a_reason_is_asked_for(submitted: Team) -> None:
    with pytest.raises(BadInput, match="--message"):
        submitted.decide("reject", message=" ")


def test_a_revoked_approval_stays_revoked_when_its_file_is_restored(approved: Team) -> None:
    before = (approved.root / APPROVAL).read_text()
    approved.decide("revoke", NOTEBOOK, who="carla", message="a leak")
    assert "a leak" in " ".join(approved.status().reasons)
    assert approved.status().status == "revoked"
    (approved.root / APPROVAL).write_text(before)
    assert approved.status().status == "revoked", "the ledger remembers"
    approved.commit("chore: restore")
    assert "revoked" in refusal(approved.run)


@pytest.mark.parametrize(
    "meddle",
    [
        lambda text: text.replace('"reviewer": "bob"', '"reviewer": "carla"'),
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("notebooks/sum.ipynb", "notebooks/other.ipynb"),
        lambda text: json.dumps({**json.loads(text), "evidence": {**json.loads(text)["evidence"], "report": "0" * 64}}),
        lambda _: "",
    ],
    ids=["another reviewer", "cut off", "another notebook", "other evidence", "empty"],
)
def test_a_meddled_approval_is_refused(approved: Team, meddle: Callable[[str], str]) -> None:
    path = approved.root / APPROVAL
    path.write_text(meddle(path.read_text()))
    approved.commit("chore: nothing to see")
    told = refusal(approved.run)
    assert "approval: " in told
    assert approved.status().status == "invalid"


def test_a_renamed_notebook_is_not_approved_at_its_new_place(approved: Team) -> None:
    approved.git("mv", NOTEBOOK, "notebooks/total.ipynb")
    path = approved.root / "pipelines/total.yml"
    path.write_text(path.read_text().replace("sum.ipynb", "total.ipynb"))
    state = approved.status("notebooks/total.ipynb")
    assert state.status == "draft"
    assert NOTEBOOK in " ".join(state.reasons)


def test_two_people_approve_at_once_and_both_count(submitted: Team) -> None:
    rule = "\n[[policy.approvals]]\nneeded = 2\n"
    path = submitted.root / "studio.toml"
    path.write_text(path.read_text() + rule)
    submitted.commit("chore: two reviewers", who="carla")
    failures: list[BaseException] = []
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true"}

    def approve(who: str) -> None:
        answer = submitted.place.studio("review", "approve", NOTEBOOK, environment={**environment, "STUDIO_ACTOR": who})
        if answer.status:
            failures.append(AssertionError(answer.err))

    people = [threading.Thread(target=approve, args=(who,)) for who in ("bob", "carla")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert not failures
    state = submitted.status()
    assert (state.status, set(state.approvers)) == ("approved", {"bob", "carla"})
    assert len(submitted.events("approved")) == 2


def test_a_demanded_signature_is_made_and_checked(submitted: Team, tmp_path: Path) -> None:
    for name in ("bob", "stranger"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(tmp_path / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    key = (tmp_path / "bob.pub").read_text().strip()
    path = submitted.root / "studio.toml"
    path.write_text(
        path.read_text().replace("[people.bob]\n", f'[people.bob]\nkeys = ["{key}"]\n')
        + "\n[[policy.approvals]]\nsignatures = true\n"
    )
    submitted.commit("chore: signatures", who="carla")
    with pytest.raises(Refused) as told:
        submitted.decide("approve", NOTEBOOK, key=tmp_path / "stranger")
    assert "signature would not hold" in str(told.value)
    assert not (submitted.root / APPROVAL).exists()
    submitted.decide("approve", NOTEBOOK, key=tmp_path / "bob")
    assert submitted.status().status == "approved"
    (event,) = submitted.events("approved")
    assert event.details["signed_by"].startswith("SHA256:")
    path.write_text(path.read_text().replace(f'keys = ["{key}"]', f'revoked_keys = ["{key}"]'))
    assert submitted.status().status == "invalid"


def test_a_comment_stays_with_its_cell_when_others_change(submitted: Team) -> None:
    from studio.workflows.review_comment import comment
    from studio.workflows.review_show import show_submission

    with submitted.acting("bob"):
        comment(NOTEBOOK, 4, "why ten?", submitted.root)
        with pytest.raises(BadInput, match="cells 1 to 5"):
            comment(NOTEBOOK, 9, "hm", submitted.root)
    content = json.loads((submitted.root / NOTEBOOK).read_text())
    content["cells"].insert(1, {"cell_type": "markdown", "id": "new", "metadata": {}, "source": "Hello"})
    (submitted.root / NOTEBOOK).write_text(json.dumps(content))
    with submitted.acting("bob"):
        (said,) = show_submission(NOTEBOOK).comments
    assert (said.comment.text, said.cell, said.status) == ("why ten?", 5, "here")


def test_a_packet_is_written_without_submitting(approved: Team, tmp_path: Path) -> None:
    from studio.workflows.write_packets import write_packets

    approved.edit(4, "10", "99")
    with approved.acting("anna"):
        packed = write_packets([], approved.root, against="HEAD", output=tmp_path / "out")
    (page,) = packed.pages
    assert "99" in page.read_text()
    assert "<script" not in page.read_text()
    assert NOTEBOOK in packed.summary
    assert packed.untested == (NOTEBOOK,)


def test_what_is_kept_of_a_submission_cannot_be_changed(submitted: Team) -> None:
    for path in (submitted.root / ".studio/reviews").glob("*/report.json"):
        path.write_text(path.read_text().replace('"passed"', '"skipped"'))
    with pytest.raises(Exception, match="changed after it was submitted"):
        submitted.decide("approve")


def test_a_submission_is_fetched_from_mlflow_where_it_is_not_here(submitted: Team) -> None:
    import shutil

    shutil.rmtree(submitted.root / ".studio/reviews")
    # The embedded store names the folder of the workspace in which the submission was made; it is still there.
    submitted.decide("approve")
    assert submitted.status().status == "approved"


def test_the_list_says_what_became_of_each_submission(submitted: Team) -> None:
    from studio.workflows.review_show import list_submissions

    with submitted.acting("bob"):
        assert {item.status for item in list_submissions()} == {"waiting"}
    submitted.decide("approve", NOTEBOOK)
    with submitted.acting("bob"):
        assert [item.subject for item in list_submissions()] == ["pipelines/total.yml"]
        everything = {item.subject: item.status for item in list_submissions(everything=True)}
    assert everything == {"pipelines/total.yml": "waiting", NOTEBOOK: "approved"}


def test_a_changed_value_does_not_borrow_the_evidence_of_an_older_run(approved: Team) -> None:
    assert approved.run().exit_status == 0
    path = approved.root / "pipelines/total.yml"
    path.write_text(path.read_text() + "    parameters: {count: 4}\n")
    approved.commit("feat: four numbers")
    (submission,) = approved.submit("total").submissions
    assert submission.subject == "pipelines/total.yml"
    assert submission.sampled, "the run in prod had other values"
