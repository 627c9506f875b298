"""What goes wrong with a ledger's file is told in one sentence, and nothing half-written stays."""

from __future__ import annotations

import os
import sqlite3

import pytest

from studio.core.errors import BadInput, StudioError
from studio.core.files import CannotWrite
from studio.ledger import ledger as module
from studio.ledger import schema
from studio.ledger.errors import LedgerDamaged, LedgerFailed, LedgerUnavailable
from studio.ledger.ledger import open_ledger
from tests.data.test_faults import permissions_that_count, small_disk
from tests.ledger.conftest import fill, tampering


def told(caught: pytest.ExceptionInfo[StudioError], status: int) -> str:
    text = str(caught.value)
    assert "\n" not in text
    assert "Next: " in text
    assert caught.value.exit_status == status
    return text


def whole(workspace) -> int:
    connection = sqlite3.connect(workspace.ledger)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    found = open_ledger(workspace).verify()
    assert found.ok
    return found.events


def test_a_full_disk(workspace):
    with small_disk(workspace.ledger.parent, "64k"):
        ledger = open_ledger(workspace)
        taken = 0

        def until_full():
            nonlocal taken
            for _ in range(2000):
                fill(ledger, 1)
                taken += 1

        with pytest.raises(LedgerFailed, match="its disk is full; nothing was recorded") as caught:
            until_full()
        told(caught, 1)
        assert [event.sequence for event in ledger.events()] == list(range(1, taken + 1))
        assert ledger.verify().ok


def test_a_disk_without_room_for_a_ledger(workspace):
    with small_disk(workspace.ledger.parent, "16k"):
        with pytest.raises(LedgerFailed, match="its disk is full") as caught:
            fill(open_ledger(workspace), 1)
        told(caught, 1)


def test_no_room_in_the_file(ledger, workspace, monkeypatch):
    """As a full disk, where none can be mounted: SQLite itself is told to let the file grow no more."""
    fill(ledger, 1)
    connect = sqlite3.connect

    def limited(*words, **options):
        connection = connect(*words, **options)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(module.sqlite3, "connect", limited)
    with pytest.raises(LedgerFailed, match="its disk is full; nothing was recorded") as caught:
        ledger.append("commented", actor="Ann", subject="n.ipynb", details={"text": "x" * 50_000})
    told(caught, 1)
    monkeypatch.undo()
    assert whole(workspace) == 1


def test_a_file_that_may_not_be_written(ledger, workspace):
    fill(ledger, 2)
    workspace.ledger.chmod(0o444)
    with permissions_that_count():
        with pytest.raises(LedgerUnavailable, match="it may not be written") as caught:
            fill(ledger, 1)
        assert len(ledger.events()) == 2
    told(caught, 2)


def test_a_folder_that_may_not_be_written_can_be_read(ledger, workspace):
    fill(ledger, 2)
    workspace.ledger.parent.chmod(0o555)
    try:
        with permissions_that_count():
            assert len(ledger.events()) == 2
            assert ledger.verify().ok
            with pytest.raises(LedgerUnavailable, match="it may not be written") as caught:
                fill(ledger, 1)
    finally:
        workspace.ledger.parent.chmod(0o755)
    told(caught, 2)
    assert whole(workspace) == 2


def test_a_folder_in_which_nothing_can_be_made(ledger, workspace):
    workspace.root.chmod(0o555)
    try:
        with permissions_that_count(), pytest.raises(CannotWrite) as caught:
            fill(ledger, 1)
    finally:
        workspace.root.chmod(0o755)
    told(caught, 2)


def test_a_file_that_may_not_be_read(ledger, workspace):
    fill(ledger, 1)
    workspace.ledger.chmod(0)
    with permissions_that_count(), pytest.raises(LedgerUnavailable, match="unable to open") as caught:
        ledger.events()
    told(caught, 2)


@pytest.mark.parametrize("use", [lambda ledger: fill(ledger, 1), lambda ledger: ledger.verify()])
def test_a_file_that_is_no_database(ledger, workspace, use):
    workspace.ledger.parent.mkdir()
    workspace.ledger.write_text("what I did today: nothing much\n" * 200, encoding="utf-8")
    with pytest.raises(LedgerUnavailable, match="is no SQLite database") as caught:
        use(ledger)
    told(caught, 2)
    assert workspace.ledger.read_text(encoding="utf-8").startswith("what I did")


