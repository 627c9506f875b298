"""Set a repository up for notebooks: drivers, filter and hooks; say what is missing; take all of it away again.

Everything is local to this clone but two files that are committed, ``.gitattributes`` and ``.pre-commit-config.yaml``.
Nothing that is there is overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import BadInput
from studio.core.git import Repository, open_repository
from studio.core.workspace import Workspace, find_workspace
from studio.workflows.git import drivers, precommit
from studio.workflows.git.state import Item, read_done, write_done


@dataclass(frozen=True)
class SetUp:
    """What was found or done.

    Attributes
    ----------
    repository : str
        The top of the working tree.
    items : tuple of Item
        One for each thing.
    """

    repository: str
    items: tuple[Item, ...]

    @property
    def missing(self) -> int:
        """How many things are still missing."""
        return sum(item.state == "missing" for item in self.items)

    def as_dict(self) -> dict[str, object]:
        """With stable keys, for ``--json``."""
        return {
            "repository": self.repository,
            "items": [item.as_dict() for item in self.items],
            "missing": self.missing,
        }


def set_up_git() -> SetUp:
    """Do what is missing; what is there already is left alone.

    Raises
    ------
    BadInput
        When git is missing, the workspace is in no repository, or what was done before cannot be read.
    """
    return _through(only_look=False)


def check_git() -> SetUp:
    """Say what `set_up_git` would do; changes nothing."""
    return _through(only_look=True)


def remove_git() -> SetUp:
    """Undo exactly what `set_up_git` did; what was changed since is left to its owner, and told."""
    _, repository = _place()
    done = read_done(repository)
    items, done = precommit.uninstall_hooks(repository, done)
    found, done = drivers.unset_configuration(repository, done)
    items += found
    for path in tuple(done.additions):
        found, done = drivers.remove_addition(Path(path), done)
        items += found
    write_done(repository, done)
    return SetUp(str(repository.top), tuple(items))


def _through(*, only_look: bool) -> SetUp:
    workspace, repository = _place()
    done = read_done(repository)
    items: list[Item] = []
    try:
        found, done = drivers.set_configuration(repository, done, only_look=only_look)
        items += found
        found, done = drivers.add_attributes(repository, workspace, done, only_look=only_look)
        items += found
        found, done = precommit.add_hooks_file(repository, done, only_look=only_look)
        items += found
        found, done = precommit.install_hooks(repository, done, only_look=only_look)
        items += found
    finally:
        if not only_look:
            write_done(repository, done)  # also when a later part failed: what was done can be undone
    return SetUp(str(repository.top), tuple(items))


def _place() -> tuple[Workspace, Repository]:
    workspace = find_workspace()
    repository = open_repository(workspace.root)
    if not workspace.root.resolve().is_relative_to(repository.top.resolve()):
        raise BadInput(
            f"The workspace {workspace.root} lies outside the repository {repository.top} that git names. "
            "Next: unset GIT_DIR and GIT_WORK_TREE, and repeat the command."
        )
    return workspace, repository
