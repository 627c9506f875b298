"""Registered models: which version is meant, and the one file of it that may be opened.

``mlflow.*.load_model`` runs what a stored model names (pickles, loader modules, code that lies beside it), and the list
of trusted types that stands in it is its own word. So nothing is loaded here: the file in the skops format is fetched,
and whoever opens it does so with a list of types of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.core.workspace import Workspace
from studio.tracking.client import TrackingFailed, calling, reason_of, silence
from studio.tracking.store import prepare_store, tracking_uri

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as Found

_MANIFEST = "MLmodel"
_PARENT = "mlflow.parentRunId"
_NOT_THERE = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
NAME_TAG, VERSION_TAG = "registered_model", "registered_version"
"""Tags by which a run says which version it registered, or found registered already."""


class NoSafeFile(StudioError):
    """A model version is not stored in a format that can be opened without running what is in it."""

    def __init__(self, version: ModelVersion, found: str) -> None:
        super().__init__(
            f"{version} is stored as {found}, which may run any code when it is opened, so it is not opened. Next: log "
            'it with mlflow.sklearn.log_model(…, serialization_format="skops") and register that.'
        )


class DamagedModel(StudioError):
    """The files of a model version are not what MLflow writes."""

    def __init__(self, version: ModelVersion, fact: str) -> None:
        super().__init__(f"The files of {version} cannot be used: {fact}. Next: log and register the model again.")


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model.

    Attributes
    ----------
    name : str
        The registered model's name.
    number : int
        The version.
    run_id : str
        The MLflow run that logged it; may be empty.
    tags : mapping
        Its tags.
    """

    name: str
    number: int
    run_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"version {self.number} of the model {self.name!r}"


class ModelRegistry:
    """The registered models in the MLflow store of a workspace; nothing is opened before the first call.

    Every method raises StoreUnavailable or TrackingFailed when the store cannot be opened, or refuses.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.uri = tracking_uri(workspace)
        silence()

    def versions(self, name: str) -> list[ModelVersion]:
        """All versions of the model `name`, newest first; none where there is no such model."""
        where = "name='{}'".format(name.replace("'", "''"))
        found: list[ModelVersion] = []
        token: str | None = None
        while True:
            page = self._call(
                "searching model versions",
                lambda client, token=token: client.search_model_versions(where, max_results=200, page_token=token),
            )
            found += [_version(item) for item in page]
            token = page.token
            if not token:
                return sorted(found, key=lambda version: -version.number)

    def version(self, name: str, number: int | str) -> ModelVersion | None:
        """The version `number` of the model `name`; None where there is none."""
        return self._asked(lambda client: client.get_model_version(name, str(number)))

    def aliased(self, name: str, alias: str) -> ModelVersion | None:
        """The version of the model `name` that `alias` points to; None where there is none."""
        return self._asked(lambda client: client.get_model_version_by_alias(name, alias))

    def registered_by(self, name: str, run_ids: Collection[str]) -> ModelVersion | None:
        """The version of the model `name` that one of the MLflow runs registered; None where none did.

        A run that says so by its tags ``registered_model`` and ``registered_version`` is believed first: what it found
        registered already was logged by another run. Otherwise it is the newest version that one of the runs, or a run
        nested in one of them, logged.
        """
        for run_id in reversed(list(run_ids)):
            tags = self._tags(run_id)
            if tags.get(NAME_TAG) == name and tags.get(VERSION_TAG):
                return self.version(name, tags[VERSION_TAG])
        for version in self.versions(name):
            if version.run_id and (version.run_id in run_ids or self._tags(version.run_id).get(_PARENT) in run_ids):
                return version
        return None

    def fetch(self, version: ModelVersion, folder: Path) -> Path:
        """The version's file in the skops format, copied into `folder`, which exists.

        Raises
        ------
        NoSafeFile
            When the model is stored in another format.
        DamagedModel
            When its manifest cannot be read or names no file of the model's own.
        """
        where = self._call(
            "looking for a model's files",
            lambda client: client.get_model_version_download_uri(version.name, str(version.number)),
        )
        manifest = self._download(version, f"{where}/{_MANIFEST}", folder)
        return self._download(version, f"{where}/{_skops_file(version, manifest)}", folder)

    def _download(self, version: ModelVersion, uri: str, folder: Path) -> Path:
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        try:
            return Path(download_artifacts(artifact_uri=uri, dst_path=str(folder), tracking_uri=self.uri))
        except (MlflowException, OSError) as error:
            raise DamagedModel(version, f"{uri.rpartition('/')[2]}: {reason_of(error, self.uri)}") from error

    def _tags(self, run_id: str) -> Mapping[str, str]:
        try:
            run = self._call("looking for a run", lambda client: client.get_run(run_id))
        except TrackingFailed as error:
            if error.code in _NOT_THERE:
                return {}
            raise
        tags: Mapping[str, str] = run.data.tags
        return tags

    def _asked(self, call: Any) -> ModelVersion | None:
        try:
            return _version(self._call("looking for a model version", call))
        except TrackingFailed as error:
            if error.code in _NOT_THERE:
                return None
            raise

    def _call(self, doing: str, call: Any) -> Any:
        prepare_store(self.workspace)
        return calling(self.uri, doing, call)


def _version(found: Found) -> ModelVersion:
    return ModelVersion(found.name, int(found.version), found.run_id or "", dict(found.tags or {}))


def _skops_file(version: ModelVersion, manifest: Path) -> str:
    """The path of the model's skops file as its manifest names it; nothing else in the manifest is believed."""
    import yaml

    try:
        content = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DamagedModel(version, f"{_MANIFEST} is not readable YAML") from error
    flavors = content.get("flavors") if isinstance(content, dict) else None
    if not isinstance(flavors, dict):
        raise DamagedModel(version, f"{_MANIFEST} names no flavors")
    flavor = flavors.get("sklearn")
    if not isinstance(flavor, dict):
        raise NoSafeFile(version, f"the MLflow flavor {', '.join(sorted(map(str, flavors))) or 'none'}")
    stored = flavor.get("serialization_format", "pickle")
    if stored != "skops":
        raise NoSafeFile(version, f"a pickle ({stored})" if stored != "pickle" else "a pickle")
    path = flavor.get("pickled_model")
    pure = PurePosixPath(path) if isinstance(path, str) else PurePosixPath()
    if not pure.parts or pure.is_absolute() or ".." in pure.parts:
        raise DamagedModel(version, f"{_MANIFEST} names no file of its own: {path!r}")
    return str(pure)
