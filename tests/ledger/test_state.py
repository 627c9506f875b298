"""What held at a moment, from events alone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core import clock
from studio.ledger.event import Event
from studio.ledger.state import approvals_of, state_at

START = datetime(2026, 3, 1, tzinfo=UTC)
TRAIN, PIPELINE = "notebooks/churn/train.ipynb", "pipelines/churn.yml"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


class Story:
    """Events, one a day."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, kind: str, actor: str = "Ann", subject: str = TRAIN, environment: str = "", **details) -> None:
        number = len(self.events)
        time = clock.to_text(day(number))
        self.events.append(Event(number + 1, str(number), time, kind, actor, subject, environment, details, "", ""))

    def approve(self, fingerprint: str, actor: str = "Bob", **details) -> None:
        self.add("approved", actor, fingerprint=fingerprint, **details)

    def accept(self, run: str, environment: str = "prod", **details) -> None:
        self.add("run accepted", "Olga", PIPELINE, environment, pipeline="churn", run=run, **details)

    def end(self, run: str, status: str, environment: str = "prod", **details) -> None:
        self.add("run ended", "Olga", PIPELINE, environment, pipeline="churn", run=run, status=status, **details)

    def at(self, number: float):
        return state_at(self.events, day(number))


def held(state) -> list[tuple[str, str]]:
    return [(item.fingerprint, item.by) for item in state.approved]


def test_nothing_held_before_the_first_event():
    story = Story()
    story.approve("a")
    state = story.at(-1)
    assert (state.approved, state.ended, state.runs, state.models, state.events) == ((), (), (), (), 0)
    assert state_at([], day(1)).approved == ()


def test_an_approval_of_other_content_supersedes():
    story = Story()
    story.approve("a", message="good", signed_by="key", approval="a1")
    story.approve("b", "Cleo")
    (before,) = story.at(0.5).approved
    assert (before.message, before.signed_by, before.approval, before.event) == ("good", "key", "a1", 1)
    assert (before.until, before.ended_by, before.reason) == (clock.to_text(day(1)), "Cleo", "superseded")
    assert held(story.at(1)) == [("b", "Cleo")]  # at the very moment
    assert [item.fingerprint for item in story.at(1).ended] == ["a"]


def test_approvals_of_the_same_content_stand_together():
    story = Story()
    story.approve("a")
    story.approve("a", "Cleo")
    story.approve("a", message="once more")
    assert held(story.at(2)) == [("a", "Cleo"), ("a", "Bob")]
    assert [item.event for item in story.at(2).ended] == [1]


def test_revocations_end_what_they_name():
    story = Story()
    story.approve("a", approval="one")
    story.approve("a", "Cleo", approval="two")
    story.add("approved", "Bob", "notebooks/other.ipynb", fingerprint="a", approval="one")
    story.add("revoked", "Cleo", approval="one", fingerprint=None, message="leaks")
    story.add("revoked", "Cleo", fingerprint={"digest": "a", "parts": {}})
    story.approve("c")
    story.add("revoked", "Cleo")
    assert [item.by for item in story.at(2).approved if item.subject == TRAIN] == ["Bob", "Cleo"]
    assert [item.by for item in story.at(3).approved if item.subject == TRAIN] == ["Cleo"]
    assert [item.reason for item in story.at(3).ended] == ["revoked"]
    assert [item.subject for item in story.at(4).approved] == ["notebooks/other.ipynb"]
    assert len(story.at(5).approved) == 2
    assert len(story.at(6).approved) == 1


def test_a_revocation_of_other_content_ends_nothing():
    story = Story()
    story.approve("a", approval="one")
    story.add("revoked", approval="nine", fingerprint="z")
    story.add("rejected", fingerprint="a")
    assert held(story.at(2)) == [("a", "Bob")]


