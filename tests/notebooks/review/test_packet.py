"""The review packet: complete as data, whole as a page, and of bounded size whatever it is made from."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from studio.core.report import Case, Report
from studio.notebooks.document import NotebookDocument, parse_notebook
from studio.notebooks.fingerprint import Fingerprint, Part
from studio.notebooks.review.anchors import anchor
from studio.notebooks.review.contracts import contract_diff
from studio.notebooks.review.diff import diff_notebooks
from studio.notebooks.review.facts import Comment, ContractTexts, PacketFacts
from studio.notebooks.review.harmless import reduced
from studio.notebooks.review.metrics import metric_deltas
from studio.notebooks.review.packet import Packet, build_packet

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (4).to_bytes(4, "big") * 2
Outputs = list[dict[str, Any]]


def document(*cells: tuple[str, Outputs], executed: bool = False) -> NotebookDocument:
    made = [
        {
            "id": f"{place * 7919 + 3141:06x}ab",
            "cell_type": "code",
            "metadata": {"studio": {"cell": place}} if executed else {},
            "source": source,
            "outputs": outputs,
            "execution_count": None,
        }
        for place, (source, outputs) in enumerate(cells)
    ]
    if executed:
        put_in = {**made[0], "id": "injected", "metadata": {"studio": {"cell": None}}, "outputs": [text("put in")]}
        made.insert(0, put_in)
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "python3"}}, "cells": made}
    return parse_notebook(json.dumps(content), "notebooks/a.ipynb")


def text(words: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": words}


def shown(mime: str, value: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {mime: value, "text/plain": "…"}}


def png(mark: bytes = b"") -> dict[str, Any]:
    return shown("image/png", base64.b64encode(PNG + mark).decode())


def facts(old: NotebookDocument | None, new: NotebookDocument, **more: Any) -> PacketFacts:
    given = {"submission": "s-1", "subject": new.path, "title": "A", "author": "Mara", "time": "now", "message": ""}
    return PacketFacts(**(given | more), diff=diff_notebooks(old, new))


def packet(old: NotebookDocument | None, new: NotebookDocument, **more: Any) -> Packet:
    return build_packet(facts(old, new, **more))


def test_a_packet_is_json_and_its_page_shows_every_part() -> None:
    old, new = document(("a = 1", [text("one")])), document(("a = 2", [text("two")]), ("b = 1", []))
    made = packet(
        old,
        new,
        message="Doubled.",
        policy="An ML engineer has to approve.",
        base="the approval of May",
        old_fingerprint=Fingerprint("f1:old", (Part("cell", "cell 1 (code)", "x"),)),
        new_fingerprint=Fingerprint("f1:new", (Part("cell", "cell 1 (code)", "y"),)),
        contracts=[ContractTexts("rows", None, "version: 1\ncolumns:\n  x: {dtype: str}\n")],
        old_metrics={"auc": 0.8},
        new_metrics={"auc": 0.9, "bad": float("nan")},
        report=Report.of([Case("code", new.path, "test_it", "failed", message="it is 3", detail="E assert", cell=1)]),
        findings=["One finding.", {"rule": "order", "message": "Out of order.", "fix": "Run it.", "cell": 2}],
        comments=[Comment("Jonas", "now", "Why?", anchor(old, old.cells[0])), Comment("Jonas", "now", "Fine.")],
        links={"MLflow run": "http://127.0.0.1:5000/run", "odd": "javascript:alert(1)"},
    )
    content = json.loads(json.dumps(made.as_dict(), allow_nan=False))
    assert content["fingerprint"]["difference"] == ["cell 1 (code)"]
    assert content["summary"]["tests"] == {"passed": 0, "failed": 1, "error": 0, "skipped": 0}
    assert [row["status"] for row in content["comments"]["rows"]] == ["edited", "notebook"]
    page = made.to_html()
    told = re.sub(r"\s+", " ", page)
    for words in (
        "Doubled.",
        "An ML engineer has to approve.",
        "the approval of May",
        "f1:old",
        "column x is new: type str",
        "+0.1",
        "+12.50 %",
        "nan",
        "it is 3",
        "E assert",
        "One finding.",
        "Out of order.",
        "Run it.",
        "Why?",
        "Fine.",
        "cell edited since",
        'href="http://127.0.0.1:5000/run"',
    ):
        assert words in told, words
    assert 'href="javascript:' not in page


def test_the_page_has_a_strict_policy_first_and_no_script_and_no_style_of_its_own() -> None:
    page = packet(None, document(("a = 1", [shown("text/html", "<b style='x'>bold</b>")]))).to_html()
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', page)
    assert policy
    assert policy.group(1).startswith("default-src &#39;none&#39;; img-src data:; style-src &#39;sha256-")
    assert "unsafe" not in policy.group(1)
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert "<script" not in page
    assert " style=" not in page.replace("style=&#", "")
    assert 'sandbox=""' in page


def test_executed_notebooks_give_the_outputs_and_what_the_run_put_in_is_left_out() -> None:
    old, new = document(("a = 1", []), ("b = 1", [])), document(("a = 2", []), ("b = 1", []))
    ran = document(("a = 2", [text("from the run")]), ("b = 1", []), executed=True)
    content = packet(old, new, new_executed=ran).as_dict()
    assert content["diff"]["outputs_of"] == "run"
    assert content["diff"]["cells"][0]["outputs_shown"] == [{"kind": "stream", "text": "from the run", "html": ""}]
    assert "put in" not in json.dumps(content)


def test_figures_stand_side_by_side_by_cell_even_where_cells_moved() -> None:
    old = document(("a = 1", [png(), png(b"old")]), ("b = 1", [png(b"gone")]))
    new = document(("first = 0", []), ("a = 1", [png(), png(b"new")]), ("b = 1", []))
    new = parse_notebook(json.dumps(_with_ids_of(new, old)), "notebooks/a.ipynb")
    pairs = packet(old, new).as_dict()["figures"]["pairs"]
    assert [(pair["cell"], pair["place"], pair["status"]) for pair in pairs] == [
        (2, 1, "same"),
        (2, 2, "changed"),
        (3, 1, "removed"),
    ]
    assert base64.b64decode(pairs[1]["new"]["data"]) == PNG + b"new"
    assert pairs[0]["old"]["data"] == ""


def _with_ids_of(new: NotebookDocument, old: NotebookDocument) -> dict[str, Any]:
    cells = [dict(cell) for cell in new.raw["cells"]]
    cells[0]["id"], cells[1]["id"], cells[2]["id"] = "fresh000x", old.cells[0].id, old.cells[1].id
    return {**new.raw, "cells": cells}


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (shown("image/png", "no base64!"), "it is not base64"),
        (shown("image/png", base64.b64encode(b"<svg onload=x>").decode()), "it is no PNG"),
        (shown("image/jpeg", base64.b64encode(PNG).decode()), "it is no JPEG"),
        (shown("image/svg+xml", "<html>"), "it is no SVG"),
        (shown("image/svg+xml", "<!DOCTYPE s [<!ENTITY a 'b'>]><svg/>"), "it declares entities"),
        (shown("image/png", "A" * 2_000_000), "too large to show"),
        (
            shown("image/png", base64.b64encode(PNG[:16] + b"\0\0\xff\xff\0\0\xff\xff").decode()),
            "it unpacks to 65535 by 65535 pixels",
        ),
    ],
)
def test_what_is_no_image_or_too_large_is_not_shown_and_the_page_says_so(output: dict[str, Any], fault: str) -> None:
    made = packet(None, document(("a = 1", [output])))
    [pair] = made.as_dict()["figures"]["pairs"]
    assert (pair["new"]["fault"], pair["new"]["data"]) == (fault, "")
    assert f"Not shown: {fault}." in made.to_html()


def test_html_of_outputs_is_reduced_to_its_data() -> None:
    html = (
        "<style>td{}</style><table onclick=x><tr><td colspan='2' style='x'>1 &lt; 2</td><td><a href=x>link</a>"
        "<script>run()</script><!-- <b> --><img src=x><p>open"
    )
    assert reduced(html) == '<table><tr><td colspan="2">1 &lt; 2</td><td>link<p>open</p></td></tr></table>'
    assert reduced("a < b & c > d") == "a &lt; b &amp; c &gt; d"
    assert reduced("</div></table>x<script") == "x&lt;script"


@pytest.mark.parametrize("piece", ["<!--", "<a ", "</b", "<a href='", "<svg", "<div>", "<", "&#x", "<script>"])
def test_html_of_any_shape_is_read_in_linear_time(piece: str) -> None:
    # With a quadratic reader each of these takes minutes, which the limit of all tests ends.
    assert len(reduced(piece * 100_000)) < 5_000_000


def test_contracts_are_compared_rule_by_rule() -> None:
    old = "version: 1\ncolumns:\n  a: {dtype: int64, ge: 0}\n  b: {dtype: str, isin: [x, y]}\n  gone:\n"
    new = (
        "version: 1\nstrict: true\ncolumns:\n"
        "  a: {dtype: int64, greater_than_or_equal_to: 1, nullable: true, description: A count.}\n"
        "  b: {dtype: str, isin: [x, y, z]}\n  c: {dtype: float64, in_range: {min_value: 0, max_value: 1}}\n"
    )
    assert contract_diff(ContractTexts("rows", old, new)).words == (
        "column a: at least: 0 → 1",
        "column a: may be missing: no → yes",
        "column a: description A count. (new) (prose, demands nothing)",
        "column b: one of: x, y → x, y, z",
        "column gone is gone",
        "column c is new: type float64; in the range 0 to 1",
        "no other columns: no → yes",
    )


def test_contracts_that_say_the_same_or_cannot_be_read_are_told_as_such() -> None:
    same = contract_diff(ContractTexts("rows", "columns:\n  a: {ge: 0}\n", "# why\ncolumns:\n  a:\n    ge: 0\n"))
    assert same.words == ("only layout or comments changed; it demands the same",)
    broken = contract_diff(ContractTexts("rows", "columns: {", "columns: {}\n"))
    assert "cannot be compared" in broken.words[0]
    assert broken.text.hunks


def test_metrics_are_compared_absolutely_and_relatively() -> None:
    rows = {row.name: row for row in metric_deltas({"a": 0.5, "b": 0.0, "c": 1.0, "d": 2}, {"a": 0.4, "b": 1, "d": 2})}
    assert (rows["a"].direction, round(rows["a"].relative or 0, 9)) == ("down", -0.2)
    assert (rows["b"].direction, rows["b"].relative) == ("up", None)
    assert (rows["c"].direction, rows["d"].direction) == ("gone", "same")
    [odd] = metric_deltas({"x": float("inf")}, {"x": float("inf")})
    assert json.loads(json.dumps(odd.as_dict(), allow_nan=False))["direction"] == "unknown"


def large(shape: str) -> Outputs:
    """Outputs of some 10 MB."""
    match shape:
        case "stream":
            return [text('<&">\x00 line\n' * 800_000)]
        case "pieces":
            return [text("a line\n" * 100) for _ in range(15_000)]
        case "images":
            return [png(bytes([n % 251]) * 30_000) for n in range(250)]
        case "svg":
            return [shown("image/svg+xml", "<svg>" + "<g/>" * 20_000) for _ in range(125)]
        case "html":
            return [shown("text/html", '<table><tr><td>"&</td></tr></table>' * 3_000) for _ in range(50)]
        case _:
            rows: Any = [[n, n * 0.5] for n in range(200_000)]
            return [shown("application/json", rows)]


@pytest.mark.parametrize("shape", ["stream", "pieces", "images", "svg", "html", "json"])
def test_a_packet_stays_small_however_large_the_outputs_are(shape: str) -> None:
    outputs = large(shape)
    old, new = document(("a = 1", [])), document(*((f"a = {n}", outputs) for n in range(5)))
    made = packet(old, new)
    page = made.to_html()
    assert len(page.encode()) < 10_000_000
    assert len(json.dumps(made.as_dict())) < 10_000_000
    assert shape == "json" or "not shown" in page or "more characters" in page


def test_a_packet_stays_small_however_large_the_sources_are() -> None:
    sources = [(("\"<&'\x00" * 300 + f" {n}\n") * 200, []) for n in range(100)]
    made = packet(None, document(*sources, *[("x = 1", [])] * 2_500))
    page = made.to_html()
    assert len(page.encode()) < 10_000_000
    assert "more cells are not shown" in page
    assert "more lines are not shown" in page
