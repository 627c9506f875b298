"""What holds for every notebook and every value, not only for those that somebody thought of."""

from __future__ import annotations

import copy
import json
import math
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import jupytext
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from studio.core.errors import BadInput, Problems
from studio.notebooks import conversion, kinds, rendering
from studio.notebooks.annotations import read_annotation
from studio.notebooks.bounds import kept
from studio.notebooks.checks import check_document
from studio.notebooks.document import parse_notebook
from studio.notebooks.fingerprint import Fingerprint, canonical_source, counts, difference, fingerprint
from studio.notebooks.kinds import Bound, Bounded, Choice, DictOf, ListOf, Maybe, Plain, Scalar
from studio.notebooks.literals import read_literal
from studio.notebooks.model import annotation
from studio.notebooks.python_code import parse_strictly
from studio.notebooks.scalars import Misfit, Rules
from studio.notebooks.schema import ParameterSchema, make_parameter
from studio.notebooks.secrets import SecretReference
from studio.notebooks.text_notebooks import parse_text_notebook

# The same examples each time, so that a failure is always about the change at hand.
STEADY = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
BASE = Path("/data")
RULES = Rules(BASE)

# --- values -----------------------------------------------------------------

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timedelta(minutes=minutes))
moments = st.datetimes(timezones=st.none() | offsets.map(timezone)).map(lambda moment: moment.replace(fold=0))
paths = TEXTS.filter(lambda text: text and "\x00" not in text).map(
    lambda text: conversion.from_text(Scalar("Path"), text, RULES)
)
SCALARS = {
    "int": st.integers() | st.integers(-(10**300), 10**300),
    "float": st.floats(),
    "bool": st.booleans(),
    "str": TEXTS,
    "date": st.dates(),
    "datetime": moments,
    "Path": paths,
}
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def typed_values(draw, depth=2):
    """A kind and a value of it."""
    form = draw(st.sampled_from(["scalar", "choice", "maybe", "list", "dict", "plain"][: 2 if depth == 0 else 6]))
    if form == "scalar":
        name = draw(st.sampled_from(sorted(SCALARS)))
        return Scalar(name), draw(SCALARS[name])
    if form == "choice":
        values = draw(st.lists(st.booleans() | st.integers() | TEXTS, min_size=1, max_size=4))
        unique = tuple({(type(value), value): value for value in values}.values())
        return Choice(unique), draw(st.sampled_from(unique))
    if form == "plain":
        return ListOf(Plain()), draw(st.lists(plain, max_size=3))
    kind, value = draw(typed_values(depth - 1))
    if form == "maybe":
        inner = kind.inner if isinstance(kind, Maybe) else kind
        return Maybe(inner), draw(st.sampled_from([value, None]))
    if form == "list":
        return ListOf(kind), draw(st.sampled_from([[], [value], [value, value]]))
    key, keys = draw(st.sampled_from([(Scalar(name), SCALARS[name]) for name in ("str", "int", "date")]))
    return DictOf(key, kind), draw(st.dictionaries(keys, st.just(value), max_size=2))


@STEADY
@given(typed_values())
def test_rendered_values_arrive_as_they_are(typed):
    _, value = typed
    source = rendering.literal(value)
    found = eval(source, {"__builtins__": {"__import__": __import__}})
    assert (repr(found), type(found)) == (repr(value), type(value))


@STEADY
@given(st.lists(typed_values(), max_size=4))
def test_ipython_leaves_the_injected_cell_alone(typed):
    parameters = {f"p{i}": make_parameter(f"p{i}", kind, i, "") for i, (kind, _) in enumerate(typed)}
    schema = ParameterSchema("a.ipynb", parameters, 0)
    source = schema.render({f"p{i}": value for i, (_, value) in enumerate(typed)})
    assert source.isprintable() or "\n" in source
    assert len(source.splitlines()) == len(typed)
    assert TransformerManager().transform_cell(source) == (source + "\n" if source else "\n")


@STEADY
@given(typed_values())
def test_the_json_form_is_taken_back_whole(typed):
    kind, value = typed
    form = json.loads(json.dumps(rendering.as_json(value), allow_nan=False))
    assert repr(conversion.from_data(kind, form, RULES)) == repr(value)


@STEADY
@given(typed_values())
def test_values_given_as_texts_arrive_as_they_are(typed):
    kind, value = typed
    written = rendering.as_json(value)
    text = written if isinstance(written, str) else json.dumps(written)
    if isinstance(value, float) and not math.isfinite(value):
        text = repr(value)
    # A text that reads null is None where None is allowed: the one text that cannot be given then.
    assume(not (text == "null" and value is not None))
    if isinstance(kind, Choice) or (isinstance(kind, Maybe) and isinstance(kind.inner, Choice)):
        choices = kind.values if isinstance(kind, Choice) else kind.inner.values
        assume(type(value) is str or text not in choices)
    assert repr(conversion.from_text(kind, text, RULES)) == repr(value)


