"""What can be seen to be wrong without a run is told by every plan."""

from __future__ import annotations

import pytest

from studio.core.errors import Problems
from studio.core.workspace import Workspace
from studio.pipelines.plan import make_plan
from studio.pipelines.specification import read_pipeline
from tests.conftest import Place

CONTRACT = "version: 1\nstrict: true\ncolumns:\n  customer_id: {dtype: str}\n  contract: {}\n  churned: {dtype: bool}\n"
PIPELINE = """\
version: 1
steps:
  features: {notebook: notebooks/features.ipynb}
gates:
"""


def made(place: Place, gates: str, contract: str = CONTRACT) -> None:
    place.write("pipelines/catalog.yml", "version: 1\ndatasets:\n  test_set: {contract: rows}\n")
    place.write("pipelines/contracts/rows.yml", contract)
    place.notebook("notebooks/features.ipynb", 'import studio\nstudio.save("test_set", None)')
    place.write("pipelines/p.yml", PIPELINE + gates)


def problems(place: Place) -> list[str]:
    workspace = Workspace(place.root)
    try:
        make_plan(workspace, read_pipeline(workspace, "p"), base=place.root)
    except Problems as found:
        return [str(problem) for problem in found.problems]
    return []


def test_nothing_is_wrong(place: Place) -> None:
    made(
        place,
        "  metrics: {features.auc: {min: 0}}\n"
        + "  model: {name: churn, data: test_set, label: churned, keys: [customer_id]}\n",
    )
    assert problems(place) == []


@pytest.mark.parametrize(
    ("gates", "told"),
    [
        (
            "  metrics: {feature.auc: {min: 0}}\n",
            "pipelines/p.yml:5: gates.metrics.feature.auc: There is no step 'feature' that could log 'auc'. "
            "Did you mean 'features'?",
        ),
        (
            "  metrics: {'features[a=1].auc': {min: 0}}\n",
            "pipelines/p.yml:5: gates.metrics.features[a=1].auc: The step 'features' has no matrix, so it has no part "
            "[a=1]. Next: write features.auc",
        ),
        (
            "  model: {name: churn, data: test_sett, label: churned}\n",
            "pipelines/p.yml:5: gates.model.data: No step of this pipeline saves the dataset 'test_sett'. "
            "Did you mean 'test_set'?",
        ),
    ],
)
def test_names_that_nobody_knows(place: Place, gates: str, told: str) -> None:
    made(place, gates)
    assert problems(place) == [told]


COLUMNS = """\
  model:
    name: churn
    data: test_set
    label: churn
    keys: [customer]
    metric: roc_auc
    slices: {by: [contract, kontract], min: 0.5}
    invariance: [{columns: [gender], share: 1}]
    directional: [{column: tenure, change: 1, expect: increase, share: 1}]
"""


def test_columns_that_the_contract_does_not_have(place: Place) -> None:
    made(place, COLUMNS)
    assert [line.partition(": The contract")[0] for line in problems(place)] == [
        "pipelines/p.yml:8: gates.model.label",
        "pipelines/p.yml:9: gates.model.keys.0",
        "pipelines/p.yml:11: gates.model.slices.by.1",
        "pipelines/p.yml:12: gates.model.invariance.0.columns.0",
        "pipelines/p.yml:13: gates.model.directional.0.column",
    ]


def test_a_contract_that_allows_other_columns_refuses_none(place: Place) -> None:
    made(place, COLUMNS, CONTRACT.replace("strict: true\n", ""))
    assert problems(place) == []


def test_studio_check_tells_it(place: Place) -> None:
    made(place, "  metrics: {feature.auc: {min: 0}}\n")
    answer = place.studio("check")
    assert answer.status != 0
    assert "gates.metrics.feature.auc" in answer.out + answer.err
