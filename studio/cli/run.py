"""``studio run``: a pipeline, or one notebook, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from studio.cli.completion import pipeline_names
from studio.cli.output import Json, show
from studio.core.errors import BadInput

Values = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", "-p", metavar="NAME=VALUE", help="A parameter's value; STEP.NAME=VALUE for one step only."
    ),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, max=256, help="How many independent steps run at the same time.")
]


def run(
    name: Annotated[
        str,
        typer.Argument(
            metavar="PIPELINE|NOTEBOOK",
            help="The pipeline's name, or a notebook's path.",
            autocompletion=pipeline_names,
        ),
    ],
    parameter: Values = None,
    jobs: Jobs = None,
    force: Annotated[bool, typer.Option("--force", help="Run every step again, reuse none.")] = False,
    start: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Run this step and all after it again.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only",
            metavar="STEP",
            help="Run this step alone, on the latest snapshots (reused where nothing changed).",
        ),
    ] = None,
    environment: Annotated[
        str,
        typer.Option("--env", metavar="ENVIRONMENT", help="The environment to run in: dev, staging, prod or your own."),
    ] = "dev",
    as_json: Json = False,
) -> None:
    """Run a pipeline or one notebook.

    Each step is a notebook in a fresh kernel; unchanged steps are reused; everything is logged to MLflow.
    """
    from studio.cli.progress import progress
    from studio.cli.runs_text import run_summary
    from studio.workflows.run_pipeline import RunRequest, run_pipeline

    request = RunRequest(
        name=name,
        given=assignments(parameter or []),
        base=Path.cwd(),
        jobs=jobs,
        force=force,
        start=start,
        only=only,
        environment=environment,
    )
    with progress() as listener:
        result = run_pipeline(request, listener)
    show(result.as_dict(), as_json, lambda: run_summary(result))
    raise typer.Exit(result.exit_status)


def assignments(words: list[str]) -> dict[str, str]:
    """``["a=1", "b=x=y"]`` as ``{"a": "1", "b": "x=y"}``; BadInput for anything else."""
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise BadInput(f"-p {word} is not of the form NAME=VALUE. Next: write it as, e.g., -p horizon=48")
        if name in given:
            raise BadInput(f"-p {name} is given twice. Next: keep one of the two.")
        given[name] = value
    return given
