"""``studio ledger``: who did what, what held when, and whether the record is whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from studio.cli.output import Json, say, show

app = typer.Typer(
    help="The ledger: show what happened, verify and export it.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("show")
def show_(
    on: Annotated[
        str | None, typer.Option("--on", metavar="DAY|TIME", help="What was approved and live then, instead of events.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DAY|TIME", help="Only events from then on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DAY|TIME", help="Only events up to then.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only events of this kind, such as approved.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="Only what is about this notebook or pipeline file.")
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only what this person did.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="How many events, the last ones.")] = None,
    as_json: Json = False,
) -> None:
    """Show the last events, or with --on what held then."""
    from studio.cli.ledger_text import events_text, state_text
    from studio.core.errors import BadInput
    from studio.workflows.ledger.show import show_events, show_state

    if on is None:
        shown = show_events(since=since, until=until, kind=kind, subject=subject, actor=actor, limit=limit or 50)
        show(shown.as_dict(), as_json, lambda: events_text(shown))
        return
    given = {"--since": since, "--until": until, "--kind": kind, "--actor": actor, "--limit": limit}
    if useless := [name for name, value in given.items() if value is not None]:
        raise BadInput(f"--on asks for a state, and {', '.join(useless)} choose among events. Next: leave one out.")
    state = show_state(on, subject)
    show(state.as_dict(), as_json, lambda: state_text(state))


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option("--expect", metavar="SEQUENCE:HASH", help="An event that must be there, as it was once printed."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="An export in JSON lines to verify in place of the ledger.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify that no event was changed, removed or moved."""
    from studio.cli.ledger_text import verified_text
    from studio.workflows.ledger.verify import verify_ledger

    found = verify_ledger(expect or [], file)
    show(found.as_dict(), as_json, lambda: verified_text(found))
    raise typer.Exit(0 if found.verification.ok else 1)


@app.command()
def export(
    form: Annotated[str, typer.Option("--format", help="jsonl (can be verified) or csv (for spreadsheets).")] = "jsonl",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
) -> None:
    """Export all events."""
    from studio.workflows.ledger.export import export_ledger

    exported = export_ledger(form, output)
    if output is None:
        sys.stdout.write(exported.text)
        sys.stdout.flush()
    counted = "1 event" if exported.events == 1 else f"{exported.events} events"
    say(f"{counted}. What shows later that none was cut off: --expect {exported.anchor}")


@app.command()
def migrate(as_json: Json = False) -> None:
    """Make or migrate the tables, under an account that may."""
    from studio.workflows.ledger.migrate import migrate_ledger

    done = migrate_ledger()
    show(
        done.as_dict(),
        as_json,
        lambda: f"{done.ledger} {'now has' if done.changed else 'already had'} the tables of this Studio.",
    )
