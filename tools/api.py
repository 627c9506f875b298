"""Write the types of the server's routes for the Lab extension: ``extensions/lab/src/api.ts``, from the Python models.

``make api`` after a model or a route changed; a test holds the file to the models, so that a stale one fails.
The types are those of the JSON Schemas that pydantic makes; the texts below attributes become TSDoc.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

from pydantic.json_schema import models_json_schema

from studio.server.answering import PREFIX
from studio.server.routing import Model, Page, Route, all_routes, nouns

FILE = Path(__file__).parents[1] / "extensions" / "lab" / "src" / "api.ts"
HEADER = f"""\
// Generated from studio/server/routes/*.py by: make api. Do not edit: a test holds it to the models.

/** Below Jupyter's base address. */
export const PREFIX = '{PREFIX.strip("/")}';

export type JsonValue = null | boolean | number | string | JsonValue[] | {{ [key: string]: JsonValue }};

/** The body of every answer that is an error, and the data of a stream's event `error`. */
export interface Failure {{
  /** The fact and the culprit. */
  message: string;
  /** The next step; may be empty. */
  next: string;
  /** The policy's rule that refused, or the kind of the error. */
  rule: string;
  problems: {{ path: string; line: number; field: string; message: string }}[];
  /** With which the operator finds an unexpected error in the server's log; "" for every other. */
  number: string;
}}
"""
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def api(routes: Iterable[Route] | None = None) -> str:
    """The content of api.ts."""
    found = sorted(all_routes() if routes is None else routes, key=lambda route: (route.path, route.method))
    modules = [import_module(f"studio.server.routes.{noun}") for noun in nouns()]
    by_noun = {module.__name__: _models(module) for module in modules}
    asked = _schemas([route.asked for route in found if route.asked is not None])
    parts = [HEADER]
    names: dict[str, str] = {}
    for module, models in by_noun.items():
        parts.append(f"// {'-' * 3} {module.rpartition('.')[2]}\n")
        for model in models:
            if names.setdefault(model.__name__, module) != module:
                raise SystemExit(f"{module} and {names[model.__name__]} both have a {model.__name__}: rename one.")
            parts.append(_interface(model, optional=model.__name__ in asked))
    answered = [route for route in found if route.answer is not Page]
    parts.append(_table("Gets", "GET", (r for r in answered if r.method == "GET" and not r.stream)))
    parts.append(_table("Posts", "POST with a JSON body", (r for r in answered if r.method == "POST")))
    parts.append(_table("Streams", "GET, answered with server-sent events", (r for r in answered if r.stream)))
    parts.append(_table("Pages", "GET, answered with HTML", (r for r in found if r.answer is Page)))
    return "\n".join(parts)


def _models(module: Any) -> list[type[Model]]:
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Model) and value.__module__ == module.__name__
    ]
    return sorted(found, key=lambda model: inspect.getsourcelines(model)[1])


def _schemas(models: Iterable[type[Model]]) -> dict[str, Any]:
    wanted = list(dict.fromkeys(models))
    if not wanted:
        return {}
    schemas: dict[str, Any] = models_json_schema([(model, "validation") for model in wanted])[1].get("$defs", {})
    return schemas


def _interface(model: type[Model], *, optional: bool) -> str:
    schema = _schemas([model])[model.__name__]
    docs = _docs(model)
    lines = [*_comment(inspect.getdoc(model) or "", ""), f"export interface {model.__name__} {{"]
    for name, field in model.model_fields.items():
        lines += _comment(docs.get(name, ""), "  ")
        mark = "?" if optional and not field.is_required() else ""
        lines.append(f"  {name}{mark}: {_type(schema['properties'][name])};")
    return "\n".join([*lines, "}", ""])


def _docs(model: type[Model]) -> dict[str, str]:
    """The texts that stand below the attributes, those of the base classes too."""
    found: dict[str, str] = {}
    for base in reversed([one for one in model.__mro__ if issubclass(one, Model) and one is not Model]):
        body = ast.parse(dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                found[field.target.id] = inspect.cleandoc(ast.literal_eval(text.value))
    return found


def _comment(text: str, indent: str) -> list[str]:
    lines = text.replace("``", "`").replace("*/", "*\\/").splitlines()
    if len(lines) <= 1:
        return [f"{indent}/** {line} */" for line in lines]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def _type(node: dict[str, Any]) -> str:
    if "$ref" in node:
        return str(node["$ref"].rpartition("/")[2])
    if "anyOf" in node:
        return " | ".join(dict.fromkeys(_type(branch) for branch in node["anyOf"]))
    if "enum" in node or "const" in node:
        return " | ".join(_literal(value) for value in node.get("enum", [node.get("const")]))
    kind = node.get("type")
    if kind == "array":
        inner = _value(node.get("items"))
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if kind == "object":
        return f"{{ [key: string]: {_value(node.get('additionalProperties'))} }}"
    found = _PLAIN.get(kind) if kind else None if set(node) - {"title", "default", "description"} else "JsonValue"
    if found is None:
        raise SystemExit(f"No TypeScript type is known for {json.dumps(node)}.")
    return found


def _value(node: Any) -> str:
    """The type of what an array or an object holds; anything, where its schema says nothing."""
    return _type(node) if isinstance(node, dict) and node else "JsonValue"


def _literal(value: object) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" if isinstance(value, str) else json.dumps(value)


def _table(name: str, how: str, routes: Iterable[Route]) -> str:
    lines = [f"/** {how}: the address below PREFIX, what is asked, what is answered. */", f"export interface {name} {{"]
    for route in routes:
        asked = "null" if route.asked is None else route.asked.__name__
        lines.append(f"  '{route.path}': {{ asked: {asked}; answer: {_answer(route)} }};")
    return "\n".join([*lines, "}", ""])


def _answer(route: Route) -> str:
    return "string" if route.answer is Page else route.answer.__name__


def main() -> None:
    """Write the file."""
    FILE.write_text(api(), encoding="utf-8")
    print(f"Written: {FILE}")


if __name__ == "__main__":
    main()
