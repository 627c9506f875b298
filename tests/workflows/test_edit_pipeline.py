from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from studio.core import changing
from studio.core.documents import Document
from studio.core.errors import BadInput, Missing, Problems, StudioError
from studio.core.locks import Locked, lock
from studio.core.workspace import Workspace, working_in
from studio.core.yaml_entries import CannotInsert
from studio.pipelines.plan import make_plan
from studio.pipelines.specification import Pipeline, read_pipeline
from studio.workflows import edit_pipeline
from studio.workflows.edit_pipeline import FileChanged, NameTaken, Written, add_step, new_pipeline
from tests.conftest import Place

FILE = """\
# What it is for.
version: 1
description: two   steps

steps:   # in no order
    first:    # the beginning
        notebook: notebooks/first.ipynb   # this one
        parameters: {a: 1}


    # about the second
    second: {notebook: notebooks/second.ipynb}   # at last

# about all
parameters:
  b: 2
"""


@pytest.fixture(autouse=True)
def inside(place: Place) -> object:
    for name in ("first", "second", "third", "My Third (2)", "deep/true", "été"):
        place.notebook(f"notebooks/{name}.ipynb", "1")
    place.notebook("notebooks/first.ipynb", ("parameters", "a: int = 0\nb: int = 0"))
    place.write("pipelines/it.yml", FILE)
    with working_in(place.root):
        yield


def text(place: Place, name: str = "it") -> str:
    return (place.root / f"pipelines/{name}.yml").read_bytes().decode()


def test_a_step_comes_last_and_the_rest_stays(place: Place) -> None:
    written = add_step("it", "notebooks/third.ipynb")
    assert (written.pipeline, written.path, written.steps) == ("it", "pipelines/it.yml", ("third",))
    new = "    third:\n      notebook: notebooks/third.ipynb\n"
    place_of_it = FILE.index("\n# about all")
    assert text(place) == FILE[:place_of_it] + new + FILE[place_of_it:]
    workspace = Workspace(place.root)
    plan = make_plan(workspace, read_pipeline(workspace, "it"), {}, base=workspace.root)
    assert [step.key for step in plan.steps] == ["first", "second", "third"]


def test_names_of_steps(place: Place) -> None:
    assert add_step("it", "notebooks/My Third (2).ipynb").steps == ("my-third-2",)
    assert add_step("it", "notebooks/été.ipynb").steps == ("t",)
    assert add_step("it", "notebooks/deep/true.ipynb").steps == ("true",)
    assert add_step("it", "notebooks/third.ipynb", "other").steps == ("other",)
    assert '"true":' in text(place)
    assert 'notebook: "notebooks/My Third (2).ipynb"' in text(place)
    assert list(read_pipeline(Workspace(place.root), "it").steps)[2:] == ["my-third-2", "t", "true", "other"]


def test_line_ends_of_windows_stay(place: Place) -> None:
    (place.root / "pipelines/it.yml").write_bytes(FILE.replace("\n", "\r\n").encode())
    add_step("it", "notebooks/third.ipynb")
    assert text(place).count("\r\n") == text(place).count("\n") == FILE.count("\n") + 2


def test_what_is_refused_changes_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NameTaken, match=r"has a step 'first' already \(notebooks/first.ipynb\)\. Next: give"):
        add_step("it", "notebooks/first.ipynb")
    with pytest.raises(NameTaken, match="'second' already"):
        add_step("it", "notebooks/third.ipynb", "second")
    with pytest.raises(BadInput, match="is no name for a step"):
        add_step("it", "notebooks/third.ipynb", "Third Step")
    with pytest.raises(Missing, match="does not exist"):
        add_step("it", "notebooks/none.ipynb")
    with pytest.raises(Missing, match="no pipeline 'other'"):
        add_step("other", "notebooks/third.ipynb")
    with pytest.raises(Missing, match=r"no pipeline 'o{100}' in"):
        add_step("o" * 100_000, "notebooks/third.ipynb")
    with pytest.raises(BadInput, match="outside the workspace"):
        add_step("it", "../../etc/third.ipynb")
    place.write("notebooks/r.ipynb", '{"cells": [], "metadata": {}')
    with pytest.raises(BadInput):
        add_step("it", "notebooks/r.ipynb")
    assert text(place) == FILE


def test_a_file_into_which_nothing_can_be_put(place: Place) -> None:
    place.write("pipelines/it.yml", "version: 1\nsteps: {first: {notebook: notebooks/first.ipynb}}\n")
    before = text(place)
    with pytest.raises(CannotInsert, match="written in braces"):
        add_step("it", "notebooks/third.ipynb")
    assert text(place) == before
    place.write("pipelines/it.yml", "version: 1\nsteps:\n  first: {notebok: x}\n")
    with pytest.raises(Problems, match="notebok"):
        add_step("it", "notebooks/third.ipynb")