@STEADY
@given(typed_values(), st.sampled_from(sorted(SCALARS)).map(Scalar), plain)
def test_no_value_is_ever_guessed(typed, other, data):
    _, value = typed
    for given_value in (value, data):
        try:
            found = conversion.from_data(other, given_value, RULES)
        except Misfit:
            continue
        names = {"Path": Path, "date": date, "datetime": datetime}
        expected = names.get(other.name) or {"int": int, "float": float, "bool": bool, "str": str}[other.name]
        assert isinstance(found, expected)
        if other.name in {"int", "bool", "str"}:
            assert found is given_value


@STEADY
@given(TEXTS, typed_values())
def test_any_text_is_taken_or_refused_and_nothing_else(text, typed):
    kind, _ = typed
    try:
        found = conversion.from_text(kind, text, RULES)
    except Misfit:
        return
    # What was taken has a source and a JSON form.
    assert rendering.literal(found)
    json.dumps(rendering.as_json(found), allow_nan=False)


@STEADY
@given(typed_values())
def test_the_model_takes_what_the_schema_takes(typed):
    from pydantic import TypeAdapter

    kind, value = typed
    # Python's typing holds Literal[0] and Literal[False] apart, but pydantic finds the first that is equal.
    assume(
        not any(isinstance(part, Choice) and len(set(part.values)) < len(part.values) for part in kinds.within(kind))
    )
    adapter = TypeAdapter(annotation(kind))
    text = json.dumps(rendering.as_json(value), allow_nan=False)
    found = adapter.validate_json(text, strict=True)
    assert repr(
        rendering.as_json(conversion.from_data(kind, adapter.dump_python(found, mode="python"), RULES))
    ) == repr(rendering.as_json(value))


numbers = st.integers(-50, 50) | st.sampled_from([0.5, -0.5, 12.25, 1e300])


@STEADY
@given(st.sampled_from(["ge", "gt", "le", "lt", "multiple_of"]), numbers, numbers)
def test_bounds_are_those_of_pydantic(name, bound, value):
    from pydantic import TypeAdapter, ValidationError

    assume(name != "multiple_of" or bound > 0)
    kind = Bounded(Scalar("float"), (Bound(name, bound),))
    try:
        kept(float(value), kind.bounds)
        ours = True
    except Misfit:
        ours = False
    try:
        TypeAdapter(annotation(kind)).validate_python(float(value))
        theirs = True
    except ValidationError:
        theirs = False
    assert ours == theirs


@STEADY
@given(typed_values())
def test_a_kinds_text_is_an_annotation_of_that_kind(typed):
    kind, _ = typed
    tree = parse_strictly(kinds.text(kind))
    again, _ = read_annotation(tree.body[0].value, {})
    assert kinds.text(again) == kinds.text(kind)


@STEADY
@given(typed_values())
def test_a_default_written_as_a_literal_is_read_back(typed):
    kind, value = typed
    tree = parse_strictly(rendering.readable(value))
    found = conversion.from_data(kind, read_literal(tree.body[0].value, {}), Rules(native=True))
    assert repr(found) == repr(value)


@STEADY
@given(TEXTS)
def test_secrets_are_never_repeated(text):
    assume(len(text) > 3)
    marked = f"s3cr3t {text}"
    for call in (conversion.from_text, conversion.from_data):
        with pytest.raises(Misfit) as caught:
            call(Scalar("SecretStr"), marked, RULES)
        assert "s3cr3t" not in str(caught.value)
    assert "s3cr3t" not in repr(SecretReference("TOKEN"))


# --- notebooks --------------------------------------------------------------

LINES = [
    "a = 1",
    "b = [a]",
    "print(a)",
    "if a:\n    b = 2",
    "# note",
    "import json",
    "%time a = 2",
    "!ls",
    "",
    "x = '''\n\n'''",
]
sources = st.lists(st.sampled_from(LINES), max_size=4).map("\n".join)
tags = st.lists(
    st.sampled_from(["test", "scratch", "skip-execution", "raises-exception", "mine"]), max_size=2, unique=True
)


@st.composite
def notebooks_(draw):
    cells = []
    for index in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["code", "code", "code", "markdown", "raw"]))
        cell = {"cell_type": kind, "id": f"c{index}", "metadata": {"tags": draw(tags)}, "source": draw(sources)}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        cells.append(cell)
    if draw(st.booleans()):
        value = draw(st.integers(0, 9))
        cell = {
            "cell_type": "code",
            "id": "p",
            "metadata": {"tags": ["parameters"]},
            "source": f"p: int = {value}  # help",
        }
        cells.insert(draw(st.integers(0, len(cells))), cell | {"outputs": [], "execution_count": None})
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def take(workspace, content) -> Fingerprint:
    return fingerprint(workspace, parse_notebook(json.dumps(content), "notebooks/a.ipynb"))


