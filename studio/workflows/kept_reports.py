"""The reports of tests that were passed, kept under the content that passed them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core import clock
from studio.core.environment import environment_digest
from studio.core.files import digest_bytes, digest_file, frame, write_json
from studio.core.report import Report
from studio.core.workspace import Workspace

if TYPE_CHECKING:
    from studio.workflows.content_states import Content

_CONFIGURATION = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")


def keep(workspace: Workspace, content: Content, report: Report) -> None:
    """Keep what the tests of `content` said; the report of the same content replaces an earlier one."""
    write_json(_file(workspace, content), {"subject": content.subject, **report.as_dict()}, durable=False)


def kept(workspace: Workspace, content: Content) -> Report | None:
    """The report kept for exactly this content in this environment; None where there is none (or it is damaged)."""
    try:
        found = json.loads(_file(workspace, content).read_bytes())
        return Report.from_dict(found)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def kept_with_time(workspace: Workspace, content: Content) -> tuple[Report | None, str | None]:
    """`kept`, and when its tests ended (RFC 3339)."""
    report = kept(workspace, content)
    if report is None:
        return None, None
    try:
        ended = _file(workspace, content).stat().st_mtime
    except FileNotFoundError:  # removed in this moment
        return None, None
    return report, clock.to_text(datetime.fromtimestamp(ended, UTC))


def passed(workspace: Workspace, content: Content) -> bool:
    """Whether a report without a failure is kept for exactly this content."""
    report = kept(workspace, content)
    return report is not None and report.ok


def _surroundings(workspace: Workspace, content: Content) -> list[str]:
    """What decides about tests beside the content: pytest's configuration, and every conftest.py down to it."""
    folder = (workspace.root / content.subject).parent
    folders = [workspace.root, *(one for one in reversed(folder.parents) if one.is_relative_to(workspace.root))]
    paths = [workspace.root / name for name in _CONFIGURATION]
    paths += [one / "conftest.py" for one in dict.fromkeys([*folders, folder])]
    found = []
    for path in paths:
        found += [workspace.shown(path), digest_file(path)] if path.is_file() else []
    return found


def _file(workspace: Workspace, content: Content) -> Path:
    key = frame(content.subject, content.fingerprint.digest, environment_digest(), *_surroundings(workspace, content))
    return workspace.root / ".studio" / "tests" / f"{digest_bytes(key)}.json"
