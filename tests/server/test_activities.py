"""Activities over HTTP: started, followed as server-sent events from any place on, stopped; Jupyter may come and go."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Place
from tests.server.asking import Client, jupyter_server_at

pytestmark = pytest.mark.slow


def ended(client: Client, identity: str) -> list[dict[str, Any]]:
    """The data of all events, which end by themselves."""
    told = list(client.events("activities/events", id=identity))
    assert told[-1] == {"event": "end", "data": {}}
    return [one["data"] for one in told[:-1]]


def test_a_run_is_started_followed_and_found_again(anna: Client) -> None:
    begun = anna.ok(anna.post("activities/run", name="small", values={"count": 4, "sum.wait": "0.1"}))
    assert (begun["kind"], begun["title"], begun["names"], begun["run"]) == ("run", "run small", ["small"], "")
    told = list(anna.events("activities/events", id=begun["id"]))
    assert [one["id"] for one in told[:-1]] == [str(number) for number in range(1, len(told))]
    data = [one["data"] for one in told[:-1]]
    assert [one["number"] for one in data] == list(range(1, len(told)))
    assert data[-1]["kind"] == "ended"
    assert data[-1]["status"] == "completed"
    assert data[-1]["result"]["given"] == {"count": "4", "sum.wait": "0.1"}
    assert {one["step"] for one in data if one["kind"] == "step finished"} == {"make", "sum"}
    found = anna.ok(anna.get("activities"))["activities"][0]
    assert (found["id"], found["status"], found["run"]) == (begun["id"], "completed", data[-1]["run"])
    # A browser that comes back says which event it saw last.
    rest = list(anna.events("activities/events", headers={"Last-Event-ID": str(len(data) - 1)}, id=begun["id"]))
    assert [one.get("data", {}).get("kind") for one in rest] == ["ended", None]
    assert list(anna.events("activities/events", id=begun["id"], after=len(data) - 1)) == rest


def test_a_notebook_is_called_as_jupyter_calls_it(anna: Client) -> None:
    begun = anna.ok(
        anna.post("activities/test", names=["RTC:notebooks/sum.ipynb"], rungs=["code"], tests=["test_again"])
    )
    assert begun["names"] == ["notebooks/sum.ipynb"]
    told = ended(anna, begun["id"])
    assert [one["text"] for one in told if one["kind"] == "case"] == ["test_again"]
    assert told[-1]["status"] == "completed"


def test_stop_is_what_ctrl_c_would_be(anna: Client) -> None:
    begun = anna.ok(anna.post("activities/run", name="small", values={"sum.wait": 60}))
    for one in anna.events("activities/events", id=begun["id"]):
        if one["data"].get("step") == "sum":
            assert anna.ok(anna.post("activities/stop", id=begun["id"]))["status"] == "running"
        if one.get("event") == "end":
            break
        last = one["data"]
    assert (last["kind"], last["status"]) == ("ended", "stopped")
    assert last["text"].endswith(f"Next: studio runs resume {last['run']}")


def test_what_is_wrong_is_told_before_anything_starts(anna: Client) -> None:
    answer = anna.post("activities/run", name="small", values={"count": "many", "nothing": 1})
    assert answer.status == 400
    assert {problem["field"] for problem in answer.json["problems"]} == {"count", "nothing"}
    for path, asked in (("events", {"id": "x"}), ("stop", {"id": "x"})):
        answer = anna.get(f"activities/{path}", **asked) if path == "events" else anna.post("activities/stop", **asked)
        assert answer.status == 404
        assert answer.json["message"] == "There is no activity 'x'."


@pytest.mark.heavy
def test_jupyter_may_be_killed_and_started_again_meanwhile(small: Place, tmp_path: Path) -> None:
    with jupyter_server_at(small.root, tmp_path / "first", actor="anna") as first:
        begun = first.ok(first.post("activities/run", name="small", values={"count": 7, "sum.wait": 4}))
        pid = int((small.root / ".studio" / "activities" / begun["id"] / "pid").read_text())
        # As hard as it can be: the whole process group of Jupyter, which the program is none of.
        assert os.getpgid(pid) != os.getpgid(0)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("PPid:"):
                os.killpg(int(line.split()[1]), signal.SIGKILL)
        with pytest.raises(OSError, match=r".*"):
            first.get("session")
    with jupyter_server_at(small.root, tmp_path / "second", actor="anna") as second:
        told = ended(second, begun["id"])
        assert told[0]["kind"] == "started"
        assert (told[-1]["kind"], told[-1]["status"]) == ("ended", "completed")


def test_a_killed_program_is_told_to_who_watches(anna: Client, small: Place) -> None:
    begun = anna.ok(anna.post("activities/run", name="small", values={"count": 2, "sum.wait": 60}))
    folder = small.root / ".studio" / "activities" / begun["id"]
    seen = []
    for one in anna.events("activities/events", id=begun["id"]):
        seen.append(one["data"])
        if one["data"].get("step") == "sum" and one["data"]["kind"] == "step started":
            os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    assert seen[-2]["status"] == "died"
    assert "Its program ended before it could say how" in seen[-2]["text"]
    listed = anna.ok(anna.get("activities"))["activities"]
    assert next(one for one in listed if one["id"] == begun["id"])["status"] == "died"


def test_who_goes_ends_their_stream_and_a_new_one_finds_place(anna: Client) -> None:
    begun = anna.ok(anna.post("activities/run", name="small", values={"count": 3, "sum.wait": 60}))
    for _ in range(3):  # together more than are kept open at the same time
        crowd = [anna.events("activities/events", id=begun["id"]) for _ in range(40)]
        for stream in crowd:
            assert next(stream)["data"]["kind"] == "started"
        for stream in crowd:
            stream.close()
        time.sleep(2)  # less than the silence after which a beat would find that nobody reads
    anna.ok(anna.post("activities/stop", id=begun["id"]))
    assert ended(anna, begun["id"])[-1]["status"] == "stopped"


def test_the_log_of_jupyter_holds_no_token(anna: Client) -> None:
    text = anna.server.log.read_text(errors="replace")
    assert anna.server.token not in json.dumps(text.replace("token=...", ""))
