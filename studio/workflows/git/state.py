"""What ``studio git setup`` did to a repository: remembered in its git directory, so that it can be undone exactly."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from studio.core.documents import Section, validate
from studio.core.errors import BadInput
from studio.core.files import write_json
from studio.core.git import Repository


class Setting(Section):
    """A key of git's configuration that was set."""

    value: Annotated[str, Field(description="What it was set to.")]
    before: Annotated[str | None, Field(description="What it was before; null where it was not set.")] = None


class Addition(Section):
    """A text that was added to a file."""

    text: Annotated[str, Field(description="The text, with its line ends.")]
    created: Annotated[bool, Field(description="Whether the file was made for it.")] = False


class Done(Section):
    """What was done, by the names of the things it was done to."""

    version: Annotated[Literal[1], Field(description="The format's number.")] = 1
    settings: Annotated[dict[str, Setting], Field(description="Keys of git's configuration.")] = Field(
        default_factory=dict
    )
    additions: Annotated[dict[str, Addition], Field(description="Files by their absolute paths.")] = Field(
        default_factory=dict
    )
    hooks: Annotated[tuple[str, ...], Field(description="The kinds of hooks that were installed.")] = ()

    def with_setting(self, key: str, setting: Setting | None) -> Done:
        """The same with one key set, or forgotten."""
        kept = {name: value for name, value in self.settings.items() if name != key}
        return self.model_copy(update={"settings": kept if setting is None else {**kept, key: setting}})

    def with_addition(self, path: Path, addition: Addition | None) -> Done:
        """The same with one addition, or without it."""
        kept = {name: value for name, value in self.additions.items() if name != str(path)}
        return self.model_copy(update={"additions": kept if addition is None else {**kept, str(path): addition}})

    def with_hooks(self, hooks: Iterable[str]) -> Done:
        """The same with these hooks."""
        return self.model_copy(update={"hooks": tuple(hooks)})


@dataclass(frozen=True)
class Item:
    """One thing of the set-up.

    Attributes
    ----------
    subject : str
        What it is about.
    state : str
        ``present`` (nothing was to do), ``missing``, ``added``, ``removed``, or ``kept``: it is not Studio's, and was
        left as it is.
    detail : str
        What was found or done.
    next : str
        What to do, where there is something.
    """

    subject: str
    state: Literal["present", "missing", "added", "removed", "kept"]
    detail: str
    next: str = ""

    def as_dict(self) -> dict[str, str]:
        """With stable keys, for ``--json``."""
        return {"subject": self.subject, "state": self.state, "detail": self.detail, "next": self.next}


def read_done(repository: Repository) -> Done:
    """What was done to `repository`; BadInput where the record was damaged."""
    path = _path(repository)
    if not path.exists():
        return Done()
    try:
        return validate(Done, json.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read: {error}. Next: delete it, then: studio git setup") from error


def write_done(repository: Repository, done: Done) -> None:
    """Remember what was done; nothing is left lying about where nothing is."""
    path = _path(repository)
    if done == Done():
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
        return
    write_json(path, done.model_dump(mode="json"))


def _path(repository: Repository) -> Path:
    return repository.common / "studio" / "setup.json"
