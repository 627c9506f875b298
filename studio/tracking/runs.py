"""Runs in MLflow: one for each pipeline run, a nested one for each step and attempt.

Calls are batched, may come from any thread, and write nothing to standard output. Secret values
are replaced before anything leaves this room.
"""

from __future__ import annotations

import getpass
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from studio.core.errors import StudioError
from studio.core.workspace import Workspace
from studio.tracking import limits, outbox
from studio.tracking.artifacts import staged
from studio.tracking.client import SILENT, TrackingFailed, calling, open_client, shown_uri, silence
from studio.tracking.experiments import find_or_make
from studio.tracking.inputs import DatasetInput, entity
from studio.tracking.redaction import Redaction
from studio.tracking.store import artifact_root, check_store, prepare_store, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

Status = Literal["FINISHED", "FAILED", "KILLED"]
Result = TypeVar("Result")
RUN, PIPELINE = "studio.run", "studio.pipeline"
_PARENT = "mlflow.parentRunId"
_WHOLE = "parameters.json"


class RunGone(StudioError):
    """A run that was recorded is no longer in the MLflow store."""

    def __init__(self, uri: str, mlflow_run_id: str) -> None:
        super().__init__(
            f"The MLflow run {mlflow_run_id} is not in {shown_uri(uri)}: it was deleted, or the store is another one. "
            "Next: restore the run (mlflow runs restore), or start a new run."
        )


@dataclass(frozen=True)
class _Home:
    """Where a run belongs."""

    experiment: str
    tags: Mapping[str, str]


