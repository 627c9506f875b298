"""What an activity's row says of what it is about, told from requests as they lie in a workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from studio.core.errors import BadInput
from studio.core.workspace import working_in
from studio.server.place import Place as Root
from studio.server.routes import activities as routes
from tests.conftest import Place


@pytest.fixture
def root(place: Place) -> Iterator[Root]:
    (place.root / "notebooks").mkdir()
    with working_in(place.root):
        yield Root(place.root / "notebooks")


@pytest.mark.parametrize(
    ("kind", "name", "pipeline", "path"),
    [
        ("run", "churn", "churn", None),
        ("run", "notebooks/train.ipynb", "", "train.ipynb"),
        ("resume", "notebooks/train.py", "", "train.py"),
        ("test", "notebooks/deep/train.md", "", "deep/train.md"),
        ("submit", "elsewhere/train.py", "", None),
    ],
)
def test_what_it_is_about(root: Root, kind: str, name: str, pipeline: str, path: str | None) -> None:
    folder = root.workspace.root / ".studio" / "activities" / "20260101-000000-aaaaaa"
    folder.mkdir(parents=True)
    asked = {"id": folder.name, "kind": kind, "title": kind, "started": "2026-01-01T00:00:00.000Z", "names": [name]}
    (folder / "request.json").write_text(json.dumps(asked))
    (found,) = routes.list_(root).activities
    assert (found.names, found.pipeline, found.path) == ([name], pipeline, path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("private/P.IPYNB", "notebooks/private/P.IPYNB does not exist"),
        ("private/p", "notebooks/private/p does not exist"),
        ("../private/P.IPYNB", "outside of the folder that Jupyter shows"),
        ("P.IPYNB", "does not exist"),
        ("other", "There is no pipeline 'other'"),
    ],
)
def test_whatever_is_no_name_of_a_pipeline_is_a_file_as_jupyter_calls_it(
    root: Root, place: Place, name: str, said: str
) -> None:
    for path in ("private/P.IPYNB", "private/p", "P.IPYNB"):
        place.notebook(path, "1")
    for call in (
        lambda: routes.run(root, routes.StartRun(name=name)),
        lambda: routes.test(root, routes.StartTests(names=[name])),
        lambda: routes.submit(root, routes.StartSubmission(names=[name])),
    ):
        with pytest.raises(BadInput, match=said):
            call()


@pytest.mark.parametrize("key", ["start", "only", "environment"])
def test_names_beyond_reason_are_told_in_short(root: Root, place: Place, key: str) -> None:
    place.notebook("notebooks/a.ipynb", "1")
    with pytest.raises(BadInput, match=r"There is no environment|has no step") as caught:
        routes.run(root, routes.StartRun.model_validate({"name": "a.ipynb", key: "x" * 100_000}))
    assert len(str(caught.value)) < 400
