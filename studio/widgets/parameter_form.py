"""A form for a notebook's parameters: what is entered is read as the command line reads it, and told in plain words.

The browser shows fields and sends what was entered; every rule is kept here, so that no value gets past a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from studio.core.errors import BadInput, Problem, Problems
from studio.core.files import canonical_json
from studio.core.identifiers import suggest
from studio.core.workspace import NoWorkspace, find_workspace
from studio.notebooks import conversion
from studio.notebooks.document import read_notebook
from studio.notebooks.parameters import read_parameters
from studio.notebooks.rendering import as_json
from studio.notebooks.scalars import Misfit, Rules
from studio.notebooks.schema import ParameterSchema
from studio.widgets.callbacks import Callback, Callbacks
from studio.widgets.form_fields import MISSING, Field, read_entry, typed_text, wanted, write_entry
from studio.widgets.json_schema import read_schema
from studio.widgets.plain import Plain, Sentence, Table
from studio.widgets.texts import plural, value_text
from studio.widgets.widget import FACTS, Widget


class ParameterForm(Widget, files="parameter_form"):
    """A form with a field for each parameter.

    Parameters
    ----------
    source : str, Path, ParameterSchema or mapping
        A notebook (its path, absolute or from the workspace's root), the schema of its parameters, or a JSON Schema of
        an object.
    values : mapping
        What fields begin with, in place of the defaults.
    labels : Mapping of str to str
        What stands above a field, in place of the parameter's name.
    title : str
        What stands above the form.
    submit : str
        What stands on the button.
    base : Path or None
        The folder that relative paths are taken from; the workspace's root (outside of one the current folder) when
        None.

    Attributes
    ----------
    value : dict
        The values of all fields that hold one, as the notebook would see them. It may be set: the fields that it names
        are filled, the others stay.
    valid : bool
        Whether every field holds what it may, so that the form can be submitted.
    busy : bool
        Whether the button rests; it does while callbacks are called.

    Raises
    ------
    BadInput
        When the notebook cannot be read, or the JSON Schema asks for what no form can hold a value to (NoForm).
    Problems
        For each of `values` that does not fit.
    """

    value = traitlets.Dict(help="The values that the fields hold.")
    valid = traitlets.Bool(False, read_only=True).tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    submit_label = traitlets.Unicode("Submit").tag(sync=True)
    _fields = traitlets.List().tag(**FACTS)
    _state = traitlets.Dict().tag(**FACTS)

    _heard: ClassVar[Mapping[str, str]] = {"enter": "_entered", "submit": "_submitted", "reset": "_reset_by_person"}

    def __init__(
        self,
        source: str | Path | ParameterSchema | Mapping[str, Any],
        *,
        values: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        title: str = "",
        submit: str = "Submit",
        base: Path | None = None,
    ) -> None:
        fields = _fields_of(source, labels or {})
        self.base = base or _usual_base()
        self._by_name = {field.name: field for field in fields}
        self._entries = self._first_entries()
        self._turn = 0
        self._tried = False
        self._messages: dict[str, str] = {}
        self._ours = False
        self._submits = Callbacks()
        super().__init__(title=title, submit_label=submit, _fields=[field.facts() for field in fields])
        self._read()
        if values:
            self.value = dict(values)

    def on_submit(self, callback: Callback, *, remove: bool = False) -> None:
        """Call `callback` with the values when a person submits the form and everything in it fits.

        An error that it raises is shown below the form: the sentence of a StudioError, the number of any other, under
        which its traceback stands in the log ``studio.widgets``.
        """
        self._submits.register(callback, remove=remove)

    def submit(self) -> bool:
        """Do what the button does; whether everything fitted and every callback came to its end."""
        with self._guard:
            self._tried = True
            self._read()
            if not self.valid or self.busy:
                return False
            value = dict(self.value)
        self._show(busy=True, notice="")
        try:
            return self._submits.call(value, self.tell)
        finally:
            self._show(busy=False)

    def reset(self) -> None:
        """Put the defaults back."""
        with self._guard:
            self._tried = False
            self._entries = self._first_entries()
            self._read()

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong, a sentence by field."""
        return dict(self._messages)

    @property
    def given(self) -> dict[str, Any]:
        """Those values that are not the defaults."""
        return {name: value for name, value in self.value.items() if not self._is_default(name, value)}

    @property
    def texts(self) -> dict[str, str]:
        """`given` as it would be typed on the command line, ``-p name=text``: what a run is asked for with.

        Raises
        ------
        Problems
            For a value that cannot be typed there.
        """
        found, problems, rules = {}, [], Rules(self.base)
        for name, value in self.given.items():
            try:
                found[name] = typed_text(self._by_name[name].kind, value, rules)
            except Misfit as error:
                problems.append(Problem("", 0, f"{error} Next: enter another value.", name))
        if problems:
            raise Problems(problems)
        return found

    def as_json(self) -> dict[str, Any]:
        """`value` as JSON data: dates and paths as texts, a secret as ``{"secret": variable}``."""
        return {name: as_json(value) for name, value in self.value.items()}

    @traitlets.validate("value")  # type: ignore[untyped-decorator]
    def _proposed(self, proposal: Any) -> dict[str, Any]:
        if self._ours:
            return dict(proposal["value"])
        with self._guard:
            problems, rules = [], Rules(self.base)
            entries = dict(self._entries)
            for name, given in proposal["value"].items():
                field = self._by_name.get(name)
                if field is None:
                    problems.append(Problem("", 0, f"There is no field {name!r}. {suggest(name, self._by_name)}", name))
                    continue
                try:
                    entries[name] = write_entry(field.kind, conversion.from_data(field.kind, given, rules))
                except Misfit as error:
                    problems.append(Problem("", 0, f"{error} Next: give another value.", name))
            if problems:
                raise Problems(problems)
            self._entries = entries
            values = self._understood()
            self._tell_state()
            return values

    def _first_entries(self) -> dict[str, Any]:
        known = {name: field for name, field in self._by_name.items() if field.default is not MISSING}
        return {name: write_entry(field.kind, field.default) for name, field in known.items()}

    def _entered(self, content: Mapping[str, Any]) -> None:
        """Take what a person entered; a field that is not named there is empty."""
        entries, turn = content.get("entries"), content.get("turn")
        if isinstance(entries, dict) and isinstance(turn, int):
            with self._guard:
                self._entries = {name: entry for name, entry in entries.items() if name in self._by_name}
                self._turn = turn
                self._read()

    def _submitted(self, content: Mapping[str, Any]) -> None:
        self._entered(content)
        self.submit()

    def _reset_by_person(self, content: Mapping[str, Any]) -> None:
        turn = content.get("turn")
        self._turn = turn if isinstance(turn, int) else self._turn
        self.reset()

    def _read(self) -> None:
        """Make values and messages of the entries."""
        with self._guard:
            values = self._understood()
            self._ours = True
            try:
                self.value = values
            finally:
                self._ours = False
            self._tell_state()

    def _understood(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        self._messages = {}
        for name, field in self._by_name.items():
            try:
                found = self._one(field)
            except Misfit as error:
                self._messages[name] = str(error)
                continue
            if found is not MISSING:
                values[name] = found
        return values

    def _one(self, field: Field) -> Any:
        entry = self._entries.get(field.name, MISSING)
        if entry is MISSING:
            if field.required or field.default is not MISSING:
                raise Misfit(wanted(field.kind))
            return MISSING
        if field.default is not MISSING and entry == write_entry(field.kind, field.default):
            return field.default
        return read_entry(field.kind, entry, Rules(self.base))

    def _tell_state(self) -> None:
        self.set_trait("valid", not self._messages)
        self._show(
            _state={
                "entries": self._entries,
                "messages": self._messages,
                "turn": self._turn,
                "tried": self._tried,
                "changed": self._entries != self._first_entries(),
            }
        )

    def _is_default(self, name: str, value: Any) -> bool:
        default = self._by_name[name].default
        return default is not MISSING and canonical_json(as_json(value)) == canonical_json(as_json(default))

    def _plain(self) -> Plain:
        rows = [(field.label, self._shown_value(field), field.help) for field in self._by_name.values()]
        wrong = [(self._by_name[name].label, message) for name, message in self._messages.items()]
        parts: list[Table | Sentence] = [Table("", ("Parameter", "Value", "What it is"), rows)] if rows else []
        if wrong and self._tried:
            parts.append(Table("To be corrected", ("Parameter", "What is wrong"), wrong))
        if not rows:
            parts.append(Sentence("There is nothing to enter."))
        if self.notice:
            parts.append(Sentence(self.notice))
        return Plain(self.title or f"Form with {plural(len(rows), 'field')}", parts)

    def _shown_value(self, field: Field) -> str:
        return value_text(as_json(self.value[field.name])) if field.name in self.value else ""


def _fields_of(source: str | Path | ParameterSchema | Mapping[str, Any], labels: Mapping[str, str]) -> list[Field]:
    if isinstance(source, str | Path):
        source = read_parameters(read_notebook(find_workspace(), source))
    if isinstance(source, ParameterSchema):
        fields = [Field.of(parameter, labels.get(name, "")) for name, parameter in source.parameters.items()]
    elif isinstance(source, Mapping):
        fields = read_schema(source, labels)
    else:
        raise BadInput(
            f"A form cannot be made of {type(source).__name__}. Next: pass the path of a notebook, the schema of its "
            "parameters, or a JSON Schema."
        )
    unknown = sorted(set(labels) - {field.name for field in fields})
    if unknown:
        raise BadInput(
            f"There is no parameter {unknown[0]!r} to label. {suggest(unknown[0], [field.name for field in fields])}"
        )
    return fields


def _usual_base() -> Path:
    try:
        return find_workspace().root
    except NoWorkspace:
        return Path.cwd()
