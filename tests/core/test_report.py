"""Reports: what they say, and that JUnit's readers can read it whatever a test printed."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.report import Case, Report

TEXTS = st.text(max_size=40)
CASES = st.builds(
    Case,
    rung=st.sampled_from(["code", "data", "pipeline", "model"]),
    subject=TEXTS,
    name=TEXTS,
    status=st.sampled_from(["passed", "failed", "error", "skipped"]),
    seconds=st.floats(0, 1e6),
    message=TEXTS,
    detail=TEXTS,
    output=TEXTS,
    cell=st.none() | st.integers(1, 99),
    line=st.none() | st.integers(1, 99),
    values=st.dictionaries(TEXTS, st.integers() | TEXTS, max_size=3),
)
PASSED = Case("code", "notebooks/a.ipynb", "test_a", "passed", 0.5)
FAILED = Case("code", "notebooks/a.ipynb", "test_b[1]", "failed", 0.25, "no", "assert 1 == 2", "hello", 3, 2)


def junit(*cases: Case) -> ET.Element:
    return ET.fromstring(Report.of(cases).to_junit().encode())


def test_a_failed_case_names_cell_line_and_detail() -> None:
    (suite,) = junit(PASSED, FAILED)
    assert suite.attrib | {"time": ""} == {
        "name": "code: notebooks/a.ipynb", "tests": "2", "failures": "1", "errors": "0", "skipped": "0", "time": "",
    }  # fmt: skip
    case = suite[1]
    assert case.attrib["name"] == "test_b[1] (cell 3)"
    assert case.attrib["classname"] == "notebooks.a"
    (failure,) = case.findall("failure")
    assert failure.text == "notebooks/a.ipynb: cell 3, line 2\nassert 1 == 2"
    assert case.findtext("system-out") == "hello"


@pytest.mark.parametrize(("status", "element"), [("failed", "failure"), ("error", "error"), ("skipped", "skipped")])
def test_each_status_has_its_element(status: str, element: str) -> None:
    (case,) = junit(replace(FAILED, status=status)).iter("testcase")  # type: ignore[arg-type]
    assert element in [child.tag for child in case]


def test_a_passed_case_has_none() -> None:
    (case,) = junit(PASSED).iter("testcase")
    assert list(case) == []


@given(st.lists(CASES, max_size=5))
def test_it_is_xml_and_counts_right_whatever_stands_in_it(cases: list[Case]) -> None:
    root = junit(*cases)
    assert len(list(root.iter("testcase"))) == len(cases) == int(root.attrib["tests"])
    assert int(root.attrib["failures"]) == sum(case.status == "failed" for case in cases)


@given(st.lists(CASES, max_size=5))
def test_it_survives_being_kept(cases: list[Case]) -> None:
    report = Report.of(cases)
    assert Report.from_dict(json.loads(json.dumps(report.as_dict()))) == report


def test_the_digest_is_of_what_was_tested_and_what_came_of_it() -> None:
    digest = Report((PASSED,)).digest()
    assert Report((replace(PASSED, seconds=9.0, output="other"),)).digest() == digest
    assert Report((replace(PASSED, status="failed"),)).digest() != digest
    assert Report((PASSED, FAILED)).digest() != digest


def test_rungs_stand_in_their_order_and_cases_as_given() -> None:
    last = replace(PASSED, rung="model")
    assert Report.of([last, FAILED, PASSED]).cases == (FAILED, PASSED, last)


def test_what_was_skipped_does_no_harm() -> None:
    report = Report((PASSED, replace(PASSED, status="skipped")))
    assert report.ok
    assert report.counts() == {"passed": 1, "failed": 0, "error": 0, "skipped": 1}
    assert not Report((replace(PASSED, status="error"),)).ok
