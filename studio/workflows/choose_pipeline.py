"""What a person named on the command line: a pipeline by its name or its file, or one notebook by its path."""

from __future__ import annotations

from pathlib import Path

from studio.core.errors import BadInput
from studio.core.files import short
from studio.core.workspace import Workspace
from studio.notebooks.document import ENDINGS, is_notebook
from studio.pipelines.specification import ENDING, Pipeline, pipeline_of_notebook, read_pipeline


def choose_pipeline(workspace: Workspace, name: str, base: Path) -> Pipeline:
    """The pipeline `name`, or a pipeline of one step for the notebook at that path (relative to `base`).

    Raises
    ------
    BadInput, Problems
        When there is none, or it cannot be read.
    """
    if name.endswith(ENDING) and (base / name).resolve().parent == workspace.pipelines.resolve():
        return read_pipeline(workspace, Path(name).stem)
    if name.endswith((ENDING, ".yaml")):
        return read_pipeline(workspace, Path(name).name)  # which says that a pipeline is called by its name
    if is_notebook(name) or "/" in name:
        pipeline = pipeline_of_notebook(workspace, base / name)
        if not is_notebook(name):
            raise BadInput(
                f"{short(name)} is no notebook: those end in {', '.join(ENDINGS)}. "
                "Next: name a notebook by its path, or a pipeline by its name."
            )
        return pipeline
    return read_pipeline(workspace, name)
