from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studio.widgets.plain import MOST_ROWS, Block, Frame, Picture, Plain, Sentence, Table, page_of
from tests.notebooks.test_properties import STEADY
from tests.widgets.conftest import ATTACK, Read, seen

TEXTS = st.text(max_size=30) | st.just(ATTACK)


@STEADY
@given(TEXTS, TEXTS, TEXTS)
def test_any_text_stays_text(one, other, third):
    parts = [
        Sentence(one),
        Table(other, (one, other), [(third, one)]),
        Block(one, other),
        Picture("<svg/>", third),
        Frame(one, other, third),
    ]
    page = Read(page_of(Plain(third, parts)))
    assert set(page.tags) <= {"div", "style", "p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td"} | {
        "details",
        "summary",
        "pre",
        "img",
        "iframe",
    }
    assert page.tags.count("table") == 1


def test_what_turns_the_direction_of_writing_is_shown():
    assert seen("\u202e") == "⟨U+202E⟩"
    assert Read(page_of(Plain("a\u202eb"))).text.strip() == "a⟨U+202E⟩b"


def test_long_tables_are_cut_and_counted():
    page = Read(page_of(Plain("t", [Table("", ("n",), [(str(at),) for at in range(MOST_ROWS + 5)])])))
    assert len(page.rows) == MOST_ROWS + 1
    assert "… and 5 more rows" in page.text
