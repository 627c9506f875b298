"""A new notebook from any template is sound as made: checked, tested, and nothing of the workspace is overwritten."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from studio.core import changing
from studio.core.errors import BadInput
from studio.core.files import CannotWrite
from studio.core.workspace import Workspace
from studio.data.catalog import Catalog, read_catalog
from studio.workflows import new_notebook as new_notebook_module
from studio.workflows.new_notebook import list_templates, new_notebook
from tests.conftest import Place

NAMES = [template.name for template in list_templates()]


def files(place: Place) -> dict[str, bytes]:
    """Everything that lies in the workspace."""
    return {
        str(path.relative_to(place.root)): path.read_bytes()
        for path in sorted(place.root.rglob("*"))
        if path.is_file() and ".studio" not in path.parts
    }


def test_the_templates_are_those_of_the_whole_way() -> None:
    way = "exploration ingestion preparation features training evaluation scoring supervision app"
    assert way.split() == NAMES
    assert all(template.title and template.description.endswith((".", "?")) for template in list_templates())


@pytest.mark.heavy
def test_every_template_is_checked_and_tested_as_made(place: Place) -> None:
    """All in one workspace, as a person would make them one after the other."""
    paths = []
    for name in NAMES:
        made = place.studio("notebooks", "new", "notebooks/shop", "--template", name, "--json")
        assert made.status == 0, made.err
        paths.append(made.json["path"])
    assert paths == [f"notebooks/shop/{name}.ipynb" for name in NAMES]
    checked = place.studio("check", "--json")
    assert checked.json["findings"] == []
    tested = place.studio("test", *paths, "--json")
    assert tested.status == 0, tested.out[-3000:]
    passed = {case["subject"] for case in tested.json["cases"] if case["rung"] == "code" and case["status"] == "passed"}
    assert passed == set(paths)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["training", "supervision"])
def test_a_template_runs_as_a_pipeline_step(place: Place, name: str) -> None:
    place.studio("notebooks", "new", "notebooks/shop", "--template", name)
    ran = place.studio("run", f"notebooks/shop/{name}.ipynb", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["steps"][0]["metrics"]


def test_a_name_of_its_own_gives_a_dataset_of_its_own(place: Place) -> None:
    workspace = Workspace(place.root)
    made = new_notebook(workspace, "preparation", "notebooks/shop", "Clean orders 2.ipynb")
    assert made.path == "notebooks/shop/Clean orders 2.ipynb"
    assert 'studio.save("clean_orders_2", prepared)' in (place.root / made.path).read_text().replace('\\"', '"')
    assert set(read_catalog(workspace).datasets) == {"example_customers", "clean_orders_2"}
    again = new_notebook(workspace, "preparation", "notebooks/other", "Clean orders 2")
    assert "clean_orders_2_2" in read_catalog(workspace).datasets
    assert again.also == ("pipelines/catalog.yml",)


def test_without_a_name_it_is_numbered(place: Place) -> None:
    workspace = Workspace(place.root)
    paths = [new_notebook(workspace, "exploration", "notebooks").path for _ in range(3)]
    assert paths == [f"notebooks/exploration{end}.ipynb" for end in ("", "-2", "-3")]


def test_comments_of_the_catalog_stay(place: Place) -> None:
    text = "version: 1\ndatasets:\n  mine: {description: x}  # kept\n# the end\n"
    place.write("pipelines/catalog.yml", text)
    new_notebook(Workspace(place.root), "training", "notebooks")
    after = (place.root / "pipelines/catalog.yml").read_text(encoding="utf-8")
    assert all(line in after.splitlines() for line in text.splitlines())


def test_an_example_that_a_person_changed_is_left(place: Place) -> None:
    place.write("data/example_customers.csv", "mine\n1\n")
    made = new_notebook(Workspace(place.root), "exploration", "notebooks")
    assert (place.root / "data/example_customers.csv").read_text() == "mine\n1\n"
    assert "data/example_customers.csv" not in made.also


@pytest.mark.parametrize(
    ("template", "folder", "name", "said"),
    [
        ("trainin", "notebooks", "", "Did you mean 'training'?"),
        ("t" * 100_000, "notebooks", "", "There is no template 't{100}'. Known"),
        ("training", "../outside", "", "leads outside the workspace"),
        ("training", "notebooks", "../x", "is no name for a notebook"),
        ("training", "notebooks", "a/b", "is no name for a notebook"),
        ("training", "studio.toml", "", "is a file, not a folder"),
        ("training", "studio.toml/sub/deeper", "", "studio.toml is a file, not a folder"),
        ("exploration", ".studio/ledger.db", "zz", "begins with a dot"),
        ("exploration", "notebooks/../.git/hooks", "", "begins with a dot"),
        ("exploration", "notebooks/.hidden", "", "begins with a dot"),
        ("exploration", "to-git", "x", "begins with a dot"),
        ("training", "notebooks", "x" * 200, "is no name for a notebook"),
    ],
)
def test_what_cannot_be_made_writes_nothing(place: Place, template: str, folder: str, name: str, said: str) -> None:
    (place.root / ".git" / "hooks").mkdir(parents=True)
    (place.root / "to-git").symlink_to(".git")
    before = files(place)
    with pytest.raises(BadInput, match=said.replace("?", r"\?")):
        new_notebook(Workspace(place.root), template, folder, name)
    assert files(place) == before


def test_nothing_is_overwritten(place: Place) -> None:
    place.notebook("notebooks/mine.ipynb", "x = 1")
    before = files(place)
    with pytest.raises(BadInput, match="is there already, and nothing is overwritten"):
        new_notebook(Workspace(place.root), "training", "notebooks", "mine")
    assert files(place) == before


def test_a_catalog_in_braces_is_not_spoiled(place: Place) -> None:
    place.write("pipelines/catalog.yml", "version: 1\ndatasets: {mine: {description: x}}\n")
    before = files(place)
    with pytest.raises(BadInput, match=r"Nothing was added to pipelines/catalog\.yml"):
        new_notebook(Workspace(place.root), "training", "notebooks")
    assert files(place) == before


def test_what_fails_half_way_is_taken_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the notebook itself is written, after all that it needs."""
    place.notebook("notebooks/mine.ipynb", "x = 1")
    before, folders = files(place), set(place.root.rglob("*"))
    write = changing.write_atomic

    def full(path: Path, content: str) -> None:
        if ".ipynb" in path.name:
            raise CannotWrite(path, OSError(28, "No space left on device"))
        write(path, content)

    monkeypatch.setattr(changing, "write_atomic", full)
    with pytest.raises(CannotWrite, match="No space left"):
        new_notebook(Workspace(place.root), "ingestion", "notebooks/deep/er", "x")
    assert files(place) == before
    assert {path for path in place.root.rglob("*") if ".studio" not in path.parts} == folders


