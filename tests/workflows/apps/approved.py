"""A workspace of three people in which a pipeline was approved that measures, draws and tabulates."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path

from tests.conftest import Place, notebook
from tests.workflows.reviewing import SETTINGS, Team, new_team

PEOPLE = f"""{SETTINGS}
[people.dora]
name = "Dora"
emails = ["dora@example.org"]
roles = ["analyst"]

[people.emil]
emails = ["emil@example.org"]
"""
PIPELINE = """version: 1
description: Numbers, and their sum.
parameters: {count: 4}
steps:
  make: {notebook: notebooks/make.ipynb}
  sum: {notebook: notebooks/sum.ipynb}
"""
CATALOG = "version: 1\ndatasets:\n  numbers: {description: one row is one number}\n"
MAKE = (
    ("markdown", "# Make numbers"),
    "import pandas as pd\n\nimport studio",
    ("parameters", "count: int = 3  # how many numbers are made\nstep: float = 1.0  # from one to the next"),
    'frame = pd.DataFrame({"number": [step * one for one in range(count)]})\nstudio.save("numbers", frame)\nframe',
)


def png() -> str:
    """A picture of one point, as base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


SUM = (
    ("markdown", "# The sum\n\n## The *picture*"),
    "import time\n\nimport mlflow\n\nimport studio",
    ("parameters", "wait: float = 0.0  # seconds to wait\nfail: bool = False  # end with an error"),
    "time.sleep(wait)\nassert not fail, 'a secret of the engineers'",
    'total = float(studio.load("numbers")["number"].sum())\nmlflow.log_metric("total_sum", total)',
    f'from IPython.display import HTML, display\n\ndisplay({{"image/png": "{png()}"}}, raw=True)',
    'HTML("<table><tr><th>of</th></tr><tr><td>them<script>document.title=1</script></td></tr></table>")',
)


def approved_team(root: Path) -> Team:
    """Everything is submitted by Anna and approved by Bob, and committed."""
    team = new_team(root)
    place = team.place
    place.write("studio.toml", PEOPLE)
    place.write("pipelines/catalog.yml", CATALOG)
    place.write("pipelines/total.yml", PIPELINE)
    place.write("notebooks/make.ipynb", notebook(*MAKE))
    place.write("notebooks/sum.ipynb", notebook(*SUM))
    place.write("notebooks/alone.ipynb", notebook(("markdown", "# Alone"), ("parameters", "depth: int = 2"), "depth"))
    team.commit("feat: what is approved")
    team.submit("total", "notebooks/alone.ipynb")
    team.decide("approve", "total", "notebooks/alone.ipynb")
    team.commit("chore: approvals", who="bob")
    return team


def edit(place: Place, path: str, old: str, new: str) -> None:
    """Replace a text in a file; in a notebook as it stands in its JSON."""
    file = place.root / path
    text = file.read_text(encoding="utf-8")
    if path.endswith(".ipynb"):
        old, new = json.dumps(old)[1:-1], json.dumps(new)[1:-1]
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
