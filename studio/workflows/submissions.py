"""Submissions: content that was tested and handed in for review, with its evidence, in ``.studio/reviews/<id>/``.

A submission is never changed. What became of it (comments, approvals, rejections) are events of the ledger. The folder
is copied to an MLflow run, so that a reviewer with another clone finds it there. The format is version 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field

from studio.core.documents import Section, validate
from studio.core.errors import BadInput, Missing, Problems, StudioError
from studio.core.files import digest_bytes, write_atomic
from studio.core.report import Report
from studio.core.workspace import Workspace
from studio.ledger.event import Event
from studio.ledger.ledger import open_ledger
from studio.notebooks.fingerprint import Fingerprint
from studio.tracking.downloads import download

FORMAT = 1
FILE, PACKET, PAGE, REPORT, JUNIT = "submission.json", "packet.json", "packet.html", "report.json", "junit.xml"
NOTEBOOK, EXECUTED, DECLARATION = "notebook.ipynb", "executed.ipynb", "pipeline.yml"
BEFORE = "before.ipynb"
ARTIFACTS = "review"
_IDENTITY = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6,32}")


class SubmissionDamaged(StudioError):
    """What is kept of a submission is not what the ledger says was submitted."""

    exit_status = 2

    def __init__(self, identity: str, fact: str) -> None:
        super().__init__(f"The submission {identity} {fact}. Next: submit the content again.")


class Submission(Section):
    """The content of submission.json."""

    version: Annotated[Literal[1], Field(description="The format's number.")] = 1
    id: Annotated[str, Field(description="Its identifier.")]
    subject: Annotated[str, Field(description="A notebook's path, or pipelines/<name>.yml.")]
    author: Annotated[str, Field(description="Who submitted it.")]
    address: Annotated[str, Field(description="Their address.")] = ""
    time: Annotated[str, Field(description="When, as an RFC 3339 time.")]
    message: Annotated[str, Field(description="What the author says of the change.")] = ""
    commit: Annotated[str, Field(description="The commit of the workspace then; empty outside git.")] = ""
    fingerprint: Annotated[dict[str, Any], Field(description="What the content is: digest and parts.")]
    contracts: Annotated[dict[str, str], Field(description="Digest of each dataset's contract.")] = Field(
        default_factory=dict
    )
    environment: Annotated[str, Field(description="Digest of the environment lock in which the tests ran.")]
    ok: Annotated[bool, Field(description="Whether every test was passed.")]
    counts: Annotated[dict[str, int], Field(description="Test cases by status.")]
    report: Annotated[str, Field(description="Digest of the test report.")]
    packet: Annotated[str, Field(description="Digest of the review packet's JSON file.")]
    metrics: Annotated[dict[str, float], Field(description="What the content's latest run measured.")] = Field(
        default_factory=dict
    )
    run: Annotated[str, Field(description="That run; empty where there is none.")] = ""
    sampled: Annotated[bool, Field(description="Whether that run was on samples.")] = False
    mlflow_run_id: Annotated[str | None, Field(description="The MLflow run that holds the review packet.")] = None
    files: Annotated[dict[str, str], Field(description="Digest of each file beside this one, by name.")] = Field(
        default_factory=dict
    )

    @property
    def fingerprinted(self) -> Fingerprint:
        """The fingerprint as an object."""
        return Fingerprint.from_dict(self.fingerprint)


def folder(workspace: Workspace, identity: str) -> Path:
    """Where a submission lies."""
    return workspace.reviews / identity


def keep_submission(workspace: Workspace, submission: Submission, contents: Mapping[str, str | bytes]) -> str:
    """Write the submission and its files, submission.json last; the digest of submission.json.

    Raises
    ------
    CannotWrite
        When the file system refuses.
    """
    home = folder(workspace, submission.id)
    for name, content in contents.items():
        write_atomic(home / name, content, durable=False)
    text = json.dumps(submission.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_atomic(home / FILE, text)
    return digest_bytes(text.encode())


def read_submission(workspace: Workspace, event: Event) -> Submission:
    """The submission that the ledger's event `event` speaks of; fetched from MLflow where it is not here.

    Raises
    ------
    SubmissionDamaged
        When it is not what was submitted, or can be found nowhere.
    """
    identity = str(event.details["submission"])
    if not _IDENTITY.fullmatch(identity):
        raise SubmissionDamaged(repr(identity[:100]), "has no name that a submission can have")
    path = folder(workspace, identity) / FILE
    if not path.is_file():
        _fetch(workspace, identity, event.details.get("mlflow_run_id"))
    try:
        data = path.read_bytes()
        if digest_bytes(data) != event.details.get("packet"):
            raise SubmissionDamaged(identity, "was changed after it was submitted: its digest is another one")
        submission = validate(Submission, json.loads(data), workspace.shown(path))
    except (OSError, ValueError) as error:
        raise SubmissionDamaged(identity, f"cannot be read ({error})") from error
    except Problems as error:
        raise SubmissionDamaged(identity, f"cannot be read ({error.problems[0].message})") from error
    _check_files(workspace, submission)
    return submission


def _check_files(workspace: Workspace, submission: Submission) -> None:
    """A reviewer reads the page and the notebook: they have to be those that were submitted."""
    for name, digest in submission.files.items():
        path = folder(workspace, submission.id) / PurePosixPath(name).name
        try:
            same = digest_bytes(path.read_bytes()) == digest
        except OSError as error:
            raise SubmissionDamaged(submission.id, f"lacks {name} ({error.strerror or error})") from error
        if not same:
            raise SubmissionDamaged(submission.id, f"has a {name} that was changed after it was submitted")


def kept_report(workspace: Workspace, submission: Submission) -> Report:
    """The test report of a submission.

    Raises
    ------
    SubmissionDamaged
        When it is missing, or not the one that the submission names.
    """
    try:
        report = Report.from_dict(json.loads((folder(workspace, submission.id) / REPORT).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SubmissionDamaged(submission.id, f"has no readable test report ({error})") from error
    if report.digest() != submission.report:
        raise SubmissionDamaged(submission.id, "has a test report that was changed after it was submitted")
    return report


def submitted_events(workspace: Workspace, subject: str | None = None) -> list[Event]:
    """The submissions in the ledger, oldest first."""
    return open_ledger(workspace).events(kinds={"submitted"}, subject=subject)


def find_event(workspace: Workspace, name: str) -> Event:
    """The submission named by its identifier (or the unique start of one), or the latest of a subject.

    Raises
    ------
    BadInput
        When there is none, or several begin so.
    """
    events = submitted_events(workspace)
    of_subject = [event for event in events if event.subject in (name, f"pipelines/{name}.yml")]
    if of_subject:
        return of_subject[-1]
    found = [event for event in events if str(event.details["submission"]).startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"{len(found)} submissions begin with {name[:100]!r}. Next: give more of the identifier.")
    raise Missing(f"There is no submission {name[:100]!r}. Next: studio review list")


def _fetch(workspace: Workspace, identity: str, mlflow_run_id: object) -> None:
    if not isinstance(mlflow_run_id, str):
        raise SubmissionDamaged(identity, f"is not in {workspace.shown(workspace.reviews)}")
    try:
        download(workspace, mlflow_run_id, ARTIFACTS, folder(workspace, identity))
    except StudioError as error:
        fact = str(error).partition(" Next: ")[0]
        raise SubmissionDamaged(
            identity, f"is neither in {workspace.shown(workspace.reviews)} nor in MLflow ({fact})"
        ) from error
