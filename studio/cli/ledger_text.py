"""What people read of the ledger: events, the state at a moment, and a verification."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from studio.cli.output import short, table
from studio.workflows.ledger.sentences import about, digest_shown, printable

if TYPE_CHECKING:
    from studio.ledger.event import Event
    from studio.ledger.state import Approval, LiveModel, LiveRun
    from studio.workflows.ledger.show import Shown, ShownState
    from studio.workflows.ledger.verify import Verified

_FAULTS = 20
_ENDED = 20


def events_text(shown: Shown) -> str:
    """A line an event."""
    if not shown.events:
        return f"The ledger has no such event. {shown.hint}".rstrip()
    headings = ["EVENT", "TIME (UTC)", "KIND", "ACTOR", "SUBJECT", "ENVIRONMENT", "ABOUT"]
    lines = [_table(headings, (_row(event) for event in shown.events))]
    if shown.total > len(shown.events):
        lines.append(f"The last {len(shown.events)} of {shown.total:,}. More: --limit {shown.total}")
    return "\n".join(lines)


def state_text(shown: ShownState) -> str:
    """What held, in the order in which one asks: what was live, what was approved, what no longer was."""
    state = shown.state
    explained = f" ({shown.asked.explanation})" if shown.asked.explanation else ""
    counted = "no event" if not state.events else "1 event" if state.events == 1 else f"{state.events:,} events"
    lines = [f"State at {_moment(state.moment)} UTC{explained}, from {counted}."]
    lines += ["", "Live" if state.runs or state.models else "Nothing was live in a guarded environment."]
    for run in state.runs:
        lines += _run_lines(run)
    lines += [_model_line(model) for model in state.models]
    lines += ["", "Approved" if state.approved else "Nothing was approved."]
    if state.approved:
        lines.append(_approvals(state.approved))
    if state.ended:
        newest = sorted(state.ended, key=lambda item: item.until or "")[-_ENDED:]
        left_out = len(state.ended) - len(newest)
        lines += ["", "No longer approved", _approvals(newest)]
        lines += [f"  … and {left_out} that ended earlier; --json shows all."] if left_out else []
    return "\n".join(lines)


def verified_text(found: Verified) -> str:
    """Whether all is well, else what is not; and the anchor to keep."""
    result = found.verification
    against = "" if not result.anchors else ", 1 anchor" if result.anchors == 1 else f", {result.anchors} anchors"
    counted = f"{result.events:,} event{'' if result.events == 1 else 's'}{against}"
    lines = [f"{path}: cannot be read, so its anchors were not looked at" for path in found.unreadable]
    if result.ok:
        lines.append(f"{found.ledger} is whole: {counted}.")
        lines.append(f"Keep this elsewhere, to see later that nothing was cut off: --expect {_anchor(result.head)}")
    else:
        number = len(result.faults)
        lines.append(f"{found.ledger} is damaged: {number} fault{'' if number == 1 else 's'} in {counted}.")
        lines += [f"  {fault.sentence}" for fault in result.faults[:_FAULTS]]
        if number > _FAULTS:
            lines.append(f"  … and {number - _FAULTS} more; --json shows all.")
        lines.append("Next: keep the ledger as it is, and compare it with a backup or an export.")
    return "\n".join(lines)


def _row(event: Event) -> tuple[object, ...]:
    kind = event.kind
    return (
        event.sequence,
        _moment(event.time),
        kind,
        printable(event.actor),
        printable(event.subject),
        event.environment or "-",
        short(about(event)),
    )


def _run_lines(run: LiveRun) -> list[str]:
    ended = f" {_moment(run.ended)}" if run.ended else ""
    lines = [
        f"  {run.environment}: {run.pipeline}, run {run.run}, accepted {_moment(run.since)} for {printable(run.by)}, "
        f"{run.status}{ended}"
    ]
    lines += [f"    {'commit':10}{run.commit[:12]}"] if run.commit else []
    for content in run.contents:
        approved = (
            f"approved by {', '.join(map(printable, content.approved_by))}" if content.approved_by else "not approved"
        )
        lines.append(f"    {'content':10}{printable(content.path)} {digest_shown(content.fingerprint)}, {approved}")
    for dataset, snapshot in sorted((run.data or {}).items()):
        lines.append(f"    {'data':10}{printable(dataset)} {digest_shown(snapshot)}")
    if run.data is None and run.status == "running":
        lines.append(f"    {'data':10}not known before the run ends")
    if run.before is not None:
        lines.append(f"    {'before':10}run {run.before.run} completed {_moment(run.before.ended or '')}")
    return lines


def _model_line(model: LiveModel) -> str:
    return (
        f"  {model.environment}: model {printable(model.model)} {model.version}, {model.how} {_moment(model.since)} by "
        + (printable(model.by))
    )


def _approvals(items: Iterable[Approval]) -> str:
    headings = ["  SUBJECT", "CONTENT", "BY", "SINCE (UTC)", "UNTIL (UTC)", "SIGNED BY", "MESSAGE"]
    return _table(
        headings,
        (
            (
                f"  {printable(item.subject)}",
                digest_shown(item.fingerprint),
                printable(item.by),
                _moment(item.since),
                _until(item),
                printable(item.signed_by) or "-",
                short(item.message),
            )
            for item in items
        ),
    )


def _until(item: Approval) -> str:
    if item.until is None:
        return "still holds"
    return f"{_moment(item.until)} ({item.reason} by {printable(item.ended_by or '')})"


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return table(headings, list(rows))


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")


def _anchor(head: tuple[int, str]) -> str:
    return f"{head[0]}:{head[1]}"
