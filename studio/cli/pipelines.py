"""``studio pipelines``: what is declared, and what a run would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.completion import pipeline_names
from studio.cli.output import Json, show, table, terminal_width
from studio.cli.run import Values, assignments

app = typer.Typer(help="Pipelines: list them, plan a run, draw the graph.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[
    str,
    typer.Argument(
        metavar="PIPELINE", help="The pipeline's name (or a notebook's path).", autocompletion=pipeline_names
    ),
]
Mermaid = Annotated[bool, typer.Option("--mermaid", help="Print the graph as a Mermaid diagram.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the pipelines of this workspace."""
    from studio.workflows.plan_pipeline import overview

    found = overview()
    show(
        {"pipelines": [item.as_dict() for item in found]},
        as_json,
        lambda: (
            table(
                ["PIPELINE", "STEPS", "DESCRIPTION"],
                [
                    (
                        item.name,
                        item.steps or "?",
                        f"cannot be read: {item.problem}" if item.problem else item.description,
                    )
                    for item in found
                ],
            )
            if found
            else "No pipeline is declared here. Next: make pipelines/<name>.yml (studio init makes an example)"
        ),
    )


@app.command()
def plan(
    name: Name,
    parameter: Values = None,
    as_json: Json = False,
    mermaid: Mermaid = False,
) -> None:
    """Show the graph, and for each step whether it would run or be reused, and why."""
    _draw(name, parameter, as_json, mermaid, verdicts=True)


@app.command()
def graph(
    name: Name,
    parameter: Values = None,
    as_json: Json = False,
    mermaid: Mermaid = False,
) -> None:
    """Draw the graph of steps and datasets."""
    _draw(name, parameter, as_json, mermaid, verdicts=False)


def _draw(name: str, parameter: list[str] | None, as_json: bool, mermaid: bool, *, verdicts: bool) -> None:
    from studio.pipelines.graph import plan_as_dict, to_mermaid, to_tree
    from studio.workflows.plan_pipeline import plan_pipeline

    foreseen = plan_pipeline(name, assignments(parameter or []), Path.cwd(), verdicts=verdicts)
    show(
        plan_as_dict(foreseen.plan, foreseen.verdicts),
        as_json,
        lambda: (
            to_mermaid(foreseen.plan, foreseen.verdicts)
            if mermaid
            else to_tree(foreseen.plan, foreseen.verdicts, terminal_width())
        ),
    )


@app.command()
def schedules(as_json: Json = False) -> None:
    """List when pipelines run by themselves, and what came of it last."""
    from studio.core.workspace import find_workspace
    from studio.workflows.scheduler import Scheduled, is_up, list_schedules

    workspace = find_workspace()
    found, up = list_schedules(workspace), is_up(workspace)

    def row(one: Scheduled) -> tuple[str, ...]:
        if one.schedule is None:
            return (one.pipeline, "", "", f"cannot be read: {one.problem}")
        last = f"{one.last.outcome} at {one.last.time}: {one.last.text}" if one.last else ""
        return (one.pipeline, f"{one.schedule.cron} ({one.schedule.timezone})", next(iter(one.following), ""), last)

    def text() -> str:
        if not found:
            return "No pipeline has a schedule. Next: add schedule: to a pipeline's file."
        shown = table(["PIPELINE", "SCHEDULE", "NEXT", "LAST"], [row(one) for one in found])
        return shown if up else f"{shown}\n\nNo scheduler is up, so nothing starts by itself. Next: studio scheduler"

    show({"schedules": [one.as_dict() for one in found], "up": up}, as_json, text)
