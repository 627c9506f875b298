"""Whoever meddles with the file is found out: which row, and what was done to it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.workspace import Workspace
from studio.ledger.chain import examine
from studio.ledger.event import FIELDS, GENESIS, Row
from studio.ledger.ledger import open_ledger
from tests.ledger.conftest import fill, tampering

EVENTS = 9
SHIFT = "UPDATE ledger_events SET sequence = -sequence WHERE sequence >= {0}"
BACK = "UPDATE ledger_events SET sequence = -sequence {1} 1 WHERE sequence < 0"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with nine events; tests copy its file."""
    root = tmp_path_factory.mktemp("written")
    (root / "studio.toml").write_text("version = 1\n", encoding="utf-8")
    fill(open_ledger(Workspace(root)), EVENTS)
    return root / ".studio" / "ledger.db"


@pytest.fixture
def copy(written: Path, workspace: Workspace) -> Path:
    workspace.ledger.parent.mkdir()
    return Path(shutil.copy(written, workspace.ledger))


def rehash(connection: sqlite3.Connection, sequence: int, **changes: object) -> str:
    """Change a row and give it the hash of its new content."""
    row = connection.execute("SELECT * FROM ledger_events WHERE sequence = ?", [sequence]).fetchone()
    values = dict(zip(FIELDS, row, strict=True)) | changes
    made = Row(**values).digest()
    columns = ", ".join(f"{name} = ?" for name in (*changes, "hash"))
    words = [*changes.values(), made, sequence]
    connection.execute(f"UPDATE ledger_events SET {columns} WHERE sequence = ?", words)
    return made


def verify(workspace: Workspace, *statements: str, anchors=()) -> list[tuple[int, str]]:
    connection = tampering(workspace.ledger)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    found = open_ledger(workspace).verify(anchors)
    assert found.ok == (not found.faults)
    return [(fault.sequence, fault.kind) for fault in found.faults]


def test_an_untouched_ledger_is_whole(copy, workspace):
    assert verify(workspace, anchors=[open_ledger(workspace).head(), (0, GENESIS)]) == []


@pytest.mark.parametrize("column", [name for name in FIELDS if name != "sequence"])
@pytest.mark.parametrize("sequence", [1, 5, EVENTS])
def test_a_changed_field_is_named(copy, workspace, column, sequence):
    change = f"UPDATE ledger_events SET {column} = {column} || 'x' WHERE sequence = {sequence}"
    assert verify(workspace, change) == [(sequence, "changed")]


def test_the_sentence_says_which_row(copy, workspace):
    verify(workspace, "UPDATE ledger_events SET actor = 'Eve' WHERE sequence = 4")
    (fault,) = open_ledger(workspace).verify().faults
    assert fault.sentence == (
        "Row 4 (commented by Eve of notebooks/n1.ipynb) was changed: its content does not give its hash."
    )


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (1, 1, "Row 1 is missing: it was removed."),
        (4, 4, "Row 4 is missing: it was removed."),
        (3, 6, "Rows 3 to 6 are missing: they were removed."),
    ],
)
def test_removed_rows_are_named(copy, workspace, first, last, sentence):
    assert verify(workspace, f"DELETE FROM ledger_events WHERE sequence BETWEEN {first} AND {last}") == [
        (first, "missing")
    ]
    assert open_ledger(workspace).verify().faults[0].sentence == sentence


def test_a_removed_row_whose_gap_was_closed_is_named(copy, workspace):
    remove = "DELETE FROM ledger_events WHERE sequence = 4"
    found = verify(workspace, remove, SHIFT.format(5), BACK.format(5, "-"))
    assert found[0] == (4, "missing")
    assert found[1:] == [(number, "renumbered") for number in range(5, EVENTS + 1)]


def test_an_inserted_row_is_named(copy, workspace):
    insert = "INSERT INTO ledger_events SELECT 4, id, time, kind, 'Eve', subject, environment, details, previous, hash "
    found = verify(workspace, SHIFT.format(4), BACK.format(4, "+"), insert + "FROM ledger_events WHERE sequence = 2")
    assert (4, "inserted") in found
    assert found.count((4, "renumbered")) == 1
    assert {kind for _, kind in found} == {"inserted", "renumbered"}


