"""What a ledger does for those who append and read."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import sqlite3
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from studio.core import clock
from studio.core.workspace import Workspace
from studio.ledger.event import GENESIS, KINDS, Row
from studio.ledger.ledger import Ledger, open_ledger
from tests.ledger.conftest import fill

DETAILS = {"fingerprint": "é" * 3, "n": [1, 2.5, None, True, {"z": "\x00", "a": "\ud800"}], "big": 10**40}


def test_reading_makes_nothing(ledger, workspace):
    assert ledger.events() == []
    assert ledger.rows() == []
    assert ledger.head() == (0, GENESIS)
    assert ledger.verify().ok
    assert not workspace.ledger.parent.exists()


def test_what_was_appended_is_read_again(ledger, workspace):
    first = ledger.append("approved", actor="Ann Ö", subject="notebooks/a b.ipynb", details=DETAILS)
    second = ledger.append("run accepted", actor="ci", subject="pipelines/churn.yml", environment="prod")
    assert ledger.events() == open_ledger(workspace).events() == [first, second]
    assert first.details == DETAILS
    assert (first.sequence, first.previous, second.sequence, second.previous) == (1, GENESIS, 2, first.hash)
    assert second.details == {}
    assert second.environment == "prod"
    assert ledger.head() == (2, second.hash)
    assert first.id != second.id
    assert re.fullmatch(r"[0-9a-f]{32}", first.id)


def test_the_text_that_is_hashed_is_stored(ledger, workspace):
    ledger.append("approved", actor="Ann", subject="n.ipynb", details={"b": 1, "a": (1, 2)})
    connection = sqlite3.connect(workspace.ledger)
    assert connection.execute("SELECT details FROM ledger_events").fetchone() == ('{"a":[1,2],"b":1}',)
    connection.close()


def test_the_hash_of_an_event_is_the_documented_one():
    """A change of the hashed form would make every ledger in the world look damaged."""
    row = Row(3, "ab", "2026-03-03T09:30:00.123Z", "approved", "Ann", "n.ipynb", "prod", '{"a":1}', GENESIS, "")
    parts = ["studio ledger 1", "3", "ab", "2026-03-03T09:30:00.123Z", "approved", "Ann", "n.ipynb", "prod", '{"a":1}']
    framed = b"".join(struct.pack(">Q", len(part)) + part.encode() for part in (*parts, "0" * 64))
    assert row.digest() == hashlib.sha256(framed).hexdigest()
    assert row.digest() == "47b1f98fe8a759f8bc7421c8f065f9875254f0fa93fb426bf1eec504ef39e0c0"


def test_times_never_go_backwards(ledger, monkeypatch):
    moment = datetime(2026, 3, 3, 12, tzinfo=UTC)
    for hours in (0, -5, 1):
        monkeypatch.setattr(clock, "now", lambda hours=hours: moment + timedelta(hours=hours))
        ledger.append("commented", actor="Ann", subject="n.ipynb")
    assert [event.time[11:13] for event in ledger.events()] == ["12", "12", "13"]
    assert ledger.verify().ok


def test_events_are_chosen(ledger, monkeypatch):
    start = datetime(2026, 3, 3, tzinfo=UTC)
    for number, (kind, subject) in enumerate(
        [("approved", "a"), ("revoked", "a"), ("approved", "b"), ("approved", "a")]
    ):
        monkeypatch.setattr(clock, "now", lambda number=number: start + timedelta(days=number))
        ledger.append(kind, actor="Ann", subject=subject)

    def numbers(**wanted):
        return [event.sequence for event in ledger.events(**wanted)]

    assert numbers(kinds=["approved"]) == [1, 3, 4]
    assert numbers(kinds=["approved", "revoked"], subject="a") == [1, 2, 4]
    assert numbers(kinds=[]) == []
    assert numbers(after=1, limit=2) == [2, 3]
    assert numbers(until=start + timedelta(days=1)) == [1, 2]
    assert numbers(subject="c") == []


@pytest.mark.parametrize(
    "details",
    [{1: "a"}, {"a": {2: 3}}, {"a": object()}, {"a": {1, 2}}, {"a": b"x"}, {"a": datetime.now(UTC)}],
)
def test_details_that_are_not_json_are_a_type_error(ledger, details):
    with pytest.raises(TypeError):
        ledger.append("approved", actor="Ann", subject="n.ipynb", details=details)
    assert ledger.events() == []


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return {"a": value}


@pytest.mark.parametrize("details", [{"a": float("nan")}, {"a": float("inf")}, {"a": 10**5000}, nested(100_000)])
def test_details_that_could_not_be_read_again_are_a_value_error(ledger, details):
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        ledger.append("approved", actor="Ann", subject="n.ipynb", details=details)
    assert ledger.events() == []


@pytest.mark.parametrize(
    "changed",
    [{"actor": ""}, {"subject": ""}, {"actor": "a\x00b"}, {"subject": "\ud800"}, {"environment": "\x00"}],
)
def test_a_text_that_not_every_database_holds_is_a_value_error(ledger, changed):
    with pytest.raises(ValueError, match="cannot be the"):
        ledger.append("approved", **({"actor": "Ann", "subject": "n.ipynb"} | changed))


def test_an_unknown_kind_is_a_value_error(ledger):
    with pytest.raises(ValueError, match="Did you mean 'approved'"):
        ledger.append("aproved", actor="Ann", subject="n.ipynb")
    assert len(KINDS) == 10


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_events SET actor = 'Eve' WHERE sequence = 2",
        "DELETE FROM ledger_events",
        "INSERT OR REPLACE INTO ledger_events SELECT sequence, id, time, kind, 'Eve', subject, environment, details, "
        "previous, hash FROM ledger_events WHERE sequence = 2",
        "INSERT INTO ledger_events SELECT 9, id, time, kind, actor, subject, environment, details, previous, hash "
        "FROM ledger_events WHERE sequence = 2",
        "INSERT INTO ledger_events SELECT 4, id, time, kind, actor, subject, environment, details, previous, hash "
        "FROM ledger_events WHERE sequence = 2",
        "INSERT INTO ledger_events SELECT * FROM ledger_events WHERE sequence = 2 "
        "ON CONFLICT (sequence) DO UPDATE SET actor = 'Eve'",
    ],
)
def test_the_database_itself_refuses_changes(ledger, workspace, statement):
    fill(ledger, 3)
    before = ledger.rows()
    connection = sqlite3.connect(workspace.ledger, isolation_level=None)
    connection.execute("PRAGMA recursive_triggers = OFF")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    assert ledger.rows() == before


def test_threads_share_a_ledger(ledger):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: fill(ledger, 5), range(8)))
    assert ledger.verify().events == 40
    assert ledger.verify().ok


def test_an_event_is_frozen(ledger):
    event = ledger.append("approved", actor="Ann", subject="n.ipynb")
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.actor = "Eve"
    assert list(event.as_dict()) == [
        "sequence", "id", "time", "kind", "actor", "subject", "environment", "details", "previous", "hash",
    ]  # fmt: skip


def test_a_samples_workspace_has_the_same_ledger(ledger, workspace):
    ledger.append("approved", actor="Ann", subject="n.ipynb")
    assert len(open_ledger(Workspace(workspace.root, sampled=True)).events()) == 1


def test_a_sqlite_file_elsewhere(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_LEDGER_URL", "sqlite:///some folder/l.db")
    monkeypatch.chdir(tmp_path)
    fill(open_ledger(workspace), 2)
    assert open_ledger(workspace).address.path == tmp_path / "some folder" / "l.db"
    assert open_ledger(workspace).verify().events == 2
    assert not workspace.ledger.exists()


@pytest.mark.parametrize("name", ["plain", "per%cent", "quest?ion", "ha#sh", "sp ace", "ümläut"])
def test_any_folder_can_hold_the_workspace(tmp_path, name):
    root = tmp_path / name
    root.mkdir()
    (root / "studio.toml").write_text("version = 1\n", encoding="utf-8")
    opened = open_ledger(Workspace(root))
    fill(opened, 2)
    assert opened.verify().ok
    assert sorted(path.name for path in (root / ".studio").iterdir()) == ["ledger.db", "ledger.db.lock"]


def test_alembic_is_imported_only_to_migrate(ledger, workspace):
    fill(ledger, 1)
    source = (
        "import sys\nfrom pathlib import Path\nimport studio.ledger.ledger\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "from studio.core.workspace import Workspace\n"
        "opened = studio.ledger.ledger.open_ledger(Workspace(Path(sys.argv[1])))\n"
        "opened.append('commented', actor='Ann', subject='n.ipynb')\nopened.events()\nassert opened.verify().ok\n"
        "print([name for name in sys.modules if name.startswith(('alembic', 'mako', 'psycopg'))])\n"
    )
    words = [sys.executable, "-W", "error", "-c", source, str(workspace.root)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_latest_events(ledger: Ledger) -> None:
    assert ledger.latest(3) == []
    fill(ledger, 7)
    ledger.append("approved", actor="Bob", subject="notebooks/n1.ipynb")
    assert ledger.latest(3) == ledger.events()[:-4:-1]
    assert [event.sequence for event in ledger.latest(2, before=4)] == [3, 2]
    about = ledger.latest(9, kinds=["commented"], subject="notebooks/n1.ipynb")
    assert [event.sequence for event in about] == [7, 4, 1]
    assert [event.sequence for event in ledger.latest(9, actor="Bob")] == [8]
    assert ledger.latest(9, kinds=[]) == []
