"""The record of a run: one JSON file that holds the run and all its steps, and is the truth about success.

``.studio/runs/<run id>/run.json`` is written whole or not at all, at each turn of the run. Nothing in it is
secret: a secret parameter is the name of an environment variable. This format is version 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.pipelines.plan import PlannedStep

FORMAT = 1
STEP_STATUSES = ("waiting", "running", "completed", "reused", "failed", "killed", "not run")
RUN_STATUSES = ("running", "completed", "failed", "killed")


class NotARecord(ValueError):
    """What was read is no record of this format; the message says where."""


@dataclass
class StepRecord:
    """What is known of one step of one run.

    Attributes
    ----------
    key, name, part : str
        ``train[model=forest]``, ``train`` and ``model=forest``.
    run : str
        The run that it belongs to.
    status : str
        One of `STEP_STATUSES`.
    attempt : int
        How many times it was started, 0 when never.
    started, ended : str or None
        RFC 3339 times.
    seconds : float or None
        How long its last attempt took.
    notebook : str
        The notebook's path in the workspace.
    fingerprint : str
        The notebook's fingerprint (the digest; its parts are kept beside the reuse index).
    values : dict
        Every parameter's value as plain JSON.
    inputs : dict or None
        For each loaded dataset ``{"parts": {part: digest}}`` or ``{"source": digest}``; None until known.
    files : dict
        Digests of the files that Path parameters name, by parameter.
    outputs : dict
        For each saved dataset its parts and their digests.
    metrics : dict
        The latest value of each metric that its notebook logged to MLflow; a text where it is no finite number.
    environment : str
        Digest of the environment lock, empty until it completed.
    cache_key : str
        The key under which it can be reused, empty until it completed.
    mlflow_run_id : str or None
        Its run in MLflow.
    reused_from : str or None
        The run that really made the outputs.
    executed_notebook : str or None
        The executed notebook's path in the workspace.
    verdict : dict or None
        Why it was run or reused: ``reuse``, ``undecided``, ``reason``, ``changes``.
    error : dict or None
        How it failed.
    """

    key: str
    name: str
    part: str = ""
    run: str = ""
    status: str = "waiting"
    attempt: int = 0
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    notebook: str = ""
    fingerprint: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] | None = None
    files: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    environment: str = ""
    cache_key: str = ""
    mlflow_run_id: str | None = None
    reused_from: str | None = None
    executed_notebook: str | None = None
    verdict: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @classmethod
    def waiting(cls, step: PlannedStep, run: str) -> StepRecord:
        """The record of a planned step before it starts."""
        return cls(
            key=step.key,
            name=step.name,
            part=step.part,
            run=run,
            notebook=step.document.path,
            fingerprint=step.fingerprint.digest,
            values=dict(step.json_values),
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything, with stable keys, as JSON can hold it."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_dict(cls, content: Any, where: str = "step") -> StepRecord:
        """The record that `as_dict` wrote; NotARecord for anything else. Unknown keys are left out."""
        return cls(**_checked(cls, content, where, {"status": STEP_STATUSES}))


@dataclass
class RunRecord:
    """What is known of one run.

    Attributes
    ----------
    id : str
        Its identifier.
    pipeline : str
        The pipeline's name; `name` is what was typed: that name, or the path of a notebook.
    given : dict
        Parameter values as typed: ``name`` or ``step.name`` -> text; `base` is the folder against which relative
        paths among them are taken.
    force : bool
        Whether every step was to run; `start` names the step from which on, `only` the one that alone.
    status : str
        One of `RUN_STATUSES`.
    started, ended : str or None
        RFC 3339 times; `seconds` is how long it took.
    mlflow_run_id : str or None
        The parent run in MLflow.
    environment, actor : str
        The environment that it ran in, and who started it there (empty where nobody had to be named).
    gates : list of dict
        The cases of the gates that were judged at its end, as `studio.core.report.Case` writes them.
    earlier : list of dict
        How the run ended each time before it was continued: ``status``, ``ended``, ``seconds``, and ``unfinished``:
        the steps that had not completed, each with ``key``, ``status`` and ``message``.
    steps : dict
        The records of the steps by key, in the plan's order.
    """

    id: str
    pipeline: str
    name: str
    given: dict[str, str] = field(default_factory=dict)
    base: str = ""
    force: bool = False
    start: str | None = None
    only: str | None = None
    status: str = "running"
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    mlflow_run_id: str | None = None
    environment: str = "dev"
    actor: str = ""
    gates: list[dict[str, Any]] = field(default_factory=list)
    earlier: list[dict[str, Any]] = field(default_factory=list)
    steps: dict[str, StepRecord] = field(default_factory=dict)

    def awaiting(self, steps: Iterable[PlannedStep]) -> RunRecord:
        """The same run with a record for each of `steps`, which all wait."""
        return replace(self, steps={step.key: StepRecord.waiting(step, self.id) for step in steps})

    def counts(self) -> dict[str, int]:
        """How many steps have each status; a status without steps is left out."""
        statuses = [step.status for step in self.steps.values()]
        return {status: statuses.count(status) for status in STEP_STATUSES if status in statuses}

    def summary(self) -> dict[str, Any]:
        """The run without its steps, with stable keys, for ``--json``."""
        content = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in ("id", "steps")}
        return {"run": self.id, **content, "counts": self.counts()}

    def as_dict(self) -> dict[str, Any]:
        """The run with its steps, with stable keys, as JSON can hold it."""
        return {"format": FORMAT, **self.summary(), "steps": [step.as_dict() for step in self.steps.values()]}

    @classmethod
    def from_dict(cls, content: Any) -> RunRecord:
        """The record that `as_dict` wrote; NotARecord for anything else. Unknown keys are left out."""
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            found = content.get("format") if isinstance(content, dict) else None
            raise NotARecord(f"it is no run record of format {FORMAT}, its format is {found!r}")
        listed = content.get("steps")
        if not isinstance(listed, list):
            raise NotARecord("its steps are not a list")
        steps = [StepRecord.from_dict(item, f"step {number}") for number, item in enumerate(listed, start=1)]
        plain = {**content, "id": content.get("run"), "steps": {step.key: step for step in steps}}
        if len(plain["steps"]) != len(steps):
            raise NotARecord("two of its steps have the same key")
        return cls(**_checked(cls, plain, "run", {"status": RUN_STATUSES}))

    def to_json(self) -> str:
        """The text of the record's file."""
        return _dumped(self.as_dict()) + "\n"


