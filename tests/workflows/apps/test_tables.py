"""Of a table in HTML only texts are taken, and not too many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.workflows.apps.scenario.tables import MOST_COLUMNS, MOST_ROWS, Rows, tables_in

FRAME = """<div><style scoped>.dataframe tbody tr th {vertical-align: top}</style>
<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>name</th><th>n &amp; m</th></tr>
</thead><tbody><tr><th>0</th><td>Ada <b>L.</b></td><td>1<br>2</td></tr><tr><th>1</th><td></td><td>3</td></tr></tbody>
</table><p>2 rows</p></div>"""


def test_a_frame_of_pandas() -> None:
    assert tables_in(FRAME) == [
        Rows(head=(("", "name", "n & m"),), body=(("0", "Ada L.", "1 2"), ("1", "", "3")), headings=1)
    ]


def test_a_first_row_of_headings_is_a_head() -> None:
    (rows,) = tables_in("<table><tr><th>a<th>b<tr><td>1<td>2</table>")
    assert (rows.head, rows.body, rows.headings) == ((("a", "b"),), (("1", "2"),), 0)


def test_programs_in_a_table_are_not_among_its_texts() -> None:
    cell = "<script>alert('x')</script>safe<svg><title>no</title></svg><img src=x onerror=y>"
    assert tables_in(f"<table><tr><td>{cell}</td></tr></table>")[0].body == (("safe",),)
    escaped = tables_in("<table><tr><td>&lt;script&gt;x&lt;/script&gt;</td></tr></table>")
    assert escaped[0].body == (("<script>x</script>",),)


def test_large_tables_are_cut_and_say_so() -> None:
    row = "<tr>" + "<td>x</td>" * (MOST_COLUMNS + 3) + "</tr>"
    (rows,) = tables_in(f"<table>{row * (MOST_ROWS + 7)}</table>")
    assert (len(rows.body), len(rows.body[0]), rows.rows, rows.columns) == (MOST_ROWS, MOST_COLUMNS, 7, 3)
    (long,) = tables_in(f"<table><tr><td>{'y' * 1000}</td></tr></table>")
    assert len(long.body[0][0]) == 200
    assert tables_in("<table><tr><td>" + "x" * 2_100_000) == []


def test_wide_cells_and_tables_in_tables() -> None:
    (rows,) = tables_in('<table><tr><td colspan="3">a</td><td>b</td></tr></table>')
    assert rows.body == (("a", "", "", "b"),)
    (huge,) = tables_in('<table><tr><td colspan="999">a</td></tr></table>')
    assert len(huge.body[0]) == MOST_COLUMNS
    (outer,) = tables_in("<table><tr><td>out<table><tr><td>in</td></tr></table></td><td>last</td></tr></table>")
    assert outer.body[0][-1] == "last"


@pytest.mark.parametrize("html", ["", "no table", "<table></table>", "<table><tr></tr></table>", "<tr><td>x</td></tr>"])
def test_nothing_comes_of_nothing(html: str) -> None:
    assert tables_in(html) == []


@given(
    st.lists(
        st.sampled_from(["<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<th>", "<thead>", "x", "<!--", "&"])
    )
)
def test_every_piece_of_html_is_read(parts: list[str]) -> None:
    for rows in tables_in("".join(parts)):
        assert all(len(row) <= MOST_COLUMNS for row in (*rows.head, *rows.body))
