"""What is kept with a run, gathered in one folder first: names checked, secrets replaced, one upload."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from studio.core.errors import BadInput
from studio.tracking.redaction import Redaction

_WITHHELD = "This file held a secret value in a form that could not be replaced, so it was not recorded.\n"


@contextlib.contextmanager
def staged(artifacts: Mapping[str, Path | str], redaction: Redaction) -> Iterator[Path]:
    """A temporary folder holding `artifacts` under their paths, without secrets.

    A binary file in which a secret stands is left out; ``<name>.withheld.txt`` says so in its place.

    Raises
    ------
    BadInput
        When a path leads outside the folder, two meet, or a file cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="studio-artifacts-") as name:
        folder = Path(name)
        for path, content in artifacts.items():
            target = folder / _checked(path)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                _place(target, content, redaction)
            except OSError as error:
                what = content if isinstance(content, Path) else path
                raise BadInput(
                    f"The artifact {path!r} cannot be kept with the run: {what}: {error.strerror or error}. "
                    "Next: correct that, then repeat the command."
                ) from error
        yield folder


def _checked(path: str) -> PurePosixPath:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\x00" in path:
        raise BadInput(f"{path!r} is no path for an artifact. Next: name a path below the run's artifact folder.")
    return pure


def _place(target: Path, content: Path | str, redaction: Redaction) -> None:
    if isinstance(content, Path) and not redaction:
        shutil.copyfile(content, target)
        return
    data = content.read_bytes() if isinstance(content, Path) else content.encode("utf-8", "backslashreplace")
    clean = redaction.content(data)
    if clean is None:
        target.with_name(target.name + ".withheld.txt").write_text(_WITHHELD, encoding="utf-8")
    else:
        target.write_bytes(clean)
