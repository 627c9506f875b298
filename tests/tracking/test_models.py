"""Registered model versions are found, and only a skops file of them is handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from studio.core.workspace import Workspace
from studio.tracking.client import calling
from studio.tracking.models import DamagedModel, ModelRegistry, ModelVersion, NoSafeFile
from studio.tracking.runs import Tracker
from studio.tracking.store import tracking_uri

SKOPS = {"flavors": {"sklearn": {"pickled_model": "model.skops", "serialization_format": "skops"}}}


def register(workspace: Workspace, folder: Path, manifest: Any = SKOPS, run: str | None = None) -> int:
    """Make a stored model with this manifest and register it as 'churn'."""
    folder.mkdir()
    (folder / "model.skops").write_bytes(b"skops")
    (folder / "MLmodel").write_text(manifest if isinstance(manifest, str) else yaml.safe_dump(manifest))

    def make(client: Any) -> int:
        if not client.search_registered_models("name='churn'"):
            client.create_registered_model("churn")
        return int(client.create_model_version("churn", folder.as_uri(), run_id=run).version)

    Tracker(workspace).find("p", "none")  # the store is made ready
    return calling(tracking_uri(workspace), "registering", make)


def test_nothing_is_registered(workspace: Workspace) -> None:
    registry = ModelRegistry(workspace)
    assert registry.versions("it's mine") == []
    assert registry.version("churn", 1) is None
    assert registry.aliased("churn", "champion") is None
    assert registry.registered_by("churn", ["0" * 32]) is None


def test_versions_and_aliases(workspace: Workspace, tmp_path: Path) -> None:
    for number in range(3):
        register(workspace, tmp_path / f"m{number}")
    calling(tracking_uri(workspace), "x", lambda client: client.set_registered_model_alias("churn", "champion", "2"))
    registry = ModelRegistry(workspace)
    assert [version.number for version in registry.versions("churn")] == [3, 2, 1]
    found = registry.aliased("churn", "champion")
    assert found is not None
    assert (found.number, str(found)) == (2, "version 2 of the model 'churn'")
    assert registry.aliased("churn", "challenger") is None


def test_the_version_of_a_run(workspace: Workspace, tmp_path: Path) -> None:
    tracker, registry = Tracker(workspace), ModelRegistry(workspace)
    parent = tracker.begin_pipeline("p", "r1")
    train, other, register_step = (tracker.begin_step(parent, name) for name in ("train", "other", "register"))
    nested = tracker.begin_step(train, "inside")
    first = register(workspace, tmp_path / "a", run=train)
    register(workspace, tmp_path / "b", run=other)
    third = register(workspace, tmp_path / "c", run=nested)

    def number(*runs: str) -> int | None:
        found = registry.registered_by("churn", runs)
        return found.number if found else None

    assert number(train) == third  # logged by a run nested in it
    assert number(register_step) is None
    tracker.set_tags(register_step, {"registered_model": "churn", "registered_version": first})
    assert number(train, register_step) == first  # as the run itself says
    assert registry.registered_by("another", [train, register_step]) is None


def test_the_skops_file_is_copied(workspace: Workspace, tmp_path: Path) -> None:
    number = register(workspace, tmp_path / "a")
    folder = tmp_path / "fetched"
    folder.mkdir()
    file = ModelRegistry(workspace).fetch(ModelVersion("churn", number), folder)
    assert file.read_bytes() == b"skops"
    assert file.is_relative_to(folder)


def pickled(**flavor: Any) -> dict[str, Any]:
    return {"flavors": {"sklearn": {"pickled_model": "model.pkl", **flavor}}}


@pytest.mark.parametrize(
    ("manifest", "error", "sentence"),
    [
        (pickled(serialization_format="cloudpickle"), NoSafeFile, r"stored as a pickle \(cloudpickle\), which may run"),
        (pickled(), NoSafeFile, "stored as a pickle, which may run any code"),
        ({"flavors": {"python_function": {"loader_module": "os"}}}, NoSafeFile, "the MLflow flavor python_function"),
        ({"flavors": []}, DamagedModel, "MLmodel names no flavors"),
        ("{", DamagedModel, "MLmodel is not readable YAML"),
        (pickled(serialization_format="skops", pickled_model="../a"), DamagedModel, "names no file of its own: '../a'"),
        (pickled(serialization_format="skops", pickled_model="/etc/passwd"), DamagedModel, "names no file of its own"),
        (pickled(serialization_format="skops", pickled_model="gone.skops"), DamagedModel, "gone.skops: "),
    ],
)
def test_what_is_not_handed_out(
    workspace: Workspace, tmp_path: Path, manifest: Any, error: type[Exception], sentence: str
) -> None:
    number = register(workspace, tmp_path / "a", manifest)
    with pytest.raises(error, match=sentence):
        ModelRegistry(workspace).fetch(ModelVersion("churn", number), tmp_path)


LOGGED = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow
from sklearn.dummy import DummyClassifier
model = DummyClassifier().fit([[0], [1]], [0, 1])
mlflow.set_tracking_uri(sys.argv[1])
for kind in ("skops", "cloudpickle"):
    mlflow.sklearn.log_model(
        model, name="model", serialization_format=kind, registered_model_name="churn", pip_requirements=[]
    )
"""


@pytest.mark.slow
def test_what_mlflow_itself_writes(workspace: Workspace, tmp_path: Path, python: Any) -> None:
    import skops.io

    Tracker(workspace).find("p", "none")
    done = python(LOGGED, tracking_uri(workspace))
    assert done.returncode == 0, done.stderr
    registry = ModelRegistry(workspace)
    newest, oldest = registry.versions("churn")
    assert list(skops.io.load(registry.fetch(oldest, tmp_path)).classes_) == [0, 1]
    with pytest.raises(NoSafeFile, match="a pickle"):
        registry.fetch(newest, tmp_path)