@pytest.mark.parametrize("use", [lambda ledger: fill(ledger, 1), lambda ledger: ledger.events()])
def test_a_folder_in_the_file_s_place(ledger, workspace, use):
    workspace.ledger.mkdir(parents=True)
    with pytest.raises(LedgerUnavailable, match="unable to open") as caught:
        use(ledger)
    told(caught, 2)


def test_a_database_whose_pages_are_broken(ledger, workspace):
    fill(ledger, 20)
    for number in range(10):
        ledger.append("commented", actor="Ann", subject="n.ipynb", details={"text": f"{number}" * 5000})
    content = bytearray(workspace.ledger.read_bytes())
    for place in range(4096 * 6, len(content), 4096):
        content[place : place + 64] = os.urandom(64)
    workspace.ledger.write_bytes(content)
    with pytest.raises(LedgerDamaged) as caught:
        ledger.verify()
    assert "restore it from a backup" in told(caught, 1)


def test_an_index_that_hides_a_row_is_found(ledger, workspace):
    fill(ledger, 3)
    connection = tampering(workspace.ledger)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET sql = sql || ' WHERE sequence <> 2' WHERE name LIKE '%by_subject'")
    connection.close()
    assert [fault.kind for fault in ledger.verify().faults] == ["file"]


def test_details_that_are_no_json_are_damage(ledger, workspace):
    fill(ledger, 3)
    connection = tampering(workspace.ledger)
    connection.execute("UPDATE ledger_events SET details = '{' WHERE sequence = 2")
    connection.close()
    with pytest.raises(LedgerDamaged, match="event 2 cannot be read") as caught:
        ledger.events()
    assert "Next: studio ledger verify" in told(caught, 1)


def test_an_older_schema_is_migrated_and_keeps_its_events(ledger, workspace, monkeypatch):
    monkeypatch.setattr(schema, "REVISIONS", ("0001",))
    fill(ledger, 3)
    before = ledger.rows()
    monkeypatch.undo()
    assert ledger.rows() == before
    connection = sqlite3.connect(workspace.ledger)
    assert connection.execute("SELECT version_num FROM ledger_version").fetchall() == [("0002",)]
    connection.close()
    fill(ledger, 1)
    assert whole(workspace) == 4


def test_a_migration_that_fails_leaves_the_older_schema(ledger, workspace, monkeypatch):
    monkeypatch.setattr(schema, "REVISIONS", ("0001",))
    fill(ledger, 3)
    monkeypatch.undo()
    connection = sqlite3.connect(workspace.ledger)
    connection.execute("CREATE INDEX ledger_events_by_kind ON ledger_events (actor)")
    connection.commit()
    with pytest.raises(LedgerFailed, match="already exists"):
        fill(ledger, 1)
    assert connection.execute("SELECT version_num FROM ledger_version").fetchall() == [("0001",)]
    assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name LIKE '%by_subject'").fetchall()
    connection.close()


@pytest.mark.parametrize("use", [lambda ledger: fill(ledger, 1), lambda ledger: ledger.events()])
def test_a_newer_schema_is_refused(ledger, workspace, use):
    fill(ledger, 1)
    connection = sqlite3.connect(workspace.ledger, isolation_level=None)
    connection.execute("UPDATE ledger_version SET version_num = '0007'")
    connection.close()
    with pytest.raises(LedgerUnavailable, match=r"its schema is 0007.*update Studio") as caught:
        use(ledger)
    told(caught, 2)


def test_the_migrations_are_the_ones_that_are_known():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "studio.ledger:migrations")
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert tuple(reversed([item.revision for item in script.walk_revisions()])) == schema.REVISIONS


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "is no database URL"),
        ("postgresql://ann:s3cret@host:port/db", "is no database URL"),
        ("postgresql://ann:s3cret@x@host/db", "STUDIO_LEDGER_URL"),
        ("postgresql://ann:s3cret@host", "names none"),
        ("mysql://ann:s3cret@host/db", "cannot hold a ledger"),
        ("postgresql+asyncpg://ann:s3cret@host/db", "cannot hold a ledger"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:x?mode=memory&uri=true", "names no file"),
    ],
)
def test_an_address_that_is_none(workspace, monkeypatch, url, said):
    monkeypatch.setenv("STUDIO_LEDGER_URL", url)
    with pytest.raises(BadInput) as caught:
        open_ledger(workspace).events()
    assert said in told(caught, 2)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
