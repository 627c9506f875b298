"""``studio run`` as a person or a machine meets it: real kernels, real MLflow, a real shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Place

CATALOG = "version: 1\ndatasets:\n  numbers: {description: some numbers}\n  squares: {description: their squares}\n"
PIPELINE = (
    "version: 1\nsteps:\n  make: {notebook: notebooks/make.ipynb}\n  square: {notebook: notebooks/square.ipynb}\n"
)


@pytest.fixture
def two_steps(place: Place) -> Place:
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/two.yml", PIPELINE)
    place.notebook(
        "notebooks/make.ipynb",
        "import pandas as pd\nimport studio",
        ("parameters", "count: int = 5  # how many\nlabel: str = 'x'  # a text"),
        "frame = pd.DataFrame({'number': range(count), 'label': label})",
        "studio.save('numbers', frame)",
    )
    place.notebook(
        "notebooks/square.ipynb",
        "import studio",
        "frame = studio.load('numbers')",
        "frame['square'] = frame['number'] ** 2\nprint(frame['square'].sum())",
        "studio.save('squares', frame)",
    )
    return place


def statuses(answer_json: dict) -> dict[str, str]:
    return {step["key"]: step["status"] for step in answer_json["steps"]}


def test_run_reuse_change_and_why(two_steps: Place) -> None:
    first = two_steps.studio("run", "two", "--json")
    assert first.status == 0, first.err
    assert statuses(first.json) == {"make": "completed", "square": "completed"}

    again = two_steps.studio("run", "two", "--json")
    assert again.status == 0, again.err
    assert statuses(again.json) == {"make": "reused", "square": "reused"}

    # the same rows come out of other code: the first step runs, the second one need not
    two_steps.notebook(
        "notebooks/make.ipynb",
        "import pandas as pd\nimport studio",
        ("parameters", "count: int = 5  # how many\nlabel: str = 'x'  # a text"),
        "frame = pd.DataFrame({'number': list(range(count)), 'label': label})",
        "studio.save('numbers', frame)",
    )
    third = two_steps.studio("run", "two", "--json")
    assert statuses(third.json) == {"make": "completed", "square": "reused"}
    why = two_steps.studio("runs", "why", "last", "make")
    assert "code" in why.out
    assert "cell 3" in why.out

    fourth = two_steps.studio("run", "two", "-p", "count=7", "--json")
    assert statuses(fourth.json) == {"make": "completed", "square": "completed"}
    why = two_steps.studio("runs", "why", "last")
    assert "count" in why.out
    assert "numbers" in why.out


@pytest.mark.parametrize(
    "text",
    [
        "quote ' and \" and `",
        "line\nbreak\\n \\",
        pytest.param("__import__('os').system('touch hacked')", marks=pytest.mark.heavy),
        pytest.param("{x}", marks=pytest.mark.heavy),
        pytest.param("ünïcödé 漢字 🎉", marks=pytest.mark.heavy),
        pytest.param(" spaced ", marks=pytest.mark.heavy),
        pytest.param("", marks=pytest.mark.heavy),
    ],
)
def test_text_values_arrive_byte_for_byte(two_steps: Place, text: str) -> None:
    two_steps.write("pipelines/one.yml", "version: 1\nsteps:\n  make: {notebook: notebooks/echo.ipynb}\n")
    two_steps.notebook(
        "notebooks/echo.ipynb",
        ("parameters", "label: str = 'x'  # a text"),
        "from pathlib import Path\nPath('said.txt').write_bytes(label.encode('utf-8'))",
    )
    answer = two_steps.studio("run", "one", "-p", f"label={text}")
    assert answer.status == 0, answer.err
    assert (two_steps.root / "notebooks" / "said.txt").read_bytes() == text.encode()
    assert not list(two_steps.root.glob("**/hacked"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("two", "-p", "cuont=3"), "count"),
        (("two", "-p", "count=many"), "many"),
        (("two", "-p", "count"), "NAME=VALUE"),
        (("tow",), "two"),
        (("two", "--from", "squar"), "square"),
        (("notebooks/square.ipynb", "-p", "x=1"), "x"),
        (("../outside.ipynb",), "outside"),
    ],
)
def test_bad_input_starts_nothing(two_steps: Place, words: tuple[str, ...], expected: str) -> None:
    answer = two_steps.studio("run", *words)
    assert answer.status == 2, (answer.out, answer.err)
    assert expected in answer.err
    assert "Traceback" not in answer.err
    assert not (two_steps.root / ".studio" / "runs").exists()


@pytest.mark.heavy
def test_a_failure_tells_all_and_resume_goes_on(two_steps: Place) -> None:
    good = (two_steps.root / "notebooks/square.ipynb").read_text()
    two_steps.notebook(
        "notebooks/square.ipynb",
        "import studio",
        "frame = studio.load('numbers')",
        "frame['squares_of_what'] = frame['nubmer'] ** 2",
        "studio.save('squares', frame)",
    )
    failed = two_steps.studio("run", "two", "-p", "label=hello")
    assert failed.status == 1
    for part in (
        "notebooks/square.ipynb, cell 3",
        "frame['nubmer']",
        "KeyError",
        "studio runs open",
        "studio runs resume",
    ):
        assert part in failed.out, failed.out
    run = two_steps.studio("runs", "list", "--json").json["runs"][0]["run"]
    opened = two_steps.studio("runs", "open", run, "--print", "--json").json
    executed = json.loads(Path(opened["notebook"]).read_text())
    assert any(output["output_type"] == "error" for cell in executed["cells"] for output in cell.get("outputs", []))
    assert "KeyError" in Path(opened["page"]).read_text()

    two_steps.write("notebooks/square.ipynb", good)
    resumed = two_steps.studio("runs", "resume", run, "--json")
    assert resumed.status == 0, resumed.err
    assert resumed.json["run"] == run
    assert statuses(resumed.json) == {"make": "completed", "square": "completed"}
    assert {step["key"]: step["attempt"] for step in resumed.json["steps"]}["square"] == 2
    done = two_steps.studio("runs", "resume", run)
    assert done.status == 2
    assert "complete" in done.err


@pytest.mark.heavy
def test_only_and_from(two_steps: Place) -> None:
    early = two_steps.studio("run", "two", "--only", "square")
    assert early.status == 2
    assert "numbers" in early.err
    assert two_steps.studio("run", "two").status == 0
    only = two_steps.studio("run", "two", "--only", "square", "--force", "--json")
    assert statuses(only.json) == {"make": "not run", "square": "completed"}
    later = two_steps.studio("run", "two", "--from", "square", "--json")
    assert statuses(later.json) == {"make": "reused", "square": "completed"}