def test_a_folder_that_cannot_be_made_is_met_before_anything_is_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(place.root.rglob("*"))
    make = Path.mkdir

    def refuse(path: Path, *given: object, **more: object) -> None:
        if path.name == "er":
            raise PermissionError(13, "Permission denied", str(path))
        make(path, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(CannotWrite, match="Permission denied"):
        new_notebook(Workspace(place.root), "training", "notebooks/deep/er", "x")
    assert {path for path in place.root.rglob("*") if ".studio" not in path.parts} == before


def test_many_at_once_each_make_their_own(place: Place) -> None:
    def make(number: int) -> str:
        return new_notebook(Workspace(place.root), "training", "notebooks", "" if number % 2 else f"mine {number}").path

    with ThreadPoolExecutor(6) as pool:
        paths = list(pool.map(make, range(6)))
    ends = {"training", "training-2", "training-3", "mine 0", "mine 2", "mine 4"}
    assert {Path(path).stem for path in paths} == ends
    assert {path.stem for path in (place.root / "notebooks").iterdir()} == ends
    known = set(read_catalog(Workspace(place.root)).datasets)
    assert known == {"example_customers", *read_saved(place)}


def read_saved(place: Place) -> set[str]:
    """What the templates say that they save."""
    texts = [path.read_text(encoding="utf-8") for path in (place.root / "notebooks").glob("*.ipynb")]
    return {name for text in texts for name in re.findall(r'studio\.save\(\\"(\w+)\\"', text)}


def test_a_notebook_that_somebody_else_makes_in_this_moment_stays(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(place)
    read = new_notebook_module.read_catalog

    def slow(workspace: Workspace) -> Catalog:
        place.write("notebooks/mine.ipynb", "theirs")
        return read(workspace)

    monkeypatch.setattr(new_notebook_module, "read_catalog", slow)
    with pytest.raises(BadInput, match="is there already, and nothing is overwritten"):
        new_notebook(Workspace(place.root), "training", "notebooks", "mine")
    assert files(place) == before | {"notebooks/mine.ipynb": b"theirs"}


def test_the_templates_are_listed(place: Place) -> None:
    listed = place.studio("notebooks", "templates", "--json")
    assert [item["name"] for item in listed.json["templates"]] == NAMES
    assert "Modeling" in place.studio("notebooks", "templates").out


def test_an_app_is_listed_by_its_heading(place: Place) -> None:
    workspace = Workspace(place.root)
    for template, kept in (("app", True), ("training", False)):
        made = new_notebook(workspace, template, "notebooks/apps")
        metadata = json.loads((place.root / made.path).read_text(encoding="utf-8"))["metadata"]
        assert ("description" in metadata, "studio" in metadata) == (kept, False)
    listed = place.studio("apps", "list", "--json").json
    assert "What if we call them?" in [item["title"] for item in listed["apps"]]