def test_the_last_accepted_run_is_live_with_its_data():
    story = Story()
    story.approve("a")
    story.accept("r1", commit="c1", fingerprints={TRAIN: "a", "notebooks/score.ipynb": "s"})
    story.end("r1", "completed", data={"customers": "d1"})
    story.add("run refused", "Ann", PIPELINE, "prod", pipeline="churn", rules=["approval"], reasons=["not approved"])
    story.accept("r2", "staging")
    (run,) = story.at(3).runs
    assert (run.environment, run.pipeline, run.run, run.by, run.commit) == ("prod", "churn", "r1", "Olga", "c1")
    assert (run.status, run.data, run.before) == ("completed", {"customers": "d1"}, None)
    assert [(item.path, item.approved_by) for item in run.contents] == [
        (TRAIN, ("Bob",)),
        ("notebooks/score.ipynb", ()),
    ]
    assert [run.environment for run in story.at(4).runs] == ["prod", "staging"]


def test_a_run_that_ends_later_was_running_then():
    story = Story()
    story.accept("r1")
    story.end("r1", "completed", data={"customers": "d1"})
    (run,) = story.at(0).runs
    assert (run.status, run.ended, run.data) == ("running", clock.to_text(day(1)), {"customers": "d1"})


def test_a_run_that_failed_names_the_last_that_completed():
    story = Story()
    for run, status in (("r1", "completed"), ("r2", "failed"), ("r3", "killed")):
        story.accept(run)
        story.end(run, status)
    (run,) = story.at(9).runs
    assert (run.run, run.status, run.before.run) == ("r3", "killed", "r1")
    story.accept("r3")  # continued
    (run,) = story.at(9).runs
    assert (run.status, run.before.run) == ("running", "r1")
    story.end("r3", "completed")
    (run,) = story.at(9).runs
    assert (run.status, run.before) == ("completed", None)


def test_an_approval_that_had_ended_is_no_approval_of_a_run():
    story = Story()
    story.approve("a")
    story.add("revoked", fingerprint="a")
    story.accept("r1", fingerprints={TRAIN: {"digest": "a"}})
    story.approve("a")
    (run,) = story.at(9).runs
    assert run.contents[0].approved_by == ()


def test_the_model_version_in_use():
    story = Story()
    story.add("promoted", "Olga", "churn", "prod", model="churn", version=3)
    story.add("promoted", "Olga", "churn", "prod", model="churn", version=4)
    story.add("rolled back", "Olga", "churn", "prod", model="churn", version=3)
    assert [(item.version, item.how) for item in story.at(1).models] == [("4", "promoted")]
    assert [(item.version, item.how) for item in story.at(2).models] == [("3", "rolled back")]


def test_details_of_any_shape_do_no_harm():
    story = Story()
    for kind in ("approved", "revoked", "run accepted", "run ended", "promoted", "surprised"):
        story.add(kind)
        story.add(kind, fingerprint=[1], fingerprints=[2], data=3, run={"a": 1}, pipeline=None, approval=4, version=[])
    assert story.at(20).as_dict()["events"] == 12


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9), moment=st.integers(0, 40))
def test_what_happened_later_changes_no_answer_but_how_things_ended(seed, moment):
    chance, story = random.Random(seed), Story()
    for _ in range(40):
        kind = chance.choice(["approved", "revoked", "run accepted", "run ended", "promoted"])
        details = {name: chance.choice("abc") for name in ("fingerprint", "approval", "run", "model")}
        story.add(kind, chance.choice(["Ann", "Bob"]), chance.choice("xy"), **details, status="completed")
    whole = story.at(moment)
    then = state_at(story.events[: moment + 1], day(moment))
    assert whole.events == then.events
    assert [item.event for item in whole.approved] == [item.event for item in then.approved]
    assert [item.event for item in whole.ended] == [item.event for item in then.ended]
    assert [(run.event, run.status) for run in whole.runs] == [(run.event, run.status) for run in then.runs]
    assert whole.models == then.models
    holding = {(item.subject, item.fingerprint) for item in whole.approved}
    assert len({subject for subject, _ in holding}) == len(holding)  # one content of a subject at a time
    assert {item.event for item in approvals_of(story.events)} == {
        event.sequence for event in story.events if event.kind == "approved"
    }
