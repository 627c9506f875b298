"""``studio doctor``: what is missing on this machine and how to get it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from studio.cli.output import Json, show

if TYPE_CHECKING:
    from studio.workflows.doctor import Finding


def doctor(as_json: Json = False) -> None:
    """Say what is missing here and how to get it.

    Looks at the machine and at the workspace. The exit status is 1 when something needed is missing.
    """
    from studio.workflows.doctor import examine

    found = examine()
    missing = sum(finding.level == "missing" for finding in found)

    def text() -> str:
        marks = {"ok": "ok", "note": "note", "missing": "MISSING"}
        lines = []
        for finding in found:
            lines.append(f"{marks[finding.level]:8}{finding.subject:18}{finding.detail}")
            if finding.next:
                lines.append(f"{'':8}{'':18}Next: {finding.next}")
        lines.append(_verdict(found, missing))
        return "\n".join(lines)

    show({"findings": [finding.as_dict() for finding in found], "missing": missing}, as_json, text)
    raise typer.Exit(1 if missing else 0)


def _verdict(found: Sequence[Finding], missing: int) -> str:
    if missing:
        return f"{missing} needed thing{'s are' if missing > 1 else ' is'} missing."
    if any(finding.subject == "workspace" and finding.level == "note" for finding in found):
        return "The machine is ready. There is no workspace here yet."
    return "Everything needed is here."
