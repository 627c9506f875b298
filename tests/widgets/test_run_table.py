from __future__ import annotations

import pytest

from studio.core.workspace import Workspace
from studio.pipelines.records import RunStore
from studio.widgets import RunTable
from tests.widgets.conftest import ATTACK, Read, run, seen, step


class Counting(RunStore):
    """A store that counts what is read."""

    def __init__(self, workspace):
        super().__init__(workspace)
        self.reads = 0

    def read(self, name):
        self.reads += 1
        return super().read(name)


@pytest.fixture
def store(place):
    made = Counting(Workspace(place.root))
    for at in range(45):
        pipeline = "other" if at % 3 == 0 else "churn"
        made.save(run(f"20260303-0930{at:02d}-abcdef", step("a"), pipeline=pipeline))
    return made


def shown(table):
    return [row["run"][13:15] for row in table._page["rows"]]


def test_only_the_page_that_is_looked_at_is_read(store, act):
    table = RunTable(store, size=10)
    assert store.reads == 10
    assert shown(table) == [f"{at}" for at in range(44, 34, -1)]
    assert (table._page["more"], table._page["total"]) == (True, 45)
    act(table, "page", page=1)
    assert store.reads == 20
    assert shown(table)[0] == "34"
    act(table, "page", page=99)
    assert (table._page["number"], table._page["more"], shown(table)) == (4, False, ["04", "03", "02", "01", "00"])
    act(table, "page", page=-1)
    act(table, "page", page="1")
    assert table._page["number"] == 4


def test_runs_of_one_pipeline(store, act):
    table = RunTable(store, pipeline="other", size=10)
    assert shown(table) == ["42", "39", "36", "33", "30", "27", "24", "21", "18", "15"]
    assert (table._page["more"], table._page["total"]) == (True, None)
    act(table, "page", page=1)
    assert shown(table) == ["12", "09", "06", "03", "00"]
    assert (table._page["more"], table._page["total"]) == (False, 15)
    act(table, "page", page=0)
    assert table._page["total"] == 15


def test_a_new_run_is_seen_after_refreshing(store, act):
    table = RunTable(store, size=10)
    store.save(run("20260304-000000-abcdef", step("a")))
    act(table, "page", page=0)
    assert table._page["total"] == 45
    act(table, "refresh")
    assert table._page["rows"][0]["run"] == "20260304-000000-abcdef"


def test_a_record_that_cannot_be_read_is_named(store, place):
    file = place.root / ".studio/runs/20260303-093044-abcdef/run.json"
    file.write_text("{")
    row = RunTable(store)._page["rows"][0]
    assert row["status"] == "unreadable"
    assert "cannot be read" in row["problem"]
    assert "cannot be read" not in Read(RunTable(store)._repr_html_()).rows[2]


def test_choosing_runs_calls_back(store, act):
    table = RunTable(store)
    got = []
    table.on_select(got.append)
    act(table, "select", runs=["20260303-093044-abcdef", "20260303-093001-abcdef", "20260303-093044-abcdef"])
    assert got == [["20260303-093044-abcdef", "20260303-093001-abcdef"]]
    assert [record.id for record in table.records()] == got[0]
    act(table, "select", runs=[1])
    act(table, "select", runs="all")
    assert len(got) == 1
    act(table, "select", runs=["no such run"])
    assert table.records() == []


def test_records_that_are_at_hand_stand_newest_first():
    table = RunTable([run("r1", step("a")), run("r2", step("a", "failed"), status="failed")], size=1)
    assert [row["run"] for row in table._page["rows"]] == ["r2"]
    assert table._page["more"]
    table.refresh()
    table.selected = ["r1"]
    assert [record.id for record in table.records()] == ["r1"]


def test_a_row_tells_what_a_person_looks_for():
    record = run(
        "r1", step("a"), step("b", "reused"), step("c", "failed"), status="failed", environment="prod", actor="mara"
    )
    row = RunTable([record])._page["rows"][0]
    assert row == {
        "run": "r1",
        "status": "failed",
        "pipeline": "churn",
        "steps": "1 completed, 1 reused, 1 failed",
        "started": "2026-03-03 09:30 UTC",
        "time": "1 min 15 s",
        "environment": "prod",
        "actor": "mara",
        "problem": "",
    }
    assert RunTable([record])._page["environments"]


def test_no_run_yet(place):
    table = RunTable(RunStore(Workspace(place.root)), pipeline="churn")
    assert table._page["rows"] == []
    assert "There is no run yet. Next: studio run churn" in table._repr_html_()
    with pytest.raises(ValueError, match="at least one row"):
        RunTable([], size=0)


def test_the_plain_form_escapes_everything():
    record = run(ATTACK, step("a"), pipeline=ATTACK, started=ATTACK)
    page = Read(RunTable([record])._repr_html_())
    assert page.rows[1][:2] == [seen(ATTACK)] * 2
    many = Read(RunTable([run(f"r{at:03}", step("a")) for at in range(30)])._repr_html_())
    assert len(many.rows) == 21
    assert "20 of 30 are shown." in many.text
