"""A run is held against its gates: real models in a real store, asked in a process of their own."""

from __future__ import annotations

import pytest

from studio.core.workspace import Workspace
from studio.pipelines.gates.judging import judge
from studio.pipelines.run_record import StepRecord
from studio.pipelines.specification import read_pipeline
from tests.pipelines.gates.conftest import Bench, customers, fitted


def statuses(cases: dict[str, object]) -> dict[str, str]:
    return {name: case.status for name, case in cases.items()}  # type: ignore[attr-defined]


def logged(bench: Bench, **metrics: object) -> None:
    bench.record.steps["train"].metrics = dict(metrics)


def test_no_gates_no_cases(bench: Bench) -> None:
    bench.place.write("pipelines/p.yml", "version: 1\nsteps:\n  features: {notebook: notebooks/features.ipynb}\n")
    assert judge(bench.workspace, read_pipeline(bench.workspace, "p"), bench.record) == []


@pytest.mark.parametrize(
    ("threshold", "status", "sentence"),
    [
        ("train.auc: {min: 0.75}", "passed", "auc is 0.8; at least 0.75 is asked."),
        ("auc: {min: 0.85, max: 0.9}", "failed", "auc is 0.8; at least 0.85 and at most 0.9 is asked."),
        ("auk: {min: 0.75}", "error", "No step of the run logged a metric 'auk' to MLflow. Did you mean 'auc'?"),
        ("train.ap: {min: 0.75}", "error", "The step train logged no metric 'ap' to MLflow. Known: auc, lift."),
        ("trian.auc: {min: 0.75}", "error", "The run has no step 'trian'. Did you mean 'train'?"),
        ("lift: {min: 1}", "failed", "The step train logged lift = nan, which is no finite number."),
    ],
)
def test_logged_figures(bench: Bench, threshold: str, status: str, sentence: str) -> None:
    logged(bench, auc=0.8, lift="nan")
    (case,) = bench.judge(f"  metrics:\n    {threshold}\n").values()
    assert (case.status, case.message, case.line) == (status, sentence, 7)


def test_every_part_of_a_fan_out_must_hold(bench: Bench) -> None:
    for part, auc in (("forest", 0.9), ("tree", 0.6)):
        key = f"fit[model={part}]"
        bench.record.steps[key] = StepRecord(key=key, name="fit", status="reused", metrics={"auc": auc})
    cases = bench.judge("  metrics:\n    fit.auc: {min: 0.7}\n    'fit[model=forest].auc': {min: 0.7}\n")
    assert statuses(cases) == {"metric fit.auc": "failed", "metric fit[model=forest].auc": "passed"}
    assert cases["metric fit.auc"].message.startswith("auc of fit[model=tree] is 0.6")


def test_a_metric_of_several_steps_must_be_told_apart(bench: Bench) -> None:
    logged(bench, auc=0.8)
    bench.record.steps["features"].metrics = {"auc": 0.1}
    (case,) = bench.judge("  metrics:\n    auc: {min: 0.7}\n").values()
    assert case.status == "error"
    assert "features.auc, train.auc" in case.message


def test_a_step_that_failed_has_no_figures(bench: Bench) -> None:
    bench.record.steps["train"].status = "failed"
    (case,) = bench.judge("  metrics:\n    train.auc: {min: 0.7}\n").values()
    assert (case.status, case.message) == ("error", "'auc' cannot be judged: the step train is failed.")


ALL = """\
positive: true
score: {min: 0.6}
champion: {}
slices: {by: [contract, tenure], min: 0.3, smallest: 50}
calibration: {max: 0.3}
size: {max: 10 MB}
prediction_time: {max: 10s, rows: 10}
invariance: [{columns: [gender], share: 0.9, tolerance: 0.05}]
directional:
  - {column: tenure, change: +12, expect: decrease, share: 0.9}
  - {column: contract, to: year, expect: decrease, share: 0.9}
"""


def test_a_good_model_passes_every_gate(bench: Bench) -> None:
    number = bench.register(fitted())
    cases = bench.model(ALL)
    assert set(statuses(cases).values()) == {"passed"}, cases
    assert len(cases) == 11
    assert cases["model churn"].values == {"version": number, "n": 400}
    assert "no champion to be worse than" in cases["model champion: champion"].message
    assert cases["model calibration"].values["threshold"] == 0.3
    assert "tenure" in cases["model slices: tenure"].message


