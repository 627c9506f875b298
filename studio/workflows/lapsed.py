"""Approvals that no longer hold, found quickly: only what was ever approved is looked at, and only again when changed.

What a content is rests on files that its fingerprint names. While none of them was saved, it is what it was. A module
that is *put in the way* of another between two looks is seen with the next change; whoever runs or reviews looks anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.workspace import Workspace
from studio.notebooks.approval import ApprovalState
from studio.notebooks.document import ENDINGS
from studio.workflows.awaited import statuses
from studio.workflows.content_states import Content, approval_states, contents_named, files_of

_GONE = ("lapsed", "revoked", "invalid")
_MOST = 2_000
Stamps = Mapping[str, tuple[int, int] | None]
_known: dict[tuple[Path, str], tuple[Stamps, Content]] = {}


def lapsed_approvals(workspace: Workspace) -> list[ApprovalState]:
    """The states of what was approved once and is not any more, but for what waits for a reviewer again.

    Something that was approved and whose file is gone, or can no longer be read, has no state and is left out.
    """
    found = [content for subject in _approved(workspace) if (content := _content(workspace, subject)) is not None]
    if not found:
        return []
    states = approval_states(workspace, found)
    told = statuses(workspace, found, states)
    return [state for subject, state in states.items() if told[subject] in _GONE]


def _approved(workspace: Workspace) -> Iterator[str]:
    """The subjects of the files of approvals."""
    for path in sorted(workspace.approvals.rglob("*.json")):
        stem = path.relative_to(workspace.approvals).with_suffix("").as_posix()
        subjects = (f"{stem}{ending}" for ending in (*ENDINGS, ".yml"))
        found = next((subject for subject in subjects if (workspace.root / subject).is_file()), None)
        if found is not None:
            yield found


def _content(workspace: Workspace, subject: str) -> Content | None:
    key = (workspace.root, subject)
    known = _known.get(key)
    if known is not None and _stamps(workspace, known[0]) == known[0]:
        return known[1]
    try:
        content = next(one for one in contents_named(workspace, [subject], workspace.root) if one.subject == subject)
        files = [*files_of(workspace, content), workspace.shown(workspace.catalog)]
    except BadInput:  # broken now: the panel of that file says how
        return None
    if len(_known) >= _MOST:
        _known.clear()
    _known[key] = (_stamps(workspace, files), content)
    return content


def _stamps(workspace: Workspace, files: Iterable[str]) -> Stamps:
    return {file: _stamp(workspace.root / file) for file in files}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
