from __future__ import annotations

import json

import pytest

from studio.core.errors import BadInput
from studio.core.report import Case, Report
from studio.notebooks.document import parse_notebook
from studio.notebooks.review.diff import diff_notebooks
from studio.notebooks.review.facts import PacketFacts
from studio.notebooks.review.packet import build_packet
from studio.widgets import ReviewPacket
from tests.conftest import notebook
from tests.widgets.conftest import ATTACK, Read, seen


def packet(text="a", source="x = 1", **more):
    document = parse_notebook(json.dumps(notebook(source)), "notebooks/a.ipynb")
    facts = {"message": text, "policy": text, "base": text, **more}
    diff = diff_notebooks(None, document)
    return build_packet(PacketFacts("s1", text, text, text, "2026-03-03T09:30:00.000Z", diff=diff, **facts))


def test_facts_and_page():
    report = Report.of([Case("code", "a", "b", "failed")])
    widget = ReviewPacket(packet(report=report, old_metrics={"auc": 0.8}, new_metrics={"auc": 0.85, "new": 1.0}))
    about = dict(widget._facts["about"])
    assert about["When"] == "2026-03-03 09:30 UTC"
    assert about["Tests"] == "1 failed"
    assert about["Cells"] == "a new notebook of 1 cell"
    assert widget._facts["ok"] is False
    assert widget._facts["measures"] == [
        {"name": "auc", "old": "0.8", "new": "0.85", "change": "+0.05 (+6.2 %)"},
        {"name": "new", "old": "\N{EN DASH}", "new": "1", "change": ""},
    ]
    assert (
        widget._page == packet(report=report, old_metrics={"auc": 0.8}, new_metrics={"auc": 0.85, "new": 1.0}).to_html()
    )


def test_a_packet_from_its_file():
    content = json.loads(json.dumps(packet().as_dict()))
    assert ReviewPacket(content)._page == packet().to_html()


@pytest.mark.parametrize("content", [{}, {"version": 2}, {"version": 1}, {"version": 1, "summary": {}}, None, 3])
def test_what_is_no_packet_is_refused(content):
    with pytest.raises(BadInput, match="This is no review packet"):
        ReviewPacket(content)


def test_the_plain_form_holds_the_page_in_a_frame_without_rights():
    page = Read(ReviewPacket(packet())._repr_html_())
    (frame,) = page.frames
    assert frame["sandbox"] == ""
    assert frame["srcdoc"] == packet().to_html()


def test_a_page_that_is_too_long_stays_out_of_the_notebooks_file():
    report = Report.of([Case("code", "a", f"test_{at}", "failed", detail="x" * 2_000) for at in range(300)])
    html = ReviewPacket(packet(report=report))._repr_html_()
    assert len(html) < 10_000
    assert "Next: open the page packet.html" in html


def test_the_plain_form_escapes_everything():
    page = Read(ReviewPacket(packet(ATTACK))._repr_html_())
    assert ["Notebook", seen(ATTACK)] in page.rows
    assert page.tags.count("iframe") == 1
    assert "script" not in page.tags