def test_a_bad_model_fails(bench: Bench) -> None:
    bench.register(fitted(["gender"]))
    cases = bench.model(
        "score: {min: 0.7}\nslices: {by: [contract], min: 0.6, smallest: 50}\nsize: {max: 1 kB}\n"
        "invariance: [{columns: [gender, contract], share: 1, tolerance: 0.0}]\nprediction_time: {max: 1 us}\n"
    )
    assert statuses(cases) == {
        "model churn": "passed",
        "model size": "failed",
        "model score: roc_auc": "failed",
        "model slices: contract": "failed",
        "model prediction time": "failed",
        "model invariance: gender, contract": "failed",
    }
    assert "(no feature of the model: contract)" in cases["model invariance: gender, contract"].message


@pytest.mark.heavy
def test_on_samples_figures_are_asked_for_and_not_judged(bench: Bench) -> None:
    logged(bench, auc=0.3)
    bench.register(fitted(["gender"]))
    lines = "score: {min: 0.99}\nslices: {by: [contract, customer_id], min: 0.99, smallest: 9999}\n"
    cases = bench.model(lines, thresholds=False)
    alone = cases.pop("model slices: customer_id")
    assert alone.status == "skipped"
    assert alone.message.startswith("The sample data are too few to ask this: No group of 'customer_id'")
    assert set(statuses(cases).values()) == {"passed"}
    message = cases["model score: roc_auc"].message
    assert message.startswith("evaluated on sample data: roc_auc is 0.")
    assert message.endswith("(needs at least 0.99); thresholds are judged on full data")
    metric = bench.judge("  metrics:\n    auc: {min: 0.7}\n", thresholds=False)["metric auc"]
    assert (
        metric.message
        == "evaluated on sample data: auc is 0.3 (needs at least 0.7); thresholds are judged on full data"
    )


@pytest.mark.heavy
def test_a_worse_candidate_fails_against_the_champion(bench: Bench) -> None:
    bench.register(fitted(), step="", alias="champion")
    bench.register(fitted(["gender"]))
    case = bench.model("champion: {tolerance: 0.01, resamples: 200}\n")["model champion: champion"]
    assert case.status == "failed"
    assert case.values["n"] == 400
    assert case.values["low"] < case.values["value"] < case.values["high"] < -0.01
    assert "95% interval" in case.message
    assert "on the same 400 rows" in case.message


def test_an_equal_candidate_passes(bench: Bench) -> None:
    bench.register(fitted(), step="", alias="champion")
    bench.register(fitted())
    case = bench.model("champion: {resamples: 100}\n")["model champion: champion"]
    assert (case.status, case.values["high"]) == ("passed", 0.0)


def test_the_champion_is_not_compared_with_itself(bench: Bench) -> None:
    bench.register(fitted(), alias="champion")
    case = bench.model("champion: {}\n")["model champion: champion"]
    assert (case.status, case.message) == (
        "passed",
        "Version 1 of the model 'churn' is the champion itself: this run registered nothing else.",
    )


@pytest.mark.heavy
def test_a_champion_that_asks_for_other_columns(bench: Bench) -> None:
    bench.register(fitted(), step="", alias="champion")
    bench.register(fitted(["tenure"]))
    bench.save(customers().drop(columns=["gender"]))
    cases = bench.model("score: {min: 0.5}\nchampion: {}\n")
    assert statuses(cases) == {
        "model churn": "passed",
        "model score: roc_auc": "passed",
        "model champion: champion": "error",
    }
    assert cases["model champion: champion"].message == (
        "The champion of the model 'churn' asks for columns that the dataset 'test_set' has not: gender."
    )


def test_a_champion_that_is_a_pickle_is_not_opened(bench: Bench) -> None:
    bench.register(fitted(), step="", alias="champion", serialization_format="cloudpickle")
    bench.register(fitted())
    cases = bench.model("champion: {}\n")
    assert cases["model champion: champion"].status == "error"
    assert "may run any code" in cases["model champion: champion"].message


def test_a_pickle_is_never_opened(bench: Bench) -> None:
    bench.register(None, serialization_format="cloudpickle", pickled_model="model.pkl")
    cases = bench.model("score: {min: 0.5}\nsize: {max: 1 MB}\n")
    assert statuses(cases) == {"model churn": "error", "model size": "skipped", "model score: roc_auc": "skipped"}
    assert "may run any code when it is opened" in cases["model churn"].message


