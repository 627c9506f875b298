from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import BadInput, Problems
from studio.notebooks.kinds import Bound, Bounded, Choice, DictOf, ListOf, Maybe, Scalar
from studio.notebooks.scalars import Misfit
from studio.notebooks.schema import ParameterSchema, make_parameter
from studio.notebooks.secrets import SecretReference
from studio.widgets import ParameterForm
from studio.widgets.form_fields import typed_text, write_entry
from tests.notebooks.test_properties import BASE, RULES, STEADY, typed_values
from tests.widgets.conftest import ATTACK, Read, seen


def schema_of(**kinds):
    """Parameters by name: a kind, or a pair of kind and default."""
    made = {
        name: make_parameter(name, given[0], 1, f"help of {name}", default=given[1])
        if isinstance(given, tuple)
        else make_parameter(name, given, 1, f"help of {name}")
        for name, given in kinds.items()
    }
    return ParameterSchema("notebooks/a.ipynb", made, 0)


@pytest.fixture
def form():
    return ParameterForm(
        schema_of(
            horizon=(Bounded(Scalar("int"), (Bound("ge", 1),)), 12),
            source=(Scalar("Path"), Path("data/a.csv")),
            since=(Maybe(Scalar("date")), None),
            token=Scalar("SecretStr"),
        ),
        base=Path("/data"),
    )


def entries(form):
    return dict(form._state["entries"])


@STEADY
@given(st.lists(typed_values(), min_size=1, max_size=4))
def test_a_form_gives_what_the_command_line_gives(typed):
    schema = schema_of(**{f"p{at}": kind for at, (kind, _) in enumerate(typed)})
    form = ParameterForm(schema, base=BASE)
    assert form.value == {}
    written = {f"p{at}": write_entry(kind, value) for at, (kind, value) in enumerate(typed)}
    content = json.loads(json.dumps({"verb": "enter", "entries": written, "turn": 1}, allow_nan=False))
    form._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
    assert form.valid
    texts = {}
    for at, (kind, value) in enumerate(typed):
        try:
            texts[f"p{at}"] = typed_text(kind, value, RULES)
        except Misfit:
            continue
    expected = schema.convert(texts, base=BASE, strings=True)
    assert repr({name: form.value[name] for name in texts}) == repr(expected)
    assert repr(schema.convert(form.as_json(), base=BASE, strings=False)) == repr(form.value)
    if len(texts) == len(typed):
        assert form.texts == texts
    other = ParameterForm(schema, base=BASE, values=form.value)
    assert repr(other.value) == repr(form.value)
    json.dumps(form.get_state(), allow_nan=False).encode()
    Read(form._repr_html_())


def test_a_form_begins_with_the_defaults(form):
    assert form.value == {"horizon": 12, "source": Path("data/a.csv"), "since": None}
    assert not form.valid
    assert form.problems == {"token": "Enter the name of an environment variable."}
    assert form.given == {}


def test_what_is_entered_is_read(form, act):
    act(form, "enter", entries={**entries(form), "horizon": "24", "source": "b.csv", "token": "TOKEN"}, turn=1)
    assert form.valid
    assert form.value == {
        "horizon": 24,
        "source": Path("/data/b.csv"),
        "since": None,
        "token": SecretReference("TOKEN"),
    }
    assert form.texts == {"horizon": "24", "source": "/data/b.csv", "token": "TOKEN"}
    assert form.as_json()["token"] == {"secret": "TOKEN"}
    assert form._state["turn"] == 1


def test_a_wrong_entry_is_told_and_its_value_is_not_there(form, act):
    told = []
    form.observe(lambda change: told.append(change["new"]), "valid")
    form.value = {"token": "TOKEN"}
    act(form, "enter", entries={**entries(form), "horizon": "0"}, turn=1)
    assert "horizon" not in form.value
    assert form.problems == {"horizon": "0 is not allowed: it must be at least 1."}
    assert told == [True, False]


def test_an_emptied_field_needs_a_value_although_it_has_a_default(form, act):
    given = entries(form)
    del given["horizon"]
    act(form, "enter", entries=given, turn=1)
    assert form.problems["horizon"] == "Enter a whole number."


def test_a_property_without_default_may_stay_away():
    form = ParameterForm({"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a"]})
    form.value = {"a": 1}
    assert form.valid
    assert form.value == {"a": 1}


@pytest.mark.parametrize(
    "content",
    [
        {"entries": None, "turn": 1},
        {"entries": {}, "turn": "1"},
        {"entries": [], "turn": 1},
        {"turn": 1},
        {"entries": {"unknown": "1"}, "turn": 2},
    ],
)
def test_a_torn_message_harms_nothing(form, act, content):
    act(form, "enter", **content)
    act(form, "submit", **content)
    assert "unknown" not in form.value
    form._handle_msg({"content": {"data": {"method": "custom", "content": "text"}}, "buffers": []})
    form._handle_msg({"content": {"data": {"method": "custom", "content": {"verb": ["enter"]}}}, "buffers": []})
    form._handle_msg({"content": {"data": {"method": "custom", "content": {"verb": "tell"}}}, "buffers": []})
    assert form.notice == ""


def test_python_fills_the_fields_that_it_names(form):
    form.value = {"since": date(2024, 1, 31)}
    assert form.value["since"] == date(2024, 1, 31)
    assert form.value["horizon"] == 12
    assert form._state["entries"]["since"] == "2024-01-31"
    form.value = {"since": "2024-02-01"}
    assert form.given == {"since": date(2024, 2, 1)}


def test_all_wrong_values_are_told_at_once(form):
    with pytest.raises(Problems) as caught:
        form.value = {"horizn": 1, "horizon": "12"}
    assert [problem.field for problem in caught.value.problems] == ["horizn", "horizon"]
    assert "Did you mean 'horizon'?" in str(caught.value)
    assert form.value["horizon"] == 12


