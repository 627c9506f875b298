"""The file of an approval: what was approved, on which evidence, by whom; committed beside the code it speaks of.

One file a subject, at ``pipelines/approvals/<path without suffix>.json``. Each approval's id is the digest of all that
it says, the path and the evidence included, and its signature covers the same text: what was edited by hand, copied
from another notebook or given other evidence no longer fits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from studio.core import clock
from studio.core.documents import Section, validate
from studio.core.errors import BadInput, Problems
from studio.core.files import canonical_json, digest_bytes
from studio.core.workspace import Workspace
from studio.notebooks import strict_json
from studio.notebooks.document import ENDINGS
from studio.notebooks.fingerprint import Fingerprint

FORMAT = 1
LARGEST = 5_000_000
"""Bytes above which a file is no approval."""
_SUFFIXES = {*ENDINGS, ".yml"}
_DIGEST = r"^[0-9a-f]{64}$"


class BadApproval(BadInput):
    """A file among the approvals is none; what it should say is not known."""

    def __init__(self, shown: str, fault: str) -> None:
        super().__init__(
            f"{shown} is no approval: {fault}. "
            f"Next: restore it (git checkout -- {shown}), or delete it and approve again."
        )


class PartRecord(Section):
    """One part of the approved content."""

    kind: str
    label: str
    digest: str


class FingerprintRecord(Section):
    """What was approved."""

    digest: Annotated[str, Field(min_length=1)]
    parts: tuple[PartRecord, ...]


class Evidence(Section):
    """What the reviewers saw."""

    submission: Annotated[str, Field(description="The submission's id.")]
    report: Annotated[str, Field(description="Digest of the test report.")] = ""
    counts: Annotated[dict[str, int], Field(description="How many cases passed, failed, …")] = Field(
        default_factory=dict
    )
    contracts: Annotated[dict[str, str], Field(description="Digest of each dataset's contract, by dataset.")] = Field(
        default_factory=dict
    )
    environment: Annotated[str, Field(description="Digest of the installed distributions.")] = ""
    metrics: Annotated[dict[str, float | None], Field(description="What the run measured; null is no number.")] = Field(
        default_factory=dict
    )
    run: Annotated[str, Field(description="The run's id.")] = ""
    mlflow_run_id: Annotated[str, Field(description="The run in MLflow.")] = ""

    @field_validator("metrics", mode="before")
    @classmethod
    def _finite(cls, value: Any) -> Any:
        # A measure that came out as NaN is evidence, too, and JSON has no word for it.
        if not isinstance(value, Mapping):
            return value
        return {
            name: None if isinstance(found, float) and not math.isfinite(found) else found
            for name, found in value.items()
        }


class Anchor(Section):
    """The ledger's last event when the approval was given."""

    sequence: Annotated[int, Field(ge=0)]
    hash: str


class Approval(Section):
    """One person's approval."""

    id: Annotated[str, Field(pattern=_DIGEST)]
    reviewer: Annotated[str, Field(min_length=1, max_length=300)]
    reviewer_address: Annotated[str, Field(max_length=300)]
    time: str
    message: Annotated[str, Field(max_length=20_000)]
    anchor: Anchor
    signature: Annotated[str | None, Field(max_length=65_536)] = None
    signed_by: Annotated[str | None, Field(description="Fingerprint of the signing key.")] = None

    @field_validator("reviewer", "reviewer_address")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a text without control characters is expected here")
        return value

    @field_validator("time")
    @classmethod
    def _a_time(cls, value: str) -> str:
        clock.from_text(value)
        return value

    @property
    def moment(self) -> datetime:
        """When it was given."""
        return clock.from_text(self.time)


class Revoked(Section):
    """That, when and why the approvals were taken back."""

    by: str
    time: str
    message: str


