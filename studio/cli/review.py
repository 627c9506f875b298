"""``studio review``: submit, look, comment, decide; what is approved is bound to what it is."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.completion import pipeline_names
from studio.cli.output import Json, program, show, table, terminal_width

if TYPE_CHECKING:
    from studio.workflows.review_decide import Decided, ReviewRequest
    from studio.workflows.review_show import Listed, Shown
    from studio.workflows.review_submit import Submitted

app = typer.Typer(no_args_is_help=True, help="Review notebooks and pipelines: evidence, comments, approvals.")

Names = Annotated[
    list[str],
    typer.Argument(
        metavar="NOTEBOOK|PIPELINE...",
        help="Notebooks by path; a pipeline by name stands for its file and all its notebooks.",
        autocompletion=pipeline_names,
    ),
]
One = Annotated[
    str,
    typer.Argument(metavar="NOTEBOOK|PIPELINE", help="A notebook's path, or a pipeline's name."),
]
Message = Annotated[str, typer.Option("--message", "-m", help="What there is to say about it.")]
Against = Annotated[
    str | None,
    typer.Option("--against", metavar="REVISION", help="Compare with a git revision instead of the last approval."),
]


@app.command()
def submit(names: Names, message: Message = "", as_json: Json = False) -> None:
    """Test content as it is now, and submit it for review.

    Of a pipeline everything that is not approved is submitted. The exit status is 1 when a test fails.
    """
    from studio.cli.progress import progress
    from studio.cli.test import stoppable, told_cases
    from studio.workflows.climb_ladder import Watching
    from studio.workflows.review_submit import SubmitRequest, submit

    request = SubmitRequest(names=tuple(names), message=message, base=Path.cwd())
    unfinished = f"Interrupted: not everything was submitted. Next: {program()} review submit {' '.join(names)}"
    with stoppable(unfinished), progress() as listener, told_cases() as case:
        submitted = submit(request, Watching(run=listener, case=case))
    show(submitted.as_dict(), as_json, lambda: _submitted_text(submitted, names))
    raise typer.Exit(submitted.exit_status)


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Those that were decided, too.")] = False,
    as_json: Json = False,
) -> None:
    """List the submissions that wait for a decision."""
    from studio.workflows.review_show import list_submissions

    found = list_submissions(everything=everything)
    show({"submissions": [item.as_dict() for item in found]}, as_json, lambda: _list_text(found))


@app.command("show")
def show_(
    name: Annotated[
        str, typer.Argument(metavar="SUBMISSION|NOTEBOOK|PIPELINE", help="The submission, or whose latest.")
    ],
    as_json: Json = False,
) -> None:
    """Show a submission: its evidence, its page, what was said."""
    from studio.workflows.review_show import show_submission

    shown = show_submission(name)
    show(shown.as_dict(), as_json, lambda: _shown_text(shown))


@app.command()
def diff(
    name: One,
    against: Against = None,
    outputs: Annotated[bool, typer.Option("--outputs", help="Compare the stored outputs in full, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show what changed since the last approval."""
    from studio.workflows.review_diff import diff_of

    found = diff_of(name, Path.cwd(), against=against, outputs=outputs)
    color, width = sys.stdout.isatty(), terminal_width() or 100

    def text() -> str:
        parts = [f"compared with {one.base}\n\n{one.diff.to_text(color=color, width=width)}" for one in found]
        return "\n\n\n".join(parts) or f"Nothing of {name} changed."

    show({"diffs": [one.as_dict() for one in found]}, as_json, text, painted=True)