def test_values_at_the_beginning_are_checked():
    with pytest.raises(Problems):
        ParameterForm(schema_of(a=Scalar("int")), values={"a": True})
    assert ParameterForm(schema_of(a=Scalar("int")), values={"a": 1}).value == {"a": 1}


def test_submitting_calls_back_with_the_values(form, act):
    got = []
    form.on_submit(got.append)
    form.on_submit(got.append)  # once is enough
    act(form, "submit", entries={**entries(form), "token": "TOKEN"}, turn=1)
    assert got == [form.value]
    got[0]["horizon"] = 99
    assert form.value["horizon"] == 12
    form.on_submit(got.append, remove=True)
    assert form.submit()
    assert len(got) == 1


def test_what_does_not_fit_is_not_submitted(form, act):
    got = []
    form.on_submit(got.append)
    act(form, "submit", entries=entries(form), turn=1)
    assert got == []
    assert form._state["tried"]
    assert not form.submit()


def test_a_form_is_busy_while_it_is_submitted(form):
    form.value = {"token": "TOKEN"}
    seen_busy = []

    def callback(_):
        seen_busy.append(form.busy)
        assert not form.submit()  # once at a time

    form.on_submit(callback)
    assert form.submit()
    assert (seen_busy, form.busy) == ([True], False)


def test_an_error_of_ours_is_told_as_a_sentence(form):
    form.value = {"token": "TOKEN"}

    def refuse(_):
        raise BadInput("The file is empty. Next: choose another.")

    form.on_submit(refuse)
    assert not form.submit()
    assert form.notice == "The file is empty. Next: choose another."
    assert not form.busy
    form.on_submit(refuse, remove=True)
    assert form.submit()
    assert form.notice == ""


def test_any_other_error_is_told_as_a_number_that_stands_in_the_log(form, caplog):
    form.value = {"token": "TOKEN"}
    form.on_submit(lambda _: 1 / 0)
    with caplog.at_level(logging.ERROR, "studio.widgets"):
        assert not form.submit()
    number = caplog.records[0].args[0]
    assert form.notice.endswith(f"Next: tell the operator the error number {number}.")
    assert "ZeroDivisionError" in caplog.text
    assert "division" not in form.notice


def test_a_callback_must_be_callable(form):
    with pytest.raises(TypeError):
        form.on_submit("print")


def test_starting_over_brings_the_defaults_back(form, act):
    assert not form._state["changed"]
    act(form, "enter", entries={**entries(form), "horizon": "x"}, turn=1)
    assert form._state["changed"]
    act(form, "reset", turn=2)
    assert form.value["horizon"] == 12
    assert not form._state["changed"]
    assert form._state["turn"] == 2


def test_what_cannot_be_typed_is_told():
    form = ParameterForm(schema_of(a=Maybe(Scalar("str"))), values={"a": "null"})
    with pytest.raises(Problems, match="cannot be typed on the command line"):
        _ = form.texts


def test_a_notebook_by_its_path(place, monkeypatch):
    place.notebook("notebooks/a.ipynb", ("parameters", "folds: int = 5  # how many\nmodel: str"), "print(folds)")
    (place.root / "notebooks" / "deep").mkdir()
    monkeypatch.chdir(place.root / "notebooks" / "deep")
    form = ParameterForm("notebooks/a.ipynb", labels={"model": "Kind of model"})
    assert [field["label"] for field in form._fields] == ["Folds", "Kind of model"]
    assert form.value == {"folds": 5}
    assert form.base == place.root
    with pytest.raises(BadInput, match=r"missing\.ipynb"):
        ParameterForm("notebooks/missing.ipynb")


def test_a_notebook_without_parameters(place, monkeypatch):
    place.notebook("notebooks/a.ipynb", "print(1)")
    monkeypatch.chdir(place.root)
    form = ParameterForm("notebooks/a.ipynb")
    assert form.valid
    assert form.value == {}
    assert "There is nothing to enter." in form._repr_html_()


def test_what_is_no_source_is_refused():
    with pytest.raises(BadInput, match="cannot be made of list"):
        ParameterForm([1])
    with pytest.raises(BadInput, match="There is no parameter 'b' to label"):
        ParameterForm(schema_of(a=Scalar("int")), labels={"b": "B"})


def test_the_plain_form_is_a_table():
    schema = schema_of(
        model=(Choice(("a", "b")), "a"),
        weights=(DictOf(Scalar("str"), Scalar("float")), {"x": float("nan")}),
        regions=(ListOf(Scalar("str")), ["north"]),
        token=(Scalar("SecretStr"), SecretReference("TOKEN")),
        needed=Scalar("int"),
    )
    page = Read(ParameterForm(schema, title="Scenario")._repr_html_())
    assert page.rows == [
        ["Parameter", "Value", "What it is"],
        ["Model", "a", "help of model"],
        ["Weights", '{"x": {"float": "nan"}}', "help of weights"],
        ["Regions", '["north"]', "help of regions"],
        ["Token", "the secret in TOKEN", "help of token"],
        ["Needed", "", "help of needed"],
    ]
    assert "Scenario" in page.text


def test_the_plain_form_escapes_everything():
    parameter = make_parameter("a", Scalar("str"), 1, ATTACK, default=ATTACK)
    form = ParameterForm(ParameterSchema("a", {"a": parameter}, 0), title=ATTACK, labels={"a": ATTACK})
    form.tell(ATTACK)
    page = Read(form._repr_html_())
    assert page.rows[1] == [seen(ATTACK)] * 3
    assert page.tags.count("p") == 2
