"""Many programs on one ledger at once: nothing is lost, nothing is twice, and somebody else's lock is waited for."""

from __future__ import annotations

import sqlite3
import time

import pytest

from studio.ledger.errors import LedgerFailed
from studio.ledger.ledger import open_ledger
from tests.ledger.conftest import fill, finish, release

WRITER = """
import sys
from pathlib import Path
from studio.core.workspace import Workspace
from studio.ledger.ledger import open_ledger
import sqlalchemy
ledger = open_ledger(Workspace(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    event = ledger.append("commented", actor=sys.argv[2], subject="n.ipynb", details={"number": number})
    print(event.sequence)
"""
HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN " + sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
time.sleep(float(sys.argv[3]))
connection.execute("COMMIT")
"""


def write_together(program, workspace, writers: int, events: int) -> None:
    started = [program(WRITER, str(workspace.root), str(number), str(events)) for number in range(writers)]
    release(started)
    told = [int(line) for out in finish(started) for line in out.split()]
    ledger = open_ledger(workspace)
    found = ledger.events()
    assert sorted(told) == [event.sequence for event in found] == list(range(1, writers * events + 1))
    assert {(event.actor, event.details["number"]) for event in found} == {
        (str(writer), number) for writer in range(writers) for number in range(events)
    }
    assert ledger.verify([ledger.head()]).ok
    assert [event.time for event in found] == sorted(event.time for event in found)


def test_eight_programs_use_a_new_ledger_at_once(program, workspace):
    write_together(program, workspace, 8, 3)


@pytest.mark.heavy
def test_eight_programs_write_two_thousand_events(program, workspace):
    write_together(program, workspace, 8, 250)


@pytest.mark.heavy
@pytest.mark.postgres
def test_eight_programs_write_two_thousand_events_to_postgresql(program, workspace, database):
    write_together(program, workspace, 8, 250)


@pytest.mark.heavy
def test_a_ledger_that_is_locked_for_ten_seconds_is_waited_for(program, workspace, ledger):
    fill(ledger, 1)
    holder = program(HOLDER, str(workspace.ledger), "EXCLUSIVE", "10")
    release([holder])
    fill(ledger, 1)
    assert ledger.verify().events == 2
    finish([holder])


def test_a_ledger_that_is_locked_for_too_long_is_told(program, workspace, ledger):
    fill(ledger, 1)
    holder = program(HOLDER, str(workspace.ledger), "IMMEDIATE", "60")
    release([holder])
    impatient = open_ledger(workspace, patience=0.3)
    # The holder's sleep begins when it is released; its lock was there before.
    with pytest.raises(LedgerFailed, match=r"kept it locked for more than 0.3 s; nothing was recorded") as caught:
        fill(impatient, 1)
    assert caught.value.exit_status == 1
    assert len(impatient.events()) == 1  # reading needs no lock
    holder.kill()
    holder.wait()
    fill(impatient, 1)
    assert ledger.verify().events == 2


def test_a_first_use_that_takes_too_long_elsewhere_is_told(workspace):
    from studio.core.locks import lock

    with lock(workspace.ledger.with_name("ledger.db.lock")), pytest.raises(LedgerFailed, match="kept it locked"):
        fill(open_ledger(workspace, patience=0.2), 1)
    assert not workspace.ledger.exists()


def test_a_killed_writer_leaves_a_whole_chain(program, workspace, ledger):
    fill(ledger, 1)
    for _ in range(3):
        writers = [program(WRITER, str(workspace.root), "x", "100000") for _ in range(2)]
        release(writers)
        before = ledger.head()[0]
        while ledger.head()[0] < before + 20:
            time.sleep(0.01)
        for one in writers:
            one.kill()
            one.wait()
    fill(ledger, 1)
    assert ledger.verify().ok
    connection = sqlite3.connect(workspace.ledger)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
