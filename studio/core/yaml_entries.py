"""A new entry in a mapping of a YAML file, put in as text: comments, order and layout of the rest stay as they are."""

from __future__ import annotations

import yaml

from studio.core.errors import BadInput


class CannotInsert(BadInput):
    """The file's mapping is written in a way into which no text can be put safely."""

    def __init__(self, shown: str, key: str, why: str) -> None:
        super().__init__(
            f"Nothing was added to {shown}: {why}. "
            f"Next: write the entries of {key} on lines of their own, indented below it, and repeat."
        )


def insert_entry(text: str, key: str, entry: str, shown: str) -> str:
    """`text` with `entry` as the last one of the mapping under the top-level `key`, which is made where it is missing.

    Parameters
    ----------
    text : str
        The file's text: YAML with a mapping at its top.
    key : str
        Such as ``datasets`` or ``steps``.
    entry : str
        Lines as they would stand without indentation: ``name:``, then ``  field: value`` …
    shown : str
        The file, as messages name it.

    Raises
    ------
    CannotInsert
        When the mapping is written in braces with content, or the text is no mapping.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise CannotInsert(shown, key, "it is not readable as YAML") from error
    if root is None:
        return _appended(text, f"{key}:\n{_indented(entry, 2)}")
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise CannotInsert(shown, key, "it is no mapping of one key a line")
    found = next((value for name, value in root.value if getattr(name, "value", None) == key), None)
    if found is None:
        return _appended(text, f"{key}:\n{_indented(entry, 2)}")
    if isinstance(found, yaml.MappingNode) and found.value and not found.flow_style:
        first, last = found.value[0][0], found.value[-1][1]
        return _after_line(text, _last_line(text, last), _indented(entry, first.start_mark.column))
    empty = isinstance(found, yaml.MappingNode) and not found.value
    nothing = isinstance(found, yaml.ScalarNode) and found.tag == "tag:yaml.org,2002:null"
    if not empty and not nothing:
        raise CannotInsert(shown, key, f"its {key} are written in braces, or are no mapping")
    start, end = found.start_mark.index, found.end_mark.index
    line_end = text.find("\n", end)
    rest, after = (text[end:], "") if line_end < 0 else (text[end:line_end], text[line_end + 1 :])
    head = (text[:start].rstrip(" ") + rest).rstrip()
    return f"{head}\n{_indented(entry, 2)}{after}"


def _last_line(text: str, node: yaml.Node) -> int:
    """The index (from 0) of the last line that the node stands on: its end mark may be where the next thing begins."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    line = int(node.end_mark.line)
    if node.end_mark.column == 0 and line > node.start_mark.line:  # a block of text, whose mark lies behind its line
        line -= 1
        lines = text.splitlines()
        while line > node.start_mark.line and not lines[line].strip():
            line -= 1
    return line


def _after_line(text: str, line: int, entry: str) -> str:
    lines = text.splitlines(keepends=True)
    if not lines[line].endswith("\n"):
        lines[line] += "\n"
    return "".join([*lines[: line + 1], entry, *lines[line + 1 :]])


def _appended(text: str, block: str) -> str:
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{block}"


def _indented(entry: str, width: int) -> str:
    return "".join(f"{' ' * width}{line}\n" if line.strip() else "\n" for line in entry.strip("\n").splitlines())
