"""``studio data``: the governed datasets."""

from __future__ import annotations

from typing import Annotated

import typer

from studio.cli.completion import dataset_names
from studio.cli.output import Json, show, table

app = typer.Typer(help="Datasets: list, show and check them.", no_args_is_help=True, rich_markup_mode=None)

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
                ["DATASET", "ROWS", "SNAPSHOT", "MADE (UTC)", "CONTRACT", "DESCRIPTION"],
                [_row(item.as_dict()) for item in found],
            )
            if found
            else "The catalog names no dataset. Next: add one to pipelines/catalog.yml"
        ),
    )
