"""A small workspace of two people in git, for the tests of reviews and of guarded runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Place, notebook

SETTINGS = """version = 1

[project]
name = "test"

[people.anna]
name = "Anna Berger"
emails = ["anna@example.org"]
roles = ["data scientist"]

[people.bob]
name = "Bob Stone"
emails = ["bob@example.org"]
roles = ["ML engineer"]

[people.carla]
emails = ["carla@example.org"]
roles = ["ML engineer", "owner"]
"""
PIPELINE = "version: 1\nsteps:\n  sum:\n    notebook: notebooks/sum.ipynb\n"
NOTEBOOK = "notebooks/sum.ipynb"
APPROVAL = "pipelines/approvals/notebooks/sum.json"
CELLS = (
    ("markdown", "# A sum"),
    ("parameters", "count: int = 3  # how many numbers are added"),
    "numbers = list(range(count))",
    "total = sum(numbers) + 10",
    ("test", "def test_total():\n    assert total >= 10"),
)


@dataclass(frozen=True)
class Team:
    """The workspace, and what its people do."""

    place: Place

    @property
    def root(self) -> Path:
        """The workspace's root."""
        return self.place.root

    def git(self, *words: str, who: str = "anna") -> str:
        """Git, as a person."""
        address = f"{who}@example.org"
        identity = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in {"NAME": who, "EMAIL": address}.items()
        }
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**os.environ, **identity}, capture_output=True, text=True, check=True
        )
        return done.stdout

    def commit(self, message: str, who: str = "anna") -> None:
        """Everything that lies here."""
        self.git("add", "-A", who=who)
        self.git("commit", "-q", "--allow-empty", "-m", message, who=who)

    def edit(self, number: int, old: str, new: str) -> None:
        """Replace a text in the cell `number` (from 1)."""
        path = self.root / NOTEBOOK
        content = json.loads(path.read_text(encoding="utf-8"))
        cell = content["cells"][number - 1]
        assert old in cell["source"]
        cell["source"] = cell["source"].replace(old, new)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")

    def execute(self) -> None:
        """Leave what an execution leaves in the file."""
        path = self.root / NOTEBOOK
        content = json.loads(path.read_text(encoding="utf-8"))
        for count, cell in enumerate(cell for cell in content["cells"] if cell["cell_type"] == "code"):
            cell["execution_count"] = count + 7
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"run {count}"}]
            cell["metadata"]["execution"] = {"iopub.status.idle": "2026-01-01T00:00:00Z"}
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")

    @contextmanager
    def acting(self, who: str) -> Iterator[None]:
        """The block is done by a person, in the workspace."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STUDIO_ACTOR", who)
            patch.chdir(self.root)
            yield

    def submit(self, *names: str, who: str = "anna", message: str = "please") -> Any:
        """Submit for review."""
        from studio.workflows.review_submit import SubmitRequest, submit

        with self.acting(who):
            return submit(SubmitRequest(names=names or ("total",), message=message, base=self.root))

    def decide(
        self, verb: str, *names: str, who: str = "bob", message: str = "because", key: Path | None = None
    ) -> Any:
        """Approve, reject or revoke."""
        from studio.workflows import review_decide

        with self.acting(who):
            request = review_decide.ReviewRequest(names=names or ("total",), message=message, key=key, base=self.root)
            return getattr(review_decide, verb)(request)

    def status(self, name: str = NOTEBOOK) -> Any:
        """The state of one approval."""
        from studio.workflows.review_show import review_status

        with self.acting("anna"):
            return review_status([name], self.root)[0]

    def run(self, environment: str = "prod", who: str = "bob") -> Any:
        """Run the pipeline."""
        from studio.workflows.run_pipeline import RunRequest, run_pipeline

        with self.acting(who):
            return run_pipeline(RunRequest("total", base=self.root, environment=environment), lambda _: None)

    def events(self, *kinds: str) -> list[Any]:
        """The ledger's events."""
        from studio.core.workspace import find_workspace
        from studio.ledger.ledger import open_ledger

        return open_ledger(find_workspace(self.root)).events(kinds=kinds or None)

    def copy(self, root: Path) -> Team:
        """The same somewhere else."""
        shutil.copytree(self.root, root)
        return Team(Place(root))


def new_team(root: Path) -> Team:
    """A workspace in git with one pipeline of one notebook, nothing submitted yet."""
    place = Place(root)
    place.write("studio.toml", SETTINGS)
    place.write(".gitignore", ".studio/\n")
    place.write("pipelines/catalog.yml", "version: 1\ndatasets: {}\n")
    place.write("pipelines/total.yml", PIPELINE)
    place.write(NOTEBOOK, notebook(*CELLS))
    team = Team(place)
    team.git("init", "-q", "-b", "main")
    team.commit("feat: a sum")
    return team
