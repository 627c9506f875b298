"""From what was found to cases: the sentence, the threshold and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.core.documents import Place
from studio.core.report import Case, Status
from studio.pipelines.gates.declaration import ModelGates, Threshold
from studio.pipelines.gates.evaluation import Evaluation
from studio.pipelines.gates.units import show_size, show_time
from studio.pipelines.specification import Pipeline

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """What one gate found, without its place: a clause, what is asked, whether it holds, and the figures."""

    found: str
    asked: str
    holds: bool
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """Makes the cases of one pipeline's gates.

    Attributes
    ----------
    pipeline : Pipeline
        Whose gates they are.
    thresholds : bool
        Whether figures are held against thresholds; on sample data it is enough that there are figures.
    """

    pipeline: Pipeline
    thresholds: bool = True

    def case(self, name: str, place: Place, status: Status, message: str, **more: Any) -> Case:
        """A case at `place` of the pipeline file (below ``gates``)."""
        line = self.pipeline.document.line(("gates", *place)) or None
        return Case("model", self.pipeline.shown, name, status, message=message, line=line, **more)

    def judged(self, name: str, place: Place, finding: Finding, seconds: float = 0.0) -> Case:
        """The case of a finding."""
        if not self.thresholds:
            message = (
                f"evaluated on sample data: {finding.found} (needs {finding.asked}); thresholds are judged on full data"
            )
            return self.case(name, place, "passed", message, values=finding.values, seconds=seconds)
        status: Status = "passed" if finding.holds else "failed"
        found = finding.found
        if found.startswith(("the ", "a ")):  # and not the name of a metric
            found = found[:1].upper() + found[1:]
        message = f"{found}; {finding.asked} is asked."
        return self.case(name, place, status, message, values=finding.values, seconds=seconds)


def against(threshold: Threshold, name: str, value: float) -> Finding:
    """A figure against its threshold."""
    low, high = threshold.min, threshold.max
    wanted = {"at least": low, "at most": high}
    asked = " and ".join(f"{words} {limit:g}" for words, limit in wanted.items() if limit is not None)
    holds = (low is None or value >= low) and (high is None or value <= high)
    values = {"value": value, **{key: limit for key, limit in (("min", low), ("max", high)) if limit is not None}}
    return Finding(f"{name} is {value:.4g}", asked, holds, values)


def model_cases(bench: Bench, declared: ModelGates, evaluation: Evaluation) -> Iterator[Case]:
    """The cases of all gates that were asked of the model itself."""
    names = {gate: name for gate, name, _ in asked_of_model(declared)}
    culprit = names.get(evaluation.during, f"model {declared.name}")
    for gate, name, place in asked_of_model(declared):
        facts = evaluation.facts.get(gate)
        if facts is None and evaluation.ended and gate == evaluation.during:
            yield bench.case(name, place, "error", evaluation.ended, output=evaluation.output)
        elif facts is None:
            yield bench.case(name, place, "skipped", f"Not asked, because of what became of {culprit!r}.")
        elif facts.get("undefined") and not bench.thresholds:
            message = f"The sample data are too few to ask this: {facts['problem']}"
            yield bench.case(name, place, "skipped", message, seconds=facts["seconds"])
        elif "problem" in facts:
            detail, seconds = facts.get("detail", ""), facts.get("seconds", 0.0)
            yield bench.case(name, place, "error", facts["problem"], detail=detail, seconds=seconds)
        else:
            yield bench.judged(name, place, _FINDINGS[gate.partition(" ")[0]](declared, gate, facts), facts["seconds"])


def asked_of_model(declared: ModelGates) -> Iterator[tuple[str, str, Place]]:
    """Each gate that the worker asks: its key, the case's name, and its place below ``gates``."""
    if declared.score:
        yield "score", f"model score: {declared.metric}", ("model", "score")
    if declared.champion:
        yield "champion", f"model champion: {declared.champion.alias}", ("model", "champion")
    for number, column in enumerate(declared.slices.by if declared.slices else ()):
        yield f"slices {column}", f"model slices: {column}", ("model", "slices", "by", number)
    if declared.calibration:
        yield "calibration", "model calibration", ("model", "calibration")
    if declared.prediction_time:
        yield "prediction_time", "model prediction time", ("model", "prediction_time")
    for number, invariance in enumerate(declared.invariance):
        name = f"model invariance: {', '.join(invariance.columns)}"
        yield f"invariance {number}", name, ("model", "invariance", number)
    for number, directional in enumerate(declared.directional):
        name = f"model directional: {_change(declared, number)}: {directional.expect}"
        yield f"directional {number}", name, ("model", "directional", number)