def test_an_inserted_row_with_a_sound_hash_is_named(copy, workspace):
    connection = tampering(workspace.ledger)
    connection.execute(SHIFT.format(4))
    connection.execute(BACK.format(4, "+"))
    connection.execute("INSERT INTO ledger_events SELECT 4, 'aa', time, kind, 'Eve', subject, environment, details, "
                       "hash, 'x' FROM ledger_events WHERE sequence = 3")  # fmt: skip
    rehash(connection, 4)
    connection.close()
    found = verify(workspace)
    assert (4, "inserted") in found
    assert {kind for _, kind in found} == {"inserted", "renumbered"}


def test_a_renumbered_row_is_named(copy, workspace):
    assert verify(workspace, "UPDATE ledger_events SET sequence = 70 WHERE sequence = 9") == [(9, "renumbered")]
    assert verify(workspace, "UPDATE ledger_events SET sequence = 40 WHERE sequence = 4") == [
        (4, "renumbered"),
        (9, "renumbered"),
    ]


def test_rows_in_each_others_place_are_named(copy, workspace):
    swap = [
        f"UPDATE ledger_events SET sequence = {new} WHERE sequence = {old}" for old, new in [(3, 99), (7, 3), (99, 7)]
    ]
    assert verify(workspace, *swap) == [(3, "reordered"), (7, "reordered")]


def test_a_changed_row_with_a_new_hash_is_named(copy, workspace):
    connection = tampering(workspace.ledger)
    rehash(connection, 5, actor="Eve")
    connection.close()
    assert verify(workspace) == [(5, "changed")]


def test_several_damages_are_all_named(copy, workspace):
    assert verify(
        workspace,
        "UPDATE ledger_events SET details = '{}' WHERE sequence = 2",
        "DELETE FROM ledger_events WHERE sequence = 5",
        "UPDATE ledger_events SET actor = 'Eve' WHERE sequence = 8",
    ) == [(2, "changed"), (5, "missing"), (8, "changed")]


@pytest.mark.parametrize("value", ["NULL", "12", "x'416e6e'", "x'ff'", "CAST(x'ff' AS TEXT)"])
def test_values_of_another_kind_are_damage(copy, workspace, value):
    loosen = [
        "CREATE TABLE other (sequence INTEGER PRIMARY KEY, id, time, kind, actor, subject, environment, details, "
        "previous, hash)",
        "INSERT INTO other SELECT * FROM ledger_events",
        "DROP TABLE ledger_events",
        "ALTER TABLE other RENAME TO ledger_events",
    ]
    assert verify(workspace, *loosen) == []
    assert verify(workspace, f"UPDATE ledger_events SET actor = {value} WHERE sequence = 4") == [(4, "changed")]


def test_a_truncated_tail_is_seen_with_an_anchor_only(copy, workspace):
    anchor = open_ledger(workspace).head()
    assert verify(workspace, "DELETE FROM ledger_events WHERE sequence > 6") == []
    assert verify(workspace, anchors=[anchor]) == [(9, "anchor")]
    (fault,) = open_ledger(workspace).verify([anchor]).faults
    assert "ends with row 6" in fault.sentence
    assert "rows 7 to 9 are missing" in fault.sentence
    assert verify(workspace, "DELETE FROM ledger_events", anchors=[anchor]) == [(9, "anchor")]


def test_a_chain_that_was_written_anew_is_seen_with_an_anchor_only(copy, workspace):
    anchor = open_ledger(workspace).head()
    connection = tampering(workspace.ledger)
    previous = rehash(connection, 4, actor="Eve")
    for sequence in range(5, EVENTS + 1):
        previous = rehash(connection, sequence, previous=previous)
    connection.close()
    assert verify(workspace) == []
    assert verify(workspace, anchors=[anchor]) == [(9, "anchor")]
    assert "or the anchor is of another ledger" in open_ledger(workspace).verify([anchor]).faults[0].sentence


def test_a_time_before_the_one_before_is_told(copy, workspace):
    connection = tampering(workspace.ledger)
    previous = rehash(connection, 4, time="2020-01-01T00:00:00.000Z")
    for sequence in range(5, EVENTS + 1):
        changes = {"time": "yesterday"} if sequence == 6 else {}
        previous = rehash(connection, sequence, previous=previous, **changes)
    connection.close()
    assert verify(workspace) == [(4, "time"), (6, "time")]


