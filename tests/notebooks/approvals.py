"""A workspace with people, keys and approvals, for the tests of approvals."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from studio.core.workspace import Workspace
from studio.governance.people import Actor, person, stranger
from studio.governance.signatures import sign
from studio.notebooks.approval import ApprovalState, state
from studio.notebooks.approval_file import Evidence, approval_path
from studio.notebooks.approval_writing import Reviewed, Written, write_approval
from studio.notebooks.document import read_notebook
from studio.notebooks.fingerprint import Fingerprint, fingerprint
from tests.conftest import Place
from tests.governance.keys import make_key, public

TRAIN = "notebooks/churn/train.ipynb"
EVIDENCE = Evidence(
    submission="20260303-093000-1f9c4a",
    report="a" * 64,
    counts={"passed": 7, "failed": 0, "error": 0, "skipped": 1},
    contracts={"telco": "c" * 64},
    environment="e" * 64,
    metrics={"auc": 0.83, "lift": float("nan")},
    run="20260303-093100-aaaaaa",
    mlflow_run_id="f" * 32,
)
NOW = {"contracts": {"telco": "c" * 64}, "environment": "e" * 64}


def make_keys(folder: Path) -> Path:
    """The keys of everybody, in `folder`."""
    for name in ("mel", "own", "eve", "old"):
        make_key(folder / name)
    return folder


class Approvals:
    """What reviewers do in one workspace."""

    def __init__(self, place: Place, keys: Path, policy: str = "") -> None:
        self.place = place
        self.keys = keys
        self.declare(policy)
        place.write("notebooks/churn/lib.py", "x = 1\n")
        place.notebook(TRAIN, "import lib", ("parameters", "rate: float = 0.5"), "a = rate * lib.x", "print(a)")

    def declare(self, policy: str = "", *, people: bool = True, more: str = "") -> None:
        """Write studio.toml."""
        declared = f"""
[people.mel]
name = "Mel"
emails = ["mel@x.org"]
roles = ["ML engineer"]
keys = ["{public(self.keys / "mel")}"]
[people.own]
emails = ["own@x.org"]
roles = ["owner"]
keys = ["{public(self.keys / "own")}"]
revoked_keys = ["{public(self.keys / "old")}"]
"""
        self.place.write("studio.toml", "version = 1\n" + (declared if people else "") + more + policy)

    @property
    def workspace(self) -> Workspace:
        """The workspace as it is now."""
        return Workspace(self.place.root)

    def actor(self, name: str) -> Actor:
        """Somebody."""
        return person(self.workspace.settings, name) or stranger(name)

    def content(self, path: str = TRAIN) -> Fingerprint:
        """What the notebook is now."""
        return fingerprint(self.workspace, read_notebook(self.workspace, path))

    def approve(self, name: str = "mel", path: str = TRAIN, *, key: str = "", **more: Any) -> Written:
        """Approve as somebody, signed with a key of that name if one is given."""
        workspace = self.workspace
        reviewed = Reviewed(self.content(path), more.pop("evidence", EVIDENCE), more.pop("commit", "0" * 40))
        signer = partial(sign, key=self.keys / key, workspace=workspace) if key else None
        return write_approval(workspace, path, reviewed, reviewer=self.actor(name), sign=signer, **more)

    def state(self, path: str = TRAIN, **more: Any) -> ApprovalState:
        """The approval's state."""
        return state(self.workspace, path, self.content(path), **{**NOW, **more})

    def file(self, path: str = TRAIN) -> Path:
        """Where the approval lies."""
        return approval_path(self.workspace, path)

    def data(self, path: str = TRAIN) -> dict[str, Any]:
        """What the file says."""
        found: dict[str, Any] = json.loads(self.file(path).read_text())
        return found

    def edit(self, **changes: Any) -> None:
        """Edit the file by hand."""
        self.file().write_text(json.dumps(self.data() | changes))

    def git(self, *words: str) -> str:
        """Use git in the workspace."""
        done = subprocess.run(["git", "-C", str(self.place.root), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()
