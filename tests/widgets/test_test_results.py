from __future__ import annotations

import json

import pytest

from studio.core.errors import BadInput
from studio.core.report import Case, Report
from studio.widgets import TestResults as Results
from tests.widgets.conftest import ATTACK, Read, seen

CASES = [
    Case("code", "notebooks/a.ipynb", "test_good", "passed", 0.5, cell=2),
    Case("code", "notebooks/a.ipynb", "test_bad", "failed", 0.25, "1 is not 2", "assert 1 == 2", "out", 3, 4),
    Case("model", "pipelines/a.yml", "gate auc", "error", message="no model", values={"value": float("nan")}),
    Case("data", "pipelines/contracts/a.yml", "mutation: nulls", "skipped", message="no data"),
]


@pytest.fixture
def results():
    return Results(Report.of(CASES))


def test_what_failed_stands_first(results):
    facts = results._results
    assert [case["name"] for case in facts["cases"]] == ["test_bad", "gate auc", "mutation: nulls", "test_good"]
    assert facts["counts"] == {"failed": 1, "error": 1, "skipped": 1, "passed": 1}
    assert (facts["ok"], facts["title"], facts["seconds"]) == (False, "1 failed, 1 error, 1 skipped, 1 passed", 0.75)
    assert facts["cases"][0] == {
        "name": "test_bad",
        "rung": "code",
        "status": "failed",
        "place": "notebooks/a.ipynb: cell 3, line 4",
        "time": "0.2 s",
        "values": {},
        "message": "1 is not 2",
        "detail": "assert 1 == 2",
        "output": "out",
    }
    assert facts["cases"][1]["values"] == {"value": "nan"}


def test_a_report_from_its_file(results):
    again = Results(json.loads(json.dumps(Report.of(CASES).as_dict())))
    assert again._results == results._results


@pytest.mark.parametrize("report", [None, {}, {"cases": [{}]}, [], {"cases": 3}])
def test_what_is_no_report_is_refused(report):
    with pytest.raises(BadInput, match="is no report of tests"):
        Results(report)


def test_another_report_is_shown(results):
    results.show(Report.of([]))
    assert (results._results["title"], results._results["ok"]) == ("No tests", True)
    assert "Nothing was tested." in results._repr_html_()


def test_asking_for_the_place_of_a_case_calls_back(results, act):
    got = []
    assert not results._results["selectable"]
    results.on_select(got.append)
    assert results._results["selectable"]
    act(results, "select", case=0)
    assert got == [CASES[1]]
    for wrong in (-1, 99, "0", None):
        act(results, "select", case=wrong)
    assert len(got) == 1
    results.on_select(got.append, remove=True)
    assert not results._results["selectable"]


def test_very_much_is_bounded():
    big = Case("code", "a", "b", "failed", detail="x" * 100_000, values={f"v{at}": "y" * 1_000 for at in range(100)})
    facts = Results(Report.of([big] * 5_000))._results
    assert (len(facts["cases"]), facts["left_out"]) == (2_000, 3_000)
    assert len(facts["cases"][0]["detail"]) == 20_000
    assert len(facts["cases"][0]["values"]) == 20


def test_the_plain_form_is_a_table_with_details(results):
    page = Read(results._repr_html_())
    assert page.rows[1] == ["test_bad", "failed", "notebooks/a.ipynb: cell 3, line 4", "0.2 s", "1 is not 2"]
    assert len(page.rows) == 5
    assert "assert 1 == 2\n\nout" in page.text
    assert page.tags.count("details") == 1


def test_the_plain_form_escapes_everything():
    page = Read(Results(Report.of([Case("code", ATTACK, ATTACK, "failed", 1, ATTACK, ATTACK, ATTACK)]))._repr_html_())
    assert page.rows[1] == [seen(ATTACK), "failed", seen(ATTACK), "1.0 s", seen(ATTACK)]