@pytest.mark.parametrize("time", ["'zzzz'", "x'00'", "''"])
def test_a_last_event_without_a_time_can_be_followed(copy, workspace, time):
    assert verify(workspace, f"UPDATE ledger_events SET time = {time} WHERE sequence = {EVENTS}") == [(9, "changed")]
    made = open_ledger(workspace).append("commented", actor="Ann", subject="n.ipynb")
    assert made.time.startswith("20")
    assert verify(workspace) == [(9, "changed")]


def test_lines_of_an_export_that_were_moved(copy, workspace):
    rows = open_ledger(workspace).rows()
    moved = [*rows[:3], rows[5], *rows[3:5], *rows[6:]]
    found = examine(moved)
    assert found.faults
    assert {fault.kind for fault in found.faults} == {"reordered"}
    twice = examine([*rows[:4], rows[3], *rows[4:]])
    assert [(fault.sequence, fault.kind) for fault in twice.faults] == [(4, "inserted")]


sequences = st.integers(1, EVENTS)
words = st.sampled_from(["", "Eve", "approved", "0" * 64, "é"])
tamperings = st.one_of(
    st.tuples(st.just("change"), sequences, st.sampled_from(FIELDS[1:]), words),
    st.tuples(st.just("forge"), sequences, st.sampled_from(["actor", "kind", "time", "details", "previous"]), words),
    st.tuples(st.just("remove"), sequences, sequences, st.none()),
    st.tuples(st.just("renumber"), sequences, st.integers(-2, 14), st.none()),
    st.tuples(st.just("swap"), sequences, sequences, st.none()),
    st.tuples(st.just("copy"), sequences, st.integers(-2, 14), words),
    st.tuples(st.just("shift"), sequences, st.integers(1, 3), st.none()),
)


def tamper(connection: sqlite3.Connection, what: str, first: int, second: object, word: str | None) -> None:
    run = connection.execute
    exists = run("SELECT 1 FROM ledger_events WHERE sequence = ?", [first]).fetchone()
    if what == "change":
        run(f"UPDATE ledger_events SET {second} = ? WHERE sequence = ?", [word, first])
    elif what == "forge" and exists:
        rehash(connection, first, **{str(second): word})
    elif what == "remove":
        run("DELETE FROM ledger_events WHERE sequence BETWEEN ? AND ?", sorted([first, second]))
    elif what == "renumber":
        run("UPDATE OR REPLACE ledger_events SET sequence = ? WHERE sequence = ?", [second, first])
    elif what == "swap":
        for old, new in ((first, 1000), (second, first), (1000, second)):
            run("UPDATE OR REPLACE ledger_events SET sequence = ? WHERE sequence = ?", [new, old])
    elif what == "copy":
        columns = "id, time, kind, ?, subject, environment, details, previous, hash"
        copied = f"INSERT OR REPLACE INTO ledger_events SELECT ?, {columns} FROM ledger_events WHERE sequence = ?"
        run(copied, [second, word, first])
    elif what == "shift":
        run("UPDATE OR REPLACE ledger_events SET sequence = -sequence WHERE sequence >= ?", [first])
        run("UPDATE OR REPLACE ledger_events SET sequence = ? - sequence WHERE sequence < 0", [second])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(tamperings, min_size=1, max_size=4))
def test_any_tampering_is_found(written, tmp_path, steps):
    path = tmp_path / ".studio" / "ledger.db"
    path.parent.mkdir(exist_ok=True)
    shutil.copy(written, path)
    (tmp_path / "studio.toml").write_text("version = 1\n", encoding="utf-8")
    ledger = open_ledger(Workspace(tmp_path))
    before, head = ledger.rows(), ledger.head()
    with contextlib.closing(tampering(path)) as connection:
        for step in steps:
            tamper(connection, *step)
    after = ledger.rows()
    found = ledger.verify([head])
    assert found.ok == (after == before)
    # Without an anchor, all is found but what touches nothing that stays: the end.
    if ledger.verify().ok:
        assert after[:-1] == before[: max(len(after) - 1, 0)]
    assert all(fault.sentence.endswith(".") and fault.kind for fault in found.faults)
    reasons = {fault.kind for fault in found.faults}
    assert reasons <= {"changed", "missing", "inserted", "renumbered", "reordered", "anchor", "time"}