class Tracker:
    """Records pipeline runs and their steps in the MLflow store of a workspace.

    Nothing is imported or opened before the first call that needs it.

    Parameters
    ----------
    workspace : Workspace
        Its settings name the store.
    redact : Iterable[str]
        Secret values; wherever one would be recorded, ``***`` stands in its place.
    flush_outbox : bool
        Whether what waits in the outbox is for this store.
    """

    def __init__(self, workspace: Workspace, *, redact: Iterable[str] = frozenset(), flush_outbox: bool = True) -> None:
        self.workspace = workspace
        self.uri = tracking_uri(workspace)
        self._redaction = Redaction(redact)
        self._lock = threading.RLock()
        self._client: MlflowClient | None = None
        self._experiments: dict[str, str] = {}  # name -> id
        self._homes: dict[str, _Home] = {}  # by MLflow run id
        self._flushed = not flush_outbox
        silence()

    def begin_pipeline(
        self,
        pipeline: str,
        run_id: str,
        *,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        started: datetime | None = None,
    ) -> str:
        """Start the parent run of a pipeline run, in the experiment ``<project>/<pipeline>``.

        Returns
        -------
        str
            The MLflow run's id.

        Raises
        ------
        StoreUnavailable, TrackingFailed
            When the store cannot be opened, or refuses.
        """
        self._flush_outbox()
        own = {RUN: run_id, PIPELINE: pipeline, "mlflow.source.name": pipeline}
        experiment = self._experiment(f"{self.workspace.settings.project.name}/{pipeline}")
        return self._create(experiment, f"{pipeline} {run_id}", {**(tags or {}), **own}, params or {}, started)

    def begin_step(
        self,
        parent: str,
        step_key: str,
        *,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        attempt: int = 1,
        started: datetime | None = None,
    ) -> str:
        """Start the run of one attempt at a step, nested in the run `parent`; returns the MLflow run's id.

        Raises
        ------
        RunGone
            When the parent is not in the store.
        TrackingFailed
            When the store refuses.
        """
        name = step_key if attempt == 1 else f"{step_key} (attempt {attempt})"
        own = {outbox.STEP: step_key, outbox.ATTEMPT: str(attempt), _PARENT: parent, "mlflow.source.name": step_key}
        home = self._home(parent)
        inherited = {tag: home.tags[tag] for tag in (RUN, PIPELINE) if tag in home.tags}
        return self._create(home.experiment, name, {**(tags or {}), **inherited, **own}, params or {}, started)

    def reach(self) -> None:
        """Raise StoreUnavailable, at once, when nobody answers at the store's address."""
        check_store(self.workspace)

    def reopen(self, mlflow_run_id: str) -> None:
        """Mark a run that had ended as running again; RunGone when it is not in the store."""
        self._flush_outbox(wait=True)  # how it ended may still wait there, and must not be logged after this
        self._home(mlflow_run_id)
        self._call("reopening a run", lambda client: client.update_run(mlflow_run_id, status="RUNNING"))

    def log_params(self, mlflow_run_id: str, params: Mapping[str, Any]) -> None:
        """Record parameters of a run; where MLflow could not hold a value, ``parameters.json`` keeps them whole.

        Raises
        ------
        TrackingFailed
            When the run has another value for one of them: MLflow's parameters never change.
        """
        self._open()
        from mlflow.entities import Param

        kept, changed = limits.values(self._redacted(params), limits.PARAM_LENGTH)
        items = [Param(name, text) for name, text in kept.items()]
        for batch in limits.batches(items, limits.PER_BATCH, lambda item: limits.weight(item.value)):
            self._batch("recording parameters", mlflow_run_id, params=batch)
        if changed:
            text = json.dumps(dict(params), indent=1, default=str)
            self.log_artifacts(mlflow_run_id, {_WHOLE: text})

    def log_inputs(self, mlflow_run_id: str, inputs: Sequence[DatasetInput]) -> None:
        """Record the datasets of a run, with digest, source, columns and number of rows."""
        if inputs:
            self._open()
            entities = [entity(given, self._redaction) for given in inputs]
            self._call("recording datasets", lambda client: client.log_inputs(mlflow_run_id, entities))

    def log_metrics(self, mlflow_run_id: str, metrics: Mapping[str, float], *, step: int = 0) -> None:
        """Record numbers of a run."""
        self._open()
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        items = [
            Metric(limits.key(self._redaction.text(name)), float(number), now, step) for name, number in metrics.items()
        ]
        for batch in limits.batches(items, limits.METRICS_PER_BATCH, lambda _: 500):
            self._batch("recording metrics", mlflow_run_id, metrics=batch)

    def set_tags(self, mlflow_run_id: str, tags: Mapping[str, Any]) -> None:
        """Set tags of a run; a value that MLflow could not hold is cut with a mark."""
        self._open()
        from mlflow.entities import RunTag

        kept, _ = limits.values(self._redacted(tags), limits.TAG_LENGTH)
        items = [RunTag(name, text) for name, text in kept.items()]
        for batch in limits.batches(items, limits.PER_BATCH, lambda item: limits.weight(item.value)):
            self._batch("setting tags", mlflow_run_id, tags=batch)

    def log_artifacts(self, mlflow_run_id: str, artifacts: Mapping[str, Path | str]) -> None:
        """Keep files with a run.

        Parameters
        ----------
        mlflow_run_id : str
            The run.
        artifacts : Mapping[str, Path | str]
            For each path below the run's artifact folder a file (a Path) or a text (a str).

        Raises
        ------
        BadInput
            When an artifact path leads outside its folder, or a file cannot be read.
        TrackingFailed
            When the store refuses.
        """
        if not artifacts:
            return
        with staged(artifacts, self._redaction) as folder:
            self._call("keeping artifacts", lambda client: client.log_artifacts(mlflow_run_id, str(folder)))

    def end(self, mlflow_run_id: str, status: Status, *, ended: datetime | None = None) -> None:
        """Set a run's final status; runs nested in it that nobody ended (their process died) get the same."""
        moment = _milliseconds(ended)
        for child in self.children(mlflow_run_id):
            if child.info.status == "RUNNING":
                self.end(child.info.run_id, status, ended=ended)
        self._call("ending a run", lambda client: client.set_terminated(mlflow_run_id, status, moment))

    def metrics(self, mlflow_run_id: str) -> dict[str, float]:
        """The latest value of every metric of a run."""
        run = self._call("reading metrics", lambda client: client.get_run(mlflow_run_id))
        return dict(run.data.metrics)

    def children(self, mlflow_run_id: str) -> list[Run]:
        """The runs nested directly in a run."""
        where = f"tags.`{_PARENT}` = '{mlflow_run_id}'"
        return self._search([self._home(mlflow_run_id).experiment], where)

    def find(self, pipeline: str, run_id: str) -> str | None:
        """The MLflow run id of the pipeline run `run_id`, None where the store does not know it."""
        self._flush_outbox(wait=True)  # it may still wait there, and must not be begun twice
        experiment = self._experiment(f"{self.workspace.settings.project.name}/{pipeline}")
        found = self._search([experiment], f"tags.`{RUN}` = '{run_id}'")
        return next((run.info.run_id for run in found if _PARENT not in run.data.tags), None)

    def kernel_environment(self, mlflow_run_id: str) -> dict[str, str]:
        """What a kernel needs in its environment so that plain MLflow calls in it land in this run.

        Runs that a notebook starts besides are nested in this one (``MLFLOW_RUN_CONTEXT``).
        """
        experiment = self._home(mlflow_run_id).experiment
        name = next((name for name, number in self._experiments.items() if number == experiment), None)
        if name is None:
            name = self._call("reading an experiment", lambda client: client.get_experiment(experiment)).name
        return {
            **SILENT,
            "MLFLOW_TRACKING_URI": self.uri,
            "MLFLOW_RUN_ID": mlflow_run_id,
            "MLFLOW_EXPERIMENT_ID": experiment,
            "MLFLOW_EXPERIMENT_NAME": name,
            "MLFLOW_RUN_CONTEXT": json.dumps({_PARENT: mlflow_run_id}),
        }

    def _open(self) -> MlflowClient:
        with self._lock:
            if self._client is None:
                prepare_store(self.workspace)
                self._client = open_client(self.uri)
            return self._client

    def _call(self, doing: str, call: Callable[[MlflowClient], Result]) -> Result:
        self._open()
        return calling(self.uri, doing, call)

    def _batch(self, doing: str, mlflow_run_id: str, **items: Any) -> None:
        self._call(doing, lambda client: client.log_batch(mlflow_run_id, **items))

    def _flush_outbox(self, *, wait: bool = False) -> None:
        with self._lock:
            if self._flushed:
                return
            self._flushed = True
            outbox.flush_with(self, wait=wait)

    def _experiment(self, name: str) -> str:
        with self._lock:
            if name not in self._experiments:
                self._open()
                self._experiments[name] = find_or_make(self.uri, name, artifact_root(self.workspace))
            return self._experiments[name]

    def _home(self, mlflow_run_id: str) -> _Home:
        if mlflow_run_id not in self._homes:
            try:
                run = self._call("looking for a run", lambda client: client.get_run(mlflow_run_id))
            except TrackingFailed as error:
                if error.code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                    raise RunGone(self.uri, mlflow_run_id) from error
                raise
            if run.info.lifecycle_stage != "active":
                raise RunGone(self.uri, mlflow_run_id)
            self._homes[mlflow_run_id] = _Home(run.info.experiment_id, run.data.tags)
        return self._homes[mlflow_run_id]

    def _create(
        self,
        experiment: str,
        name: str,
        tags: Mapping[str, Any],
        params: Mapping[str, Any],
        started: datetime | None,
    ) -> str:
        name = self._redaction.text(name)[: limits.KEY_LENGTH]
        own = {"mlflow.user": _user(), "mlflow.source.type": "LOCAL", "mlflow.runName": name}
        kept, _ = limits.values(self._redacted({**own, **tags}), limits.TAG_LENGTH)
        moment = _milliseconds(started)
        run = self._call(
            "starting a run",
            lambda client: client.create_run(experiment, start_time=moment, tags=kept, run_name=name),
        )
        self._homes[run.info.run_id] = _Home(experiment, kept)
        self.log_params(run.info.run_id, params)
        return str(run.info.run_id)

    def _redacted(self, contents: Mapping[str, Any]) -> dict[str, Any]:
        if not self._redaction:
            return dict(contents)
        return {self._redaction.text(name): self._redacted_value(content) for name, content in contents.items()}

    def _redacted_value(self, content: Any) -> str:
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, default=str)
        return self._redaction.text(text)

    def _search(self, experiments: list[str], where: str) -> list[Run]:
        found: list[Run] = []
        token: str | None = None
        while True:
            page = self._call(
                "searching runs",
                lambda client, token=token: client.search_runs(  # type: ignore[misc]
                    experiments, where, max_results=1000, page_token=token
                ),
            )
            found += page
            token = page.token
            if not token:
                return found


def _milliseconds(moment: datetime | None) -> int:
    return int((moment.timestamp() if moment else time.time()) * 1000)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name, as in some containers
        return str(os.getuid())
