from __future__ import annotations

import base64
import json
import re
import threading
import time

import pytest

from studio.core.errors import BadInput
from studio.pipelines import events
from studio.widgets import PipelineGraph
from tests.widgets.conftest import ATTACK, Read, run, seen, step


def planned(key, needs=(), verdict=None, **facts):
    name, _, part = key.partition("[")
    given = {"loads": [], "saves": [], "notebook": f"notebooks/{name}.ipynb", **facts}
    return {"key": key, "name": name, "part": part.removesuffix("]"), "needs": list(needs), "verdict": verdict, **given}


def plan(*steps):
    return {"pipeline": "churn", "steps": list(steps)}


@pytest.fixture
def graph():
    return PipelineGraph(
        plan(
            planned("ingest", saves=["customers"]),
            planned("train[model=a]", ["ingest"], loads=["customers"]),
            planned("train[model=b]", ["ingest"], loads=["customers"]),
            planned("evaluate", ["train"]),
        )
    )


def settled(graph):
    """Wait until what is shown is what is known."""
    end = time.monotonic() + 5
    while graph._progress["counts"] != graph._state.counts() and time.monotonic() < end:
        time.sleep(0.01)
    return graph._progress


def test_parts_are_one_step_of_the_graph(graph):
    steps = graph._graph["steps"]
    assert [(one["name"], one["parts"]) for one in steps] == [("ingest", 1), ("train", 2), ("evaluate", 1)]
    assert [(line["from"], line["to"]) for line in graph._graph["lines"]] == [
        ("ingest", "train"),
        ("train", "evaluate"),
    ]
    assert (steps[1]["needs"], steps[1]["loads"]) == (["ingest"], ["customers"])


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([None, None], ""),
        ([{"reuse": True, "undecided": False}] * 2, "would be reused"),
        ([{"reuse": False, "undecided": False}] * 2, "would run"),
        ([{"reuse": False, "undecided": True}] * 2, "would run where needed"),
        ([{"reuse": True, "undecided": False}, {"reuse": False, "undecided": False}], "1 would run, 1 reused"),
    ],
)
def test_what_a_run_would_do_is_told(verdicts, told):
    drawn = PipelineGraph(plan(*(planned(f"a[x={at}]", verdict=verdict) for at, verdict in enumerate(verdicts))))
    assert drawn._graph["steps"][0]["foreseen"] == told


def test_a_run_is_followed(graph):
    graph.listen(events.RunStarted("r1", "churn", ("ingest", "train[model=a]", "train[model=b]", "evaluate")))
    assert (graph.run, graph.status) == ("r1", "running")
    graph.listen(events.StepStarted("ingest", 1, "new"))
    graph.listen(events.CellFinished("ingest", 1, 2))
    graph.listen(events.StepFinished("ingest", "completed", 1.0, ""))
    assert settled(graph)["steps"]["ingest"]["status"] == "completed"
    graph.listen(events.RunFinished("r1", "completed", 3.0))
    assert graph._progress["status"] == "completed"  # at once, although others wait
    assert graph._progress["seconds"] == 3.0


