"""A reader who types what the pages show, in their order, sees what they show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import notebook

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("getting-started.md", "your-first-step.md")
HOME, CLONE = "/home/you", "/path/to/clone/.venv/bin"
BLOCK = re.compile(r"(?P<lead>(?:^[^\n]+\n)+)\n```(?P<language>\w+)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
CHANGING = (
    (r"\b\d{8}-\d{6}-[0-9a-f]{6}\b", "RUN"),
    (r"\b\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?\b", "MOMENT"),
    (r"\b(\d+ min )?\d+(\.\d)? s\b", "SECONDS"),
    (r"\b[0-9a-f]{8,}\b", "DIGEST"),
    (r"[ \t]+", " "),
)


@dataclass
class Reader:
    """One who follows the pages: types their commands, writes their files, and fills a notebook cell by cell."""

    home: Path
    folder: Path
    cells: list[tuple[str, str]] = field(default_factory=list)
    notebook: Path | None = None
    commands: int = 0

    def take(self, lead: str, language: str, body: str) -> None:
        """Do what one block of a page shows."""
        named = re.findall(r"`([^`\s]+\.(?:ipynb|yml|toml))`", lead)
        if language == "console":
            self.type(body)
        elif language == "yaml":
            (path,) = named
            (self.folder / path).write_text(body)
        elif language == "toml":
            (path,) = named
            (self.folder / path).write_text(f"{(self.folder / path).read_text()}\n{body}")
        elif "change the cell tagged" in lead.replace("\n", " "):
            self.change_cell(self.folder / named[0], re.findall(r"tagged `(\w+)`", lead)[0], body)
        elif language in {"python", "markdown"}:
            if named:
                self.notebook = self.folder / named[0]
            tag = re.search(r"tagged `(\w+)`", lead)
            kind = "markdown" if language == "markdown" else ""
            self.cells.append((tag[1] if tag else kind, body.rstrip("\n")))
            assert self.notebook is not None, lead
            self.notebook.write_text(json.dumps(notebook(*self.cells)))
        else:
            assert language == "text", language

    @staticmethod
    def change_cell(path: Path, tag: str, source: str) -> None:
        """Put other content into a notebook's only cell with a tag, as an editor does."""
        content = json.loads(path.read_text())
        (cell,) = (cell for cell in content["cells"] if tag in cell["metadata"].get("tags", []))
        cell["source"] = source.rstrip("\n").splitlines(keepends=True)
        path.write_text(json.dumps(content, indent=1) + "\n")

    def type(self, block: str) -> None:
        """Type the block's commands, and compare what is printed with the lines that follow each."""
        for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, expected = shown.partition("\n")
            self.commands += 1
            if line.startswith("cd "):
                self.folder /= line.removeprefix("cd ")
                continue
            if line.startswith("export "):
                assert CLONE in line
                continue
            done = subprocess.run(
                ["sh", "-c", line],
                cwd=self.folder,
                env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=240,
                check=False,
            )
            refused = "--env prod" in line
            status = (3 if refused else 2) if expected.startswith("Error:") else 0
            assert done.returncode == status, (line, done.stdout)
            printed = lines(done.stdout.replace(str(self.home), HOME))
            assert printed or line.startswith("git "), line
            missing = [text for text in lines(expected) if text not in printed and text != "…"]
            assert not missing, (line, missing, done.stdout)

    def call_tests(self) -> None:
        """Run the notebook's cells from its folder, then call its tests, as one does in JupyterLab."""
        assert self.notebook is not None
        names = [
            name for tag, body in self.cells if tag == "test" for name in re.findall(r"^def (test_\w+)", body, re.M)
        ]
        assert names
        source = "\n\n".join(
            [*(body for tag, body in self.cells if tag != "markdown"), *(f"{name}()" for name in names)]
        )
        subprocess.run([sys.executable, "-c", source], cwd=self.notebook.parent, check=True, timeout=240)


def lines(text: str) -> list[str]:
    """The lines of an output, without what differs from run to run."""
    for pattern, word in CHANGING:
        text = re.sub(pattern, word, text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def warnings(executed: Path) -> Iterator[str]:
    """What the outputs of an executed notebook warn of."""
    for cell in json.loads(executed.read_text())["cells"]:
        for output in cell.get("outputs", []):
            text = "".join(output.get("text", []))
            if output.get("name") == "stderr" or "Warning" in text:
                yield text


def test_no_other_page_has_a_transcript() -> None:
    assert {page.name for page in DOCS.glob("*.md") if "```console" in page.read_text()} == set(PAGES)


@pytest.mark.heavy
def test_the_pages_can_be_followed_to_the_letter(tmp_path: Path) -> None:
    reader = Reader(home=tmp_path, folder=tmp_path)
    for page in PAGES:
        text = (DOCS / page).read_text()
        blocks = list(BLOCK.finditer(text))
        assert len(blocks) == len(re.findall(r"^```\w+$", text, re.MULTILINE)), "a block without a sentence before it"
        for block in blocks:
            reader.take(block["lead"], block["language"], block["body"])
    assert reader.commands > 15
    reader.call_tests()
    executed = list(reader.folder.glob(".studio/runs/*/steps/**/executed.ipynb"))
    assert len(executed) > 3
    assert [text for path in executed for text in warnings(path)] == []
