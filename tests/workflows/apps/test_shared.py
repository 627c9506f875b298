"""The app that comes with Studio is found from every workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.workspace import Workspace
from studio.workflows.apps.listing import list_apps
from tests.conftest import Place

ROOT = Path(__file__).parents[3]


def test_the_app_of_the_checkout_is_found(place: Place) -> None:
    (app,) = [one for one in list_apps(Workspace(place.root)) if one.name == "scenario"]
    assert (app.title, app.origin, app.problem) == ("Run a scenario", "studio", "")
    assert app.description


def test_an_installation_is_looked_at_first(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = Place(tmp_path / "data").notebook("notebook-studio/apps/installed.ipynb", "1")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    assert [(app.name, app.file) for app in list_apps(Workspace(place.root))] == [("installed", installed)]


def test_this_repository_is_a_workspace_that_shows_its_own_app_once() -> None:
    found = [app for app in list_apps(Workspace(ROOT)) if app.name == "scenario"]
    assert [app.origin for app in found] == ["workspace"]