def test_threads_tell_their_events_at_the_same_time():
    keys = [f"s{at}" for at in range(40)]
    graph = PipelineGraph(plan(*(planned(key) for key in keys)))
    sent = []
    graph.observe(lambda change: sent.append(change["new"]), "_progress")
    graph.listen(events.RunStarted("r1", "churn", tuple(keys)))

    def work(key):
        graph.listen(events.StepStarted(key, 1, "new"))
        for done in range(1, 51):
            graph.listen(events.CellFinished(key, done, 50))
        graph.listen(events.StepFinished(key, "completed", 1.0, ""))

    threads = [threading.Thread(target=work, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    graph.listen(events.RunFinished("r1", "completed", 2.0))
    assert sent[-1]["counts"] == {"completed": 40}
    # 2,122 events, and no more updates than a page needs.
    assert len(sent) < 200
    finished = [facts["counts"].get("completed", 0) for facts in sent]
    assert finished == sorted(finished)


def test_an_activitys_events_are_taken(graph):
    graph.listen({"kind": "run", "run": "r1", "status": "running", "text": "churn"})
    graph.listen({"kind": "step finished", "step": "ingest", "status": "reused", "text": "nothing changed"})
    assert settled(graph)["steps"]["ingest"]["status"] == "reused"


def test_a_record_is_shown(graph):
    record = run("r1", step("ingest"), step("train[model=a]", "failed"), step("train[model=b]"), status="failed")
    graph.show(record)
    assert graph._progress["status"] == "failed"
    assert graph._progress["steps"]["train"]["status"] == "failed"
    assert graph._progress["steps"]["evaluate"]["status"] == ""


def test_a_graph_of_a_record_alone():
    record = run(
        "r1",
        step("ingest", outputs={"customers": {"": "d1"}}),
        step("train[model=a]", inputs={"customers": {"parts": {"": "d1"}}}, outputs={"models": {"a": "d2"}}),
        step("evaluate", "failed", inputs={"models": {"parts": {"a": "d2"}}, "raw": {"source": "d3"}}),
        step("register", "not run"),
    )
    graph = PipelineGraph(record)
    assert [(line["from"], line["to"]) for line in graph._graph["lines"]] == [
        ("ingest", "train"),
        ("train", "evaluate"),
    ]
    assert graph._progress["steps"]["register"]["status"] == "not run"
    assert graph._progress["run"] == "r1"


def test_choosing_a_step_calls_back(graph, act):
    chosen = []
    graph.on_select(chosen.append)
    act(graph, "select", step="train")
    assert (chosen, graph.selected) == (["train"], "train")
    assert [row["key"] for row in graph._parts["rows"]] == ["train[model=a]", "train[model=b]"]
    act(graph, "select", step="train[model=b]")
    assert chosen == ["train", "train[model=b]"]
    assert graph._parts["step"] == "train"
    act(graph, "select", step="")
    assert (graph.selected, graph._parts) == ("", {})
    act(graph, "select", step="unknown")
    act(graph, "select", step=["ingest"])
    act(graph, "select")
    assert len(chosen) == 2


def test_parts_with_trouble_come_first(graph):
    graph.selected = "train"
    graph.show(run("r1", step("train[model=a]"), step("train[model=b]", "failed"), status="failed"))
    assert [row["key"] for row in graph._parts["rows"]] == ["train[model=b]", "train[model=a]"]


def test_very_many_parts_are_bounded():
    graph = PipelineGraph(plan(*(planned(f"a[x={at}]") for at in range(5_000))))
    graph.selected = "a"
    assert (len(graph._parts["rows"]), graph._parts["left_out"]) == (200, 4_800)
    assert len(json.dumps(graph.get_state(["_graph", "_progress", "_parts"]))) < 50_000


@pytest.mark.parametrize("source", [None, [], {}, {"pipeline": "a"}, {"pipeline": "a", "steps": [{}]}, {"steps": 3}])
def test_what_is_no_plan_is_refused(source):
    with pytest.raises(BadInput, match="A graph cannot be drawn of"):
        PipelineGraph(source)


def test_a_pipeline_without_steps():
    graph = PipelineGraph(plan())
    assert "churn: 0 steps" in graph._repr_html_()
    assert repr(graph) == "churn: 0 steps"


def test_the_plain_form_tells_what_each_step_does(graph):
    graph.show(run("r1", step("ingest"), step("train[model=a]", "failed"), step("train[model=b]"), status="failed"))
    page = Read(graph._repr_html_())
    assert page.rows[1][:3] == ["ingest", "completed", "1.5 s"]
    assert page.rows[2][:2] == ["train", "1 failed, 1 completed"]
    assert page.rows[3][5] == "train"
    assert "Run r1: failed, 2 completed, 1 failed, 1 min 15 s" in page.text


def test_the_drawing_is_an_image_in_which_everything_is_escaped():
    graph = PipelineGraph(plan(planned(ATTACK, notebook=ATTACK), planned("b", [ATTACK])))
    graph.show(run(ATTACK, step("b", "failed", error={"message": ATTACK}), status="failed"))
    html = graph._repr_html_()
    page = Read(html)
    assert seen(ATTACK) in page.rows[1]
    (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    svg = base64.b64decode(data).decode()
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg
    assert set(re.findall(r"<(\w+)", svg)) == {"svg", "rect", "path", "text"}
