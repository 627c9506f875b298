"""Which apps there are: those of the workspace and those that come with Studio; nothing else is served."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.core.errors import BadInput, Missing
from studio.core.workspace import Workspace
from studio.workflows.apps import listing
from studio.workflows.apps.listing import App, choose_apps, list_apps
from tests.conftest import Place, notebook


@pytest.fixture(autouse=True)
def nothing_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "shared_apps", lambda: None)


def apps(place: Place) -> list[App]:
    return list_apps(Workspace(place.root))


def test_an_app_is_a_notebook_with_a_title_and_a_description(place: Place) -> None:
    place.write("notebooks/apps/b.ipynb", notebook("1", title="A  title\nof two lines", description="What\tfor"))
    place.write("notebooks/apps/a_first-one.ipynb", notebook("1"))
    place.write("notebooks/apps/c.ipynb", notebook(("markdown", "Some words\n\n## The heading ##\n\n# Later"), "1"))
    place.write("notebooks/apps/d.ipynb", notebook(("markdown", "```\n# a comment\n```\n## Of all"), "1"))
    place.notebook("notebooks/other.ipynb", "1")
    found = apps(place)
    assert [(app.name, app.title, app.description) for app in found] == [
        ("a_first-one", "A first one", ""),
        ("b", "A title of two lines", "What for"),
        ("d", "Of all", ""),
        ("c", "The heading", ""),
    ]
    assert {(app.origin, app.problem) for app in found} == {("workspace", "")}
    assert found[0].as_dict()["path"] == str(place.root / "notebooks/apps/a_first-one.ipynb")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.ipynb", "{", "is not a notebook"),
        ("a.ipynb", notebook("1", kernelspec={"name": "ir", "language": "R"}), "is written in r"),
        ("two words.ipynb", notebook("1"), "is no name for an app"),
        ("-a.ipynb", notebook("1"), "is no name for an app"),
    ],
)
def test_what_cannot_be_served_says_why(place: Place, name: str, content: str, problem: str) -> None:
    place.write(f"notebooks/apps/{name}", content)
    place.write("notebooks/apps/good.ipynb", notebook("1"))
    found = {app.name: app for app in apps(place)}
    told = found[Path(name).stem].problem
    assert problem in told or "JSON" in told
    assert "Next: " in told
    assert [app.name for app in choose_apps(Workspace(place.root), ())] == ["good"]
    with pytest.raises(BadInput, match="cannot be served"):
        choose_apps(Workspace(place.root), [Path(name).stem])


def test_a_link_out_of_the_workspace_is_no_app(place: Place, tmp_path: Path) -> None:
    outside = Place(tmp_path).write("outside.ipynb", notebook("1"))
    (place.root / "notebooks/apps").mkdir(parents=True)
    (place.root / "notebooks/apps/link.ipynb").symlink_to(outside)
    (found,) = apps(place)
    assert "outside" in found.problem


def test_apps_of_studio_give_way_to_those_of_the_workspace(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Place(tmp_path / "shared")
    shared.write("scenario.ipynb", notebook("1", title="Of Studio"))
    shared.write("more.ipynb", notebook("1", title="More"))
    monkeypatch.setattr(listing, "shared_apps", lambda: shared.root)
    place.write("notebooks/apps/scenario.ipynb", notebook("1", title="Our own"))
    assert [(app.name, app.title, app.origin) for app in apps(place)] == [
        ("more", "More", "studio"),
        ("scenario", "Our own", "workspace"),
    ]


def test_apps_are_chosen_by_name_or_file(place: Place) -> None:
    place.write("notebooks/apps/a.ipynb", notebook("1"))
    place.write("notebooks/apps/b.ipynb", notebook("1"))
    workspace = Workspace(place.root)
    assert [app.name for app in choose_apps(workspace, ["b", "notebooks/apps/b.ipynb"])] == ["b"]
    with pytest.raises(Missing, match=r"There is no app 'c'.*studio apps list"):
        choose_apps(workspace, ["c"])


def test_without_an_app_there_is_a_next_step(place: Place) -> None:
    assert apps(place) == []
    with pytest.raises(Missing, match=r"studio notebooks new notebooks/apps/mine\.ipynb --template app"):
        choose_apps(Workspace(place.root), ())


@pytest.mark.timeout(20)
def test_only_a_file_is_read(place: Place) -> None:
    folder = place.write("notebooks/apps/good.ipynb", notebook("1")).parent
    (folder / "folder.ipynb").mkdir()
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "link.ipynb").symlink_to("pipe.ipynb")
    found = {app.name: app.problem for app in apps(place)}
    assert found.pop("good") == ""
    assert set(found) == {"folder", "link", "pipe"}
    for problem in found.values():
        assert ".ipynb is no file, so it is no app. Next: " in problem
