"""A workspace with a run that saved a dataset and registered a model, made by hand in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from studio.core.report import Case
from studio.core.workspace import Workspace
from studio.data.snapshots import SnapshotStore
from studio.pipelines.gates.judging import judge
from studio.pipelines.run_record import RunRecord, StepRecord
from studio.pipelines.specification import read_pipeline
from studio.tracking.client import calling
from studio.tracking.runs import Tracker
from studio.tracking.store import tracking_uri
from tests.conftest import Place

MODEL = "name: churn\ndata: test_set\nlabel: churned\nkeys: [customer_id]\nmetric: roc_auc\n"


def customers(rows: int = 400, seed: int = 1) -> pd.DataFrame:
    """Customers who leave the sooner the shorter they are here; gender has nothing to do with it."""
    random = np.random.default_rng(seed)
    tenure = random.integers(0, 72, rows).astype(float)
    contract = random.choice(["month", "year"], rows)
    chance = 1 / (1 + np.exp(0.08 * (tenure - 30) + 1.5 * (contract == "year") - 0.5))
    return pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(rows)],
            "tenure": tenure,
            "contract": pd.array(contract, dtype="str"),
            "gender": pd.array(random.choice(["f", "m"], rows), dtype="str"),
            "churned": random.random(rows) < chance,
        }
    )


def fitted(features: Iterable[str] = ("tenure", "contract", "gender"), label: str = "churned", kind: Any = None) -> Any:
    """A pipeline of scikit-learn, fitted on other customers."""
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table = customers(1500, seed=2)
    names = list(features)
    text = [name for name in names if pd.api.types.is_string_dtype(table[name])]
    prepare = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), text),
        (StandardScaler(), [name for name in names if name not in text]),
    )
    return make_pipeline(prepare, kind or LogisticRegression()).fit(table[names], table[label])


@dataclass
class Bench:
    """The workspace, and the record of the run that is judged."""

    place: Place
    record: RunRecord
    runs: dict[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.place.root)

    def save(self, frame: pd.DataFrame) -> None:
        """What the step `features` saved."""
        kept = SnapshotStore(self.workspace).save("test_set", frame)
        self.record.steps["features"].outputs = {"test_set": {"": kept.digest}}

    def register(self, model: Any, *, step: str = "train", name: str = "churn", alias: str = "", **flavor: Any) -> int:
        """Store and register a model as the run of `step` (or of nobody's, for an empty one)."""
        import skops.io

        folder = self.place.root / ".studio" / "stored" / str(len(list(self.place.root.glob(".studio/stored/*"))))
        folder.mkdir(parents=True)
        if model is not None:
            skops.io.dump(model, folder / "model.skops")
        manifest = {"pickled_model": "model.skops", "serialization_format": "skops", **flavor}
        (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {"sklearn": manifest}}))
        return register(self.workspace, folder, name, self.runs.get(step), alias)

    def judge(self, gates: str, **given: Any) -> dict[str, Case]:
        """The cases of the gates by name."""
        self.declare(gates)
        cases = judge(self.workspace, read_pipeline(self.workspace, "p"), self.record, **given)
        assert all((case.rung, case.subject) == ("model", "pipelines/p.yml") and case.line for case in cases)
        return {case.name: case for case in cases}

    def model(self, lines: str, **given: Any) -> dict[str, Case]:
        """The cases of gates of the model, of which only what is special is written."""
        declared = "".join(f"    {line}\n" for line in (MODEL + lines).splitlines())
        return self.judge("  model:\n" + declared, **given)

    def declare(self, gates: str) -> None:
        steps = "".join(f"  {name}: {{notebook: notebooks/{name}.ipynb}}\n" for name in ("features", "train"))
        self.place.write("pipelines/p.yml", f"version: 1\nsteps:\n{steps}gates:\n{gates}")


def register(workspace: Workspace, folder: Path, name: str, run: str | None, alias: str = "") -> int:
    """Register what lies in `folder`; the number of the version."""
    uri = tracking_uri(workspace)

    def make(client: Any) -> int:
        if not client.search_registered_models(f"name='{name}'"):
            client.create_registered_model(name)
        version = client.create_model_version(name, folder.as_uri(), run_id=run)
        if alias:
            client.set_registered_model_alias(name, alias, version.version)
        return int(version.version)

    return calling(uri, "registering", make)


@pytest.fixture(scope="session")
def template_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def bench(place: Place, template_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("XDG_CACHE_HOME", str(template_folder))
    place.write("pipelines/catalog.yml", "version: 1\ndatasets:\n  test_set: {}\n")
    tracker = Tracker(Workspace(place.root))
    parent = tracker.begin_pipeline("p", "r1")
    record = RunRecord(id="r1", pipeline="p", name="p", status="completed", mlflow_run_id=parent)
    made = Bench(place, record)
    for name in ("features", "train"):
        made.runs[name] = tracker.begin_step(parent, name)
        record.steps[name] = StepRecord(
            key=name, name=name, status="completed", notebook=f"notebooks/{name}.ipynb", mlflow_run_id=made.runs[name]
        )
    made.save(customers())
    return made
