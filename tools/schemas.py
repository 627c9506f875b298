"""Write the JSON Schemas of all file formats to docs/schemas/, for editors that complete and check YAML and TOML.

``python tools/schemas.py`` after a format changed; a test holds the files to the models.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from studio.core.documents import schema
from studio.core.settings import Settings
from studio.data.catalog import Catalog
from studio.data.contract_file import ContractFile
from studio.notebooks.approval_file import ApprovalFile
from studio.pipelines.specification import PipelineFile
from studio.workflows.submissions import Submission

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"
MODELS: dict[str, type[BaseModel]] = {
    "pipeline": PipelineFile,
    "catalog": Catalog,
    "contract": ContractFile,
    "studio": Settings,
    "approval": ApprovalFile,
    "submission": Submission,
}


def texts() -> dict[str, str]:
    """The content of each file by its name."""
    return {
        f"{name}.schema.json": json.dumps(schema(model), indent=2, ensure_ascii=False) + "\n"
        for name, model in MODELS.items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
