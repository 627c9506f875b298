"""Reuse: a step whose code, values, inputs and environment are those of a completed one need not run again.

One small JSON file for each step holds its latest completed records, so that deciding costs one read.
All of it lies in ``.studio/cache`` and may be deleted at any time: then steps run again, and nothing else is lost.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.core.environment import environment_digest, environment_lock
from studio.core.errors import BadInput, StudioError
from studio.core.files import CannotWrite, canonical_json, digest_bytes, frame, write_atomic, write_json
from studio.core.locks import Locked, lock
from studio.core.workspace import Workspace
from studio.data.catalog import read_catalog
from studio.data.snapshots import SnapshotStore
from studio.data.sources import file_digest
from studio.notebooks.fingerprint import Fingerprint, difference, fingerprint
from studio.pipelines.changes import (
    Change,
    Verdict,
    environment_changes,
    file_changes,
    input_changes,
    parameter_changes,
    summary,
)
from studio.pipelines.inputs import MISSING, Inputs, StepInputs
from studio.pipelines.plan import Plan, PlannedStep
from studio.pipelines.plan_notebooks import contract_digests
from studio.pipelines.run_record import NotARecord, StepRecord

__all__ = ["Change", "ReuseIndex", "Verdict", "foresee", "reuse_key"]

FORMAT = 1
KEPT = 32
"""How many completed records of one step are kept."""


def reuse_key(step: PlannedStep, inputs: StepInputs, environment: str, files: Mapping[str, str] | None = None) -> str:
    """One text for all that decides what a step makes: equal keys, equal results.

    Parameters
    ----------
    step : PlannedStep
        Its name and part, fingerprint and values.
    inputs : mapping
        For each loaded dataset ``{"parts": {part: digest}}`` or ``{"source": digest}``.
    environment : str
        Digest of the environment lock.
    files : mapping, optional
        Digests of the files that its parameters name, by parameter.
    """
    content = frame(
        f"studio step {FORMAT}",
        step.key,
        step.fingerprint.digest,
        canonical_json(step.json_values),
        canonical_json(dict(files or {})),
        canonical_json(inputs),
        environment,
    )
    return f"k{FORMAT}:{digest_bytes(content)}"


@dataclass(frozen=True)
class _State:
    """What a step was decided by."""

    key: str
    environment: str
    files: Mapping[str, str]


class ReuseIndex:
    """The completed steps of one workspace, and what they say about steps to come."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._snapshots = SnapshotStore(workspace)
        self._decided: dict[str, _State] = {}
        self._digests: dict[Path, str] = {}
        self._fingerprints: dict[str, Fingerprint | None] = {}

    def decide(self, pipeline: str, step: PlannedStep, inputs: StepInputs | None, environment: str) -> Verdict:
        """Whether `step` can be reused, and why or why not.

        Parameters
        ----------
        pipeline : str
            Whose step it is; differences are told against the last completion in the same pipeline.
        step : PlannedStep
            The step.
        inputs : mapping or None
            What it will load; None when steps before it run first, so that nobody knows yet.
        environment : str
            Digest of the environment lock.
        """
        files = self._files(step, self._digests)
        entries = self._entries(step)
        if inputs is not None:
            key = reuse_key(step, inputs, environment, files)
            self._decided[step.key] = _State(key, environment, files)
            same = next((record for _, record in reversed(entries) if record.cache_key == key), None)
            if same is not None:
                return self._reused(same)
        last = next((record for owner, record in reversed(entries) if owner == pipeline), None)
        if last is None:
            reason = "it has not completed before" if not entries else "it has completed only in other pipelines"
            return Verdict(False, reason, (Change("first", reason),))
        return self._compared(step, last, inputs, environment, files)

    def remember(self, pipeline: str, step: PlannedStep, record: StepRecord) -> None:
        """Keep a completed step for later runs; completes `record` with what it was decided by.

        A step whose parameter files, modules or contracts changed since it was planned is not kept: nobody knows
        which content it read.

        Raises
        ------
        ValueError
            For a step that did not complete.
        """
        if record.status != "completed":
            raise ValueError(f"{record.key} is {record.status}, and only a completed step can be reused")
        files = self._files(step, {})
        environment = environment_digest()
        state = self._decided.get(step.key)
        if state is None:
            state = _State(reuse_key(step, record.inputs or {}, environment, files), environment, files)
        record.environment, record.files = state.environment, dict(state.files)
        if state.files != files or not self._as_planned(step):
            return
        record.cache_key = state.key
        # A cache that cannot be written costs a run later, not this one.
        with contextlib.suppress(CannotWrite, Locked):
            self._keep_texts(step.fingerprint, environment)
            self._append(pipeline, step, record)

    def _as_planned(self, step: PlannedStep) -> bool:
        """Whether what the kernel read from the disk besides the notebook itself is still what was planned."""
        try:
            contracts = contract_digests(self._workspace, read_catalog(self._workspace), {*step.loads, *step.saves})
            now = fingerprint(self._workspace, step.document, contracts=contracts)
        except BadInput:
            return False
        return now.digest == step.fingerprint.digest

    def _reused(self, record: StepRecord) -> Verdict:
        missing = [
            f"{name}[{part}]" if part else name
            for name, parts in record.outputs.items()
            for part, digest in parts.items()
            if not self._exists(name, digest, part)
        ]
        if not missing:
            return Verdict(True, f"nothing changed since run {record.run}", (), record)
        changes = tuple(Change("outputs missing", f"the snapshot of {name} is gone") for name in missing)
        return Verdict(False, summary(changes), changes, record)

    def _compared(
        self, step: PlannedStep, last: StepRecord, inputs: StepInputs | None, environment: str, files: Mapping[str, str]
    ) -> Verdict:
        changes = [*self._code_changes(step, last), *parameter_changes(last.values, step.json_values)]
        changes += file_changes(last.files, files, step.json_values)
        if inputs is not None and last.inputs is not None:
            changes += input_changes(last.inputs, inputs, self._writers(inputs))
        if environment != last.environment:
            changes += environment_changes(self._lock_text(last.environment), self._lock_text(environment))
        if not changes and inputs is None:
            return Verdict(False, "it depends on what the steps before it save", (), last, undecided=True)
        if not changes:
            changes = [Change("first", "its last completion was recorded by another version of Studio")]
        return Verdict(False, summary(changes), tuple(changes), last)

    def _code_changes(self, step: PlannedStep, last: StepRecord) -> list[Change]:
        if last.fingerprint == step.fingerprint.digest:
            return []
        earlier = self._earlier_fingerprint(last.fingerprint)
        labels = difference(earlier.parts, step.fingerprint.parts) if earlier is not None else []
        return [Change("code", label) for label in labels or [step.document.path]]

    def _writers(self, inputs: StepInputs) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for name, content in inputs.items():
            for part, digest in content.get("parts", {}).items():
                with contextlib.suppress(StudioError):  # without a manifest the change is told without its writer
                    found[name, part] = self._snapshots.manifest(name, digest, part).step or ""
        return found

    def _exists(self, name: str, digest: str, part: str) -> bool:
        try:
            return self._snapshots.exists(name, digest, part)
        except BadInput:
            return False

    def _files(self, step: PlannedStep, known: dict[Path, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, paths in step.files(self._workspace.root).items():
            for path in paths:
                if path not in known:
                    known[path] = self._digest(path)
            digests = [known[path] for path in paths]
            found[name] = digests[0] if len(digests) == 1 else digest_bytes(frame(*digests))
        return found

    def _digest(self, path: Path) -> str:
        """The digest of a file's content, or of all files below a folder; the word "missing" where there is none."""
        if path.is_dir():
            inside = sorted(item for item in path.rglob("*") if item.is_file())
            listed = [(item.relative_to(path).as_posix(), self._digest(item)) for item in inside]
            return digest_bytes(frame(*(text for pair in listed for text in pair)))
        return file_digest(self._workspace, path) if path.exists() else MISSING

    @property
    def _folder(self) -> Path:
        return self._workspace.cache / "reuse"

    def _path(self, step: PlannedStep) -> Path:
        part = f"-{digest_bytes(step.part.encode('utf-8', 'surrogatepass'))[:16]}" if step.part else ""
        return self._folder / f"{step.name}{part}.json"

    def _entries(self, step: PlannedStep) -> list[tuple[str, StepRecord]]:
        """The completed records of a step with their pipelines, oldest first; what cannot be read is not there."""
        content = _read(self._path(step))
        try:
            if content is None or content["format"] != FORMAT or content["step"] != step.key:
                return []
            return [(str(item["pipeline"]), StepRecord.from_dict(item["record"])) for item in content["entries"]]
        except (KeyError, TypeError, NotARecord):
            return []

    def _append(self, pipeline: str, step: PlannedStep, record: StepRecord) -> None:
        with lock(self._folder / ".lock"):
            entries = [
                item for item in self._entries(step) if (item[0], item[1].cache_key) != (pipeline, record.cache_key)
            ]
            kept = [*entries, (pipeline, replace(record, verdict=None))][-KEPT:]
            content = {
                "format": FORMAT,
                "step": step.key,
                "entries": [{"pipeline": owner, "record": item.as_dict()} for owner, item in kept],
            }
            write_atomic(self._path(step), json.dumps(content, separators=(",", ":"), allow_nan=False), durable=False)

    def _keep_texts(self, fingerprint: Fingerprint, environment: str) -> None:
        """Keep what a digest stands for, so that a later difference can be named."""
        parts = self._fingerprint_path(fingerprint.digest)
        if not parts.exists():
            write_json(parts, fingerprint.as_dict(), durable=False)
        text = self._lock_path(environment)
        if not text.exists():
            write_atomic(text, environment_lock(), durable=False)

    def _earlier_fingerprint(self, digest: str) -> Fingerprint | None:
        if digest not in self._fingerprints:
            content = _read(self._fingerprint_path(digest))
            try:
                self._fingerprints[digest] = None if content is None else Fingerprint.from_dict(content)
            except (KeyError, TypeError, ValueError):
                self._fingerprints[digest] = None
        return self._fingerprints[digest]

    def _lock_text(self, digest: str) -> str | None:
        if digest == environment_digest():
            return environment_lock()
        try:
            return self._lock_path(digest).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def _fingerprint_path(self, digest: str) -> Path:
        return self._workspace.cache / "fingerprints" / f"{digest.replace(':', '-')}.json"

    def _lock_path(self, digest: str) -> Path:
        return self._workspace.cache / "environments" / f"{digest}.txt"


def foresee(workspace: Workspace, plan: Plan, environment: str) -> dict[str, Verdict]:
    """For each step of `plan` by key what a run now would decide; undecided where earlier steps run first."""
    index, inputs = ReuseIndex(workspace), Inputs(workspace, plan, looking=True)
    verdicts: dict[str, Verdict] = {}
    for step in plan.steps:
        writers = dict.fromkeys(writer for name in step.loads for writer in plan.writers.get(name, ()))
        before = [writer for writer in writers if not verdicts[writer].reuse]
        verdict = index.decide(plan.pipeline, step, None if before else inputs.of(step), environment)
        if verdict.undecided:
            verdict = replace(verdict, reason=f"it depends on what {_named(before)}")
        verdicts[step.key] = verdict
        if verdict.reuse and verdict.record is not None:
            inputs.publish(verdict.record.outputs)
    return verdicts


def _named(keys: list[str]) -> str:
    more = f" and {len(keys) - 3:,} more" if len(keys) > 3 else ""
    return f"{', '.join(keys[:3])}{more} {'saves' if len(keys) == 1 else 'save'}"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
