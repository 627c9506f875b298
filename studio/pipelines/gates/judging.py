"""Judging a run by the gates of its pipeline: every gate is one case of the rung ``model``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.identifiers import suggest
from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.pipelines.gates import verdicts
from studio.pipelines.gates.declaration import Champion, ModelGates, Threshold, qualified
from studio.pipelines.gates.evaluation import Evaluation, evaluate
from studio.pipelines.gates.verdicts import Bench
from studio.pipelines.run_record import RunRecord, StepRecord
from studio.pipelines.specification import Pipeline
from studio.tracking.models import ModelRegistry, ModelVersion

_DONE = ("completed", "reused")


def judge(workspace: Workspace, pipeline: Pipeline, record: RunRecord, *, thresholds: bool = True) -> list[Case]:
    """Hold what the run `record` made against the gates of `pipeline`.

    Parameters
    ----------
    workspace : Workspace
        Where the run's snapshots and its MLflow store are.
    pipeline : Pipeline
        Its file declares the gates.
    record : RunRecord
        The run.
    thresholds : bool
        False for a run on samples: the figures are asked for, but not held against the thresholds.

    Returns
    -------
    list of Case
        One for each gate, and one for opening the model; none where the pipeline has no gates. What could not be
        asked (no such metric, model or column; a model that is not opened; a crash) is an ``error`` and never raised.
    """
    gates = pipeline.gates
    if gates is None:
        return []
    bench = Bench(pipeline, thresholds)
    cases = [_metric(bench, record, name, threshold) for name, threshold in gates.metrics.items()]
    if gates.model is not None:
        cases += _Judgement(workspace, bench, record, gates.model).cases()
    return cases


def _metric(bench: Bench, record: RunRecord, name: str, threshold: Threshold) -> Case:
    place = ("metrics", name)
    found, problem = _logged(record, name)
    if problem:
        return bench.case(f"metric {name}", place, "error", problem)
    metric = qualified(name)[2]
    values = {step.key: step.metrics[metric] for step in found}
    wrong = {key: value for key, value in values.items() if isinstance(value, bool | str) or value is None}
    if wrong:
        key, value = next(iter(wrong.items()))
        message = f"The step {key} logged {metric} = {value}, which is no finite number."
        return bench.case(f"metric {name}", place, "failed", message)
    findings = [
        verdicts.against(threshold, metric if len(values) == 1 else f"{metric} of {key}", float(value))
        for key, value in values.items()
    ]
    # Every part of a fan-out must hold; the first that does not is the one to show.
    shown = next((finding for finding in findings if not finding.holds), findings[0])
    return bench.judged(f"metric {name}", place, shown)


def _logged(record: RunRecord, name: str) -> tuple[list[StepRecord], str]:
    """The steps that logged the metric, or a sentence why there is none."""
    step, part, metric = qualified(name)
    chosen = [item for item in record.steps.values() if not step or (item.name == step and item.key == step + part)]
    if step and not part:
        chosen = [item for item in record.steps.values() if item.name == step]
    if not chosen:
        return [], f"The run has no step {step + part!r}. {suggest(step + part, record.steps)}"
    found = [item for item in chosen if metric in item.metrics]
    if len({item.name for item in found}) > 1:
        names = ", ".join(dict.fromkeys(f"{item.name}.{metric}" for item in found))
        return [], f"Several steps log {metric!r}. Next: say which one is meant: {names}."
    unfinished = [item for item in chosen if item.status not in _DONE]
    if unfinished and (step or not found):
        return [], f"{metric!r} cannot be judged: the step {unfinished[0].key} is {unfinished[0].status}."
    lacking = [item for item in chosen if metric not in item.metrics] if step else []
    if lacking or not found:
        known = {name for item in chosen for name in item.metrics}
        who = f"The step {lacking[0].key}" if lacking else "No step of the run"
        return [], f"{who} logged {'no' if lacking else 'a'} metric {metric!r} to MLflow. {suggest(metric, known)}"
    return found, ""


class _Judgement:
    """The gates of the model that one run registered."""

    def __init__(self, workspace: Workspace, bench: Bench, record: RunRecord, declared: ModelGates) -> None:
        self._workspace, self._bench, self._record, self._declared = workspace, bench, record, declared
        self._registry = ModelRegistry(workspace)
        self._name = f"model {declared.name}"

    def cases(self) -> Iterator[Case]:
        """One case for the model itself, and one for each gate."""
        with tempfile.TemporaryDirectory(prefix="studio-models-") as folder:
            try:
                digests = self._digests()
                version = self._version()
                file = self._fetch(version, Path(folder) / "candidate")
            except StudioError as error:
                yield self._bench.case(self._name, ("model",), "error", str(error))
                yield from self._not_asked()
                return
            champion, settled = self._champion(version, Path(folder) / "champion")
            request = self._request(digests, version, file, champion)
            evaluation = evaluate(request, self._declared.timeout)
            size = file.stat().st_size
        yield self._opened(version, evaluation)
        if self._declared.size is not None:
            yield self._bench.judged("model size", ("model", "size"), verdicts.size(self._declared, size))
        for case in verdicts.model_cases(self._bench, self._declared, evaluation):
            yield settled if settled is not None and case.name == settled.name else case

    def _opened(self, version: ModelVersion, evaluation: Evaluation) -> Case:
        facts = evaluation.facts.get("model")
        if facts is None:
            return self._bench.case(self._name, ("model",), "error", evaluation.ended, output=evaluation.output)
        if "problem" in facts:
            detail = facts.get("detail", "")
            return self._bench.case(self._name, ("model",), "error", facts["problem"], detail=detail)
        message = (
            f"{_capital(version)}, which this run registered, was opened and asked about {facts['n']:,} rows of "
            f"{self._declared.data} ({facts['features']} features)."
        )
        values = {"version": version.number, "n": facts["n"]}
        return self._bench.case(self._name, ("model",), "passed", message, values=values)

    def _not_asked(self) -> Iterator[Case]:
        message = f"Not asked, because {self._name!r} could not be."
        if self._declared.size is not None:
            yield self._bench.case("model size", ("model", "size"), "skipped", message)
        for _, name, place in verdicts.asked_of_model(self._declared):
            yield self._bench.case(name, place, "skipped", message)

    def _digests(self) -> Mapping[str, str]:
        data = self._declared.data
        found: dict[str, str] = {}
        for step in self._record.steps.values():
            if step.status in _DONE:
                found |= step.outputs.get(data, {})
        if not found:
            raise StudioError(
                f"Run {self._record.id} has not saved the dataset {data!r} (gates.model.data). "
                f"Next: studio runs show {self._record.id}"
            )
        return found

    def _version(self) -> ModelVersion:
        runs = [
            step.mlflow_run_id for step in self._record.steps.values() if step.mlflow_run_id and step.status in _DONE
        ]
        version = self._registry.registered_by(self._declared.name, runs)
        if version is None:
            raise StudioError(
                f"Run {self._record.id} registered no version of the model {self._declared.name!r}. Next: register it "
                "in one of the steps, with mlflow.register_model or log_model(…, registered_model_name=…)."
            )
        return version

    def _champion(self, version: ModelVersion, folder: Path) -> tuple[Path | None, Case | None]:
        """The champion's file, or the case where there is nothing to compare with."""
        declared = self._declared.champion
        if declared is None:
            return None, None
        name, place = f"model champion: {declared.alias}", ("model", "champion")
        try:
            champion = self._registry.aliased(self._declared.name, declared.alias)
            if champion is not None and champion.number != version.number:
                return self._fetch(champion, folder), None
        except StudioError as error:
            return None, self._bench.case(name, place, "error", str(error))
        return None, self._bench.case(name, place, "passed", _nothing_to_compare(version, champion, declared))

    def _fetch(self, version: ModelVersion, folder: Path) -> Path:
        folder.mkdir()
        return self._registry.fetch(version, folder)

    def _request(
        self, digests: Mapping[str, str], version: ModelVersion, file: Path, champion: Path | None
    ) -> dict[str, Any]:
        root = self._workspace.root
        folders = [str((root / step.notebook).parent) for step in self._record.steps.values() if step.notebook]
        shown = f"the champion of the model {self._declared.name!r}"
        return {
            "root": str(root),
            "sampled": self._workspace.sampled,
            "folders": list(dict.fromkeys(folders)),
            "declared": self._bench.pipeline.document.content["gates"]["model"],
            "thresholds": self._bench.thresholds,
            "digests": dict(digests),
            "candidate": {"path": str(file), "shown": str(version)},
            "champion": {"path": str(champion), "shown": shown} if champion else None,
        }


def _nothing_to_compare(version: ModelVersion, champion: ModelVersion | None, declared: Champion) -> str:
    if champion is None:
        return (
            f"No version of the model {version.name!r} has the alias {declared.alias!r} yet, so there is no champion "
            "to be worse than."
        )
    return f"{_capital(version)} is the {declared.alias} itself: this run registered nothing else."


def _capital(version: ModelVersion) -> str:
    shown = str(version)
    return shown[:1].upper() + shown[1:]
