"""Two people, each before a Jupyter server of their own, in one workspace: a run watched live, a review given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.asking import Client, jupyter_server_at
from tests.workflows.reviewing import NOTEBOOK, Team, new_team

pytestmark = pytest.mark.slow
CHECK = "if count > 4:\n    raise ValueError('too many')"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    team = new_team(tmp_path_factory.mktemp("team") / "workspace")
    content = json.loads((team.root / NOTEBOOK).read_text())
    cell = {**content["cells"][2], "id": "check", "source": CHECK}
    content["cells"].insert(2, cell)
    team.place.write(NOTEBOOK, content)
    team.commit("feat: a check")
    return team


@pytest.fixture(scope="module")
def anna(team: Team, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with jupyter_server_at(team.root, tmp_path_factory.mktemp("anna"), actor="anna") as client:
        yield client


@pytest.fixture(scope="module")
def bob(team: Team, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with jupyter_server_at(team.root, tmp_path_factory.mktemp("bob"), actor="bob") as client:
        yield client


def watched(client: Client, run: str) -> list[dict[str, Any]]:
    told = list(client.events("runs/events", run=run))
    assert told[-1] == {"event": "end", "data": {}}
    return [one["data"] for one in told[:-1]]


def started(client: Client, activity: str) -> str:
    """The run of an activity, as soon as it is known."""
    events = client.events("activities/events", id=activity)
    return next(one["data"]["run"] for one in events if one["data"].get("run"))


def test_a_run_is_watched_and_its_failing_cell_found(anna: Client, bob: Client) -> None:
    (pipeline,) = anna.ok(anna.get("pipelines"))["pipelines"]
    assert (pipeline["name"], pipeline["last_status"]) == ("total", "")
    shown = anna.ok(anna.get("pipelines/pipeline", name="total"))
    assert shown["steps"][0]["verdict"]["reason"] == "it has not completed before"
    assert shown["json_schema"]["properties"]["count"]["default"] == 3
    begun = anna.ok(anna.post("activities/run", name="total", values={"count": 9}))
    run = started(anna, begun["id"])
    told = watched(bob, run)  # whoever looks sees the same
    assert told[0]["activity"] in (begun["id"], "")
    assert (told[-1]["status"], told[-1]["activity"]) == ("failed", "")
    (step,) = told[-1]["steps"]
    assert (step["error"]["ename"], step["error"]["cell"], step["error"]["cell_id"]) == ("ValueError", 2, "check")
    executed = anna.ok(anna.get("runs/executed", run=run, step="sum"))
    document = anna.ok(anna.get("runs/document", run=run, step=step["key"]))
    assert document["content"]["cells"][executed["cell"]]["id"] == "check"
    assert document["path"] == executed["path"] == step["executed"]
    assert "ValueError: too many" in anna.ok(anna.get("runs/log", run=run, step="sum"))["text"]
    assert anna.ok(anna.get("runs", pipeline="total"))["runs"][0]["status"] == "failed"
    (need,) = anna.ok(anna.get("home"))["needs"]
    assert (need["kind"], need["run"]) == ("failed run", run)


def test_a_review_from_both_sides(anna: Client, bob: Client, team: Team) -> None:
    begun = anna.ok(anna.post("activities/submit", names=[NOTEBOOK], message="please"))
    (*_, end, _) = anna.events("activities/events", id=begun["id"])
    assert end["data"]["status"] == "completed"
    need = bob.ok(bob.get("home"))["needs"][0]
    assert (need["kind"], need["title"]) == ("review", NOTEBOOK)
    submission = need["submission"]
    assert [one["submission"] for one in bob.ok(bob.get("reviews"))["submissions"]] == [submission]
    review = bob.ok(bob.get("reviews/review", submission=submission))
    assert review["approve"]["allowed"]
    assert not anna.ok(anna.get("reviews/review", submission=submission))["approve"]["allowed"]
    difference = bob.ok(bob.get("reviews/difference", submission=submission))
    assert (difference["base"]["cells"], len(difference["cells"])) == ([], 6)
    said = bob.ok(bob.post("reviews/comment", submission=submission, text="why four?", cell=3))
    assert (said["author"], said["cell_id"]) == ("bob", "check")
    page = bob.get("reviews/page", submission=submission)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "sandbox" in page.headers["content-security-policy"]
    assert b"why four?" not in page.body, "the page is what was submitted"

    refused = anna.post("reviews/decide", submission=submission, verb="approve")
    assert refused.status == 403
    assert refused.json["rule"] == "roles"
    assert "Anna Berger (anna) has the role data scientist" in refused.json["message"]
    assert refused.json["next"] == "ask somebody with such a role, or for that role in studio.toml."
    without_reason = bob.post("reviews/decide", submission=submission, verb="reject")
    assert (without_reason.status, without_reason.json["message"]) == (400, "Say what has to be changed.")
    assert bob.post("reviews/decide", submission=submission, verb="publish").status == 400
    done = bob.ok(bob.post("reviews/decide", submission=submission, verb="approve", message="fine"))
    assert (done["verb"], done["subject"]) == ("approved", NOTEBOOK)
    assert (team.root / done["file"]).is_file()
    events = anna.ok(anna.get("ledger"))["events"]
    assert [event["kind"] for event in events] == ["approved", "commented", "submitted"]
    assert events[0]["sentence"] == f"bob approved {NOTEBOOK}: fine"
    assert anna.ok(anna.post("ledger/verify"))["ok"]
    assert bob.ok(bob.get("home"))["needs"][0]["kind"] == "failed run"
    states = bob.ok(bob.get("pipelines/pipeline", name="total"))["states"]
    assert states == {NOTEBOOK: "approved"}


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("runs/run", {"run": "nothing"}, 404),
        ("runs/executed", {"run": "last", "step": "nothing"}, 404),
        ("runs/document", {"run": "../../..", "step": "sum"}, 404),
        ("runs/log", {"run": "nothing", "step": "sum"}, 404),
        ("runs/events", {"run": "nothing"}, 404),
        ("runs", {"pipeline": "nothing"}, 404),
        ("runs", {"limit": 0}, 400),
        ("runs", {"limit": 1000000}, 400),
        ("runs/run", {}, 400),
        ("pipelines/pipeline", {"name": "nothing"}, 404),
        ("pipelines/pipeline", {"name": "../../etc/passwd.ipynb"}, 400),
        ("reviews/review", {"submission": "nothing"}, 404),
        ("reviews/difference", {"submission": "../.."}, 404),
        ("reviews/page", {"submission": "nothing"}, 404),
        ("ledger", {"kind": "nothing"}, 400),
        ("ledger", {"limit": "many"}, 400),
    ],
)
def test_what_is_not_there(anna: Client, path: str, query: dict[str, Any], status: int) -> None:
    answer = anna.get(path, **query)
    assert answer.status == status, answer.body
    assert answer.json["message"]


GETS = ["home", "ledger", "pipelines", "pipelines/pipeline", "reviews", "reviews/review", "reviews/difference"]
GETS += ["reviews/page", "runs", "runs/run", "runs/executed", "runs/document", "runs/log", "runs/events"]
POSTS = ["ledger/verify", "pipelines/add", "pipelines/new", "reviews/comment", "reviews/decide"]


@pytest.mark.parametrize("path", [*GETS, *POSTS])
def test_without_a_token_nothing_is_told(anna: Client, path: str) -> None:
    stranger = Client(anna.server, token=None)
    answer = stranger.post(path) if path in POSTS else stranger.get(path)
    assert answer.status == 403
    assert "Next" not in answer.json["message"]


def test_a_notebook_becomes_a_step(anna: Client, team: Team) -> None:
    added = anna.ok(anna.post("pipelines/add", pipeline="total", notebook=NOTEBOOK, step="again"))
    assert added == {"path": "pipelines/total.yml", "pipeline": "total"}
    taken = anna.post("pipelines/add", pipeline="total", notebook=NOTEBOOK)
    assert (taken.status, taken.json["next"]) == (409, "give the new step another name.")
    assert anna.ok(anna.post("pipelines/new", name="fresh", notebooks=[NOTEBOOK]))["pipeline"] == "fresh"
    assert anna.post("pipelines/new", name="fresh", notebooks=[NOTEBOOK]).status == 409
    outside = anna.post("pipelines/new", name="other", notebooks=["../../etc/passwd.ipynb"])
    assert outside.status == 400
    assert not Path(team.root / "pipelines/other.yml").exists()
