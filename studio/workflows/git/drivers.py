"""How git shows, merges and stores notebooks here: nbdime's drivers and the filter of outputs, for this clone alone.

The programs are named by this interpreter's path and modules, so that they work in every shell; such a name is right on
one machine only, which is why it stands in the clone's own configuration and not in a file that is committed. The
``.gitattributes`` lines name drivers, not programs, and are for everybody.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path

from studio.core.files import write_atomic
from studio.core.git import GitFailed, Repository
from studio.core.workspace import Workspace
from studio.workflows.git.state import Addition, Done, Item, Setting

PYTHON = "studio.python"
FILTER = "studio-outputs"
_ATTRIBUTES = {"diff": "jupyternotebook", "merge": "jupyternotebook", "filter": FILTER}
_COMMENT = "# notebooks: shown and merged by nbdime, stored without outputs (studio git setup)"
_OURS = ("nbdime.vcs.git", "studio.notebooks.clean_filter")
_WHAT = {
    "diff.jupyternotebook.command": "notebooks are shown by nbdime in git diff",
    "merge.jupyternotebook.driver": "notebooks are merged by nbdime",
    "merge.jupyternotebook.name": "the name of nbdime's merge driver",
    f"filter.{FILTER}.clean": "outputs stay out of commits, but those of cells tagged keep-output",
    PYTHON: "the interpreter that the hooks use",
}


def wanted() -> dict[str, str]:
    """The keys of git's configuration and the values that this interpreter gives them."""
    # -P: a json.py or studio/ in the folder where git is called must not stand in for the real one.
    module = f"{shlex.quote(sys.executable)} -P -m"
    return {
        "diff.jupyternotebook.command": f"{module} nbdime.vcs.git.diffdriver diff --use-filter",
        "merge.jupyternotebook.driver": f"{module} nbdime.vcs.git.mergedriver merge %O %A %B %L %P",
        "merge.jupyternotebook.name": "jupyter notebook merge driver",
        f"filter.{FILTER}.clean": f"{module} studio.notebooks.clean_filter %f",
        PYTHON: sys.executable,
    }


def set_configuration(repository: Repository, done: Done, *, only_look: bool = False) -> tuple[list[Item], Done]:
    """Set what is not set; a value that somebody else chose is kept and told."""
    items = []
    for key, value in wanted().items():
        found = repository.setting(key, local=True)
        if found == value:
            items.append(Item(key, "present", _WHAT[key]))
        elif found is not None and not _is_ours(key, found, done):
            items.append(Item(key, "kept", f"it is {found!r} already, and was left as it is"))
        elif only_look:
            said = "is not set" if found is None else "names another interpreter"
            items.append(Item(key, "missing", f"it {said} ({_WHAT[key]})", "studio git setup"))
        else:
            repository.run("config", "--local", key, value)
            before = done.settings[key].before if key in done.settings else None
            done = done.with_setting(key, Setting(value=value, before=before))
            items.append(Item(key, "added", _WHAT[key]))
    return items, done


def unset_configuration(repository: Repository, done: Done) -> tuple[list[Item], Done]:
    """Give every key that was set the value that it had, unless it was changed since."""
    items = []
    for key, setting in done.settings.items():
        found = repository.setting(key, local=True)
        if found != setting.value:
            if found is not None:
                items.append(Item(key, "kept", f"it was changed to {found!r} since, and was left as it is"))
        elif setting.before is None:
            repository.run("config", "--local", "--unset", key)
            items.append(Item(key, "removed", _WHAT.get(key, "set by studio git setup")))
        else:
            repository.run("config", "--local", key, setting.before)
            items.append(Item(key, "removed", f"it is {setting.before!r} again"))
    return items, done.model_copy(update={"settings": {}})


def add_attributes(
    repository: Repository, workspace: Workspace, done: Done, *, only_look: bool = False
) -> tuple[list[Item], Done]:
    """Add to ``.gitattributes`` what it does not say of notebooks yet; what it says is kept."""
    path = workspace.root / ".gitattributes"
    found = _attributes(repository, workspace)
    missing = {name: value for name, value in _ATTRIBUTES.items() if found.get(name) == "unspecified"}
    others = {name: value for name, value in found.items() if value not in ("unspecified", _ATTRIBUTES[name])}
    items = [
        Item(f"*.ipynb {name}", "kept", f"git's attributes say {name}={value} already, which was left as it is")
        for name, value in others.items()
    ]
    if not missing:
        if not others:
            items.append(Item(".gitattributes", "present", "it names the drivers and the filter of notebooks"))
        return items, done
    line = " ".join(["*.ipynb", *(f"{name}={value}" for name, value in missing.items())])
    if only_look:
        return [*items, Item(".gitattributes", "missing", f"it does not say: {line}", "studio git setup")], done
    created = not path.exists()
    before = b"" if created else path.read_bytes()
    text = before.decode("utf-8", "surrogateescape")
    end = "\r\n" if "\r\n" in text else "\n"
    added = ("" if not text or text.endswith("\n") else end) + f"{_COMMENT}{end}{line}{end}"
    write_atomic(path, before + added.encode("utf-8"))
    done = done.with_addition(path, Addition(text=added, created=created))
    return [*items, Item(".gitattributes", "added", line, _renormalise(repository, workspace))], done


def remove_addition(path: Path, done: Done) -> tuple[list[Item], Done]:
    """Take out of the file `path` what was added to it, or say why that is left to its owner."""
    addition = done.additions[str(path)]
    forgotten = done.with_addition(path, None)
    if not path.exists():
        return [], forgotten
    content = path.read_bytes()
    added = addition.text.encode("utf-8")
    if content.count(added) != 1:
        return [Item(path.name, "kept", "it was edited since", f"take out what concerns Studio in {path}")], forgotten
    left = content.replace(added, b"")
    if addition.created and not left:
        path.unlink()
        return [Item(path.name, "removed", "the file was made by studio git setup")], forgotten
    write_atomic(path, left)
    return [Item(path.name, "removed", "the lines that studio git setup added")], forgotten


def _is_ours(key: str, value: str, done: Done) -> bool:
    if key == PYTHON or key.startswith(f"filter.{FILTER}."):
        return True
    return any(module in value for module in _OURS) or (key in done.settings and done.settings[key].value == value)


def _attributes(repository: Repository, workspace: Workspace) -> dict[str, str]:
    """What git's attributes say of a notebook of the workspace."""
    probe = workspace.root.resolve().relative_to(repository.top.resolve()) / "notebooks" / "any.ipynb"
    answer = repository.run("check-attr", "-z", *_ATTRIBUTES, "--", probe.as_posix()).decode("utf-8", "surrogateescape")
    words = answer.split("\0")
    return dict(zip(words[1::3], words[2::3], strict=False))


def _renormalise(repository: Repository, workspace: Workspace) -> str:
    """What to type where committed notebooks hold outputs, which now look like a change."""
    from studio.notebooks.clean_filter import CannotClean, cleaned

    count = 0
    for path in repository.text("ls-files", "-z", "--", str(workspace.root)).split("\0"):
        if not path.endswith(".ipynb"):
            continue
        with contextlib.suppress(CannotClean, GitFailed):
            content = repository.content(f":{path}")
            count += content is not None and cleaned(content) != content
    if not count:
        return ""
    said = "1 notebook is" if count == 1 else f"{count} notebooks are"
    return f"{said} committed with outputs; to take them out of the next commit: git add --renormalize ."
