"""``studio runs``: what happened, why, and how to go on."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from studio.cli.completion import pipeline_names, run_names
from studio.cli.output import Json, say, show
from studio.cli.run import Jobs

app = typer.Typer(help="Runs: list, show, open, resume, explain them.", no_args_is_help=True, rich_markup_mode=None)

RunName = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run's identifier, the start of one, or 'last'.", autocompletion=run_names),
]
StepName = Annotated[str | None, typer.Argument(metavar="[STEP]", help="A step of that run.")]


@app.command("list")
def list_(
    pipeline: Annotated[
        str | None, typer.Option("--pipeline", help="Only the runs of this pipeline.", autocompletion=pipeline_names)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List the latest runs."""
    from studio.cli.runs_text import runs_table
    from studio.workflows.show_runs import list_runs

    found, unreadable = list_runs(pipeline, limit)
    show(
        {
            "runs": [record.summary() for record in found],
            "unreadable": [{"run": item.run, "reason": item.reason} for item in unreadable],
        },
        as_json,
        lambda: runs_table(found, unreadable),
    )


@app.command("show")
def show_(run: RunName = "last", as_json: Json = False) -> None:
    """Show one run: its steps, how each ended, and where its parts are."""
    from studio.cli.runs_text import run_text
    from studio.workflows.show_runs import show_run

    workspace, record = show_run(run)
    show(record.as_dict(), as_json, lambda: run_text(workspace, record))


@app.command()
def resume(run: RunName = "last", jobs: Jobs = None, as_json: Json = False) -> None:
    """Continue a failed or killed run at its first unfinished step."""
    from studio.cli.progress import progress
    from studio.cli.runs_text import run_summary
    from studio.workflows.run_pipeline import resume_run

    with progress() as listener:
        result = resume_run(run, jobs, listener)
    show(result.as_dict(), as_json, lambda: run_summary(result))
    raise typer.Exit(result.exit_status)


@app.command()
def why(run: RunName = "last", step: StepName = None, as_json: Json = False) -> None:
    """Say for each step what made it run or be reused: code, parameters, data, environment."""
    from studio.cli.runs_text import why_text
    from studio.workflows.show_runs import choose_step, show_run

    _, record = show_run(run)
    steps = [choose_step(record, step)] if step is not None else list(record.steps.values())
    show(
        {"run": record.id, "steps": {item.key: {"status": item.status, **(item.verdict or {})} for item in steps}},
        as_json,
        lambda: why_text(record, steps),
    )


@app.command("open")
def open_(
    run: RunName = "last",
    step: StepName = None,
    where: Annotated[bool, typer.Option("--print", help="Only print the paths, open nothing.")] = False,
    lab: Annotated[bool, typer.Option("--lab", help="Open the executed notebook in JupyterLab.")] = False,
    as_json: Json = False,
) -> None:
    """Open the executed notebook of a step (without a name: of the failed one) as a page in the browser."""
    from studio.workflows.show_runs import open_run

    opened = open_run(run, step)
    show(
        {"step": opened.step, "notebook": str(opened.notebook), "page": str(opened.page)},
        as_json,
        lambda: f"{opened.step}\n  notebook  {opened.notebook}\n  page      {opened.page}",
    )
    if as_json or where:
        return
    if lab:
        import subprocess

        raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyterlab", str(opened.notebook)]))
    import webbrowser

    if not webbrowser.open(opened.page.as_uri()):
        say("No browser could be started here; open the page above with one, or use --lab.")
