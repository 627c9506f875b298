from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from studio.pipelines.outputs import OVERHEAD, CellOutputs, collapse, shortened, size_of

# What nbclient does to coalesced streams.
NBCLIENT = re.compile(r".*\r(?=[^\n])")
LIMIT = 10_000


def shown(book: CellOutputs) -> str:
    return "".join(output.get("text", "") for output in book.rendered())


def figure(size: int, **more: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"image/png": "i" * size, **more}, "metadata": {}}


@given(st.text(alphabet="ab\r\n", max_size=60))
def test_carriage_returns_as_nbclient_does(text: str) -> None:
    assert collapse(text) == NBCLIENT.sub("", text)


@given(st.lists(st.text(alphabet="ab\r\n", max_size=8), max_size=12))
def test_carriage_returns_across_messages_are_those_of_the_whole(pieces: list[str]) -> None:
    book = CellOutputs(LIMIT)
    for piece in pieces:
        book.stream("stdout", piece)
        if len(piece) % 2:
            book.rendered()  # a save in between changes nothing
    assert shown(book) == collapse("".join(pieces))


def test_a_long_line_without_carriage_return_is_not_searched_quadratically() -> None:
    assert len(collapse("x" * 2_000_000 + "\ry")) == 1


def test_streams_are_joined_while_nothing_comes_between() -> None:
    book = CellOutputs(LIMIT)
    for name, text in (("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")):
        book.stream(name, text)
    book.add(figure(3))
    book.stream("stdout", "e")
    assert [output.get("text", "figure") for output in book.rendered()] == ["ab", "c", "d", "figure", "e"]


def test_a_flood_keeps_its_beginning_and_its_end_and_says_how_much_is_missing() -> None:
    book = CellOutputs(LIMIT)
    lines = [f"line {number}\n" for number in range(50_000)]
    for line in lines:
        book.stream("stdout", line)
    first, mark, last = book.rendered()
    whole = "".join(lines)
    assert whole.startswith(first["text"])
    assert whole.endswith(last["text"])
    missing = len(whole) - len(first["text"]) - len(last["text"])
    assert f"{missing:,} characters" in mark["text"]
    assert mark["name"] == "stderr"


def test_a_flood_on_both_streams_in_turn_stays_bounded_too() -> None:
    book = CellOutputs(LIMIT)
    for number in range(100_000):
        book.stream("stdout" if number % 2 else "stderr", "x")
    assert len(book.rendered()) <= LIMIT / OVERHEAD + 20


Piece = st.one_of(
    st.tuples(st.sampled_from(["stdout", "stderr"]), st.text(alphabet="ab\r\n", max_size=3_000)),
    st.tuples(st.just("figure"), st.integers(0, 20_000)),
    st.tuples(st.just("error"), st.integers(0, 3_000)),
    st.tuples(st.just("clear"), st.just(0)),
)


@given(st.lists(Piece, max_size=40))
def test_whatever_comes_what_is_shown_stays_bounded(pieces: list[tuple[str, Any]]) -> None:
    book = CellOutputs(LIMIT)
    errors = 0
    for kind, value in pieces:
        if kind == "figure":
            book.add(figure(value))
        elif kind == "error":
            errors += 1
            book.add({"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t" * value]})
        elif kind == "clear":
            errors = 0
            book.clear()
        else:
            book.stream(kind, value)
    rendered = book.rendered()
    kept = [output for output in rendered if output["output_type"] == "error"]
    assert len(kept) == min(errors, 20)
    others = sum(size_of(output) for output in rendered if output["output_type"] != "error")
    assert others <= LIMIT + 20 * OVERHEAD


def test_a_figure_that_is_too_large_leaves_word_and_room_for_others() -> None:
    book = CellOutputs(LIMIT)
    book.add(figure(50_000, **{"text/plain": "<Figure size 640x480>"}))
    book.add(figure(100))
    word, small = book.rendered()
    assert "<Figure size 640x480>" in word["data"]["text/plain"]
    assert "50,021 characters (image/png, text/plain)" in word["data"]["text/plain"]
    assert small["data"]["image/png"] == "i" * 100


def test_clearing_gives_the_room_back() -> None:
    book = CellOutputs(LIMIT)
    for _ in range(100):
        book.clear()
        book.add(figure(8_000))
    assert [size_of(output) for output in book.rendered()] == [8_000 + OVERHEAD]


def test_an_update_is_counted_and_bounded() -> None:
    book = CellOutputs(LIMIT)
    kept = book.add(figure(10))
    assert kept is not None
    book.replace(kept, {"image/png": "j" * 8_000}, {})
    assert book.rendered()[0]["data"]["image/png"] == "j" * 8_000
    book.replace(kept, {"image/png": "k" * 80_000}, {})
    assert "left out" in book.rendered()[0]["data"]["text/plain"]
    book.replace(kept, {"image/png": "l"}, {})
    assert not book.fits(LIMIT)
    assert book.fits(5_000)


def test_the_error_is_kept_behind_a_cut() -> None:
    book = CellOutputs(LIMIT)
    book.stream("stdout", "x" * 100_000)
    book.add({"output_type": "error", "ename": "E", "evalue": "v" * 100_000, "traceback": ["t" * 100_000]})
    error = book.rendered()[-1]
    assert error["ename"] == "E"
    assert len(error["evalue"]) < LIMIT + 100
    assert "left out" in "".join(error["traceback"])
    assert book.has_error()


def test_shortened_keeps_both_ends() -> None:
    text = shortened("a" * 500 + "b" * 500, 100)
    assert text.startswith("a" * 50)
    assert text.endswith("b" * 50)
    assert "900 characters" in text
