"""``studio doctor`` says how the machine is and, apart from that, how the workspace is."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.workflows.doctor import examine
from tests.conftest import Place


def test_a_workspace_in_which_all_is_well(place: Place) -> None:
    answer = place.studio("doctor")
    assert answer.status == 0, answer.out
    assert answer.out.endswith("Everything needed is here.\n")


def test_outside_a_workspace_the_machine_alone_is_ready(tmp_path: Path) -> None:
    answer = Place(tmp_path).studio("doctor")
    assert answer.status == 0
    assert "Everything needed is here" not in answer.out
    assert answer.out.endswith("The machine is ready. There is no workspace here yet.\n")
    assert "Next: studio init my-project" in answer.out


def test_panels_that_are_not_built_are_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: [str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    (found,) = [one for one in examine() if one.subject == "JupyterLab"]
    assert (found.level, found.next) == ("note", "make lab-extension (in a clone), or pip install notebook-studio")


def test_what_is_missing_is_counted(place: Place) -> None:
    place.write("studio.toml", "version = 2\n")
    answer = place.studio("doctor")
    assert answer.status == 1
    assert answer.out.endswith("1 needed thing is missing.\n")
