from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.core import readiness
from studio.core.errors import BadInput
from studio.core.files import CannotWrite
from studio.core.readiness import check_state
from studio.core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_a_new_workspace_is_ready_and_nothing_stays(workspace: Workspace) -> None:
    check_state(workspace)
    assert list(workspace.state.iterdir()) == []
    (workspace.state / "runs").mkdir()
    check_state(workspace)
    assert [path.name for path in workspace.state.iterdir()] == ["runs"]


@pytest.mark.parametrize("name", ["", "runs", "snapshots", "artifacts", "outbox"])
def test_a_file_in_a_folders_place_is_named(workspace: Workspace, name: str) -> None:
    path = workspace.state / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(BadInput, match=f"{path} is no folder") as caught:
        check_state(workspace)
    assert "Next:" in str(caught.value)
    assert path.read_text() == "mine"


def test_a_link_that_leads_nowhere_is_named(workspace: Workspace) -> None:
    workspace.state.symlink_to(workspace.root / "gone")
    with pytest.raises(BadInput, match="is no folder"):
        check_state(workspace)


@pytest.mark.parametrize("name", [".", "runs", "snapshots"])
def test_a_folder_that_may_not_be_written_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = workspace.state / name
    folder.mkdir(parents=True)
    # The tests may run as root, to whom every folder is open.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder)
    with pytest.raises(CannotWrite, match=f"{folder} cannot be written: Permission denied"):
        check_state(workspace)


@pytest.mark.parametrize("fallocate", [True, False])
def test_a_full_disk_is_told_and_the_probe_is_removed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fallocate: bool
) -> None:
    resource = pytest.importorskip("resource")
    if not fallocate:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (readiness.ROOM // 2, limit[1]))
    try:
        with pytest.raises(CannotWrite, match=r"File too large \(a run needs 8 MB\)"):
            check_state(workspace)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list(workspace.state.iterdir()) == []