class ApprovalFile(Section):
    """All approvals of one content."""

    version: Annotated[Literal[1], Field(description="The format's number.")] = 1
    path: Annotated[str, Field(min_length=1, description="The notebook, or pipelines/<name>.yml.")]
    fingerprint: FingerprintRecord
    evidence: Evidence
    commit: Annotated[str, Field(description="The commit that was reviewed; empty outside git.")] = ""
    previous: Annotated[
        str,
        Field(description="The commit of the last complete approval of an earlier content: authors count since then."),
    ] = ""
    approvals: Annotated[tuple[Approval, ...], Field(min_length=1, max_length=100)]
    revoked: Revoked | None = None

    @property
    def content(self) -> Fingerprint:
        """The fingerprint that was approved."""
        return Fingerprint.from_dict(self.fingerprint.model_dump())

    def payload(self, approval: Approval) -> bytes:
        """What `approval` says, as one canonical text: this is what is signed, and the id is its digest."""
        return canonical_json(
            {
                "studio approval": FORMAT,
                **self.model_dump(mode="json", include={"path", "fingerprint", "evidence", "commit", "previous"}),
                "approval": approval.model_dump(mode="json", exclude={"id", "signature", "signed_by"}),
            }
        ).encode()

    def identified(self, approval: Approval) -> str:
        """The id that `approval` has to have in this file."""
        return digest_bytes(self.payload(approval))


def subject_of(workspace: Workspace, path: str | Path) -> str:
    """The path of a notebook or pipeline file as approvals name it: relative to the workspace, links followed.

    Raises
    ------
    BadInput
        When it leads outside the workspace, or is neither.
    """
    subject = workspace.shown(workspace.inside(path, "notebook"))
    if PurePosixPath(subject).suffix not in _SUFFIXES:
        raise BadInput(
            f"{subject} is neither a notebook nor a pipeline's file, so it has no approval. Next: correct the path."
        )
    return subject


def approval_path(workspace: Workspace, path: str | Path) -> Path:
    """Where the approval of the notebook or pipeline file `path` lies."""
    name = PurePosixPath(subject_of(workspace, path)).with_suffix(".json")
    return workspace.inside(workspace.approvals / name, "approval")


def read_approval(workspace: Workspace, path: str | Path) -> ApprovalFile | None:
    """The approval file of `path`; None where there is none.

    Raises
    ------
    BadApproval
        When the file is none: cut off, edited into something else, of another version, too large, not UTF-8, …
    """
    file = approval_path(workspace, path)
    if not file.exists():
        return None
    return parse_approval(_content(file, workspace.shown(file)), workspace.shown(file))


def parse_approval(data: bytes, shown: str) -> ApprovalFile:
    """The approval in the bytes of a file that messages name `shown`; raises as `read_approval` does."""
    try:
        content = strict_json.loads(data.decode("utf-8"), finite=True)
    except UnicodeDecodeError as error:
        raise BadApproval(shown, f"it is not UTF-8 text ({error.reason} at byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise BadApproval(shown, f"it is not JSON, or was cut off ({error.msg}, line {error.lineno})") from error
    except strict_json.NotStrict as error:
        raise BadApproval(shown, str(error)) from error
    if not isinstance(content, dict):
        raise BadApproval(shown, "it holds no mapping")
    version = content.get("version")
    if version != FORMAT or isinstance(version, bool):
        raise BadApproval(shown, f"its version is {version!r}, and this Studio reads version {FORMAT}"[:300])
    try:
        return validate(ApprovalFile, content, shown)
    except Problems as error:
        first = error.problems[0]
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        fault = f"{first.field}: {first.message}".rstrip(".").replace("\n", " ")
        raise BadApproval(shown, fault + more) from error


def approved_elsewhere(workspace: Workspace, current: Fingerprint) -> str:
    """The path under which the same content is approved, as after a rename; empty where there is none."""
    wanted = current.digest.encode()
    for file in sorted(workspace.approvals.rglob("*.json")):
        try:
            if not file.is_file() or file.stat().st_size > LARGEST or wanted not in (data := file.read_bytes()):
                continue
            found = parse_approval(data, workspace.shown(file))
        except (OSError, BadInput):
            continue  # a file that cannot be read is told where its own subject is asked for
        own = approval_path(workspace, found.path)
        if found.fingerprint.digest == current.digest and found.revoked is None and file.resolve() == own:
            return found.path
    return ""


def _content(file: Path, shown: str) -> bytes:
    try:
        # A pipe or a device would be waited for without end.
        if not file.is_file():
            raise BadApproval(shown, "it is no file")
        size = file.stat().st_size
        if size > LARGEST:
            raise BadApproval(shown, f"it has {size:,} bytes, and no approval has more than {LARGEST:,}")
        return file.read_bytes()
    except OSError as error:
        raise BadApproval(shown, f"it cannot be read ({error.strerror or error})") from error
