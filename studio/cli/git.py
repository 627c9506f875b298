"""``studio git``: small commits of notebooks that can be reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from studio.cli.output import Json, say, show

app = typer.Typer(
    help="Git for notebooks: set it up, split a large change.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def setup(
    only_look: Annotated[bool, typer.Option("--check", help="Say what is missing, and change nothing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Undo exactly what this command did.")] = False,
    as_json: Json = False,
) -> None:
    """Set this clone up: nbdime, no outputs in commits, hooks.

    With --check the exit status is 1 when something is missing.
    """
    from studio.core.errors import BadInput
    from studio.workflows.git import setup

    if only_look and remove:
        raise BadInput("--check and --remove cannot be given together. Next: leave one of them out.")
    done = setup.remove_git() if remove else setup.check_git() if only_look else setup.set_up_git()
    show(done.as_dict(), as_json, lambda: _set_up(done.as_dict(), remove=remove, only_look=only_look))
    raise typer.Exit(1 if done.missing and not remove else 0)


@app.command()
def split(
    apply: Annotated[bool, typer.Option("--apply", help="Make the commits; the working tree is not touched.")] = False,
    as_json: Json = False,
) -> None:
    """Propose how to split a large change into commits.

    All that differs from the last commit counts: staged, unstaged and untracked.
    """
    from studio.workflows.git.split import apply_split, propose_split

    result = apply_split() if apply else propose_split()
    show(result.as_dict(), as_json, lambda: _split(result.as_dict()))


@app.command("check-message")
def check_message(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file in which git hands the message over.")],
) -> None:
    """For a hook: refuse an unconventional commit message."""
    from studio.workflows.git.hooks import check_message as check

    check(file)


@app.command("check-increment")
def check_increment(as_json: Json = False) -> None:
    """For a hook: warn when the staged change is large.

    The exit status is 0 also then.
    """
    from studio.workflows.git.hooks import measure_increment

    found = measure_increment()
    if as_json:
        show(found.as_dict(), as_json, str)
    elif found.warning:
        say(found.warning)


@app.command("check-released")
def check_released() -> None:
    """For a hook: refuse unapproved changes of what is released."""
    from studio.workflows.git.released import refuse_unapproved

    refuse_unapproved()


_WORDS = {"present": "there", "missing": "missing", "added": "added", "removed": "removed", "kept": "left alone"}


def _set_up(done: dict[str, Any], *, remove: bool, only_look: bool) -> str:
    lines = []
    for item in done["items"]:
        lines.append(f"{_WORDS[item['state']]:11} {item['subject']}: {item['detail']}")
        # What the command itself would do is said once, below.
        if item["next"] and item["next"] != "studio git setup":
            lines += [f"{'':12}Next: {item['next']}"]
    if not lines:
        return "Nothing of studio git setup is left here." if remove else "Nothing is to do."
    if only_look and done["missing"]:
        lines.append("Next: studio git setup")
    elif not remove and all(item["state"] == "present" for item in done["items"]):
        lines.append("Everything is set up.")
    return "\n".join(lines)


def _split(result: dict[str, Any]) -> str:
    proposals = result["proposals"]
    if not proposals:
        return "Nothing differs from the last commit."
    lines: list[str] = []
    for number, item in enumerate(proposals, 1):
        commit = f"  [{item['commit'][:10]}]" if item["commit"] else ""
        lines += [f"{number}. {item['message']}{commit}", f"   {item['reason']}"]
        for change in item["changes"]:
            cells = f": {', '.join(change['cells'])}" if change["cells"] else ""
            lines.append(f"   {change['action']:8} {change['path']}{cells}")
        lines += [f"   $ {command}" for command in item["commands"] if not item["commit"]]
        lines.append("")
    if proposals[0]["commit"]:
        many = "1 commit was" if len(proposals) == 1 else f"{len(proposals)} commits were"
        lines.append(f"{many} made. To take them back, and keep the change: {_undo(result['base'])}")
    else:
        if result["top"] != str(Path.cwd()):
            lines.append(f"The commands are typed in {result['top']}")
        if result["before"]:
            lines.append(f"Something is staged; before the first of them: {result['before']}")
        lines.append("To make all of these commits: studio git split --apply")
    return "\n".join(lines)


def _undo(base: str) -> str:
    return f"git reset --soft {base[:10]}" if base else "git update-ref -d HEAD"