def _noise(draw, content):
    """Change what is no part of what runs."""
    for cell in content["cells"]:
        cell["id"] = draw(st.from_regex(r"[a-z]{8}", fullmatch=True))
        cell["metadata"]["collapsed"] = draw(st.booleans())
        cell["metadata"]["tags"] = [*draw(st.permutations(cell["metadata"]["tags"])), draw(st.sampled_from(["x", "y"]))]
        if cell["cell_type"] == "code":
            cell["execution_count"] = draw(st.none() | st.integers(0, 99))
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": draw(TEXTS)}] * draw(
                st.integers(0, 2)
            )
            ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
            spaces = draw(st.sampled_from(["", "\n", "\n\n", "  \n", "\n \t\n"]))
            cell["source"] = (cell["source"] + spaces).replace("\n", ending)
            if draw(st.booleans()):
                cell["source"] = cell["source"].splitlines(keepends=True)
        else:
            cell["source"] = draw(TEXTS)
    for kind in draw(st.lists(st.sampled_from(["markdown", "raw"]), max_size=2)):
        place = draw(st.integers(0, len(content["cells"])))
        content["cells"].insert(place, {"cell_type": kind, "metadata": {}, "source": draw(TEXTS)})
    content["nbformat_minor"] = draw(st.sampled_from([4, 5]))
    content["metadata"]["language_info"] = {"name": "python", "version": draw(TEXTS)}


@STEADY
@given(notebooks_(), st.data())
def test_meaningless_edits_keep_the_fingerprint(notebooks, content, data):
    before = take(notebooks.workspace, content)
    other = copy.deepcopy(content)
    _noise(data.draw, other)
    after = take(notebooks.workspace, other)
    assert after.digest == before.digest
    assert difference(before.parts, after.parts) == []


def _counted(content):
    document = parse_notebook(json.dumps(content), "a.ipynb")
    return [cell.index for cell in document.cells if counts(cell)]


def _edit_source(draw, content, index):
    cell = content["cells"][index]
    cell["source"] = draw(st.sampled_from(["z = 0\n", "# z\n"])) + cell["source"]


def _edit_inside(draw, content, index):
    cell = content["cells"][index]
    text = cell["source"].rstrip()
    place = draw(st.integers(0, max(len(text) - 1, 0)))
    cell["source"] = text[:place] + "é" + text[place:]


def _toggle_tag(draw, content, index):
    held = content["cells"][index]["metadata"]["tags"]
    tag = draw(st.sampled_from(["test", "scratch", "skip-execution", "raises-exception"]))
    assume(not (tag == "test" and "parameters" in held))
    held.remove(tag) if tag in held else held.append(tag)


def _change_type(draw, content, index):
    cell = content["cells"][index]
    assume("parameters" not in cell["metadata"]["tags"])
    cell["cell_type"] = draw(st.sampled_from(["raw", "markdown"]))
    del cell["outputs"], cell["execution_count"]


def _drop(_, content, index):
    del content["cells"][index]


def _double(_, content, index):
    assume("parameters" not in content["cells"][index]["metadata"]["tags"])
    content["cells"].insert(index, copy.deepcopy(content["cells"][index]))


def _split(draw, content, index):
    cell = content["cells"][index]
    assume("parameters" not in cell["metadata"]["tags"])
    lines = cell["source"].strip().split("\n")
    assume(len(lines) > 1)
    at = draw(st.integers(1, len(lines) - 1))
    cell["source"] = "\n".join(lines[:at])
    content["cells"].insert(index + 1, copy.deepcopy(cell) | {"source": "\n".join(lines[at:])})
    assume(cell["source"].strip() and content["cells"][index + 1]["source"].strip())


def _swap(draw, content, index):
    others = [other for other in _counted(content) if other != index]
    assume(others)
    other = draw(st.sampled_from(others))
    first, second = content["cells"][index], content["cells"][other]
    same = [(cell["metadata"]["tags"], canonical_source(cell["source"])) for cell in (first, second)]
    assume((sorted(same[0][0]), same[0][1]) != (sorted(same[1][0]), same[1][1]))
    content["cells"][index], content["cells"][other] = second, first


def _kernel(draw, content, _):
    content["metadata"]["kernelspec"]["name"] = draw(st.sampled_from(["python2", "Python3", "python3 "]))


def _default(_, content, index):
    cell = content["cells"][index]
    assume("parameters" in cell["metadata"]["tags"])
    cell["source"] = cell["source"].replace("p: int = ", "p: int = 1")