_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "bool": (bool,),
    "float | None": (float, int, type(None)),
}


def _checked(
    record: type[RunRecord | StepRecord], content: Any, where: str, allowed: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise NotARecord(f"{where} is not a JSON object")
    found: dict[str, Any] = {}
    for item in fields(record):
        if item.name not in content:
            if item.name in ("id", "key", "name", "pipeline"):
                raise NotARecord(f"{where} has no {item.name!r}")
            continue
        value = content[item.name]
        declared = str(item.type)
        if not _fits(declared, value) or value not in allowed.get(item.name, (value,)):
            raise NotARecord(f"{item.name!r} of {where} is {value!r:.60}")
        found[item.name] = value
    return found


def _fits(declared: str, value: Any) -> bool:
    kinds = _KINDS.get(declared)
    if kinds is not None:
        return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
    if declared.startswith("list["):
        return isinstance(value, list)
    if not isinstance(value, dict):
        return value is None and declared.endswith("| None")
    if declared == "dict[str, str]":
        return all(isinstance(text, str) for text in value.values())
    if declared == "dict[str, dict[str, str]]":
        return all(_fits("dict[str, str]", inner) for inner in value.values())
    return True


def _dumped(value: Any) -> str:
    # Compact and in ASCII: the fast encoder writes it, and a lone surrogate in an error text survives.
    return json.dumps(value, separators=(",", ":"), allow_nan=False, default=str)
