"""The page about widgets: its examples run, in the order of the page, and each of its widgets has both forms."""

from __future__ import annotations

import ast
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import studio.widgets
from studio.widgets.widget import Widget

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "widgets.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def displayed(source: str, names: dict[str, Any]) -> Any:
    """Run one example as a notebook's cell; returns what the cell shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "example", "exec"), names)
    return eval(compile(ast.Expression(last.value), "example", "eval"), names) if isinstance(last, ast.Expr) else None


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This repository's workspace in a folder of its own, in which nothing has run."""
    for name in ("notebooks", "pipelines"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        )
    shutil.copy(ROOT / "studio.toml", tmp_path)
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


@pytest.mark.slow
def test_the_examples_run(workspace: Path, caplog: pytest.LogCaptureFixture) -> None:
    names: dict[str, Any] = {}
    shown: list[Any] = []
    with caplog.at_level(logging.ERROR, "studio.widgets"):
        for source in BLOCKS:
            shown.append(displayed(source, names))
    widgets = [one for one in shown if isinstance(one, Widget)]
    assert {type(one).__name__ for one in widgets} == set(studio.widgets.__all__)
    for one in widgets:
        bundle = one._repr_mimebundle_()
        assert bundle is not None
        assert len(bundle[0]["text/html"]) > 200
    assert shown[1] == {"customers": "2000", "price_change": "true"}
    assert names["form"].submit()
    assert names["form"].notice == "2,000 customers over 24 months."
    assert names["graph"].status == "completed"
    assert names["table"]._page["rows"][0]["status"] == "completed"
    assert widgets[4]._failures["title"] == "customers: 39 failure cases"
    assert not caplog.records


@pytest.mark.parametrize("name", studio.widgets.__all__)
def test_every_widget_has_a_section_and_a_picture_in_both_themes(name: str) -> None:
    word = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    assert re.search(rf"^## .*\b{name}\b", PAGE, re.MULTILINE)
    for theme in ("light", "dark"):
        assert f"pictures/widgets/{word}-{theme}.png" in PAGE
        assert (ROOT / "docs" / "pictures" / "widgets" / f"{word}-{theme}.png").is_file()


def test_what_the_page_names_is_there() -> None:
    for name in ("value", "given", "texts", "valid", "problems", "on_submit", "tell", "busy"):
        assert hasattr(studio.widgets.ParameterForm, name)
    for path in re.findall(r"`(studio/widgets/[\w/]*)`", PAGE):
        assert (ROOT / path).is_dir()
