"""The ``studio`` command: puts the nouns together and turns every outcome into an exit status.

Nothing heavy is imported here or in the nouns' files: help and completion answer at once.
"""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer
from typer import _click as click

from studio.cli import (
    apps,
    check,
    ci,
    data,
    doctor,
    git,
    init,
    lab,
    ledger,
    notebooks,
    pipelines,
    review,
    run,
    runs,
    scheduler,
    test,
)
from studio.cli.output import forgive_encodings, harmless, write_json
from studio.core.errors import Problems, StudioError
from studio.core.files import CannotUse

app = typer.Typer(
    name="studio",
    help="From a notebook to a supervised model in production: reviewed, tested, versioned and explainable.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("test")(test.climb)
app.command("run")(run.run)
app.command("scheduler")(scheduler.scheduler)
app.command("lab", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab.lab)
app.command("doctor")(doctor.doctor)
app.add_typer(apps.app, name="apps")
app.add_typer(notebooks.app, name="notebooks")
app.add_typer(pipelines.app, name="pipelines")
app.add_typer(runs.app, name="runs")
app.add_typer(data.app, name="data")
app.add_typer(git.app, name="git")
app.add_typer(ci.app, name="ci")
app.add_typer(review.app, name="review")
app.add_typer(ledger.app, name="ledger")

INTERRUPTED = 130


def _version(wanted: bool) -> None:
    if wanted:
        from studio import __version__

        typer.echo(f"studio {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
    _debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """From a notebook to a supervised model in production: reviewed, tested, versioned and explainable."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit status: 0 done, 1 failed, 2 bad input, 3 refused, 130 interrupt."""
    words = sys.argv[1:] if arguments is None else arguments
    forgive_encodings()
    try:
        status = app(args=words, standalone_mode=False, prog_name="studio")
    except click.exceptions.ClickException as error:
        error.show()
        status = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("Interrupted.\n")
        status = INTERRUPTED
    except StudioError as error:
        status = _explain(error, words)
    except BrokenPipeError:
        sys.stderr.close()
        status = 1
    except OSError as error:
        status = _explain(CannotUse(error), words)
    sys.exit(status if isinstance(status, int) else 0)


def _explain(error: StudioError, words: list[str]) -> int:
    if "--debug" in words:
        traceback.print_exc()
    problems = error.problems if isinstance(error, Problems) else ()
    if "--json" in words:
        value = {"error": {"message": str(error), "problems": [problem.as_dict() for problem in problems]}}
        write_json(value)
    if len(problems) > 1:
        lines = "\n".join(f"  {problem}" for problem in problems)
        sys.stderr.write(harmless(f"Error: {len(problems)} problems.\n{lines}\n"))
    else:
        sys.stderr.write(harmless(f"Error: {error}\n"))
    return error.exit_status