def test_a_type_that_nobody_trusts_is_not_constructed(bench: Bench) -> None:
    from sklearn.preprocessing import FunctionTransformer

    model = fitted(["tenure"])
    model.steps.insert(0, ("shell", FunctionTransformer(__import__("os").path.abspath)))
    bench.register(model)
    cases = bench.model("score: {min: 0.5}\n")
    assert statuses(cases) == {"model churn": "error", "model score: roc_auc": "skipped"}
    assert "types that are not trusted: posixpath.abspath" in cases["model churn"].message
    assert "gates.model.trusted" in cases["model churn"].message


OWN = """\
from sklearn.base import BaseEstimator, ClassifierMixin
import numpy as np


class Own(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.array([False, True])
        self.feature_names_in_ = np.array(["tenure"], dtype=object)
        return self

    def predict(self, X):
        return (X["tenure"] < 30).to_numpy()

    def predict_proba(self, X):
        BODY
        yes = np.clip(1 - X["tenure"].to_numpy() / 72, 0, 1)
        return np.stack([1 - yes, yes], axis=1)
"""


def own_model(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str, body: str = "pass") -> None:
    """Register a model whose type is defined beside the notebooks."""
    bench.place.write(f"notebooks/{name}.py", OWN.replace("BODY", body))
    monkeypatch.syspath_prepend(str(bench.place.root / "notebooks"))
    bench.register(__import__(name).Own().fit(None, None))


@pytest.mark.heavy
def test_a_type_of_the_workspace_can_be_trusted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    own_model(bench, monkeypatch, "own_good")
    assert bench.model("score: {min: 0.5}\n")["model churn"].status == "error"
    assert bench.model("score: {min: 0.5}\ntrusted: [own_good.Own]\n")["model score: roc_auc"].status == "passed"


