"""What the program of an activity does: calls one workflow, tells what happens, and how it ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import Problems, StudioError
from studio.core.files import CannotUse
from studio.core.workspace import working_in
from studio.workflows.activities.events import EventWriter
from studio.workflows.activities.requests import ResumeAsked, RunAsked, SubmissionAsked, TestsAsked, parse, read_request

Ending = dict[str, Any]


def perform(folder: Path, writer: EventWriter) -> Ending:
    """Do what the request in `folder` asks for; the facts of the event that ends it."""
    asked = read_request(folder)
    root = folder.parents[2]
    os.chdir(root)
    kind = asked.kind
    writer.on_samples = kind in {"test", "submit"}
    writer.tell("started", text=asked.title, subject=kind)
    try:
        with working_in(root):
            return _WORKFLOWS[kind](parse(kind, asked.request), root, writer)
    except StudioError as error:
        return _explained(error)
    except OSError as error:
        return _explained(CannotUse(error))


def _run(asked: RunAsked, root: Path, writer: EventWriter) -> Ending:
    from studio.workflows.run_pipeline import RunRequest, run_pipeline

    given = {key: value for key, value in asked.model_dump().items() if key not in {"values"}}
    return _of_run(run_pipeline(RunRequest(**given, given=asked.values, base=root), writer.hear), writer)


def _resume(asked: ResumeAsked, root: Path, writer: EventWriter) -> Ending:
    from studio.workflows.run_pipeline import resume_run

    del root
    return _of_run(resume_run(asked.run, asked.jobs, writer.hear), writer)


def _of_run(result: Any, writer: EventWriter) -> Ending:
    for problem in result.problems:
        writer.tell("message", text=str(problem))
    record = result.record
    failed = [step for step in record.steps.values() if step.status in ("failed", "killed")]
    gates = [case.name for case in result.failed_gates]
    if result.exit_status == 0:
        return {"status": "completed", "text": f"Run {record.id} completed.", "result": result.as_dict()}
    following = f"Next: studio runs resume {record.id}"
    if result.interrupted_by is not None:
        return {"status": "stopped", "text": f"Run {record.id} was stopped. {following}", "result": result.as_dict()}
    facts = [f"the step {step.key} failed: {(step.error or {}).get('message') or step.status}" for step in failed[:1]]
    facts += [f"{len(failed) - 1} more failed"] if len(failed) > 1 else []
    facts += [f"the gate {name} does not hold" for name in gates]
    text = f"Run {record.id} {record.status}: {'; '.join(facts) or 'see its record'}"
    return {"status": "failed", "text": f"{text.rstrip('.')}. {following}", "result": result.as_dict()}


def _test(asked: TestsAsked, root: Path, writer: EventWriter) -> Ending:
    from studio.workflows.climb_ladder import LadderRequest, Watching, climb_ladder

    request = LadderRequest(names=asked.names, base=root, rungs=frozenset(asked.rungs), tests=asked.tests)
    climbed = climb_ladder(request, Watching(run=writer.hear, case=writer.judge))
    status = "completed" if climbed.exit_status == 0 else "failed"
    return {
        "status": status,
        "text": f"{climbed.report.summary() or 'Nothing to test'}.",
        "result": climbed.report.as_dict(),
    }


def _submit(asked: SubmissionAsked, root: Path, writer: EventWriter) -> Ending:
    from studio.governance.worktree import named
    from studio.workflows.climb_ladder import Watching
    from studio.workflows.review_submit import SubmitRequest, submit

    request = SubmitRequest(names=asked.names, message=asked.message, base=root)
    submitted = submit(request, Watching(run=writer.hear, case=writer.judge))
    subjects = ", ".join(item.subject for item in submitted.submissions)
    text = f"{subjects} submitted for review." if subjects else "All of it is approved already; nothing was submitted."
    if submitted.uncommitted:
        text += f" Next: commit {named(submitted.uncommitted)}, so that it can be approved."
    if submitted.exit_status != 0:
        text = f"{subjects} submitted, and cannot be approved: tests failed. Next: mend them, and submit again."
    status = "completed" if submitted.exit_status == 0 else "failed"
    return {"status": status, "text": text, "result": submitted.as_dict()}


def _explained(error: StudioError) -> Ending:
    problems = error.problems if isinstance(error, Problems) else ()
    result = {"error": {"message": str(error), "problems": [problem.as_dict() for problem in problems]}}
    status = "refused" if error.exit_status == 3 else "failed"
    return {"status": status, "text": str(error), "result": result}


_WORKFLOWS: Mapping[str, Callable[[Any, Path, EventWriter], Ending]] = {
    "run": _run,
    "resume": _resume,
    "test": _test,
    "submit": _submit,
}