MUTATIONS = [
    _edit_source, _edit_inside, _toggle_tag, _change_type, _drop, _double, _split, _swap, _kernel, _default,
]  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__.strip("_"))
@STEADY
@given(content=notebooks_(), data=st.data())
def test_edits_that_change_what_runs_change_the_fingerprint(notebooks, mutation, content, data):
    counted = _counted(content)
    assume(counted)
    other = copy.deepcopy(content)
    mutation(data.draw, other, data.draw(st.sampled_from(counted)))
    before = take(notebooks.workspace, content)
    try:
        after = take(notebooks.workspace, other)
    except Problems:
        # A parameters cell that cannot be read has no fingerprint at all.
        return
    if [_what_runs(cell) for cell in _cells(content)] == [_what_runs(cell) for cell in _cells(other)]:
        assert content["metadata"] != other["metadata"]
    assert after.digest != before.digest
    assert difference(before.parts, after.parts)
    assert difference(after.parts, before.parts)


def _cells(content):
    return [cell for cell in parse_notebook(json.dumps(content), "a.ipynb").cells if counts(cell)]


def _what_runs(cell):
    return cell.source.strip(), sorted(set(cell.tags) - {"mine"})


@STEADY
@given(st.lists(TEXTS, min_size=1, max_size=4), st.lists(TEXTS, min_size=1, max_size=4))
def test_no_two_divisions_of_the_same_text_look_alike(notebooks, first, second):
    def made(texts):
        cells = [{"cell_type": "code", "metadata": {}, "source": f"'''{t!r}'''", "outputs": []} for t in texts]
        return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}

    same = take(notebooks.workspace, made(first)).digest == take(notebooks.workspace, made(second)).digest
    assert same == (first == second)


@settings(STEADY, max_examples=40)
@given(notebooks_(), st.sampled_from(["py:percent", "md", "md:myst"]))
def test_the_text_form_of_a_notebook_has_its_fingerprint(notebooks, content, fmt):
    # jupytext joins or drops neighbouring cells without text, which no run executes.
    content["cells"] = [cell for cell in content["cells"] if cell["source"].strip()] or [content["cells"][0]]
    assume(content["cells"][0]["source"].strip())
    text = jupytext.writes(jupytext.reads(json.dumps(content), fmt="ipynb"), fmt=fmt)
    document = parse_text_notebook(text, "." + fmt.partition(":")[0], "notebooks/a")
    assert fingerprint(notebooks.workspace, document).digest == take(notebooks.workspace, content).digest


@STEADY
@given(notebooks_())
def test_what_runs_is_what_is_fingerprinted(notebooks, content):
    document = parse_notebook(json.dumps(content), "a.ipynb")
    made = document.for_run(None)
    ran = [cell["metadata"]["studio"]["cell"] for cell in made["cells"] if cell["cell_type"] == "code"]
    in_print = [cell.index for cell in document.cells if counts(cell) and cell.role != "test"]
    assert [index for index in ran if document.cells[index].source.strip()] == [
        index for index in in_print if document.cells[index].source.strip()
    ]


# --- anything at all --------------------------------------------------------


def _refusal(text):
    try:
        parse_notebook(text, "a.ipynb")
    except BadInput as error:
        return str(error)
    return None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "metadata", "nbformat", "cell_type", "source", "tags", "outputs", "id"]) | TEXTS,
            inner,
        )
    ),
    max_leaves=20,
)


@settings(STEADY, max_examples=300)
@given(json_values)
def test_any_json_is_a_notebook_or_bad_input(value):
    for content in (value, {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [value]}):
        refusal = _refusal(json.dumps(content))
        assert refusal is None or refusal.startswith("a.ipynb")


@settings(STEADY, max_examples=200)
@given(notebooks_(), st.data())
def test_damaged_files_are_notebooks_or_bad_input(content, data):
    text = json.dumps(content)
    at = data.draw(st.integers(0, len(text)))
    damaged = data.draw(st.sampled_from([text[:at], text[at:], text[:at] + data.draw(TEXTS) + text[at:], text + text]))
    refusal = _refusal(damaged)
    assert refusal is None or refusal.startswith("a.ipynb")


code_like = st.text(
    st.sampled_from(list("abx_1.,:;=+-*/%!?()[]{}'\"\\# \n@")) | st.characters(exclude_categories=["Cs"]), max_size=40
)


@settings(STEADY, max_examples=300)
@given(
    code_like
    | st.lists(
        st.sampled_from(
            ["studio", ".", "load", "(", ")", "'a'", "=", "import ", "from ", "\n", "%run ", "%%time\n", "!"]
        ),
        max_size=12,
    ).map("".join)
)
def test_any_source_can_be_checked(notebooks, source):
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source, "outputs": []},
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": []},
    ]
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    document = parse_notebook(json.dumps(content), "a.ipynb")
    for finding in check_document(notebooks.workspace, document, known_datasets=set()):
        assert finding.message
        assert finding.fix
        assert finding.problem.message.endswith(finding.advice)
