"""Run what the extension for JupyterLab is checked with, by whichever Node is here.

``python -m tools.lab check test size format``: types and format, the tests, the size of what a page loads, and the
formatter. Where neither Node nor npm's packages can be had it says so and goes on, but for ``STUDIO_REQUIRE_LAB=1``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import hatch_build

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = {
    "check": [
        ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.test.json"],
        ["node_modules/prettier/bin/prettier.cjs", "--check", "--log-level=warn", "."],
    ],
    "test": [["node_modules/jest/bin/jest.js", "--silent"]],
    "size": [["tools/size.js"]],
    "format": [["node_modules/prettier/bin/prettier.cjs", "--write", "--log-level=warn", "."]],
}


def main() -> int:
    """Run the programs that the arguments name; the first exit status that is not 0."""
    try:
        node = hatch_build.ready(ROOT)
    except (hatch_build.Unavailable, hatch_build.Failed) as error:
        print(f"The extension for JupyterLab was not looked at: {error}.", file=sys.stderr)
        required = os.environ.get("STUDIO_REQUIRE_LAB") == "1" or isinstance(error, hatch_build.Failed)
        return 1 if required else 0
    for name in sys.argv[1:]:
        for words in PROGRAMS[name]:
            done = subprocess.run([node, *words], cwd=ROOT / hatch_build.LAB, stdin=subprocess.DEVNULL, check=False)
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