def test_a_crash_is_an_error_case(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    own_model(
        bench, monkeypatch, "own_dying", "import os, sys; print('dying', file=sys.stderr, flush=True); os.abort()"
    )
    cases = bench.model("score: {min: 0.5}\ncalibration: {max: 0.5}\ntrusted: [own_dying.Own]\n")
    assert statuses(cases) == {
        "model churn": "passed",
        "model score: roc_auc": "error",
        "model calibration": "skipped",
    }
    assert "died of SIGABRT" in cases["model score: roc_auc"].message
    assert "dying" in cases["model score: roc_auc"].output


@pytest.mark.heavy
def test_an_exception_costs_only_its_gate(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    own_model(bench, monkeypatch, "own_raising", "assert X['tenure'].max() < 100, 'too old'")
    cases = bench.model(
        "score: {min: 0.5}\ntrusted: [own_raising.Own]\n"
        "directional: [{column: tenure, change: 100, expect: decrease, share: 0.1}]\n"
    )
    assert cases["model score: roc_auc"].status == "passed"
    case = cases["model directional: tenure +100: decrease"]
    assert (case.status, case.message) == ("error", "The model could not be asked: AssertionError: too old")
    assert "Traceback" in case.detail


@pytest.mark.heavy
def test_answers_that_are_no_numbers_are_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    own_model(bench, monkeypatch, "own_nan", "X = X.assign(tenure=float('nan'))")
    cases = bench.model("score: {min: 0.5}\ncalibration: {max: 0.5}\ntrusted: [own_nan.Own]\n")
    assert cases["model score: roc_auc"].status == "error"
    assert cases["model calibration"].status == "error"
    assert "no finite numbers" in cases["model calibration"].message


@pytest.mark.heavy
def test_a_model_that_takes_too_long_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    own_model(bench, monkeypatch, "own_slow", "import time; time.sleep(600)")
    cases = bench.model("score: {min: 0.5}\ntrusted: [own_slow.Own]\ntimeout: 6s\n")
    (case,) = [case for case in cases.values() if case.status == "error"]
    assert "was ended after 6 s" in case.message


def test_what_cannot_be_asked_is_told(bench: Bench) -> None:
    bench.register(fitted())
    cases = bench.model(
        "score: {min: 0}\nslices: {by: [contrakt, contract], min: 0, smallest: 999}\n"
        "invariance: [{columns: [sex], share: 1}]\n"
        "directional:\n"
        "  - {column: contract, change: 1, expect: increase, share: 1}\n"
        "  - {column: tenure, to: long, expect: increase, share: 1}\n"
        "  - {column: customer_id, to: x, expect: increase, share: 1}\n"
    )
    told = {name: case.message for name, case in cases.items() if case.status == "error"}
    assert list(statuses(cases).values()).count("passed") == 2
    for name, sentence in {
        "model slices: contrakt": "has no column 'contrakt'. Did you mean 'contract'?",
        "model slices: contract": "No group of 'contract' has 999 rows",
        "model invariance: sex": "has no column 'sex'",
        "model directional: contract +1: increase": "holds no numbers",
        "model directional: tenure = long: increase": "'long' is no value for the column 'tenure' (float64)",
        "model directional: customer_id = x: increase": "is no feature of the model",
    }.items():
        assert sentence in told[name]


def test_a_class_that_the_model_does_not_know(bench: Bench) -> None:
    bench.register(fitted())
    case = bench.model("positive: maybe\nscore: {min: 0}\n")["model churn"]
    assert case.message == "Version 1 of the model 'churn' knows no class 'maybe' (positive). Known: False, True."


def test_a_run_that_registered_nothing(bench: Bench) -> None:
    bench.register(fitted(), step="")
    case = bench.model("score: {min: 0.5}\n")["model churn"]
    assert case.status == "error"
    assert "registered no version of the model 'churn'" in case.message


def test_a_run_that_did_not_save_the_data(bench: Bench) -> None:
    bench.register(fitted())
    bench.record.steps["features"].status = "failed"
    case = bench.model("score: {min: 0.5}\n")["model churn"]
    assert (case.status, case.message) == (
        "error",
        "Run r1 has not saved the dataset 'test_set' (gates.model.data). Next: studio runs show r1",
    )


def test_a_store_that_is_gone_is_an_error_case(bench: Bench) -> None:
    bench.place.write("studio.toml", 'version = 1\n[tracking]\nuri = "http://127.0.0.1:9"\n')
    case = bench.model("score: {min: 0.5}\n")["model churn"]
    assert case.status == "error"
    assert "cannot be used" in case.message


def test_a_sampled_workspace_has_data_of_its_own(bench: Bench) -> None:
    from studio.data.snapshots import SnapshotStore

    sampled = Workspace(bench.place.root, sampled=True)
    kept = SnapshotStore(sampled).save("test_set", customers(60))
    bench.record.steps["features"].outputs = {"test_set": {"": kept.digest}}
    bench.declare("  model: {name: churn, data: test_set, label: churned, size: {max: 1 MB}}\n")
    cases = judge(sampled, read_pipeline(sampled, "p"), bench.record, thresholds=False)
    assert [case.status for case in cases] == ["error", "skipped"]  # nothing is registered in the samples' store


@pytest.mark.heavy
def test_regression(bench: Bench) -> None:
    from sklearn.linear_model import LinearRegression

    bench.register(fitted(["tenure", "contract"], kind=LinearRegression()))
    bench.save(customers().astype({"churned": float}))
    cases = bench.judge(
        "  model:\n    name: churn\n    data: test_set\n    label: churned\n    keys: [customer_id]\n"
        "    metric: neg_mean_absolute_error\n    score: {min: -1}\n    calibration: {max: 0.1}\n"
        "    directional: [{column: tenure, change: +12, expect: decrease, share: 1}]\n"
    )
    assert statuses(cases) == {
        "model churn": "passed",
        "model score: neg_mean_absolute_error": "passed",
        "model calibration": "error",
        "model directional: tenure +12: decrease": "passed",
    }
    assert "gives no probabilities" in cases["model calibration"].message


def test_a_label_that_the_model_does_not_know(bench: Bench) -> None:
    bench.register(fitted(["tenure", "gender"], label="contract"))
    bench.save(customers().replace({"contract": {"year": "day"}}))
    gates = "  model: {name: churn, data: test_set, label: contract, metric: neg_log_loss, score: {min: -9}}\n"
    assert bench.judge(gates)["model churn"].message == (
        "The label 'contract' holds 'day'; version 1 of the model 'churn' knows 'month', 'year'."
    )
