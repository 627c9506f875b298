"""Ledgers for tests: in a workspace of their own, on SQLite or on a PostgreSQL that the tests start."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.core.workspace import Workspace
from studio.ledger.ledger import Ledger, open_ledger
from tests import servers

TRIGGERS = ("ledger_no_update", "ledger_no_delete", "ledger_follows")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "work"
    root.mkdir()
    (root / "studio.toml").write_text("version = 1\n", encoding="utf-8")
    return Workspace(root)


@pytest.fixture
def ledger(workspace: Workspace) -> Ledger:
    return open_ledger(workspace)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    with servers.postgres() as uri:
        yield uri


@pytest.fixture
def database(cluster: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new PostgreSQL database, whose URL (with its password) is in the environment."""
    uri = servers.make_database(cluster, f"t{abs(hash(request.node.nodeid)):x}")
    monkeypatch.setenv("STUDIO_LEDGER_URL", uri)
    return uri


def fill(ledger: Ledger, count: int) -> None:
    """Append `count` events that differ."""
    for number in range(1, count + 1):
        ledger.append(
            "commented", actor="Ann", subject=f"notebooks/n{number % 3}.ipynb", details={"text": f"é {number}"}
        )


def tampering(path: Path) -> sqlite3.Connection:
    """A raw connection to a ledger's file whose triggers are gone."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    for trigger in TRIGGERS:
        connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    return connection


Program = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def program() -> Iterator[Program]:
    """Start Python programs that print "ready" and wait for a line; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str, *words: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        made = subprocess.Popen([sys.executable, "-c", source, *words], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        started.append(made)
        return made

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
        one.communicate()


def release(programs: list[subprocess.Popen[str]]) -> None:
    """Wait until all are ready, then let all go at once."""
    for one in programs:
        assert one.stdout is not None
        assert one.stdin is not None
        assert one.stdout.readline() == "ready\n", one.communicate()
    for one in programs:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def finish(programs: list[subprocess.Popen[str]]) -> list[str]:
    """What each printed; an error or anything on standard error fails."""
    outputs = []
    for one in programs:
        out, err = one.communicate(timeout=240)
        assert (one.returncode, err) == (0, "")
        outputs.append(out)
    return outputs
