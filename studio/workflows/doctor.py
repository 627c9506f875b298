"""What this machine and workspace have, what is missing, and how to get it."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.core.errors import StudioError
from studio.core.files import write_atomic
from studio.core.workspace import NoWorkspace, Workspace, find_workspace
from studio.workflows.open_lab import MEND_PANELS, NO_PANELS, has_panels

Level = Literal["ok", "note", "missing"]
_NEEDED_FREE = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    subject : str
        What it is.
    level : str
        "ok"; "note" for what Studio works without; "missing" for what it does not.
    detail : str
        What was found.
    next : str
        What to type or do; empty where nothing is to be done.
    """

    subject: str
    level: Level
    detail: str
    next: str = ""

    def as_dict(self) -> dict[str, str]:
        """With stable keys, for ``--json``."""
        return {"subject": self.subject, "level": self.level, "detail": self.detail, "next": self.next}


def examine() -> list[Finding]:
    """Look at everything; never raises for what is missing."""
    found = [_python(), *_distributions(), _lab(), _git(), _ssh(), _kernels(), _postgres()]
    try:
        workspace = find_workspace()
    except NoWorkspace as error:
        return [*found, Finding("workspace", "note", str(error).partition(". Next: ")[0], "studio init my-project")]
    found.append(Finding("workspace", "ok", str(workspace.root)))
    for look in (_settings, _state, _tracking, _people, _ledger):
        found.append(_guarded(look, workspace))
        if found[-1].level == "missing":
            break  # the next ones need it, and would only say the same again
    return found


def _guarded(look: Callable[[Workspace], Finding], workspace: Workspace) -> Finding:
    try:
        return look(workspace)
    except StudioError as error:
        fact, _, following = str(error).partition(" Next: ")
        return Finding(look.__name__.strip("_"), "missing", fact, following)


def _python() -> Finding:
    version = platform.python_version()
    return Finding("python", "ok", f"{version} in {sys.prefix}")


def _distributions() -> Iterator[Finding]:
    try:
        required = importlib.metadata.requires("notebook-studio") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", "missing", "notebook-studio is not installed here", "pip install notebook-studio")
        return
    from packaging.requirements import Requirement

    wrong = []
    for text in required:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is not installed")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version} is not {requirement.specifier}")
    if wrong:
        yield Finding(
            "packages", "missing", "; ".join(wrong), "set the environment up again (make run), or pip install -e ."
        )
    else:
        yield Finding("packages", "ok", f"{len(required)} requirements are met")


def _lab() -> Finding:
    if has_panels():
        return Finding("JupyterLab", "ok", "it shows Studio's panels")
    return Finding("JupyterLab", "note", f"it has no panels of Studio's: {NO_PANELS}", MEND_PANELS)


def _git() -> Finding:
    if shutil.which("git") is None:
        return Finding("git", "note", "not found; runs are recorded without their commit", "install git")
    return Finding("git", "ok", str(shutil.which("git")))


def _ssh() -> Finding:
    found = shutil.which("ssh-keygen")
    if found is None:
        return Finding("ssh-keygen", "note", "not found; approvals cannot be signed here", "install openssh-client")
    return Finding("ssh-keygen", "ok", found)


def _kernels() -> Finding:
    if sys.platform != "linux":
        return Finding(
            "kernels",
            "note",
            f"on {sys.platform} a kernel's children that leave its process group are not found when a run is killed",
        )
    return Finding("kernels", "ok", "a killed run leaves no process behind (child subreaper)")


def _postgres() -> Finding:
    try:
        version = importlib.metadata.version("psycopg")
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            "postgresql driver",
            "note",
            "not installed; only needed for MLflow on PostgreSQL",
            'pip install "notebook-studio[postgres]"',
        )
    return Finding("postgresql driver", "ok", f"psycopg {version}")


def _settings(workspace: Workspace) -> Finding:
    return Finding("settings", "ok", f"studio.toml of project {workspace.settings.project.name!r}")


def _state(workspace: Workspace) -> Finding:
    probe = workspace.state / "doctor"
    write_atomic(probe, b"")
    probe.unlink()
    free = shutil.disk_usage(workspace.state).free
    if free < _NEEDED_FREE:
        return Finding(
            ".studio", "note", f"only {free / 1024**3:.1f} GiB are free", f"free space on the disk of {workspace.state}"
        )
    return Finding(".studio", "ok", f"writable, {free / 1024**3:.0f} GiB free")


def _tracking(workspace: Workspace) -> Finding:
    from studio.tracking.store import prepare_store, tracking_uri

    prepare_store(workspace)
    uri = tracking_uri(workspace)
    shown = Path(uri.removeprefix("sqlite:///")).name if uri.startswith("sqlite:") else uri
    return Finding("tracking", "ok", f"MLflow answers at {shown}")


def _people(workspace: Workspace) -> Finding:
    from studio.governance.people import current_actor, declaration, is_open

    actor = current_actor(workspace)
    if is_open(workspace.settings):
        detail = f"studio.toml declares nobody; you act as {actor.name}"
        return Finding("people", "note", detail, f"before a team reviews: {declaration(actor)}")
    if not actor.known:
        return Finding(
            "people", "note", f"you act as {actor.name}, whom studio.toml does not declare", declaration(actor)
        )
    return Finding("people", "ok", f"you act as {actor}: {', '.join(sorted(actor.roles)) or 'no role'}")


def _ledger(workspace: Workspace) -> Finding:
    from studio.ledger.ledger import open_ledger

    ledger = open_ledger(workspace, patience=5.0)
    number, _ = ledger.head()
    return Finding("ledger", "ok", f"{number} events in {ledger.address.shown}")
