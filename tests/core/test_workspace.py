from __future__ import annotations

from pathlib import Path

import pytest

from studio.core.errors import BadInput
from studio.core.workspace import NoWorkspace, Workspace, find_workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "notebooks" / "deep").mkdir(parents=True)
    (root / "studio.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    return root


def test_it_is_found_from_below(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_workspace(root / "notebooks" / "deep").root == root
    monkeypatch.chdir(root / "notebooks")
    assert find_workspace().root == root


def test_a_variable_names_it(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_WORKSPACE", str(root))
    monkeypatch.chdir(tmp_path)
    assert find_workspace().root == root
    monkeypatch.setenv("STUDIO_WORKSPACE", str(tmp_path))
    with pytest.raises(NoWorkspace):
        find_workspace()


def test_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NoWorkspace, match=r"Next: .*studio init") as caught:
        find_workspace(tmp_path)
    assert caught.value.exit_status == 2


def test_it_knows_where_things_are(root: Path) -> None:
    workspace = Workspace(root)
    assert workspace.settings.project.name == "x"
    assert workspace.settings is workspace.settings
    places = [
        workspace.catalog,
        workspace.contracts,
        workspace.pipelines,
        workspace.snapshots,
        workspace.runs,
        workspace.cache,
    ]
    assert [workspace.shown(place) for place in places] == [
        "pipelines/catalog.yml",
        "pipelines/contracts",
        "pipelines",
        ".studio/snapshots",
        ".studio/runs",
        ".studio/cache",
    ]


def test_its_border(root: Path) -> None:
    assert Workspace(root).inside("notebooks/a.ipynb", "notebook") == root / "notebooks" / "a.ipynb"
    with pytest.raises(BadInput, match="leads outside the workspace"):
        Workspace(root).inside("../a.ipynb", "notebook")
