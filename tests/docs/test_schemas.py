"""The published JSON Schemas are those of the models, and accept what the product accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from studio.core.documents import read_yaml
from tools.schemas import FOLDER, texts

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(texts()))
def test_the_published_schema_is_the_models(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == texts()[name], "Next: python tools/schemas.py"


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("pipeline", ["pipelines/churn.yml"]),
        ("catalog", ["pipelines/catalog.yml"]),
        ("contract", sorted(str(path.relative_to(ROOT)) for path in (ROOT / "pipelines/contracts").glob("*.yml"))),
    ],
)
def test_the_schema_accepts_the_files_of_this_workspace(name: str, paths: list[str]) -> None:
    import json

    validator = Draft202012Validator(json.loads(texts()[f"{name}.schema.json"]))
    for path in paths:
        assert not list(validator.iter_errors(read_yaml(ROOT / path, path).content)), path
