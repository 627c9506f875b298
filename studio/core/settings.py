"""studio.toml read into one frozen object."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from studio.core.documents import Section, validate
from studio.core.errors import BadInput

FORMAT = 1


class Project(Section):
    """What this workspace is."""

    name: Annotated[str, Field(description="The project's name; also the name of its MLflow experiments' folder.")] = (
        "studio"
    )


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
    start_timeout: Annotated[int, Field(ge=1, description="Seconds a kernel may take to start.")] = 60


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
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}. Next: restore the file or its permissions.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not valid TOML: {error}. Next: correct that place.") from error
    return validate(Settings, content, path.name)
