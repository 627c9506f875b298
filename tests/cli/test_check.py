"""What a person sees of ``studio check``: groups, places, what to do, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Place, notebook

WHY = ("markdown", "# Why\n\nFor the test.")


@pytest.fixture
def untidy(place: Place) -> Place:
    place.notebook("notebooks/a.ipynb", WHY, "import os\nimport json\nprint(json, later)", "later = 1")
    place.notebook("notebooks/b.ipynb", WHY, "x = 1  # studio: ignore[unused-import]")
    place.notebook("notebooks/c.ipynb", "x = 1")
    return place


def test_findings_are_grouped_by_notebook_with_what_to_do(untidy: Place) -> None:
    answer = untidy.studio("check")
    assert answer.status == 1
    assert answer.out.splitlines() == [
        "notebooks/a.ipynb",
        "  cell 2, line 1  The import of 'os' is never used. [unused-import]",
        "                  Next: remove it, which studio check --fix does.",
        "  cell 2, line 3  'later' is used here and defined only further down, in cell 3: it works by chance. "
        "[hidden-state]",
        "                  Next: define it above, in a cell that runs execute.",
        "",
        "notebooks/b.ipynb",
        "  cell 2, line 1  The silencing gives no reason. [invalid-silencing]",
        "                  Next: write behind it why the finding may stay.",
        "  cell 2, line 1  The silencing of 'unused-import' silences nothing. [unused-silencing]",
        "                  Next: remove it.",
        "",
        "notebooks/c.ipynb",
        "  notebook  It has no word of explanation, so nobody else can judge what it does. [no-explanation]",
        "            Next: add a markdown cell that says what the notebook is for and what it decides.",
        "",
        "3 notebooks: 5 problems.",
        "studio check --fix mends 1 of them.",
    ]


def test_a_terminal_of_80_columns_is_enough(untidy: Place) -> None:
    own, other = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "studio.cli", "check"],
        cwd=untidy.root,
        env={**os.environ, "COLUMNS": "80"},
        stdout=other,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(other)
    text = b""
    while True:
        try:
            piece = os.read(own, 4096)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(own)
    assert done.wait(60) == 1
    lines = text.decode().splitlines()
    assert max(map(len, lines)) <= 80
    assert "[hidden-state]" in text.decode()


def test_fix_says_what_it_did_and_what_is_left(untidy: Place) -> None:
    answer = untidy.studio("check", "notebooks/a.ipynb", "--fix")
    assert answer.status == 1
    assert answer.out.startswith(
        "notebooks/a.ipynb: mended\n"
        "  cell 2  Took out what is imported and never used (os). The fingerprint changes with it. [unused-import]\n\n"
    )
    assert answer.out.endswith("1 notebook: 1 problem left.\n")
    source = json.loads((untidy.root / "notebooks/a.ipynb").read_text())["cells"][1]["source"]
    assert source == "import json\nprint(json, later)"
    assert "mended" not in untidy.studio("check", "notebooks/a.ipynb", "--fix").out


def test_json_keys_hold_rule_place_and_fix(untidy: Place) -> None:
    answer = untidy.studio("check", "--json")
    finding, *_ = answer.json["findings"]
    assert finding == {
        "rule": "unused-import",
        "path": "notebooks/a.ipynb",
        "cell": 2,
        "line": 1,
        "name": "",
        "message": "The import of 'os' is never used.",
        "fix": "remove it, which studio check --fix does.",
        "fixable": True,
    }
    assert answer.json["problems"][0] == {
        "path": "notebooks/a.ipynb",
        "line": 0,
        "field": "cell 2, line 1",
        "message": "The import of 'os' is never used. Next: remove it, which studio check --fix does.",
    }
    assert (answer.json["fixed"], len(answer.json["problems"])) == ([], len(answer.json["findings"]))


def test_rules_are_listed_without_a_workspace(tmp_path: Path) -> None:
    place = Place(tmp_path)
    answer = place.studio("check", "--rules")
    assert answer.status == 0
    assert "\nunused-import           An import is never used. Mended by --fix.\n" in answer.out


def test_an_unknown_rule_in_the_settings_is_bad_input(untidy: Place) -> None:
    untidy.write("studio.toml", 'version = 1\n[checks]\nignore = ["unused-imports"]\n')
    answer = untidy.studio("check")
    assert answer.status == 2
    assert "Did you mean 'unused-import'?" in answer.err
    untidy.write("studio.toml", 'version = 1\n[checks]\nignore = ["unused-import", "hidden-state", "no-explanation"]\n')
    untidy.write("notebooks/b.ipynb", (untidy.root / "notebooks/c.ipynb").read_text())
    assert untidy.studio("check").out == "3 notebooks: no problem.\n"


def test_steps_need_parameters_and_a_broken_pipeline_is_told_once(place: Place) -> None:
    place.notebook("notebooks/a.ipynb", WHY, "x = 1")
    place.write("pipelines/p.yml", "version: 1\nsteps:\n  a: {notebook: notebooks/a.ipynb}\n")
    (finding,) = place.studio("check", "--json").json["findings"]
    assert (finding["rule"], finding["cell"]) == ("missing-parameters", 0)
    place.write("pipelines/p.yml", "version: 1\nsteps:\n  a: {notebok: notebooks/a.ipynb}\n")
    found = place.studio("check", "--json").json["findings"]
    assert {item["rule"] for item in found} == {"declaration"}
    assert any("Did you mean 'notebook'?" in item["message"] + item["fix"] for item in found)


def test_what_only_a_plan_finds_is_not_hidden_by_another_finding(place: Place) -> None:
    other = {"name": "ir", "display_name": "R", "language": "R"}
    place.write("notebooks/a.ipynb", notebook("x <- 1", kernelspec=other))
    place.write("pipelines/p.yml", "version: 1\nsteps:\n  a: {notebook: notebooks/a.ipynb}\n")
    found = place.studio("check", "--json").json["findings"]
    assert {item["rule"] for item in found} == {"declaration", "no-explanation"}
    assert any("only Python notebooks can be run as steps" in item["message"] for item in found)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import studio\n\nstudio.load('nothing')", ""),
        ("import studio\n\nname = 'x'\nstudio.load(name)", ""),
        ("x = (", ""),
        ("import own\n\nown.f()", "import ("),
    ],
)
def test_what_a_plan_finds_too_is_told_once(place: Place, source: str, module: str) -> None:
    place.notebook("notebooks/a.ipynb", WHY, ("parameters", "n: int = 1  # how many"), source)
    place.write("notebooks/own.py", module)
    place.write("pipelines/p.yml", "version: 1\nsteps:\n  a: {notebook: notebooks/a.ipynb}\n")
    (finding,) = place.studio("check", "--json").json["findings"]
    assert finding["rule"] in {"unknown-dataset", "unreadable-dataset", "not-python", "unsound-module"}
