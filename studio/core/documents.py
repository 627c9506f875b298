"""Declarations in YAML and TOML: read strictly, validated by a pydantic model, wrong places named by file and line.

YAML is read with what it takes to name lines, and without what makes two readers see two
documents: duplicate keys, anchors and aliases, tags, several documents in one file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from studio.core.addresses import shown_address
from studio.core.errors import BadInput, Problem, Problems
from studio.core.identifiers import suggest

Place = tuple[str | int, ...]
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null")}
# What a plain word means, by the core schema of YAML 1.2 (in this order; `re.match`, hence the \Z).
_PLAIN: tuple[tuple[str, str, list[str]], ...] = (
    ("null", r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", list("tTfF")),
    ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z", list("-+.0123456789")),
    ("float", r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z", list("-+.")),
)
_DEPTH = 50
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_PLAIN_BASES = {"0o": 8, "0x": 16}
Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """What every section of a declaration is: frozen; an unknown key is an error, and so are NaN and the infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None) and the line on which each place stands.

    Attributes
    ----------
    shown : str
        The file as messages name it.
    content : Any
        The data.
    lines : Mapping[Place, int]
        1-based line of every key and item, by its path of keys and indices.
    """

    shown: str
    content: Any
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line of `place`, or of the nearest place around it; 0 where none is known."""
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[:-1]
        return self.lines.get((), 0)

    def problem(self, place: Place, message: str) -> Problem:
        """A `Problem` at `place`."""
        return Problem(self.shown, self.line(place), message, ".".join(str(part) for part in place))


def read_yaml(path: Path, shown: str) -> Document:
    """Read one YAML file.

    Raises
    ------
    BadInput
        When the file is missing or unreadable or is not UTF-8.
    Problems
        When it is not YAML, or uses what is not allowed here.
    """
    try:
        # A pipe or a device would be waited for without end.
        if path.exists() and not path.is_file():
            raise BadInput(
                f"{shown} cannot be read: it is no file. Next: put a text file in its place, or correct the name."
            )
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadInput(f"{shown} does not exist. Next: make the file, or correct the name.") from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{shown} is not UTF-8 text: {error.reason} at byte {error.start}. Next: save it as UTF-8."
        ) from error
    except OSError as error:
        raise BadInput(
            f"{shown} cannot be read: {error.strerror}. Next: correct the file or its permissions."
        ) from error
    return parse_yaml(text, shown)


def parse_yaml(text: str, shown: str) -> Document:
    """`read_yaml` for a text at hand."""
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise Problems([Problem(shown, line, _yaml_sentence(error, text, line))]) from error
    except yaml.reader.ReaderError as error:
        raise Problems([_unprintable(text, shown)]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise Problems([Problem(shown, 0, f"This is not valid YAML: {error}.")]) from error
    lines: dict[Place, int] = {}
    problems: list[Problem] = []
    content = None if node is None else _build(node, (), lines, problems, shown)
    if problems:
        raise Problems(problems)
    return Document(shown, content, lines)


def validate(model: type[Model], content: Any, shown: str, document: Document | None = None) -> Model:
    """`content` as a `model`; every misfit is a problem with its line, field, what was found and what is allowed.

    Raises
    ------
    Problems
        With all misfits at once; an unknown key comes with the nearest known one.
    """
    document = document or Document(shown, content)
    if content is None:
        content = {}
    try:
        return model.model_validate(content, strict=False)
    except ValidationError as error:
        raise Problems(_misfit(document, model, item) for item in error.errors(include_url=False)) from None


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `model`, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}


@cache
def _loader() -> type[yaml.SafeLoader]:
    base: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # PyYAML's own rules are YAML 1.1's, to which 1:30 is 90, 012 is 10, no is false and 1e-3 is a text.
    loader: type[yaml.SafeLoader] = type("Loader", (base,), {"yaml_implicit_resolvers": {}})
    for kind, pattern, first in _PLAIN:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(pattern), first)
    return loader


def _compose(text: str) -> yaml.Node | None:
    depth = 0
    for event in yaml.parse(text, Loader=_loader()):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _not_allowed("anchors and aliases are not allowed here", event)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:  # libyaml's composer recurses, and would take the interpreter down with it
            raise _not_allowed(f"it is nested more than {_DEPTH} deep", event)
    loader = _loader()(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _not_allowed(what: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=cast("yaml.error.Mark", event.start_mark))


def _yaml_sentence(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    source = text.splitlines()[line - 1] if 0 < line <= len(text.splitlines()) else ""
    if "\t" in source:
        return "A tab stands in this line, and YAML does not allow tabs for indentation. Next: use spaces."
    context = f" ({error.context})" if error.context else ""
    return f"This is not valid YAML: {error.problem}{context}. Next: correct this line."


def _unprintable(text: str, shown: str) -> Problem:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    place = found.start() if found else 0
    character = f"the character U+{ord(found.group()):04X}" if found else "a character"
    message = f"It holds {character}, which YAML does not allow. Next: remove it."
    return Problem(shown, text.count("\n", 0, place) + 1, message)


def _build(node: yaml.Node, place: Place, lines: dict[Place, int], problems: list[Problem], shown: str) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if node.tag not in _TAGS:
        message = f"The tag {node.tag!r} is not allowed here. Next: write a plain value."
        problems.append(Problem(shown, node.start_mark.line + 1, message, ".".join(map(str, place))))
        return None
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, place, lines, problems, shown)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*place, index), lines, problems, shown) for index, item in enumerate(node.value)]
    return _scalar(node, place, problems, shown)