def size(declared: ModelGates, found: int) -> Finding:
    """The model's file against the greatest size."""
    assert declared.size is not None
    limit = declared.size.max
    values = {"value": found, "threshold": limit}
    return Finding(f"the model's file has {show_size(found)}", f"at most {show_size(limit)}", found <= limit, values)


def _score(declared: ModelGates, _: str, facts: Facts) -> Finding:
    assert declared.score is not None
    least = declared.score.min
    found = f"{declared.metric} is {facts['value']:.4g} on {facts['n']:,} rows of {declared.data}"
    return Finding(found, f"at least {least:g}", facts["value"] >= least, _values(facts, least))


def _champion(declared: ModelGates, _: str, facts: Facts) -> Finding:
    gate = declared.champion
    assert gate is not None
    found = (
        f"{declared.metric} is {facts['candidate']:.4g}, the champion's is {facts['champion']:.4g} on the same "
        f"{facts['n']:,} rows: a difference of {facts['value']:+.4f}, {gate.confidence:.0%} interval "
        f"{facts['low']:+.4f} to {facts['high']:+.4f}"
    )
    least = 0.0 - gate.tolerance  # and not -0
    asked = f"an interval that reaches {least:+g} or more"
    values = {key: facts[key] for key in ("low", "high", "candidate", "champion")}
    return Finding(found, asked, not facts["worse"], {**_values(facts, least), **values})


def _slices(declared: ModelGates, gate: str, facts: Facts) -> Finding:
    assert declared.slices is not None
    column, least = gate.partition(" ")[2], declared.slices.min
    worst = min(facts["slices"], key=lambda item: item["value"])
    low = [item["level"] for item in facts["slices"] if item["value"] < least and item is not worst]
    found = (
        f"the worst of {len(facts['slices'])} groups is {column} = {worst['level']}: {declared.metric} "
        f"{worst['value']:.4g} on {worst['n']:,} rows"
    )
    found += f"; {', '.join(low)} below the threshold too" if low else ""
    found += f"; too small to judge: {', '.join(facts['left_out'])}" if facts["left_out"] else ""
    return Finding(found, f"at least {least:g} in each", worst["value"] >= least, _values(worst, least))


def _calibration(declared: ModelGates, _: str, facts: Facts) -> Finding:
    assert declared.calibration is not None
    most = declared.calibration.max
    found = f"the expected calibration error is {facts['value']:.4g} on {facts['n']:,} rows"
    return Finding(found, f"at most {most:g}", facts["value"] <= most, _values(facts, most))


def _prediction_time(declared: ModelGates, _: str, facts: Facts) -> Finding:
    assert declared.prediction_time is not None
    most = declared.prediction_time.max
    found = f"a call with {facts['rows']:,} rows takes {show_time(facts['value'])}"
    return Finding(found, f"at most {show_time(most)}", facts["value"] <= most, _values(facts, most))


def _invariance(declared: ModelGates, gate: str, facts: Facts) -> Finding:
    asked = declared.invariance[int(gate.partition(" ")[2])]
    found = (
        f"{facts['value']:.2%} of {facts['n']:,} rows are answered as before when {', '.join(asked.columns)} "
        f"{'are' if len(asked.columns) > 1 else 'is'} exchanged"
    )
    unseen = [column for column in asked.columns if column not in facts["features"]]
    found += f" (no feature of the model: {', '.join(unseen)})" if unseen else ""
    return Finding(found, f"at least {asked.share:.4g}", facts["value"] >= asked.share, _values(facts, asked.share))


def _directional(declared: ModelGates, gate: str, facts: Facts) -> Finding:
    number = int(gate.partition(" ")[2])
    asked = declared.directional[number]
    verb = "show" if facts["n"] != 1 else "shows"
    found = (
        f"{facts['value']:.2%} of {facts['n']:,} rows {verb} {_WORDS[asked.expect]} with {_change(declared, number)}; "
        f"the answers change by {facts['mean']:+.3g} on average"
    )
    return Finding(found, f"at least {asked.share:.4g}", facts["value"] >= asked.share, _values(facts, asked.share))


_WORDS = {
    "increase": "an increase",
    "decrease": "a decrease",
    "no increase": "no increase",
    "no decrease": "no decrease",
}
_FINDINGS = {
    "score": _score,
    "champion": _champion,
    "slices": _slices,
    "calibration": _calibration,
    "prediction_time": _prediction_time,
    "invariance": _invariance,
    "directional": _directional,
}


def _change(declared: ModelGates, number: int) -> str:
    asked = declared.directional[number]
    return f"{asked.column} {asked.change:+g}" if asked.change is not None else f"{asked.column} = {_shown(asked.to)}"


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(facts: Facts, threshold: float) -> dict[str, Any]:
    return {"value": facts["value"], "threshold": threshold, "n": facts["n"]}
