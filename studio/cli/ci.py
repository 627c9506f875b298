"""``studio ci``: the same checks for every change, on the platform that keeps the repository."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from studio.cli.output import Json, show

app = typer.Typer(help="Continuous integration.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _noun() -> None:
    """Continuous integration."""


@app.command()
def init(
    platform: Annotated[str, typer.Argument(metavar="github|gitlab", help="The platform that keeps the repository.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the workflow that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a workflow: checks, tests, runs on samples, the review packet and its summary."""
    from studio.core.errors import BadInput
    from studio.core.identifiers import suggest
    from studio.workflows.ci_init import PLACES, init_ci

    known = next((name for name in PLACES if name == platform), None)
    if known is None:
        raise BadInput(f"There is no workflow for {platform!r}. {suggest(platform, PLACES)}")
    made = init_ci(known, force=force)
    show(made.as_dict(), as_json, lambda: _text(made.as_dict()))


def _text(made: dict[str, Any]) -> str:
    lines = [f"{'Replaced' if made['replaced'] else 'Wrote'} {made['path']}. It installs with:"]
    lines += [f"  {command}" for command in made["installs"]]
    lines += made["notes"]
    lines.append(f"Next: git add {made['path']} && git commit -m 'ci: check every change with studio'")
    return "\n".join(lines)
