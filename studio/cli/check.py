"""``studio check``: everything that is wrong in this workspace, at once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.output import Json, show, terminal_width

if TYPE_CHECKING:
    from studio.notebooks.checks import Finding, Fixed


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[NOTEBOOK]...", help="Notebooks to check; without any, the whole workspace."),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend first what can be mended without changing what a notebook does.")
    ] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules, and check nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Check notebooks, pipelines and contracts.

    Nothing is run. The exit status is 1 when something is wrong.
    """
    from studio.workflows.check_workspace import check_workspace, list_rules

    if rules:
        known = list_rules()
        show({"rules": known}, as_json, lambda: "\n".join(_listed(known)))
        return
    checked = check_workspace(tuple(paths or ()), Path.cwd(), fix=fix)

    def text() -> str:
        lines = [*_mended(checked.fixed), *_grouped(checked.findings)]
        lines.append(f"{checked.summary}: {_count(len(checked.findings))}{' left' if checked.fixed else ''}.")
        if not fix and (mendable := sum(finding.fixable for finding in checked.findings)):
            lines.append(f"studio check --fix mends {mendable} of them.")
        return "\n".join(lines)

    show(checked.as_dict(), as_json, text)
    raise typer.Exit(1 if checked.findings else 0)


def _count(problems: int) -> str:
    return {0: "no problem", 1: "1 problem"}.get(problems, f"{problems} problems")


def _listed(rules: Sequence[Mapping[str, object]]) -> Iterator[str]:
    size = max(len(str(rule["name"])) for rule in rules) + 2
    for rule in rules:
        mended = " Mended by --fix." if rule["fixable"] else ""
        yield from _wrapped(f"{rule['summary']}{mended}", str(rule["name"]).ljust(size), " " * size)


def _grouped(findings: Sequence[Finding]) -> Iterator[str]:
    """The findings under the names of their files, one line each and one for what to do."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.path, []).append(finding)
    for path, group in groups.items():
        if path:
            yield path
        places = [": ".join(filter(None, (finding.place or _whole(path), finding.name))) for finding in group]
        # A long name of a key must not push all other lines to the right.
        size = max([len(place) for place in places if len(place) <= 24], default=0)
        for place, finding in zip(places, group, strict=True):
            indent = " " * (size + 4) if size else "  "
            first = f"  {place.ljust(size)}  " if place else indent
            message = finding.message.removeprefix(f"{path} ")
            yield from _wrapped(f"{message} [{finding.rule}]", first, indent)
            if finding.advice:
                yield from _wrapped(finding.advice, indent, indent)
        yield ""


def _whole(path: str) -> str:
    return "notebook" if path.endswith(".ipynb") else ""


def _mended(fixed: Sequence[Fixed]) -> Iterator[str]:
    groups: dict[str, list[Fixed]] = {}
    for item in fixed:
        groups.setdefault(item.path, []).append(item)
    for path, group in groups.items():
        yield f"{path}: mended"
        places = [f"cell {item.cell}" for item in group]
        size = max(map(len, places))
        for place, item in zip(places, group, strict=True):
            indent = " " * (size + 4)
            yield from _wrapped(f"{item.message} [{item.rule}]", f"  {place.ljust(size)}  ", indent)
        yield ""


def _wrapped(text: str, first: str, indent: str) -> list[str]:
    """Lines that fit the terminal; one line where standard output is none, so that it can be searched."""
    width = terminal_width()
    if width is None:
        return [first + line if not number else indent + line for number, line in enumerate(text.split("\n"))]
    return textwrap.wrap(
        " ".join(text.split()),
        max(width, 40),
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
