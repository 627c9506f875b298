"""The tracking URI, and a store that is ready before many use it."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from studio.core.errors import BadInput
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.tracking import sqlite, store
from studio.tracking.client import StoreUnavailable, shown_uri
from studio.tracking.store import artifact_root, prepare_store, ready_store, sqlite_path, tracking_uri
from tests import servers


def pragma(path: Path, name: str) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]
    finally:
        connection.close()


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(statement)
    finally:
        connection.close()


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    monkeypatch.setattr(store, "_prepared", set())


def test_the_default_is_sqlite_in_the_state_folder(workspace):
    assert tracking_uri(workspace) == f"sqlite:///{workspace.root}/.studio/mlflow.db"
    assert artifact_root(workspace) == (workspace.root / ".studio" / "artifacts").as_uri()


def test_the_environment_names_a_store_and_the_settings_win(make_workspace, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///env.db")
    assert tracking_uri(make_workspace("a")) == f"sqlite:///{tmp_path}/env.db"
    assert tracking_uri(make_workspace("b", "sqlite:///here/../own.db")) == f"sqlite:///{tmp_path}/b/own.db"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("databricks", "databricks"),
        ("sqlite:////abs/x.db", "sqlite:////abs/x.db"),
    ],
)
def test_an_address_becomes_absolute(make_workspace, given, expected):
    assert tracking_uri(make_workspace(uri=given)) == expected


def test_a_folder_becomes_a_file_uri_of_the_workspace(make_workspace):
    made = make_workspace(uri="mlruns")
    assert tracking_uri(made) == (made.root / "mlruns").as_uri()


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(make_workspace, uri):
    with pytest.raises(BadInput, match="in memory, which kernels cannot share"):
        tracking_uri(make_workspace(uri=uri))


def test_a_question_mark_in_the_path_is_refused(make_workspace):
    with pytest.raises(BadInput, match=r"holds a '\?'"):
        tracking_uri(make_workspace("what?"))


@pytest.mark.parametrize("name", ["plain", "with space", "hash#percent%20", "日本 ü"])
def test_a_new_store_is_ready(make_workspace, name):
    made = make_workspace(name)
    prepare_store(made)
    path = made.state / "mlflow.db"
    assert pragma(path, "journal_mode") == "wal"
    assert pragma(path, "integrity_check") == "ok"
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT artifact_location FROM experiments").fetchall() == [(f"{artifact_root(made)}/0",)]
    connection.close()
    assert not list(made.state.glob(".*.tmp"))


def test_a_second_store_needs_no_mlflow(make_workspace, python):
    prepare_store(make_workspace())
    other = make_workspace("other")
    done = python(
        """
        import sys
        from pathlib import Path
        from studio.core.workspace import Workspace
        from studio.tracking.store import prepare_store
        prepare_store(Workspace(Path(sys.argv[1])))
        prepare_store(Workspace(Path(sys.argv[1])))
        print([name for name in ("mlflow", "sqlalchemy", "pandas") if name in sys.modules])
        """,
        str(other.root),
    )
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)
    assert (other.state / "mlflow.db").exists()


def test_a_store_that_was_deleted_is_made_again(workspace):
    prepare_store(workspace)
    shutil.rmtree(workspace.state)
    prepare_store(workspace)
    assert sqlite_path(tracking_uri(workspace)).exists()


def test_an_empty_file_becomes_a_store(workspace):
    workspace.state.mkdir()
    (workspace.state / "mlflow.db").touch()
    prepare_store(workspace)
    assert pragma(workspace.state / "mlflow.db", "journal_mode") == "wal"


def test_a_store_that_mlflow_made_is_taken_over_with_its_rows(workspace):
    prepare_store(workspace)
    path = workspace.state / "mlflow.db"
    for statement in ("PRAGMA journal_mode = DELETE", "PRAGMA user_version = 0"):
        change(path, statement)
    change(path, "INSERT INTO experiments (name, lifecycle_stage, workspace) VALUES ('mine', 'active', 'default')")
    store._prepared.clear()
    prepare_store(workspace)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM experiments WHERE name = 'mine'").fetchone() == (1,)
    connection.close()
    assert pragma(path, "journal_mode") == "wal"
    assert not list(workspace.state.glob("*.bak"))


@pytest.mark.slow
def test_a_schema_of_a_newer_mlflow_is_left_alone(workspace):
    prepare_store(workspace)
    path = workspace.state / "mlflow.db"
    change(path, "UPDATE alembic_version SET version_num = 'fromthefuture'")
    change(path, "PRAGMA user_version = 0")
    store._prepared.clear()
    with pytest.raises(StoreUnavailable, match="fromthefuture could not be migrated") as caught:
        prepare_store(workspace)
    assert str(path) + ".fromthefuture.bak" in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.slow
def test_an_older_schema_is_migrated_after_a_copy(workspace):
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    path = workspace.state / "mlflow.db"
    workspace.state.mkdir()
    from mlflow.store.tracking.dbmodels.initial_models import Base  # the schema of MLflow 0.8

    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    Base.metadata.create_all(engine)
    change(path, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    change(path, "INSERT INTO alembic_version VALUES ('451aebb31d03')")
    change(path, "ALTER TABLE metrics ADD COLUMN step BIGINT NOT NULL DEFAULT 0")
    prepare_store(workspace)
    assert (workspace.state / "mlflow.db.451aebb31d03.bak").exists()
    assert sqlite._revision(path) == sqlite._revision(sqlite._template(workspace.cache))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"this is no database, but long enough to look at" * 100, "file is not a database"), (None, "not MLflow's")],
)
def test_a_file_of_something_else_is_named(workspace, content, words):
    workspace.state.mkdir()
    path = workspace.state / "mlflow.db"
    if content:
        path.write_bytes(content)
    else:
        change(path, "CREATE TABLE mine (x)")
    with pytest.raises(StoreUnavailable, match=words) as caught:
        prepare_store(workspace)
    assert str(path) in str(caught.value)
    assert "Next: " in str(caught.value)


def test_a_state_that_cannot_be_written_is_told(workspace):
    workspace.state.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(CannotWrite):
        prepare_store(workspace)
    assert workspace.state.read_text(encoding="utf-8").startswith("a file")


def test_without_a_cache_folder_the_template_stays_in_the_workspace(workspace, monkeypatch, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    prepare_store(workspace)
    assert [path.suffix for path in workspace.cache.glob("mlflow-*.db")] == [".db"]


def test_a_damaged_template_is_made_again(workspace, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    template = sqlite._template(workspace.cache)
    template.write_bytes(template.read_bytes()[:5000])
    prepare_store(workspace)
    assert pragma(workspace.state / "mlflow.db", "integrity_check") == "ok"


def test_a_server_that_is_not_there_is_told_at_once(make_workspace):
    made = make_workspace(uri=f"http://127.0.0.1:{servers.free_port()}")
    with pytest.raises(StoreUnavailable, match="no server answers there") as caught:
        prepare_store(made)
    assert "studio.toml" in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_server_that_listens_is_enough(make_workspace):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        prepare_store(make_workspace(uri=f"http://127.0.0.1:{listener.getsockname()[1]}"))


def test_a_proxy_answers_in_the_place_of_the_server(make_workspace, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    prepare_store(make_workspace(uri="http://mlflow.example.invalid"))


def test_a_database_server_that_is_not_there_is_told_without_the_password(make_workspace):
    made = make_workspace(uri=f"postgresql://me:sesame@127.0.0.1:{servers.free_port()}/runs")
    with pytest.raises(StoreUnavailable, match=r"me:\*\*\*@127\.0\.0\.1") as caught:
        prepare_store(made)
    assert "sesame" not in str(caught.value)


def test_a_missing_driver_names_the_command_that_installs_it(make_workspace, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(StoreUnavailable, match=r"pip install 'notebook-studio\[postgres\]'"):
        prepare_store(make_workspace(uri="postgresql://me@127.0.0.1/runs"))


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://me:a%2Fb@host/x", "postgresql://me:***@host/x"),
        ("http://me:secret@host", "http://me:***@host"),
        ("postgresql://me:a/b@host/x", "postgresql://me:***@host/x"),
        ("http://host:5000/a@b", "http://host:5000/a@b"),
        ("sqlite:////a@b/c", "sqlite:////a@b/c"),
    ],
)
def test_passwords_are_not_shown(uri, shown):
    assert shown_uri(uri) == shown


def test_the_workspace_is_told_by_its_settings_alone(make_workspace):
    made = make_workspace()
    assert tracking_uri(Workspace(made.root)) == tracking_uri(made)


def test_an_embedded_store_is_ready_before_anything_starts(workspace):
    ready_store(workspace)
    assert (workspace.state / "mlflow.db").stat().st_size


def test_an_embedded_store_that_may_not_be_written_is_told(workspace, monkeypatch):
    ready_store(workspace)
    # The tests may run as root, to whom every file is open.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "mlflow.db")
    with pytest.raises(CannotWrite, match=r"mlflow\.db cannot be written: Permission denied"):
        ready_store(workspace)


def test_a_scheme_that_mlflow_does_not_know_is_told(make_workspace):
    with pytest.raises(StoreUnavailable, match=r"htp://x.*Next: "):
        ready_store(make_workspace(uri="htp://x"))
