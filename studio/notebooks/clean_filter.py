"""Git's clean filter for notebooks: outputs stay in the working tree and out of commits.

Outputs of cells tagged ``keep-output`` (and of those that nbstripout's own marks keep) are committed. Whatever is not
read as a notebook passes through as it is: a filter that loses content is worse than none. Git calls
``python -m studio.notebooks.clean_filter`` once a file, so nothing heavy is imported for one that has nothing to strip.
"""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from typing import Any

from studio.notebooks.layout import read_faithfully

KEEP = "keep-output"
# What running leaves in the metadata: it changes with every run, and no reader misses it.
_TRACES = ("metadata.widgets", "metadata.signature", "cell.metadata.execution", "cell.metadata.ExecuteTime")
# jsonschema, which nbformat brings along, would load these to check addresses and durations: that takes more than a
# second for every notebook, and nothing is validated here.
_SLOW = ("rfc3987_syntax", "isoduration")


class CannotClean(ValueError):
    """The content is no notebook that can be stripped; the message says why."""


def cleaned(content: bytes) -> bytes:
    """`content`, a notebook's file, without outputs and execution counts; the same bytes where there are none.

    Raises
    ------
    CannotClean
        When it is not a notebook of nbformat 4, or its marks contradict each other.
    """
    try:
        text = content.decode("utf-8")
        value, layout = read_faithfully(text)
    except (ValueError, RecursionError) as error:
        raise CannotClean(f"it cannot be read ({error})") from error
    _check(value)
    if not _has_something(value):
        return content
    stripped = _stripped(value)
    return content if stripped == value else layout.write(stripped).encode("utf-8")


def _check(value: Any) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("cells"), list):
        raise CannotClean("it has no list of cells")
    if value.get("nbformat") != 4:
        raise CannotClean("it is not of nbformat 4")
    if not isinstance(value.get("metadata", {}), dict):
        raise CannotClean("its metadata is no object")
    for number, cell in enumerate(value["cells"], 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
            raise CannotClean(f"cell {number} is no cell")
        outputs = cell.get("outputs", [])
        if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
            raise CannotClean(f"the outputs of cell {number} are no list of objects")


def _has_something(value: dict[str, Any]) -> bool:
    """Whether anything could be stripped; cheap, so that a clean notebook costs no import."""
    if {"widgets", "signature"} & set(value.get("metadata", {})):
        return True
    return any(
        cell.get("outputs")
        or cell.get("execution_count") is not None
        or {"execution", "ExecuteTime"} & set(cell.get("metadata", {}))
        for cell in value["cells"]
    )


def _stripped(value: dict[str, Any]) -> dict[str, Any]:
    from nbformat import from_dict
    from nbstripout import MetadataError, strip_output  # type: ignore[import-untyped]

    node = from_dict(copy.deepcopy(value))
    node.setdefault("metadata", {})
    kept = {index: cell["outputs"] for index, cell in enumerate(value["cells"]) if _keeps(cell) and cell.get("outputs")}
    try:
        strip_output(node, keep_output=None, keep_count=False, keep_id=True, extra_keys=list(_TRACES))
    except MetadataError as error:
        raise CannotClean(str(error)) from error
    for index, outputs in kept.items():
        node["cells"][index]["outputs"] = [
            {**output, "execution_count": None} if "execution_count" in output else output for output in outputs
        ]
    if "metadata" not in value:
        del node["metadata"]
    return _plain(node)  # type: ignore[no-any-return]


def _keeps(cell: dict[str, Any]) -> bool:
    tags = cell.get("metadata", {}).get("tags", [])
    return isinstance(tags, list) and KEEP in tags


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def main(arguments: list[str] | None = None) -> None:
    """Filter standard input to standard output; the only argument is the file's name for messages."""
    words = sys.argv[1:] if arguments is None else arguments
    for name in _SLOW:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    sys.stdout.buffer.write(_filtered(sys.stdin.buffer.read(), words[0] if words and words[0] != "%f" else ""))
    sys.stdout.buffer.flush()


def _filtered(content: bytes, path: str) -> bytes:
    try:
        clean = cleaned(content)
    except CannotClean as error:
        if os.environ.get("PRE_COMMIT") != "1":  # told when it was staged
            sys.stderr.write(f"{path or 'The notebook'} is committed with its outputs: {error}. Next: studio check\n")
        return content
    # pre-commit sets unstaged changes aside through this filter and puts them back afterwards: stripped here, the
    # outputs of every notebook that a person is working on would be gone after a commit of something else. A notebook
    # that is staged as it lies here, outputs aside, must not look changed, or it is set aside for nothing.
    if os.environ.get("PRE_COMMIT") == "1" and clean != _staged(path):
        return content
    return clean


def _staged(path: str) -> bytes | None:
    """What the index holds of `path`, counted from the top, where git starts its filters; None where nothing."""
    words = ["git", "cat-file", "blob", f":{path}"]
    done = subprocess.run(words, capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    return None if done.returncode else done.stdout


if __name__ == "__main__":
    main()
