"""Exports hold everything, can be verified offline, and do no harm in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import BadInput
from studio.ledger.chain import examine
from studio.ledger.event import FIELDS, GENESIS, Row
from studio.ledger.export import read_jsonl, to_csv, to_jsonl
from tests.ledger.conftest import fill


@pytest.fixture
def exported(ledger, tmp_path):
    fill(ledger, 6)
    path = tmp_path / "all.jsonl"
    path.write_text(to_jsonl(ledger.rows()), encoding="utf-8")
    return path


def test_an_export_is_read_again_as_it_was(exported, ledger):
    assert read_jsonl(exported) == ledger.rows()
    assert examine(read_jsonl(exported), [ledger.head()]).ok
    assert [list(json.loads(line)) for line in exported.read_text().splitlines()] == [list(FIELDS)] * 6


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda lines: [*lines[:2], lines[2].replace("Ann", "Eve"), *lines[3:]], "changed"),
        (lambda lines: lines[1:], "missing"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "inserted"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "reordered"),
        (lambda lines: lines[:-1], "anchor"),
        (lambda lines: [], "anchor"),
        (lambda lines: [lines[0].replace('"sequence": 1', '"sequence": true'), *lines[1:]], "changed"),
        (lambda lines: [lines[0].replace('"sequence": 1', '"sequence": 1e400'), *lines[1:]], None),
        (lambda lines: [lines[0].replace('"sequence": 1', '"sequence": null'), *lines[1:]], None),
        (lambda lines: [lines[0].replace('"sequence": 1', '"sequence": "1"'), *lines[1:]], None),
        (lambda lines: [lines[0].replace('"sequence": 1', '"sequence": 1.0'), *lines[1:]], "changed"),
        (lambda lines: [lines[0].replace(f'"{GENESIS}"', "7"), *lines[1:]], "changed"),
        (lambda lines: [lines[0].replace('"sequence": 1', f'"sequence": {10**30}'), *lines[1:]], "renumbered"),
    ],
)
def test_an_export_that_was_meddled_with_is_found(exported, ledger, change, kind):
    lines = exported.read_text(encoding="utf-8").splitlines()
    exported.write_text("".join(f"{line}\n" for line in change(lines)), encoding="utf-8")
    faults = examine(read_jsonl(exported), [ledger.head()]).faults
    assert faults
    assert kind is None or kind in {fault.kind for fault in faults}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "is not UTF-8"),
        (b"what?\n", "x.jsonl:1: This is no line"),
        (b"\n[1]\n", "x.jsonl:2: An object with the keys sequence, id"),
        (b'{"sequence": 1}', "An object with the keys"),
        (b'{"sequence": 1, "sequence": 2}', "a key stands there twice"),
        (b"[" * 100_000, "This is no line"),
        (json.dumps({key: {} for key in FIELDS}).encode(), "Texts and a number are expected"),
    ],
)
def test_a_file_that_is_no_export(tmp_path, content, said):
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_jsonl(path)
    assert said in str(caught.value)
    assert "Next: " in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadInput, match="No such file"):
        read_jsonl(tmp_path / "x.jsonl")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1"])
def test_nothing_in_a_csv_is_a_formula(text):
    row = Row(1, text, text, text, text, text, text, text, text, text)
    _, cells = csv.reader(io.StringIO(to_csv([row])))
    assert cells[0] == "1"
    assert set(cells[1:]) == {f"'{text}"}


@given(text=st.text(), other=st.text())
def test_a_csv_has_one_record_a_row(text, other):
    rows = [Row(number, text, other, text, other, text, other, text, other, text) for number in (1, 2)]
    records = list(csv.reader(io.StringIO(to_csv(rows), newline="")))
    assert len(records) == 3
    assert all(len(record) == len(FIELDS) for record in records)
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in records[1])