def test_somebody_else_saves_in_this_moment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*given: object) -> None:
        place.write("pipelines/it.yml", FILE + "# theirs\n")

    monkeypatch.setattr(edit_pipeline, "_check", slow)
    with pytest.raises(FileChanged, match="Next: try again"):
        add_step("it", "notebooks/third.ipynb")
    assert text(place) == FILE + "# theirs\n"


def at_once(place: Place, calls: Sequence[Callable[[], Written]]) -> list[Written | StudioError]:
    def call(one: Callable[[], Written]) -> Written | StudioError:
        with working_in(place.root):
            try:
                return one()
            except StudioError as error:
                return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def test_steps_that_are_added_at_once_are_all_kept(place: Place) -> None:
    names = [f"step{number}" for number in range(6)]
    done = at_once(place, [partial(add_step, "it", "notebooks/third.ipynb", name) for name in names])
    assert [one.steps for one in done if isinstance(one, Written)] == [(name,) for name in names]
    assert set(read_pipeline(Workspace(place.root), "it").steps) == {"first", "second", *names}


def test_of_pipelines_that_are_made_at_once_one_has_the_name(place: Place) -> None:
    notebooks = ["first", "second", "third", "été", "deep/true", "My Third (2)"]
    done = at_once(place, [partial(new_pipeline, "fresh", [f"notebooks/{name}.ipynb"]) for name in notebooks])
    (made,) = [one for one in done if isinstance(one, Written)]
    assert [type(one) for one in done if one is not made] == [NameTaken] * 5
    assert tuple(read_pipeline(Workspace(place.root), "fresh").steps) == made.steps


def test_a_pipeline_that_somebody_else_makes_in_this_moment_stays(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = edit_pipeline.parse_pipeline

    def slow(name: str, document: Document) -> Pipeline:
        place.write("pipelines/fresh.yml", "theirs")
        return parse(name, document)

    monkeypatch.setattr(edit_pipeline, "parse_pipeline", slow)
    with pytest.raises(NameTaken, match="is taken"):
        new_pipeline("fresh", ["notebooks/third.ipynb"])
    assert text(place, "fresh") == "theirs"


def test_who_waits_too_long_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "PATIENCE", 0.1)
    with lock(place.root / ".studio" / "changes.lock"), pytest.raises(Locked):
        add_step("it", "notebooks/third.ipynb")
    assert text(place) == FILE


def test_a_text_that_would_be_read_as_something_else_is_not_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edit_pipeline, "insert_entry", lambda text, key, entry, shown: text.replace("b: 2", "b: 3"))
    with pytest.raises(CannotInsert):
        add_step("it", "notebooks/third.ipynb")
    assert text(place) == FILE


def test_a_new_pipeline(place: Place) -> None:
    written = new_pipeline("fresh", ["notebooks/third.ipynb", "notebooks/My Third (2).ipynb"], 'yes: "no"\n# - x')
    assert (written.path, written.steps) == ("pipelines/fresh.yml", ("third", "my-third-2"))
    assert text(place, "fresh") == (
        'version: 1\ndescription: "yes: \\"no\\" # - x"\nsteps:\n'
        "  third:\n    notebook: notebooks/third.ipynb\n"
        '  my-third-2:\n    notebook: "notebooks/My Third (2).ipynb"\n'
    )
    pipeline = read_pipeline(Workspace(place.root), "fresh")
    assert pipeline.description == 'yes: "no" # - x'
    assert new_pipeline("fresh2", ["notebooks/third.ipynb"]).pipeline == "fresh2"
    assert text(place, "fresh2").startswith("version: 1\nsteps:\n")
    add_step("fresh", "notebooks/first.ipynb")
    assert list(read_pipeline(Workspace(place.root), "fresh").steps) == ["third", "my-third-2", "first"]


def test_new_pipelines_that_are_refused(place: Place) -> None:
    before = sorted(path.name for path in (place.root / "pipelines").iterdir())
    third = ["notebooks/third.ipynb"]
    for name in ("it", "catalog"):
        with pytest.raises(NameTaken, match=r"is taken: pipelines/.*\.yml is there.*Next: choose another name"):
            new_pipeline(name, third)
    for name in ("It", "../it", "", "a" * 65):
        with pytest.raises(BadInput, match="is no name for a pipeline"):
            new_pipeline(name, third)
    with pytest.raises(BadInput, match="at least one step"):
        new_pipeline("fresh", [])
    with pytest.raises(NameTaken, match="would both be the step 'third'"):
        new_pipeline("fresh", third * 2)
    with pytest.raises(Missing):
        new_pipeline("fresh", ["notebooks/none.ipynb"])
    assert sorted(path.name for path in (place.root / "pipelines").iterdir()) == before


def test_a_folder_that_cannot_be_written(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *given: object, **more: object) -> None:
        from studio.core.files import CannotWrite

        raise CannotWrite(path, PermissionError(13, "Permission denied"))

    monkeypatch.setattr(changing, "write_atomic", refuse)
    with pytest.raises(Exception, match="What was there before is untouched"):
        add_step("it", "notebooks/third.ipynb")
