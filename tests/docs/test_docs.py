"""The documents say all there is to say, and what they show works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from studio.cli.main import app
from studio.core.settings import Settings
from studio.data.catalog import Catalog
from studio.pipelines.specification import PipelineFile
from tests.conftest import Place

DOCS = Path(__file__).parents[2] / "docs"


def commands() -> Iterator[tuple[str, Any]]:
    root = typer.main.get_command(app)
    pending = [("studio", root)]
    while pending:
        name, command = pending.pop()
        children = getattr(command, "commands", None)
        if children is None:
            yield name, command
        else:
            pending += [(f"{name} {child}", inner) for child, inner in children.items()]


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: str(value)[:40])
def test_every_command_and_option_is_documented(name: str, command: Any) -> None:
    text = (DOCS / "command-line.md").read_text()
    noun = " ".join(name.split()[:2])
    section = re.search(rf"^## {re.escape(noun)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None, f"{noun} has no section"
    assert name in section[0]
    for parameter in command.params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("-") and option not in ("--json", "--help", "-h"):
                assert f"{option}" in section[0], f"{name} {option}"


def keys(schema: dict[str, Any]) -> set[str]:
    models = [schema, *schema.get("$defs", {}).values()]
    return {key for model in models for key in model.get("properties", {})}


@pytest.mark.parametrize(
    ("model", "page"),
    [(PipelineFile, "pipeline-file.md"), (Settings, "pipeline-file.md"), (Catalog, "data.md")],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_key_is_documented(model: Any, page: str) -> None:
    text = (DOCS / page).read_text()
    missing = {key for key in keys(model.model_json_schema()) if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", text)}
    assert not missing


def blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for page in sorted(DOCS.glob("*.md")):
        found += [
            (page.name, block) for block in re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)
        ]
    return found


@pytest.mark.parametrize(("page", "block"), blocks("yaml"), ids=lambda value: str(value)[:30])
def test_the_yaml_examples_are_of_the_format(page: str, block: str) -> None:
    from studio.core.documents import parse_yaml, validate
    from studio.data.contract_file import ContractFile

    document = parse_yaml(block, page)
    model = next(
        m
        for key, m in (("steps", PipelineFile), ("datasets", Catalog), ("columns", ContractFile))
        if key in document.content
    )
    validate(model, document.content, page, document)


def test_the_defaults_of_the_settings_are_the_documented_ones() -> None:
    section = re.search(r"^## Settings$(.*?)^## ", (DOCS / "pipeline-file.md").read_text(), re.MULTILINE | re.DOTALL)
    assert section is not None
    rows = re.findall(r"^\| `([a-z_]+)\.([a-z_]+)` \| ([^|]+) \|", section[1], re.MULTILINE)
    shown = {(section, key): None if default == "none" else default.strip("`") for section, key, default in rows}
    settings = Settings().model_dump(exclude={"version"})
    actual = {(section, key): value for section, keys in settings.items() for key, value in keys.items()}
    assert shown == {place: None if value is None or value == () else str(value) for place, value in actual.items()}


@pytest.mark.parametrize(("page", "block"), blocks("toml"), ids=lambda value: str(value)[:30])
def test_the_toml_examples_are_of_the_format(page: str, block: str) -> None:
    import tomllib

    Settings.model_validate(tomllib.loads(block))


def test_the_parameter_examples_are_parameters(place: Place) -> None:
    from studio.core.workspace import Workspace
    from studio.notebooks.document import read_notebook
    from studio.notebooks.parameters import read_parameters

    (block,) = [block for page, block in blocks("python") if page == "notebook-guide.md" and "horizon: int" in block]
    imports = (
        "from datetime import date\nfrom pathlib import Path\nfrom typing import Annotated, Literal\n"
        "from annotated_types import Ge, Le\nfrom pydantic import SecretStr\nimport studio"
    )
    path = place.notebook("notebooks/guide.ipynb", imports, ("parameters", block))
    schema = read_parameters(read_notebook(Workspace(place.root), path))
    assert set(schema.parameters) == {"horizon", "since", "model", "share", "source", "token"}
