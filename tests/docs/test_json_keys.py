"""The keys that ``--json`` prints are the ones that docs/command-line.md names: all of them, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Place

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
BORROWED = re.compile(r"(?:`(?P<prefix>\S+)` with )?all of `studio (?P<command>[a-z ]+)`(?: but (?P<but>.*))?$")
CATALOG = """
version: 1
datasets:
  people: {location: data/people.csv, contract: people, tags: [staff]}
  others: {location: data/others.csv, contract: people}
  ages: {description: one part for each unit}
"""
CONTRACT = "version: 1\ncolumns:\n  name: {dtype: str}\n  age: {dtype: int64, ge: 0}\n"
PIPELINE = """
version: 1
inputs:
  source: {contract: people}
parameters: {source: data/people.csv}
steps:
  read: {notebook: notebooks/read.ipynb, matrix: {unit: [years]}}
  mend: {notebook: notebooks/mend.ipynb}
gates:
  metrics:
    mend.mended: {min: 1}
"""

OUTCOME = """{"pipeline": "people", "time": "2026-03-02T06:00:00.000Z", "outcome": "skipped", "text": "It was missed.",
"activity": "", "decided": "2026-03-02T09:00:00.000Z"}"""


@pytest.fixture
def people(place: Place) -> Place:
    """A pipeline that fails until the file ``mended`` is there; and a source that breaks its contract."""
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/contracts/people.yml", CONTRACT)
    place.write("pipelines/people.yml", PIPELINE)
    place.write("data/people.csv", "name,age\nAda,36\n")
    place.write("data/others.csv", "name,age\nBob,-1\n")
    place.notebook(
        "notebooks/read.ipynb",
        "from pathlib import Path\nimport studio",
        ("parameters", "source: Path | None = None  # a file\nunit: str = 'years'  # of the ages"),
        "studio.save('ages', studio.load('people'))",
    )
    place.notebook(
        "notebooks/mend.ipynb",
        "from pathlib import Path\nimport studio",
        "studio.load('ages')\nif not Path('mended').exists():\n    raise ValueError('not mended')",
        "import mlflow\n\nmlflow.log_metric('mended', 1)",
    )
    return place


def printed(place: Place) -> Iterator[tuple[str, Any]]:
    """Every command that takes ``--json`` with what it prints, in the order of a person's day."""

    def run(command: str, *words: str, status: int = 0) -> tuple[str, Any]:
        answer = place.studio(*command.split(), *words, "--json")
        assert answer.status == status, (command, answer.out, answer.err)
        return command, answer.json

    yield run("init", "../other")
    yield run("pipelines list")
    yield run("pipelines plan", "people")
    yield run("pipelines graph", "people")
    yield run("run", "people", status=1)
    yield run("runs show")
    place.write("notebooks/mended", "")
    yield run("runs resume")
    yield run("runs show")
    yield run("runs why")
    yield run("pipelines plan", "people")
    yield run("runs open", "last", "read", "--print")
    yield run("data list")
    yield run("data show", "ages")
    yield run("data check", status=1)
    yield run("data sample", "people")
    place.write("pipelines/catalog.yml", CATALOG.replace("tags: [staff]", "sample: pipelines/samples/people.csv"))
    yield run("test", "people")
    yield run("run", "people", "--env", "staging")
    yield run("runs show")
    place.notebook("notebooks/plain.ipynb", "total = 3", ("test", "def test_total():\n    assert total == 3"))
    yield run("review submit", "notebooks/plain.ipynb")
    yield run("review submit", "people")
    place.studio("review", "comment", "notebooks/plain.ipynb", "why three?", "--cell", "1")
    yield run("review show", "notebooks/plain.ipynb")
    yield run("review show", "people")
    yield run("review show", "notebooks/read.ipynb")
    yield run("review show", "notebooks/mend.ipynb")
    yield run("review list")
    yield run("review status", "notebooks/plain.ipynb")
    yield run("review packet", "notebooks/plain.ipynb")
    actor = {"STUDIO_ACTOR": "somebody@example.org"}
    answer = place.studio("review", "approve", "notebooks/plain.ipynb", "--json", environment=actor)
    yield "review approve", answer.json
    yield run("review submit", "notebooks/plain.ipynb")
    place.write(".studio/runs/damaged/run.json", "{")
    yield run("runs list")
    yield run("doctor")
    yield "an error", run("run", "people", "-p", "sauce=x", status=2)[1]
    place.write("notebooks/broken.ipynb", "{")
    place.notebook("notebooks/unused.ipynb", "import json")
    yield run("check", "--fix", status=1)
    yield "`studio check --rules`", run("check", "--rules")[1]
    schedule = 'schedule: {cron: "0 6 * * mon"}\n'
    place.write("pipelines/people.yml", PIPELINE + schedule)
    place.write("pipelines/torn.yml", "version: 1\nschedule: {}\n")
    place.write(".studio/schedule/people/20260302T0600Z.json", OUTCOME)
    yield run("pipelines schedules")
    yield run("notebooks templates")
    place.notebook("notebooks/apps/page.ipynb", "1")
    yield run("apps list")
    place.write("pipelines/catalog.yml", "version: 1\ndatasets: {}\n")
    yield run("notebooks new", "notebooks/made", "--template", "training")


def documented() -> dict[str, set[str]]:
    """For each command the keys of its table, with those that it borrows from another's."""
    found: dict[str, set[str]] = {}
    borrowed: list[tuple[set[str], re.Match[str]]] = []
    for title, table in re.findall(r"^JSON of (.+?):\n\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE):
        keys: set[str] = set()
        for row in table.splitlines()[2:]:
            cell = row.split("|")[1].strip()
            if other := BORROWED.match(cell):
                borrowed.append((keys, other))
            else:
                keys |= set(re.findall(r"`([^`]+)`", cell))
        for command in re.findall(r"`studio ([a-z ]+)`", title) or [title]:
            found[command] = keys
    for keys, other in borrowed:
        left_out = tuple(re.findall(r"`([^`]+)`", other["but"] or ""))
        taken = {key for key in found[other["command"]] if re.split(r"[.\[]", key)[0] not in left_out}
        keys |= {f"{other['prefix'] or ''}.{key}".lstrip(".") for key in taken}
    return found


def paths(value: Any, known: set[str], path: str = "") -> Iterator[str]:
    """The keys in `value` as the page writes them: ``steps[].name``; ``values.*`` where the names are the user's."""
    if isinstance(value, dict):
        names = f"{path}.*".lstrip(".")
        if names in known:
            yield names
            return
        free = any(key.startswith((f"{names}.", f"{names}[")) for key in known)
        for key, inner in value.items():
            yield from paths(inner, known, names if free else f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        items = f"{path}[]"
        if items in known:
            yield items
            return
        for item in value:
            yield from paths(item, known, items)
    elif value is not None or not any(key.startswith((f"{path}.", f"{path}[")) for key in known):
        yield path


@pytest.mark.heavy
def test_the_keys_of_json_are_the_documented_ones(people: Place) -> None:
    tables = documented()
    found: dict[str, set[str]] = {command: set() for command in tables}
    for command, value in printed(people):
        assert command in tables, f"{command} has no table"
        found[command] |= set(paths(value, tables[command]))
    twins = {command: {twin for twin in tables if tables[twin] is tables[command]} for command in tables}
    for command, keys in tables.items():
        assert found[command] <= keys, (command, "not documented", sorted(found[command] - keys))
        shown = set().union(*(found[twin] for twin in twins[command]))
        assert keys <= shown, (command, "never printed", sorted(keys - shown))
