"""A new notebook from a template: one for each kind of work on the way, which passes its checks and tests as made.

A template that loads data brings a small example with it (``example_customers``: a file, its contract, its entry in the
catalog), and a template that saves gets a dataset of its own, named after the notebook. So everything runs at once, and
a person replaces one thing after the other by their own.
"""

from __future__ import annotations

import json
import platform
import re
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath
from typing import Any

from studio.core.changing import changing
from studio.core.documents import validate
from studio.core.errors import BadInput, StudioError
from studio.core.files import short
from studio.core.identifiers import suggest
from studio.core.workspace import Workspace
from studio.core.yaml_entries import insert_entry
from studio.data.catalog import SHOWN, Catalog, read_catalog

EXAMPLE = "example_customers"
_ENTRY = f"""{EXAMPLE}:
  description: A made-up example for new notebooks; one row is one customer on one day.
  location: data/{EXAMPLE}.csv
  sample: data/{EXAMPLE}.csv
  contract: {EXAMPLE}
  licence: made up, free to use
  tags: [example]
"""
_MARK = "NAME"
_ORDER = (
    "exploration",
    "ingestion",
    "preparation",
    "features",
    "training",
    "evaluation",
    "scoring",
    "supervision",
    "app",
)
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")


@dataclass(frozen=True)
class Template:
    """What a notebook can be made from; `phase` is the phase of CRISP-DM that it belongs to."""

    name: str
    title: str
    description: str
    phase: str

    def as_dict(self) -> dict[str, str]:
        """With stable keys, for ``--json``."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Made:
    """The new notebook, and what else was written for it; all relative to the workspace."""

    path: str
    also: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {"path": self.path, "also": list(self.also)}


def list_templates() -> list[Template]:
    """All templates, in the order of the work."""
    return [_described(name, _content(name)) for name in _ORDER]


def new_notebook(workspace: Workspace, template: str, folder: str, name: str = "") -> Made:
    """Make a notebook from a template; writes over nothing.

    Parameters
    ----------
    workspace : Workspace
        Where.
    template : str
        Its name.
    folder : str
        The folder for it, relative to the workspace; made where it does not exist.
    name : str
        The notebook's name, with ``.ipynb`` or without; without a name the template's, numbered where it is taken.

    Raises
    ------
    BadInput
        When there is no such template, the name cannot be one, or is taken; nothing is written then.
    Problems
        When the catalog cannot be read.
    CannotWrite
        When the file system refuses; what was written before is taken back.
    Locked
        When another's change to the workspace does not end.
    """
    if template not in _ORDER:
        raise BadInput(
            f"There is no template {template[:100]!r}. {suggest(template, _ORDER)} Next: studio notebooks templates"
        )
    content = _content(template)
    text = json.dumps(content)
    del content["metadata"]["studio"]
    content["metadata"]["language_info"] = _language()
    with changing(workspace) as change:
        path = _path(workspace, folder, name, template)
        catalog = read_catalog(workspace)
        dataset = _free_dataset(PurePosixPath(path).stem, catalog) if f'studio.save(\\"{_MARK}\\"' in text else ""
        written = _with_data(workspace, catalog, f'studio.load(\\"{EXAMPLE}\\")' in text, dataset, path, template)
        made = json.loads(re.sub(rf"\b{_MARK}\b", dataset, json.dumps(content))) if dataset else content
        change.make_folder((workspace.root / path).parent)
        for target, part in written.items():  # the notebook last: where it stands, all that it needs stands, too
            change.replace(workspace.root / target, part)
        try:
            change.create(workspace.root / path, json.dumps(made, indent=1, ensure_ascii=False) + "\n")
        except FileExistsError:
            raise _taken(path) from None
    return Made(path, tuple(written))


def _content(name: str) -> dict[str, Any]:
    text = (package_files("studio.workflows") / "templates" / f"{name}.ipynb").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def _language() -> dict[str, Any]:
    """What JupyterLab writes of the kernel as it opens a notebook: where it stands already, nothing is unsaved."""
    return {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    }


def _described(name: str, content: dict[str, Any]) -> Template:
    about = content["metadata"]["studio"]
    return Template(name, about["title"], about["description"], about["phase"])


def _path(workspace: Workspace, folder: str, name: str, template: str) -> str:
    """Where the notebook goes, relative to the workspace."""
    home = workspace.inside(folder or ".", "folder")
    hidden = next((part for part in home.relative_to(workspace.root.resolve()).parts if part.startswith(".")), "")
    if hidden:
        raise BadInput(
            f"A notebook is not put into {short(workspace.shown(home))}: {hidden[:100]} begins with a dot, and such "
            "folders are kept for programs. Next: name another folder for the notebook."
        )
    other = next((one for one in (home, *home.parents) if one.exists() and not one.is_dir()), None)
    if other is not None:
        raise BadInput(f"{workspace.shown(other)} is a file, not a folder. Next: name a folder for the notebook.")
    stem = name.removesuffix(".ipynb")
    if not stem:
        numbers = (f"{template}{number}" for number in ["", *(f"-{count}" for count in range(2, 10_000))])
        stem = next(stem for stem in numbers if not (home / f"{stem}.ipynb").exists())
    if not _SAFE.fullmatch(stem):
        raise BadInput(
            f"{stem[:100]!r} is no name for a notebook. "
            "Next: use letters, digits, '-', '_', '.' and spaces, at most 100."
        )
    file = workspace.inside(home / f"{stem}.ipynb", "notebook")
    if file.exists():
        raise _taken(workspace.shown(file))
    return workspace.shown(file)


def _taken(path: str) -> BadInput:
    return BadInput(f"{path} is there already, and nothing is overwritten. Next: choose another name.")


def _free_dataset(stem: str, catalog: Catalog) -> str:
    """A name for what the notebook saves: its own, numbered where the catalog has it."""
    plain = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:50]
    plain = plain if plain[:1].isalpha() else f"data_{plain}".rstrip("_")
    return next(
        name for name in [plain, *(f"{plain}_{count}" for count in range(2, 10_000))] if name not in catalog.datasets
    )


def _with_data(
    workspace: Workspace, catalog: Catalog, example: bool, dataset: str, path: str, template: str
) -> dict[str, str]:
    """The files that a new notebook needs beside itself, by path: example, contracts, and the catalog's new entries."""
    templates = package_files("studio.workflows") / "templates"
    contract = (templates / f"{EXAMPLE}.yml").read_text(encoding="utf-8")
    entries: list[str] = []
    files: dict[str, str] = {}
    if example and EXAMPLE not in catalog.datasets:
        entries.append(_ENTRY)
        files[f"data/{EXAMPLE}.csv"] = (templates / f"{EXAMPLE}.csv").read_text(encoding="utf-8")
        files[f"pipelines/contracts/{EXAMPLE}.yml"] = contract
    if dataset:
        lines = [f"{dataset}:", f"  description: Made by {path}."]
        if template == "ingestion" and not (workspace.contracts / f"{dataset}.yml").exists():
            lines.append(f"  contract: {dataset}")
            files[f"pipelines/contracts/{dataset}.yml"] = contract
        entries.append("\n".join(lines))
    kept = {name: text for name, text in files.items() if not (workspace.root / name).exists()}
    if entries:
        kept[SHOWN] = _catalog_text(workspace, entries)
    return kept


def _catalog_text(workspace: Workspace, entries: list[str]) -> str:
    """The catalog with the entries, which is looked at before it is written."""
    import yaml

    try:
        text = workspace.catalog.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = "# The governed datasets of this workspace.\nversion: 1\n"
    for entry in entries:
        text = insert_entry(text, "datasets", entry, SHOWN)
    try:
        validate(Catalog, yaml.safe_load(text), SHOWN)
    except StudioError as error:
        raise BadInput(
            f"The new entries do not fit into {SHOWN}, and nothing was written ({error}). "
            "Next: write its datasets on lines of their own, indented below datasets:, and repeat."
        ) from error
    return text


def notebook_place(workspace: Workspace, typed: Path, base: Path) -> tuple[str, str]:
    """What a person typed, as a folder of the workspace and a name: what ends in ``.ipynb`` is a notebook."""
    target = workspace.inside(base / typed, "notebook")
    if target.suffix == ".ipynb":
        return workspace.shown(target.parent), target.name
    return workspace.shown(target), ""