def _build_mapping(
    node: yaml.MappingNode, place: Place, lines: dict[Place, int], problems: list[Problem], shown: str
) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(shown, line, "A key must be a plain word."))
            continue
        key = str(key_node.value)
        if key in content:
            first = lines[(*place, key)]
            problems.append(
                Problem(
                    shown,
                    line,
                    f"The key {key!r} stands here twice (first on line {first}). Next: keep one of the two.",
                )
            )
            continue
        lines[(*place, key)] = line
        content[key] = _build(value_node, (*place, key), lines, problems, shown)
    return content


def _scalar(node: yaml.Node, place: Place, problems: list[Problem], shown: str) -> Any:
    kind = node.tag.rpartition(":")[2]
    text = str(node.value)
    try:
        return _READERS[kind](text)
    except ValueError as error:
        message = str(error) if isinstance(error, _Ambiguous) else f"{text[:60]!r} is not a plain value."
        problems.append(Problem(shown, node.start_mark.line + 1, message, ".".join(map(str, place))))
        return None


class _Ambiguous(ValueError):
    """A word that readers of YAML do not agree about."""


def _integer(text: str) -> int:
    if _LEADING_ZERO.fullmatch(text):
        raise _Ambiguous(f'{text} may be meant as a number or as a text. Next: drop the zeros, or quote it: "{text}".')
    return int(text, _PLAIN_BASES.get(text[:2], 10))


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


def _null(text: str) -> None:
    if text.lower() not in {"", "~", "null"}:
        raise ValueError(text)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "str": str,
    "null": _null,
    "bool": _boolean,
    "int": _integer,
    "float": _float,
}


def _misfit(document: Document, model: type[BaseModel], item: Any) -> Problem:
    place = _written_place(document, item)
    if item["type"] == "extra_forbidden":
        known = _known_keys(model, place[:-1])
        return document.problem(place, f"There is no key {place[-1]!r} here. {suggest(str(place[-1]), known)}")
    if item["type"] == "missing":
        return document.problem(place, f"The key {place[-1]!r} is missing. Next: add it.")
    found = shown_address(repr(item.get("input")))
    shown = found if len(found) <= 60 else found[:57] + "..."
    return document.problem(place, f"{_expectation(item)}. Found: {shown}.")


def _written_place(document: Document, item: Any) -> Place:
    """Where the culprit stands in the document: without the names that pydantic gives to alternatives."""
    place: Place = ()
    parts = tuple(item["loc"])
    for number, part in enumerate(parts, 1):
        absent = item["type"] == "missing" and number == len(parts)
        if absent or not document.lines or (*place, part) in document.lines:
            place = (*place, part)
    return place


def _expectation(item: Any) -> str:
    """What is allowed in this place, as a sentence without its full stop; pydantic's own where there is no better."""
    kind, context = str(item["type"]), item.get("ctx", {})
    for ending, words in _EXPECTED:
        if kind.endswith(ending):
            return words.format(**context)
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{message[0].upper()}{message[1:].rstrip('.')}"


_EXPECTED = (
    ("model_type", "A mapping, such as key: value, is expected here"),
    ("dict_type", "A mapping, such as key: value, is expected here"),
    ("list_type", "A list is expected here"),
    ("tuple_type", "A list is expected here"),
    ("string_type", "A text is expected here"),
    ("int_type", "A whole number is expected here"),
    ("int_parsing", "A whole number is expected here"),
    ("int_from_float", "A whole number is expected here"),
    ("float_type", "A number is expected here"),
    ("float_parsing", "A number is expected here"),
    ("bool_type", "true or false is expected here"),
    ("bool_parsing", "true or false is expected here"),
    ("finite_number", "A finite number is expected here"),
    ("literal_error", "Allowed is {expected}"),
    ("greater_than_equal", "At least {ge} is expected here"),
    ("greater_than", "More than {gt} is expected here"),
    ("less_than_equal", "At most {le} is expected here"),
    ("less_than", "Less than {lt} is expected here"),
    ("string_too_short", "At least {min_length} character is expected here"),
    ("string_too_long", "At most {max_length} characters are expected here"),
    ("too_short", "At least {min_length} entry is expected here"),
)


def _known_keys(model: type[BaseModel], place: Place) -> list[str]:
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})

    def resolved(node: Any) -> list[dict[str, Any]]:
        if "$ref" in node:
            return resolved(definitions[node["$ref"].rpartition("/")[2]])
        branches = [branch for key in ("anyOf", "oneOf", "allOf") for branch in node.get(key, [])]
        return [inner for branch in branches for inner in resolved(branch)] if branches else [node]

    nodes = resolved(schema)
    for part in place:
        following: list[Any] = []
        for node in nodes:
            if part in node.get("properties", {}):
                following += resolved(node["properties"][part])
            elif isinstance(node.get("additionalProperties"), dict):
                following += resolved(node["additionalProperties"])
            elif isinstance(node.get("items"), dict):
                following += resolved(node["items"])
        nodes = following or nodes
    return [key for node in nodes for key in node.get("properties", {})]
