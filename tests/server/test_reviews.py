"""Reviews as the front end asks for them: what was submitted, what may be done and why not, and that it is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import BadInput, Missing, Refused
from studio.server.place import Place as Root
from studio.server.routes import reviews as routes
from studio.workflows.submissions import SubmissionDamaged
from tests.workflows.reviewing import APPROVAL, NOTEBOOK, SETTINGS, Team, new_team

pytestmark = pytest.mark.slow
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FIGURE = f"""from IPython.display import Image, SVG, display
import base64
display(Image(data=base64.b64decode("{PIXEL}")))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'))
"""


@pytest.fixture(scope="module")
def submitted_once(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A pipeline and its notebook, which shows figures, submitted by Anna."""
    team = new_team(tmp_path_factory.mktemp("submitted") / "workspace")
    content = json.loads((team.root / NOTEBOOK).read_text())
    content["cells"][3]["source"] += f"\n{FIGURE}"
    team.place.write(NOTEBOOK, content)
    team.commit("feat: figures")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        assert team.submit().exit_status == 0
    return team


@pytest.fixture(scope="module")
def changed_once(submitted_once: Team, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """The same, approved by Bob; then changed and submitted again, the notebook alone."""
    team = submitted_once.copy(tmp_path_factory.mktemp("changed") / "workspace")
    team.decide("approve")
    team.commit("chore: approvals", who="bob")
    team.edit(4, "+ 10", "+ 11")
    team.commit("fix: eleven")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        assert team.submit(NOTEBOOK, message="eleven").exit_status == 0
    return team


@pytest.fixture
def submitted(submitted_once: Team, tmp_path: Path) -> Team:
    return submitted_once.copy(tmp_path / "workspace")


@pytest.fixture
def changed(changed_once: Team, tmp_path: Path) -> Team:
    return changed_once.copy(tmp_path / "workspace")


@contextmanager
def acting(team: Team, who: str = "bob") -> Iterator[Root]:
    """As the person whose Jupyter server it is; the current folder is somewhere else."""
    from studio.core.workspace import working_in

    with pytest.MonkeyPatch.context() as patch, working_in(team.root):
        patch.setenv("STUDIO_ACTOR", who)
        patch.chdir("/")
        yield Root(team.root)


def look(team: Team, who: str = "bob", name: str = NOTEBOOK) -> routes.Review:
    with acting(team, who) as root:
        return routes.review(root, routes.SubmissionQuery(submission=name))


def decide(team: Team, verb: str, who: str = "bob", name: str = NOTEBOOK, message: str = "because") -> routes.Decided:
    with acting(team, who) as root:
        return routes.decide(root, routes.Decide.model_validate({"submission": name, "verb": verb, "message": message}))


def listed(team: Team, *, everything: bool = False) -> list[tuple[str, str]]:
    with acting(team) as root:
        found = routes.list_(root, routes.ReviewsQuery(everything=everything)).submissions
    return [(one.subject, one.status) for one in found]


def test_a_new_notebook(submitted: Team) -> None:
    found = look(submitted)
    assert (found.subject, found.notebook, found.title) == (NOTEBOOK, NOTEBOOK, "A sum")
    assert (found.author, found.message, found.status, found.ok) == ("anna", "please", "waiting", True)
    assert found.base == "nothing: it was never approved"
    assert (
        found.policy
        == "Needs one approval by: ML engineer or owner, and not by its authors (the built-in approval rule)."
    )
    assert found.summary.startswith("a new notebook of 5 cells")
    assert (found.fingerprint_changed, found.current, found.signature_needed) == (True, True, False)
    assert found.fingerprint.startswith("f1:")
    assert found.counts["passed"] == len(found.cases) > 0
    assert {case.status for case in found.cases} == {"passed"}
    assert found.page == f"/studio/api/v1/reviews/page?submission={found.submission}"
    assert look(submitted, name=found.submission) == found
    assert [figure.new.partition(",")[0] for figure in found.figures if figure.new] == [
        "data:image/png;base64",
        "data:image/svg+xml;base64",
    ]
    assert [(figure.cell, figure.status, figure.old) for figure in found.figures] == [(4, "added", None)] * 2
    assert listed(submitted) == [(NOTEBOOK, "waiting"), ("pipelines/total.yml", "waiting")]


def test_who_may_do_what_and_why_not(submitted: Team) -> None:
    bob = look(submitted)
    assert bob.approve.allowed
    assert bob.approve.reason == (
        "Bob Stone (bob) is ML engineer, and the built-in approval rule lets this role approve notebooks/sum.ipynb."
    )
    assert (bob.reject.allowed, bob.comment.allowed) == (True, True)
    assert (bob.revoke.allowed, bob.revoke.reason) == (False, "No approval was given on this submission.")
    anna = look(submitted, "anna")
    assert not anna.approve.allowed
    assert "Anna Berger (anna) has the role data scientist" in anna.approve.reason
    assert anna.approve.next == "ask somebody with such a role, or for that role in studio.toml."
    assert (anna.reject.allowed, anna.comment.allowed) == (False, True)
    with pytest.raises(Refused, match=r"Refused by the policy \(roles\)"):
        decide(submitted, "approve", "anna")
    assert submitted.events("approved", "rejected") == []


def test_an_author_with_the_role_may_not_approve(submitted: Team) -> None:
    submitted.place.write("studio.toml", SETTINGS.replace('["data scientist"]', '["ML engineer"]'))
    submitted.commit("chore: roles")
    anna = look(submitted, "anna")
    assert not anna.approve.allowed
    assert "lets no author approve their own change" in anna.approve.reason
    assert anna.approve.next.startswith("ask somebody else for the review")
    assert anna.reject.allowed


def test_looking_writes_nothing(submitted: Team) -> None:
    def state() -> dict[str, bytes]:
        ledger = submitted.root / ".studio/ledger.db"
        files = [path for path in (submitted.root / "pipelines").rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in [ledger, *files]}

    before = state()
    for who in ("anna", "bob", "carla"):
        look(submitted, who)
    assert state() == before


def test_what_changed_since(submitted: Team) -> None:
    submitted.edit(4, "+ 10", "+ 11")
    found = look(submitted)
    assert not found.current
    assert "changed since it was submitted, in cell 4 (code)" in found.approve.reason
    assert found.approve.next == f"studio review submit {NOTEBOOK}"
    with pytest.raises(Refused, match="changed since it was submitted"):
        decide(submitted, "approve")


def test_changes_that_are_not_committed(submitted: Team) -> None:
    submitted.place.write("studio.toml", SETTINGS + "\n# more\n")
    assert "studio.toml has changes that are not committed" in look(submitted).approve.reason


def test_a_notebook_that_is_gone(submitted: Team) -> None:
    (submitted.root / NOTEBOOK).unlink()
    found = look(submitted)
    assert (found.current, found.approve.allowed, found.reject.allowed) == (False, False, False)
    assert "does not exist" in found.approve.reason
    assert found.comment.allowed
    assert found.title == "A sum"


def test_approving_and_revoking_one_submission_alone(submitted: Team) -> None:
    done = decide(submitted, "approve")
    assert (done.subject, done.verb, done.actor, done.file) == (NOTEBOOK, "approved", "bob", APPROVAL)
    assert done.reason == "1 of 1 approvals"
    assert done.next == f"commit the approval: git add {APPROVAL} && git commit"
    assert [event.subject for event in submitted.events("approved")] == [NOTEBOOK]
    assert listed(submitted) == [("pipelines/total.yml", "waiting")]
    found = look(submitted)
    assert (found.status, found.approve.allowed, found.reject.allowed) == ("approved", False, False)
    assert found.approve.reason == f"{NOTEBOOK} is approved as it is."
    assert found.revoke.allowed
    assert not look(submitted, "anna").revoke.allowed
    with pytest.raises(BadInput, match="Say what is wrong with it"):
        decide(submitted, "revoke", message=" ")
    assert decide(submitted, "revoke", "carla", message="no").verb == "revoked"
    found = look(submitted)
    assert (found.status, found.revoke.allowed) == ("revoked", False)
    assert found.revoke.reason == "The approval was revoked by carla already."
    assert "was revoked by carla" in found.approve.reason


def test_the_file_of_a_pipeline(submitted: Team) -> None:
    found = look(submitted, name="total")
    assert (found.subject, found.notebook) == ("pipelines/total.yml", None)
    assert found.approve.allowed
    with acting(submitted) as root:
        shown = routes.difference(root, routes.SubmissionQuery(submission=found.submission))
    assert shown.base["cells"] == []
    (entry,) = shown.diff[0]["diff"]
    assert entry["op"] == "addrange"
    (cell,) = entry["valuelist"]
    assert (cell["cell_type"], cell["source"]) == ("raw", (submitted.root / "pipelines/total.yml").read_text())
    assert decide(submitted, "approve", name=found.submission).subject == "pipelines/total.yml"
    assert [event.subject for event in submitted.events("approved")] == ["pipelines/total.yml"]


def test_rejecting(submitted: Team) -> None:
    with pytest.raises(
        BadInput, match=f"Say what has to be changed. Next: studio review reject {look(submitted).submission}"
    ):
        decide(submitted, "reject", name=look(submitted).submission, message="")
    assert decide(submitted, "reject", message="explain the ten").verb == "rejected"
    found = look(submitted)
    assert (found.status, found.approve.allowed, found.reject.allowed) == ("rejected", False, False)
    assert "was rejected by bob" in found.approve.reason
    assert "explain the ten" in found.approve.reason
    assert (found.reject.reason, found.reject.next) == ("This submission was rejected already.", "wait for a new one.")


def test_comments_stay_with_the_cell_that_was_submitted(submitted: Team) -> None:
    with acting(submitted) as root:
        said = routes.comment(root, routes.Say(submission=NOTEBOOK, text="why ten?", cell=4))
    assert (said.author, said.text, said.cell, said.cell_id, said.status) == ("bob", "why ten?", 4, "cell-3", "here")
    content = json.loads((submitted.root / NOTEBOOK).read_text())
    content["cells"].insert(0, content["cells"].pop())  # the notebook in the workspace goes on changing
    submitted.place.write(NOTEBOOK, content)
    with acting(submitted, "anna") as root:
        routes.comment(root, routes.Say(submission=NOTEBOOK, text="it is the fee", cell=4))
        routes.comment(root, routes.Say(submission=NOTEBOOK, text="done"))
    found = look(submitted).comments
    assert [(one.author, one.text, one.cell, one.cell_id, one.status) for one in found] == [
        ("bob", "why ten?", 4, "cell-3", "here"),
        ("anna", "it is the fee", 4, "cell-3", "here"),
        ("anna", "done", None, "", "notebook"),
    ]
    assert {event.details["submission"] for event in submitted.events("commented")} == {look(submitted).submission}
    with acting(submitted) as root:
        for cell in (0, 6, -1):
            with pytest.raises(BadInput, match="has cells 1 to 5"):
                routes.comment(root, routes.Say(submission=NOTEBOOK, text="x", cell=cell))
        with pytest.raises(BadInput, match="nothing in the comment"):
            routes.comment(root, routes.Say(submission=NOTEBOOK, text="  "))


def test_a_change_beside_what_was_approved(changed: Team) -> None:
    found = look(changed)
    assert found.summary == "1 cell changed; 1 of these changes counts"
    assert found.base.startswith("the approval of ")
    assert found.approve.allowed, "who approved the earlier content may approve this one"
    assert found.changes == ["cell 4 (code)"]
    assert {figure.status for figure in found.figures} == {"same"}
    with acting(changed) as root:
        shown = routes.difference(root, routes.SubmissionQuery(submission=NOTEBOOK))
        assert routes.difference(root, routes.SubmissionQuery(submission=NOTEBOOK)) == shown
    assert "+ 10" in shown.base["cells"][3]["source"]
    assert not any(cell.get("outputs") for cell in shown.base["cells"])
    (cells,) = shown.diff
    (cell,) = cells["diff"]
    assert (cells["key"], cell["key"], cell["diff"][0]["key"]) == ("cells", 3, "source")
    assert shown.cells == [f"cell-{number}" for number in range(5)]
    assert (shown.base_label, shown.remote_label[:17]) == (found.base, "submitted by anna")
    patched = patch(shown)
    assert patched["cells"][3]["source"] == json.loads((changed.root / NOTEBOOK).read_text())["cells"][3]["source"]
    decide(changed, "approve")  # what it is compared with stays what it was
    with acting(changed) as root:
        assert routes.difference(root, routes.SubmissionQuery(submission=NOTEBOOK)) == shown


def patch(shown: routes.NotebookDifference) -> Any:
    import nbformat
    from nbdime import patch_notebook
    from nbdime.diff_utils import to_diffentry_dicts

    return patch_notebook(nbformat.from_dict(shown.base), to_diffentry_dicts(shown.diff))


def test_a_submission_that_was_replaced(changed: Team) -> None:
    with acting(changed) as root:
        first = next(
            one.submission
            for one in routes.list_(root, routes.ReviewsQuery(everything=True)).submissions[::-1]
            if one.subject == NOTEBOOK
        )
    assert first != look(changed).submission
    found = look(changed, name=first)
    assert (found.status, found.current) == ("approved", False)
    assert f"was replaced by {look(changed).submission}" in found.approve.reason
    assert f"was replaced by {look(changed).submission}" in found.reject.reason
    for verb in ("approve", "reject", "revoke"):
        with pytest.raises(Refused, match="was replaced by"):
            decide(changed, verb, name=first)
    assert listed(changed) == [(NOTEBOOK, "waiting")]
    assert listed(changed, everything=True) == [
        (NOTEBOOK, "waiting"),
        (NOTEBOOK, "approved"),
        ("pipelines/total.yml", "approved"),
    ]


def test_two_approvals(submitted: Team) -> None:
    rule = '\n[[policy.approvals]]\nnotebooks = ["**"]\nneeded = 2\n'
    submitted.place.write("studio.toml", SETTINGS + rule)
    submitted.commit("chore: two reviewers", who="carla")
    assert decide(submitted, "approve").reason == "1 of 2 approvals"
    found = look(submitted)
    assert (found.status, found.approve.allowed) == ("waiting", False)
    assert found.approve.reason == "Bob Stone (bob) approved it already, and 1 more is needed."
    assert look(submitted, "carla").approve.allowed
    assert decide(submitted, "approve", "carla").reason == "2 of 2 approvals"
    assert look(submitted).status == "approved"


def test_the_page(submitted: Team) -> None:
    with acting(submitted) as root:
        page = routes.page(root, routes.SubmissionQuery(submission=NOTEBOOK))
    assert page.html.startswith("<!doctype html>")
    assert "A sum" in page.html


@pytest.mark.parametrize("name", ["packet.html", "packet.json", "notebook.ipynb", "report.json"])
def test_what_was_changed_after_it_was_submitted_is_not_shown(submitted: Team, name: str) -> None:
    found = look(submitted)
    path = submitted.root / ".studio/reviews" / found.submission / name
    path.write_text(path.read_text().replace("A sum", "A win").replace("passed", "Passed") + " ")
    with acting(submitted) as root:
        asked = routes.SubmissionQuery(submission=NOTEBOOK)
        for ask in (routes.review, routes.difference, routes.page):
            with pytest.raises(SubmissionDamaged, match="changed after it was submitted"):
                ask(root, asked)
        with pytest.raises(SubmissionDamaged, match="changed after it was submitted"):
            routes.comment(root, routes.Say(submission=NOTEBOOK, text="x", cell=1))


def test_names_that_are_none(submitted: Team) -> None:
    with acting(submitted) as root:
        for name in ("nothing", "../../etc", "notebooks/none.ipynb"):
            for ask in (routes.review, routes.difference, routes.page):
                with pytest.raises(Missing, match="There is no submission"):
                    ask(root, routes.SubmissionQuery(submission=name))
            with pytest.raises(Missing):
                routes.decide(root, routes.Decide(submission=name, verb="approve"))
            with pytest.raises(Missing):
                routes.comment(root, routes.Say(submission=name, text="x"))
