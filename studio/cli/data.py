"""``studio data``: the governed datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from studio.cli.completion import dataset_names
from studio.cli.output import Json, say, show, table

app = typer.Typer(help="Datasets: list, show, check and sample them.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="DATASET", help="A name in the catalog.", autocompletion=dataset_names)]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the datasets of the catalog with their latest snapshots."""
    from studio.workflows.show_data import list_datasets

    found = list_datasets()
    show(
        {"datasets": [item.as_dict() for item in found]},
        as_json,
        lambda: (
            table(
                ["DATASET", "ROWS", "SNAPSHOT", "RUN", "MADE (UTC)", "CONTRACT", "DESCRIPTION"],
                [_row(item.as_dict()) for item in found],
            )
            if found
            else "The catalog names no dataset. Next: add one to pipelines/catalog.yml"
        ),
    )


@app.command("show")
def show_(name: Name, as_json: Json = False) -> None:
    """Show one dataset: its contract, its latest snapshot, its columns."""
    from studio.workflows.show_data import show_dataset

    found = show_dataset(name).as_dict()
    show(found, as_json, lambda: _text(found))


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DATASET]...",
            help="Names in the catalog; without any, all that have data here.",
            autocompletion=dataset_names,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check data against its contract."""
    from studio.workflows.show_data import check_datasets

    results = check_datasets(names or [])

    def text() -> str:
        lines = []
        for result in results:
            if not result.findings:
                lines.append(f"{result.dataset}: no data here yet")
            for finding in result.findings:
                against = f"keeps {result.contract}" if result.contract else "can be read (it has no contract)"
                rows = f", {finding.rows:,} rows" if finding.rows is not None else ""
                verdict = f"{against}{rows}" if finding.ok else finding.message
                lines.append(f"{result.dataset}: {finding.subject}: {verdict}")
        return "\n".join(lines) or "No dataset has data here yet. Next: studio run PIPELINE"

    show({"results": [result.as_dict() for result in results]}, as_json, text)
    raise typer.Exit(1 if any(not finding.ok for result in results for finding in result.findings) else 0)


@app.command()
def sample(
    name: Name,
    rows: Annotated[int, typer.Option("--rows", help="How many rows at most.")] = 200,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Where to; without it, where the catalog says."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a sample of a source, for tests that run on samples."""
    from studio.workflows.sample_data import sample_dataset

    made = sample_dataset(name, rows, output, force=force)
    if made.lost:
        say(f"Not every category has a row in the sample: {', '.join(made.lost)}. Next: give more --rows.")
    say("The sample holds real rows: look through it before you commit it.")

    def text() -> str:
        written = f"{made.path}: {made.rows:,} of {made.of:,} rows of {made.dataset}"
        if made.listed:
            return written
        return f"{written}\nNext: add under {made.dataset}: in pipelines/catalog.yml the line\n    {made.line}"

    show(made.as_dict(), as_json, text)


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    parts = item["latest"]
    digests = [kept["digest"][:8] for kept in parts.values()]
    snapshot = "" if not digests else digests[0] if len(digests) == 1 else f"{len(digests)} parts"
    rows = "" if item["rows"] is None else f"{item['rows']:,}"
    return (
        item["name"],
        rows,
        snapshot or ("(source)" if item["location"] else "-"),
        ", ".join(dict.fromkeys(kept["run"] or "-" for kept in parts.values())),
        _moment(item["created"]),
        item["contract"] or "-",
        item["problem"] or item["description"] or "",
    )


def _text(item: dict[str, Any]) -> str:
    lines = [item["name"] + (f": {item['description']}" if item["description"] else "")]
    for key in ("location", "format", "contract", "owner", "licence", "problem"):
        if item[key]:
            lines.append(f"  {key:12}{item[key]}")
    if item["tags"]:
        lines.append(f"  {'tags':12}{', '.join(item['tags'])}")
    for part, kept in item["latest"].items():
        made = " ".join(word for word in (_moment(kept["created"]), kept["run"] or "", kept["step"] or "") if word)
        lines.append(
            f"  {'snapshot':12}{kept['digest'][:16]}{f' ({part})' if part else ''}, {kept['rows']:,} rows, {made}"
        )
    columns: list[list[str]] = next((kept["columns"] for kept in item["latest"].values()), [])
    if columns:
        lines += ["", table(["COLUMN", "TYPE"], columns)]
    if not item["latest"] and not item["location"]:
        lines.append("  There is no snapshot yet.")
    return "\n".join(lines)


def _moment(text: str | None) -> str:
    return text[:19].replace("T", " ") if text else ""
