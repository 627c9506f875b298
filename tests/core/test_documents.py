from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from studio.core.documents import Document, parse_yaml, read_yaml, schema, validate
from studio.core.errors import BadInput, Problems

# A number to YAML 1.2, which we read, and a text to the writer, which knows 1.1 and puts no quotes around it.
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+")
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20).filter(
    lambda text: not NUMBER.fullmatch(text)
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


def problems_of(text: str) -> list[str]:
    with pytest.raises(Problems) as caught:
        parse_yaml(text, "file.yml")
    return [str(problem) for problem in caught.value.problems]


@given(PLAIN)
def test_what_a_yaml_writer_wrote_is_read_back(content: Any) -> None:
    written = yaml.safe_dump(content, allow_unicode=True, default_style='"' if isinstance(content, str) else None)
    assert parse_yaml(written, "x").content == content


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_a_problem(text: str) -> None:
    try:
        told = parse_yaml(text, "x").problem((), "Read.")
    except Problems as problems:
        told = problems.problems[0]
    assert told.path == "x"
    assert told.message
    assert 0 <= told.line <= text.count("\n") + text.count("\r") + 2


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("no", "no"),
        ("on", "on"),
        ("", None),
        ("~", None),
        ("null", None),
        ("''", ""),
        ("7", 7),
        ("-0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        ('"012"', "012"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("3.", 3.0),
        ("-.inf", -math.inf),
        ("1.2.3", "1.2.3"),
        ("=", "="),
        ("!!str 5", "5"),
    ],
)
def test_plain_words_are_read_by_yaml_1_2(word: str, value: object) -> None:
    content = parse_yaml(f"key: {word}", "x").content["key"]
    assert content == value
    assert type(content) is type(value)


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(parse_yaml("key: .nan", "x").content["key"])


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb:\n\tc: 2\n", 3, "tab"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands here twice (first on line 1)"),
        ("a: 1\nb: &x [*x]\n", 2, "anchors and aliases are not allowed"),
        ("a: *x\n", 1, "anchors and aliases are not allowed"),
        ("a: 1\nb: !secret x\n", 2, "tag '!secret' is not allowed"),
        ("a: !!python/object:os.system ls\n", 1, "is not allowed"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: [1\nb: 2\n", 2, "not valid YAML"),
        ("? [a, b]\n: 1\n", 1, "plain word"),
        ("a: 012\n", 1, "number or as a text"),
        ("a: !!int many\n", 1, "'many' is not a plain value"),
        ("a: !!bool maybe\n", 1, "'maybe' is not a plain value"),
        ("a: !!null nothing\n", 1, "'nothing' is not a plain value"),
        ("a: " + "9" * 5000, 1, "is not a plain value"),
        ("[" * 51 + "]" * 51, 1, "nested more than 50 deep"),
        ("[" * 100_000 + "]" * 100_000, 1, "nested more than 50 deep"),
        ("a: 1\nb: \x07", 2, "the character U+0007, which YAML does not allow"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(text: str, line: int, part: str) -> None:
    (problem,) = problems_of(text)
    assert problem.startswith(f"file.yml:{line}: " if line else "file.yml: ")
    assert part in problem


def test_all_problems_are_told_at_once() -> None:
    assert len(problems_of("a: 1\na: 2\nb: !x 1\nc: 012\n")) == 3


def test_lines_are_known_by_place() -> None:
    document = parse_yaml("steps:\n  train:\n    matrix:\n      model:\n        - forest\n", "x")
    assert document.line(("steps", "train", "matrix", "model", 0)) == 5
    assert document.line(("steps", "train", "unknown", "deeper")) == 2
    assert Document("x", {}).line(("a",)) == 0
    assert str(document.problem(("steps", "train"), "Wrong.")) == "x:2: steps.train: Wrong."


def test_reading_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text("name: Zürich\n", encoding="utf-8")
    assert read_yaml(file, "a.yml").content == {"name": "Zürich"}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yml").write_bytes("name: Zürich\n".encode("latin-1"))
    (tmp_path / "folder").mkdir()
    for name, part in (("missing.yml", "does not exist"), ("latin.yml", "UTF-8"), ("folder", "cannot be read")):
        with pytest.raises(BadInput, match=part) as caught:
            read_yaml(tmp_path / name, name)
        assert str(caught.value).startswith(name)
        assert caught.value.exit_status == 2


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")
    notebook: str
    retries: Annotated[int, Field(ge=0)] = 0
    kind: Literal["a", "b"] = "a"


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: Literal[1] = 1
    steps: dict[str, Step] = Field(default_factory=dict)
    several: list[Step] = Field(default_factory=list)


def misfits(text: str) -> list[str]:
    document = parse_yaml(text, "file.yml")
    with pytest.raises(Problems) as caught:
        validate(File, document.content, document.shown, document)
    return [str(problem) for problem in caught.value.problems]


def test_content_becomes_the_model() -> None:
    assert validate(File, None, "x") == File()
    assert validate(File, {"steps": {"a": {"notebook": "n"}}}, "x").steps["a"].notebook == "n"


def test_misfits_name_line_field_found_and_nearest() -> None:
    told = misfits("version: 1\nsteps:\n  train:\n    notebok: n.ipynb\n    retries: -1\n    kind: c\n")
    assert told[0].startswith("file.yml:3: steps.train.notebook: The key 'notebook' is missing.")
    assert told[1].startswith("file.yml:5: steps.train.retries: At least 0 is expected here. Found: -1.")
    assert told[2].startswith("file.yml:6: steps.train.kind: Allowed is 'a' or 'b'. Found: 'c'.")
    assert told[3] == "file.yml:4: steps.train.notebok: There is no key 'notebok' here. Did you mean 'notebook'?"


def test_known_keys_are_found_through_lists_and_at_the_top() -> None:
    assert "Did you mean 'retries'?" in misfits("several:\n  - notebook: n\n    retriez: 1\n")[0]
    assert "Known: several, steps, version." in misfits("zzzzzz: 1\n")[0]


def test_what_was_found_is_cut() -> None:
    (told,) = misfits(f"version: {'x' * 200}\n")
    assert told.endswith("....")
    assert len(told) < 160


def test_a_model_has_a_json_schema() -> None:
    made = schema(File)
    assert made["$schema"].endswith("2020-12/schema")
    assert made["properties"]["steps"]["additionalProperties"] == {"$ref": "#/$defs/Step"}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    with pytest.raises(BadInput, match=r"pipe\.yml cannot be read: it is no file"):
        read_yaml(tmp_path / "pipe.yml", "pipe.yml")


def test_what_was_found_is_told_without_passwords():
    with pytest.raises(Problems) as caught:
        validate(File, {"steps": "postgresql://ada:hunter2@h/db"}, "x.yml")
    assert "hunter2" not in str(caught.value)
    assert "Found: 'postgresql://…@h/db'" in str(caught.value)
