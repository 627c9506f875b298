"""Two or more runs side by side: what they were given, how they went, and what they measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import traitlets

from studio.core.errors import BadInput
from studio.core.files import canonical_json
from studio.pipelines.run_record import RunRecord
from studio.widgets.plain import Plain, Sentence, Table
from studio.widgets.texts import NOTHING, change, listed, moment, number, plural, seconds, value_text
from studio.widgets.widget import FACTS, Widget

MOST = 12
"""Runs that can stand side by side."""
_ABSENT = object()


class TooManyRuns(BadInput):
    """More runs than a page can show side by side."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} runs do not fit side by side, at most {MOST} do. Next: choose fewer.")


class RunComparison(Widget, files="run_comparison"):
    """Runs side by side; measures are compared with the first.

    Rows in which all runs agree are counted, and shown once a person (or ``only_differences = False``) asks for them.

    Parameters
    ----------
    runs : iterable of RunRecord
        The runs, in the order of the columns.

    Raises
    ------
    TooManyRuns
        For more than twelve.
    """

    only_differences = traitlets.Bool(True, help="Whether rows in which all runs agree are left out.").tag(sync=True)
    _compared = traitlets.Dict().tag(**FACTS)

    _heard: ClassVar[Mapping[str, str]] = {"differences": "_switched"}

    def __init__(self, runs: Iterable[RunRecord] = ()) -> None:
        self._runs = _few(runs)
        super().__init__(_compared=_facts(self._runs))

    def show(self, runs: Iterable[RunRecord]) -> None:
        """Compare these. May be called from every thread; TooManyRuns for more than twelve."""
        self._runs = _few(runs)
        self._show(_compared=_facts(self._runs))

    def _switched(self, content: Mapping[str, Any]) -> None:
        if isinstance(content.get("only"), bool):
            self._show(only_differences=content["only"])

    def _plain(self) -> Plain:
        if not self._runs:
            return Plain("No runs to compare", [Sentence("Choose two runs or more.")])
        facts = _facts(self._runs)
        parts = [
            Table(group["title"], ("", *facts["runs"]), [_plain_row(row) for row in group["rows"]])
            for group in facts["groups"]
            if group["rows"]
        ]
        return Plain(f"Comparison of {plural(len(self._runs), 'run')}", parts)


def _few(runs: Iterable[RunRecord]) -> list[RunRecord]:
    found = list(runs)
    if len(found) > MOST:
        raise TooManyRuns(len(found))
    return found


def _facts(runs: Sequence[RunRecord]) -> dict[str, Any]:
    return {
        "runs": [run.id for run in runs],
        "groups": [
            {"title": "Runs", "rows": _about(runs)},
            {"title": "Values", "rows": _values(runs)},
            {"title": "Measures", "rows": _measures(runs)},
        ],
    }


def _about(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    told = {
        "Pipeline": [run.pipeline for run in runs],
        "Status": [run.status for run in runs],
        "Steps": [listed(run.counts()) for run in runs],
        "Started": [moment(run.started) for run in runs],
        "Time": [seconds(run.seconds) for run in runs],
        "Environment": [run.environment for run in runs],
        "By": [run.actor for run in runs],
    }
    return [_row("", name, texts) for name, texts in told.items() if any(texts)]


def _values(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    rows = []
    for step, name in _named(runs, "values"):
        found = [_of(run, step, "values", name) for run in runs]
        texts = [NOTHING if value is _ABSENT else value_text(value) for value in found]
        forms = ["" if value is _ABSENT else canonical_json(value) for value in found]
        rows.append({**_row(step, name, texts), "differs": len(set(forms)) > 1})
    return rows


def _measures(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    rows = []
    for step, name in _named(runs, "metrics"):
        found = [_of(run, step, "metrics", name) for run in runs]
        texts = [NOTHING if value is _ABSENT else number(value) for value in found]
        changes = [change(found[0], value) if at else "" for at, value in enumerate(found)]
        differs = any(value != found[0] for value in found)
        rows.append({**_row(step, name, texts), "changes": changes, "differs": differs, "measure": True})
    return rows


def _row(step: str, name: str, texts: Sequence[str]) -> dict[str, Any]:
    return {"step": step, "name": name, "texts": list(texts), "differs": len(set(texts)) > 1}


def _named(runs: Sequence[RunRecord], attribute: str) -> list[tuple[str, str]]:
    """Step and name of everything that any of the runs has, in the order of the first that has it."""
    return list(
        dict.fromkeys(
            (key, name) for run in runs for key, step in run.steps.items() for name in getattr(step, attribute)
        )
    )


def _of(run: RunRecord, step: str, attribute: str, name: str) -> Any:
    found = run.steps.get(step)
    return getattr(found, attribute).get(name, _ABSENT) if found else _ABSENT


def _plain_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    name = f"{row['step']}: {row['name']}" if row["step"] else row["name"]
    changes = row.get("changes") or [""] * len(row["texts"])
    return (name, *(" ".join(filter(None, pair)) for pair in zip(row["texts"], changes, strict=True)))
