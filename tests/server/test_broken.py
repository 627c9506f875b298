"""What is broken is told where it is looked at, and never breaks Jupyter or the rest of the panels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Place
from tests.server.asking import Client, jupyter_server_at
from tests.server.conftest import small_workspace

pytestmark = pytest.mark.slow
NOUNS = ("activities", "session", "notebooks/templates")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return small_workspace(Place(tmp_path_factory.mktemp("broken") / "workspace"))


@pytest.fixture(scope="module")
def client(broken: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    # An MLflow store that nobody answers for, from the start.
    uri = "http://127.0.0.1:9"
    with jupyter_server_at(
        broken.root, tmp_path_factory.mktemp("state"), actor="anna", MLFLOW_TRACKING_URI=uri
    ) as found:
        yield found


def answers(client: Client) -> None:
    """Jupyter, and what does not depend on the broken part."""
    assert client.ask("GET", "../../../api/contents/notebooks/make.ipynb?content=0").status in {200, 404}
    for noun in NOUNS:
        client.ok(client.get(noun))


@pytest.mark.parametrize(
    ("path", "content", "asked", "status", "words"),
    [
        ("notebooks/make.ipynb", "{", "notebooks/state?path=notebooks/make.ipynb", 200, "is cut off"),
        ("notebooks/make.ipynb", "[" * 100_000, "notebooks/state?path=notebooks/make.ipynb", 200, "nested too deeply"),
        ("notebooks/make.ipynb", "\x00\x01", "notebooks/state?path=notebooks/make.ipynb", 200, "not JSON"),
        ("pipelines/small.yml", "steps: [", "notebooks/state?path=notebooks/sum.ipynb", 200, '"pipelines":[]'),
        ("pipelines/catalog.yml", "datasets: 3", "notebooks/state?path=notebooks/sum.ipynb", 200, "catalog.yml"),
        ("studio.toml", "version = 1\n[project]\nnaem = 'x'\n", "session", 400, "Did you mean 'name'?"),
        ("studio.toml", "\x00", "session", 400, "is not valid TOML"),
    ],
)
def test_a_broken_file_is_told_and_mended_by_its_next_content(
    client: Client, broken: Place, path: str, content: str, asked: str, status: int, words: str
) -> None:
    whole = (broken.root / path).read_text()
    try:
        broken.write(path, content)
        answer = client.ask("GET", asked)
        assert answer.status == status
        assert words in answer.body.decode()
        if path != "studio.toml":
            answers(client)
    finally:
        broken.write(path, whole)
    answers(client)
    assert client.ask("GET", asked).status == 200


def test_an_mlflow_server_that_is_gone_is_told_by_what_needs_it(client: Client) -> None:
    begun = client.ok(client.post("activities/run", name="small"))
    told = [one["data"] for one in client.events("activities/events", id=begun["id"])]
    assert told[-2]["status"] == "failed"
    assert "The MLflow store http://127.0.0.1:9 cannot be used" in told[-2]["text"]
    assert "Next: start that server or correct the address" in told[-2]["text"]
    assert "Traceback" not in str(told)
    answers(client)


def test_a_noun_that_does_not_import_leaves_the_others(broken: Place, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['studio.server.routes.reviews'] = None\n", encoding="utf-8"
    )
    with jupyter_server_at(broken.root, tmp_path / "state", actor="anna", PYTHONPATH=str(tmp_path)) as client:
        answer = client.get("reviews")
        assert answer.status == 500
        assert answer.json["rule"] == "NotLoaded"
        assert "The part 'reviews' of Studio's server could not be loaded" in answer.json["message"]
        assert answer.json["next"]
        answers(client)


def test_a_workspace_that_disappears_is_told(tmp_path: Path) -> None:
    import shutil

    place = small_workspace(Place(tmp_path / "workspace"))
    with jupyter_server_at(place.root, tmp_path / "state", actor="anna") as client:
        client.ok(client.get("session"))
        shutil.rmtree(place.root)
        answer = client.get("session")
        assert (answer.status, answer.json["rule"]) == (404, "NoWorkspace")


def test_an_actor_whom_nobody_declared_is_told(broken: Place, tmp_path: Path) -> None:
    with jupyter_server_at(broken.root, tmp_path, actor="zoe") as client:
        answer = client.get("session")
        assert answer.status == 400
        assert "STUDIO_ACTOR is 'zoe'" in answer.json["message"]
        client.ok(client.get("notebooks/state", path="notebooks/sum.ipynb"))
