from __future__ import annotations

import json

import pytest

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.data.contracts import ContractBroken, FailureCase, read_contract
from studio.data.overview import check_dataset
from studio.widgets import ContractFailures
from tests.widgets.conftest import ATTACK, Read, seen

CONTRACT = """\
version: 1
columns:
  amount: {dtype: float64, in_range: {min_value: 0, max_value: 10}}
  name: {dtype: str}
"""


def facts(widget):
    return widget._failures


def test_cases_are_grouped_and_counted_the_most_first():
    cases = [FailureCase("a", "positive", str(at), at) for at in range(1, 4)]
    found = facts(ContractFailures([FailureCase("b", "missing column"), *cases], subject="sales"))
    assert (found["title"], found["count"], found["ok"]) == ("sales: 4 failure cases", 4, False)
    groups = found["sections"][0]["groups"]
    assert [(group["column"], group["check"], group["count"]) for group in groups] == [
        ("a", "positive", 3),
        ("b", "missing column", 1),
    ]
    assert groups[0]["cases"][0] == {"value": "1", "row": 1}
    assert groups[1]["cases"] == []


def test_cases_as_json_are_taken():
    found = facts(ContractFailures([json.loads(json.dumps(FailureCase("a", "positive", "-1", 3).as_dict()))]))
    assert found["title"] == "1 failure case"
    assert found["sections"][0]["groups"][0]["cases"] == [{"value": "-1", "row": 3}]


def test_very_many_cases_are_bounded_and_counted():
    found = facts(ContractFailures([FailureCase("a", "positive", str(at), at) for at in range(1, 100_001)]))
    (group,) = found["sections"][0]["groups"]
    assert (group["count"], len(group["cases"]), group["left_out"]) == (100_000, 200, 99_800)
    wide = facts(ContractFailures([FailureCase(f"c{at}", "missing column") for at in range(1_000)]))
    assert (len(wide["sections"][0]["groups"]), wide["sections"][0]["groups_left_out"]) == (500, 500)


@pytest.fixture
def checked(place):
    place.write(
        "pipelines/catalog.yml",
        "version: 1\ndatasets:\n  sales: {location: data/sales.csv, format: csv, contract: sales}\n",
    )
    place.write("pipelines/contracts/sales.yml", CONTRACT)
    place.write("data/sales.csv", "amount,name\n1,a\n11,b\n-3,c\n")
    return Workspace(place.root)


def test_what_a_check_of_a_dataset_found(checked):
    widget = ContractFailures(check_dataset(checked, "sales"))
    found = facts(widget)
    assert found["title"] == "sales: 2 failure cases"
    assert found["contract"] == "sales"
    (section,) = found["sections"]
    assert section["subject"] == "source data/sales.csv"
    assert section["verdict"] == "2 failure cases"
    assert [case["row"] for case in section["groups"][0]["cases"]] == [2, 3]


def test_data_that_keeps_its_contract(checked, place):
    place.write("data/sales.csv", "amount,name\n1,a\n")
    widget = ContractFailures(check_dataset(checked, "sales"))
    assert facts(widget)["title"] == "sales: keeps the contract sales"
    assert facts(widget)["ok"]
    assert repr(widget) == "sales: keeps the contract sales"


def test_data_that_cannot_be_read(checked, place):
    (place.root / "data/sales.csv").unlink()
    found = facts(ContractFailures(check_dataset(checked, "sales")))
    assert not found["ok"]
    assert found["title"] == "sales: 1 problem"
    assert "sales.csv" in found["sections"][0]["message"]


def test_the_error_of_a_broken_contract(checked):
    import pandas as pd

    contract = read_contract(checked, "sales")
    with pytest.raises(ContractBroken) as caught:
        contract.validated(pd.DataFrame({"amount": [99.0], "name": ["a"]}), "The frame")
    found = facts(ContractFailures(caught.value, subject="my frame"))
    assert (found["title"], found["contract"]) == ("my frame: 1 failure case", "sales")


@pytest.mark.parametrize("found", [3, [3], ["text"], None])
def test_what_is_no_failure_is_refused(found):
    with pytest.raises(BadInput, match="Failure cases cannot be read from"):
        ContractFailures(found)


def test_the_plain_form_is_a_table():
    cases = [FailureCase("amount", "positive", str(-at), at) for at in range(1, 14)]
    page = Read(ContractFailures([*cases, FailureCase("", "at least one row", "no rows")])._repr_html_())
    assert page.rows[1] == [
        "amount",
        "positive",
        "13",
        ", ".join(f"-{at} ({at})" for at in range(1, 11)) + " and 3 more",
    ]
    assert page.rows[2] == ["", "at least one row", "1", "no rows"]


def test_the_plain_form_escapes_everything():
    page = Read(ContractFailures([FailureCase(ATTACK, ATTACK, ATTACK, 1)], subject=ATTACK)._repr_html_())
    assert page.rows[1] == [seen(ATTACK), seen(ATTACK), "1", f"{seen(ATTACK)} (1)"]
