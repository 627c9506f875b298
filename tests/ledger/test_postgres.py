"""The same ledger in PostgreSQL: for a team, under an account that may add and read, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio.core import clock
from studio.ledger import schema
from studio.ledger.errors import LedgerFailed, LedgerUnavailable
from studio.ledger.event import GENESIS
from studio.ledger.ledger import open_ledger
from tests import servers
from tests.ledger.conftest import fill, finish, release
from tests.ledger.test_concurrency import write_together

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"
LOCKED = """
import sys, time, psycopg
connection = psycopg.connect(sys.argv[1])
connection.execute(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
time.sleep(float(sys.argv[3]))
connection.commit()
connection.close()
"""


@pytest.fixture
def ledger(database, workspace):
    return open_ledger(workspace)


def run(uri: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def test_what_was_appended_is_read_again(ledger, workspace):
    assert ledger.events() == []
    assert ledger.head() == (0, GENESIS)
    details = {"é": "\x00", "n": [1.5, 10**40, "\ud800"]}
    first = ledger.append("approved", actor="Ann Ö", subject="n.ipynb", details=details)
    second = ledger.append("run ended", actor="ci", subject="pipelines/churn.yml", environment="prod")
    assert open_ledger(workspace).events() == [first, second]
    assert first.details == details
    assert ledger.events(kinds=["run ended"], after=1, until=clock.now(), limit=1) == [second]
    assert ledger.verify([(1, first.hash), ledger.head()]).ok
    assert not workspace.ledger.exists()
    assert not workspace.state.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_events SET actor = 'Eve' WHERE sequence = 2",
        "DELETE FROM ledger_events",
        "TRUNCATE ledger_events",
        "INSERT INTO ledger_events SELECT 9, id, time, kind, actor, subject, environment, details, previous, hash "
        "FROM ledger_events WHERE sequence = 2",
        "INSERT INTO ledger_events SELECT 4, id, time, kind, actor, subject, environment, details, previous, hash "
        "FROM ledger_events WHERE sequence = 2",
        "INSERT INTO ledger_events SELECT * FROM ledger_events WHERE sequence = 2 "
        "ON CONFLICT (sequence) DO UPDATE SET actor = 'Eve'",
    ],
)
def test_the_database_itself_refuses_changes(ledger, database, statement):
    import psycopg

    fill(ledger, 3)
    before = ledger.rows()
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        run(database, statement)
    assert ledger.rows() == before


def test_what_was_changed_behind_its_back_is_named(ledger, database):
    fill(ledger, 5)
    disable = "ALTER TABLE ledger_events DISABLE TRIGGER ALL"
    run(database, disable, "UPDATE ledger_events SET actor = 'Eve' WHERE sequence = 2")
    run(database, "DELETE FROM ledger_events WHERE sequence = 4")
    assert [(fault.sequence, fault.kind) for fault in ledger.verify().faults] == [(2, "changed"), (4, "missing")]


def test_many_programs_use_a_new_ledger_at_once(program, workspace, database):
    write_together(program, workspace, 8, 5)


def test_an_account_that_may_only_add_and_read(ledger, database, workspace, monkeypatch):
    """The statements that docs/ledger.md shows are enough, and grant no more than that."""
    import psycopg

    fill(ledger, 2)
    (block,) = re.findall(r"^```sql\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    name = database.rpartition("/")[2]
    run(database, *block.replace("DATABASE studio", f'DATABASE "{name}"').strip().split(";\n"))
    theirs = re.sub(r"//[^@]*@", "//studio_writer:change-me@", database)
    monkeypatch.setenv("STUDIO_LEDGER_URL", theirs)
    fill(open_ledger(workspace), 2)
    assert open_ledger(workspace).verify([ledger.head()]).events == 4
    for statement in (
        "UPDATE ledger_events SET actor = 'Eve'",
        "DELETE FROM ledger_events",
        "TRUNCATE ledger_events",
        "DROP TABLE ledger_events",
        "ALTER TABLE ledger_events DISABLE TRIGGER ALL",
        "UPDATE ledger_version SET version_num = 'x'",
        "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "DROP FUNCTION ledger_refuse() CASCADE",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(theirs, statement)
    assert ledger.verify().events == 4
    run(database, "DROP OWNED BY studio_writer", "DROP ROLE studio_writer")


def test_an_account_without_rights_is_told(ledger, database, workspace, monkeypatch):
    fill(ledger, 1)
    run(database, "CREATE ROLE nobody_special LOGIN PASSWORD 'sesame'")
    monkeypatch.setenv("STUDIO_LEDGER_URL", re.sub(r"//[^@]*@", "//nobody_special:sesame@", database))
    with pytest.raises(LedgerUnavailable, match="this account may not do that") as caught:
        open_ledger(workspace).events()
    assert "sesame" not in str(caught.value)
    run(database, "DROP ROLE nobody_special")


@pytest.mark.parametrize(
    "statement", [f"SELECT pg_advisory_xact_lock({schema.LOCK})", "LOCK TABLE ledger_events IN EXCLUSIVE MODE"]
)
def test_a_ledger_that_is_locked_is_waited_for_and_not_for_ever(ledger, program, workspace, database, statement):
    fill(ledger, 1)
    holder = program(LOCKED, database, statement, "2")
    release([holder])
    with pytest.raises(LedgerFailed, match=r"locked for more than 0.2 s; nothing was recorded"):
        fill(open_ledger(workspace, patience=0.2), 1)
    fill(ledger, 1)
    finish([holder])
    assert ledger.verify().events == 2


def test_a_server_that_does_not_answer(workspace, monkeypatch):
    monkeypatch.setenv(
        "STUDIO_LEDGER_URL", f"postgresql://ann:sesame@127.0.0.1:{servers.free_port()}/studio?password=sesame"
    )
    with pytest.raises(LedgerUnavailable, match="Next: start that server") as caught:
        fill(open_ledger(workspace), 1)
    assert "sesame" not in str(caught.value)
    assert "sesame" not in str(caught.value.__cause__)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_wrong_password_is_told_without_it(database, place):
    wrong = database.replace(servers.QUOTED, "sesame")
    answer = place.studio("--debug", "ledger", "show", environment={"STUDIO_LEDGER_URL": wrong})
    assert answer.status == 2
    assert "password authentication failed" in answer.err
    assert "sesame" not in answer.err + answer.out


def test_a_database_that_is_not_there(database, workspace, monkeypatch):
    monkeypatch.setenv("STUDIO_LEDGER_URL", database + "_gone")
    with pytest.raises(LedgerUnavailable, match="does not exist") as caught:
        fill(open_ledger(workspace), 1)
    assert servers.PASSWORD not in str(caught.value)


def test_connections_that_the_server_ended_are_made_anew(ledger, database):
    fill(ledger, 1)
    run(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND datname = current_database()")  # fmt: skip
    fill(ledger, 1)
    assert ledger.verify().events == 2


def test_an_older_schema_is_migrated_and_a_newer_one_refused(ledger, database, monkeypatch):
    monkeypatch.setattr(schema, "REVISIONS", ("0001",))
    fill(ledger, 2)
    monkeypatch.undo()
    monkeypatch.setenv("STUDIO_LEDGER_URL", database)
    fill(ledger, 1)
    assert ledger.verify().events == 3
    run(database, "UPDATE ledger_version SET version_num = '0007'")
    with pytest.raises(LedgerUnavailable, match=r"its schema is 0007.*update Studio"):
        fill(ledger, 1)


def test_the_url_of_studio_toml_is_used_and_the_environment_wins(database, workspace, monkeypatch):
    monkeypatch.delenv("STUDIO_LEDGER_URL")
    bare = database.replace(f":{servers.QUOTED}@", "@")
    (workspace.root / "studio.toml").write_text(f'version = 1\n[ledger]\nurl = "{bare}"\n', encoding="utf-8")
    monkeypatch.setenv("PGPASSWORD", servers.PASSWORD)
    fill(open_ledger(workspace), 1)
    assert open_ledger(workspace).address.shown.endswith(bare.partition("@")[2])
    monkeypatch.setenv("STUDIO_LEDGER_URL", "sqlite:///other.db")
    monkeypatch.chdir(workspace.root)
    assert open_ledger(workspace).events() == []


def test_a_database_shared_with_others_and_another_level_of_isolation(ledger, database):
    name = database.rpartition("/")[2]
    run(database, "CREATE TABLE alembic_version (version_num text)", "INSERT INTO alembic_version VALUES ('theirs')",
        f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'serializable'")  # fmt: skip
    fill(ledger, 3)
    assert ledger.verify().ok
