"""studio.toml read into one frozen object."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from studio.core.documents import Section, validate
from studio.core.errors import BadInput

FORMAT = 1


class Project(Section):
    """What this workspace is."""

    name: Annotated[
        str,
        Field(
            min_length=1, max_length=100, description="The project's name; also the folder of its MLflow experiments."
        ),
    ] = "studio"

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("a name without control characters, and without spaces at its ends, is expected here")
        return value


class Tracking(Section):
    """Where runs are recorded."""

    uri: Annotated[
        str | None,
        Field(description="An MLflow tracking URI; without it MLFLOW_TRACKING_URI, else SQLite in .studio/."),
    ] = None


class Running(Section):
    """How pipelines run here."""

    jobs: Annotated[int, Field(ge=1, le=256, description="How many independent steps run at the same time.")] = 1
    cell_output_limit: Annotated[
        int, Field(ge=1_000, description="Characters of output kept of one cell; the rest is cut and marked.")
    ] = 2_000_000
    start_timeout: Annotated[int, Field(ge=1, le=86_400, description="Seconds a kernel may take to start.")] = 60


class Settings(Section):
    """The content of studio.toml."""

    version: Annotated[Literal[1], Field(description="The format's number.")] = 1
    project: Project = Project()
    tracking: Tracking = Tracking()
    running: Running = Running()


def load_settings(path: Path) -> Settings:
    """Read `path`.

    Raises
    ------
    BadInput
        When it cannot be read or is not TOML.
    Problems
        When keys or values are not what the format allows.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path} is not UTF-8 text: {error.reason} at byte {error.start}. Next: save it as UTF-8."
        ) from error
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}. Next: restore the file or its permissions."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not valid TOML: {error}. Next: correct that place.") from error
    return validate(Settings, content, path.name)
