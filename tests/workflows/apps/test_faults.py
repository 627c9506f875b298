"""Who uses an app gets a number, and the operator finds the rest under it; no secret is among it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.workflows.apps import faults
from tests.conftest import Place


@pytest.fixture
def workspace(place: Place) -> Workspace:
    return Workspace(place.root)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    log = logging.getLogger("studio.widgets")
    before = list(log.handlers)
    yield
    log.handlers[:] = before


def test_an_error_is_found_by_its_number(workspace: Workspace) -> None:
    try:
        _ = int("no number")
    except ValueError as error:
        number = faults.note(workspace, "scenario", error)
    other = faults.note(workspace, "scenario", "\x1b[31mred\x1b[0m\nsecond line")
    log = faults.log_file(workspace).read_text()
    assert re.search(rf"^\S+Z error {number} in scenario\n    Traceback", log, re.MULTILINE)
    assert "    ValueError: invalid literal for int()" in log
    assert re.search(rf"error {other} in scenario\n    red\n    second line\n", log)
    assert number in faults.said(number)
    assert number != other
    assert faults.log_file(workspace).stat().st_mode & 0o077 == 0


def test_secrets_of_the_environment_are_not_in_the_log(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_TOKEN", "s3cret-of-mine")
    monkeypatch.setenv("STUDIO_LEDGER_URL", "postgresql://me:pw@host/db")
    faults.note(workspace, "app", ValueError("called with s3cret-of-mine at postgresql://me:pw@host/db"))
    log = faults.log_file(workspace).read_text()
    assert "s3cret" not in log
    assert "pw@host" not in log
    assert "called with ***" in log


def test_a_flood_is_cut_and_a_large_log_is_set_aside(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    faults.note(workspace, "app", "x" * 1_000_000)
    assert faults.log_file(workspace).stat().st_size < 100_000
    monkeypatch.setattr(faults, "_ROOM", 10_000)
    faults.note(workspace, "app", "the newest")
    assert faults.log_file(workspace).stat().st_size < 1000
    assert (faults.log_file(workspace).parent / "log.earlier").is_file()


def test_a_log_that_cannot_be_written_keeps_nobody_from_a_number(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_API_TOKEN", "s3cret-of-mine")
    faults.log_file(workspace).mkdir(parents=True)
    number = faults.note(workspace, "app", "what happened to s3cret-of-mine")
    assert re.fullmatch("[0-9a-f]{8}", number)
    assert f"error {number} in app" in caplog.text
    assert "what happened to ***" in caplog.text
    assert "log cannot be written: Is a directory" in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    with pytest.raises(CannotWrite):
        faults.append(workspace, "x")


def test_what_widgets_log_is_kept_with_the_number_that_they_show(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a new process: what another app of this one keeps goes elsewhere.
    monkeypatch.setattr(logging.getLogger("studio.widgets"), "handlers", [])
    faults.keep(workspace, "scenario")
    faults.keep(workspace, "scenario")
    try:
        _ = {}["missing"]
    except KeyError:
        logging.getLogger("studio.widgets").exception("error number %s in a callback", "abcd")
    log = faults.log_file(workspace).read_text()
    assert log.count("error number abcd") == 1
    assert "KeyError: 'missing'" in log