@app.command()
def comment(
    name: One,
    text: Annotated[str, typer.Argument(help="What there is to say.")],
    cell: Annotated[
        int | None, typer.Option("--cell", help="The cell's number, from 1; without it, the whole.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say something about a notebook or one of its cells."""
    from studio.workflows.review_comment import comment

    event = comment(name, cell, text, Path.cwd())
    place = f" on cell {cell}" if cell is not None else ""
    show(event.as_dict(), as_json, lambda: f"{event.subject}: comment{place} by {event.actor} recorded.")


@app.command()
def approve(
    names: Names,
    message: Message = "",
    key: Annotated[
        Path | None, typer.Option("--key", help="The SSH key to sign with; without it, git's user.signingkey.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Approve content that was submitted and passed its tests."""
    from studio.workflows.review_decide import approve

    _decide(approve(_request(names, message, key)), as_json)


@app.command()
def reject(names: Names, message: Message = "", as_json: Json = False) -> None:
    """Reject what was submitted, saying why."""
    from studio.workflows.review_decide import reject

    _decide(reject(_request(names, message)), as_json)


@app.command()
def revoke(names: Names, message: Message = "", as_json: Json = False) -> None:
    """Take approvals back, saying why."""
    from studio.workflows.review_decide import revoke

    _decide(revoke(_request(names, message)), as_json)


@app.command()
def status(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NOTEBOOK|PIPELINE]...", help="Without a name, all pipelines.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what is approved as it is now, and what lapsed."""
    from studio.workflows.review_show import review_status

    states = review_status(names or (), Path.cwd())

    def text() -> str:
        rows = [(state.subject, state.status, ", ".join(state.approvers)) for state in states]
        lines = [table(["CONTENT", "STATUS", "APPROVED BY"], rows)]
        never = [state for state in states if state.reasons == (f"{state.subject} was never approved.",)]
        if len(never) > 1:  # one sentence for all of them, which are submitted together
            typed = names or [Path(one.subject).stem for one in never if one.subject.startswith("pipelines/")]
            what = " ".join(typed or [one.subject for one in never])
            lines.append(f"{len(never)} of {len(states)} were never approved. Next: {program()} review submit {what}")
        for state in states:
            if state.status != "approved" and (state not in never or len(never) == 1):
                following = f" Next: {state.next}" if state.next else ""
                lines.append(f"{' '.join(state.reasons)}{following}")
            lines += state.notes
        return "\n\n".join([lines[0], "\n".join(lines[1:])]) if lines[1:] else lines[0]

    show({"contents": [state.as_dict() for state in states]}, as_json, text)


@app.command()
def packet(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NOTEBOOK|PIPELINE]...", help="Without a name, all pipelines.", show_default=False),
    ] = None,
    against: Against = None,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="The folder to write the pages to.")] = Path(
        ".studio/packets"
    ),
    summary: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE", help="Write a summary in Markdown, too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write review packets of what changed, submitting nothing.

    For continuous integration: run `studio test` first, its results are in the packets.
    """
    from studio.core.files import write_atomic
    from studio.workflows.write_packets import write_packets

    packed = write_packets(names or (), Path.cwd(), against=against, output=output)
    if summary is not None:
        write_atomic(Path.cwd() / summary, packed.summary)

    def text() -> str:
        lines = [str(page) for page in packed.pages] or ["Nothing changed, so there is no packet to write."]
        lines += [f"{subject} has no test report yet. Next: {program()} test {subject}" for subject in packed.untested]
        return "\n".join(lines)

    show(packed.as_dict(), as_json, text)


def _request(names: list[str], message: str, key: Path | None = None) -> ReviewRequest:
    from studio.workflows.review_decide import ReviewRequest

    return ReviewRequest(names=tuple(names), message=message, key=key, base=Path.cwd())


def _decide(decided: list[Decided], as_json: bool) -> None:
    def text() -> str:
        lines = []
        for one in decided:
            line = f"{one.subject}: {one.verb} by {one.actor}" + (f", {one.reason}" if one.reason else "")
            lines.append(line if line.endswith((".", "!", "?", "…")) else f"{line}.")
        files = sorted({one.file for one in decided if one.file})
        if files:
            lines.append(f"Next: commit the approvals: git add {' '.join(files)} && git commit")
        return "\n".join(lines)

    show({"decisions": [one.as_dict() for one in decided]}, as_json, text)


def _submitted_text(submitted: Submitted, names: list[str]) -> str:
    from studio.cli.test import report_text
    from studio.workflows.submissions import PAGE, folder

    studio = program()
    lines = [f"{subject} is approved as it is." for subject in submitted.approved_already]
    if not submitted.submissions:
        return "\n".join([*lines, "There is nothing to submit."])
    parts = ["\n".join(lines)] if lines else []
    parts.append(report_text(submitted.report))
    rows = [
        (item.id, item.subject, submitted.workspace.shown(folder(submitted.workspace, item.id) / PAGE))
        for item in submitted.submissions
    ]
    parts.append(table(["SUBMISSION", "CONTENT", "REVIEW PACKET"], rows))
    typed = " ".join(names)
    if submitted.report.ok:
        files = shlex.join(submitted.uncommitted)
        commit = f"commit it (git add {files} && git commit); " if files else ""
        parts.append(f"Next: {commit}somebody else looks at it, then: {studio} review approve {typed}")
    else:
        parts.append(f"It cannot be approved with failing tests. Next: mend them, then: {studio} review submit {typed}")
    return "\n\n".join(parts)


def _list_text(found: list[Listed]) -> str:
    if not found:
        return "No submission waits for a decision. Next: studio review submit NOTEBOOK, or studio review list --all"
    rows = [
        (item.submission, item.subject, item.status, item.author, _minute(item.time), item.message) for item in found
    ]
    return table(["SUBMISSION", "CONTENT", "STATUS", "AUTHOR", "SUBMITTED (UTC)", "MESSAGE"], rows)


def _shown_text(shown: Shown) -> str:
    from studio.cli.test import report_text

    item = shown.submission
    head = [
        f"submission {item.id} of {item.subject}: {shown.status}",
        f"by {item.author} on {_minute(item.time)} (UTC)" + (f": {item.message}" if item.message else ""),
        f"review packet: {shown.workspace.shown(shown.page)}",
    ]
    if item.run:
        head.append(f"run: {item.run}" + (" (on samples)" if item.sampled else ""))
    parts = ["\n".join(head), report_text(shown.report)]
    if item.metrics:
        parts.append(table(["METRIC", "VALUE"], [(name, f"{value:.6g}") for name, value in item.metrics.items()]))
    if shown.comments:
        parts.append("\n".join(_comment_text(one.cell, one.status, one.comment) for one in shown.comments))
    return "\n\n".join(parts)


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _comment_text(cell: int | None, status: str, said: object) -> str:
    place = f"cell {cell}" if cell is not None else "the notebook" if status == "notebook" else "a cell that is gone"
    edited = " (edited since)" if status == "edited" else ""
    return f"{getattr(said, 'author', '')} on {place}{edited}: {getattr(said, 'text', '')}"
