from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from studio.core.environment import environment_digest
from studio.core.workspace import Workspace
from studio.pipelines.cache import Verdict, foresee
from studio.pipelines.graph import nodes_of, plan_as_dict, to_mermaid, to_tree
from studio.pipelines.plan import Plan
from tests.conftest import Place
from tests.pipelines.churn import make_churn, plan, with_steps, write_notebook

TREE = """\
churn: 5 steps, 7 with their parts
reads telco

ingest                    notebooks/ingest.ipynb    telco → customers
├─ spending               notebooks/spending.ipynb  customers → spending
└─ support                notebooks/support.ipynb   customers → support
   └─ train (3 by model)  notebooks/train.ipynb     spending, support → scores  (also after spending)
      └─ evaluate         notebooks/evaluate.ipynb  scores → report"""
MERMAID = """\
graph LR
  s0["ingest<br/>notebooks/ingest.ipynb"]
  s1["spending<br/>notebooks/spending.ipynb"]
  s2["support<br/>notebooks/support.ipynb"]
  s3[["train (3 by model)<br/>notebooks/train.ipynb"]]
  s4["evaluate<br/>notebooks/evaluate.ipynb"]
  d0[("telco")] --> s0
  s0 -->|"customers"| s1
  s0 -->|"customers"| s2
  s1 -->|"spending"| s3
  s2 -->|"support"| s3
  s3 -->|"scores"| s4
  s0 -.-> s4
  s4 --> d1[("report")]
"""


@pytest.fixture
def churn(place: Place) -> Place:
    make_churn(place)
    return place


def verdicts(found: Plan, **reused: str) -> dict[str, Verdict]:
    made = {step.key: Verdict(True, "nothing changed") for step in found.steps}
    return made | {key: Verdict(False, reason) for key, reason in reused.items()}


def test_a_diamond_and_a_fan_out_as_a_tree(churn: Place) -> None:
    assert to_tree(plan(churn)) == TREE


def test_verdicts_stand_at_the_end_of_the_line(churn: Place) -> None:
    found = plan(churn)
    lines = to_tree(found, foresee(Workspace(churn.root), found, environment_digest())).splitlines()
    assert all(line.endswith("run, it has not completed before") for line in lines[3:] if "also" not in line)
    assert lines[6].endswith("run, it has not completed before (also after spending)")
    assert len(lines) == 8


def test_parts_have_lines_of_their_own_only_where_they_differ(churn: Place) -> None:
    found = plan(churn)
    lines = to_tree(found, verdicts(found, **{"train[model=forest]": "parameter folds 3 → 5"})).splitlines()
    assert lines[6].endswith("1 run, 2 reuse (also after spending)")
    assert lines[7].split() == ["│", "·", "model=forest", "run,", "parameter", "folds", "3", "→", "5"]
    assert "· model=logistic" in lines[8]
    assert lines[10].lstrip().startswith("└─ evaluate")


def test_many_parts_are_counted(churn: Place) -> None:
    write_notebook(churn, "wide", "number: int = 0  # which")
    with_steps(churn, f"  wide: {{notebook: notebooks/wide.ipynb, matrix: {{number: {list(range(1000))}}}}}\n")
    found = plan(churn)
    text = to_tree(found, verdicts(found, **{"wide[number=999]": "code changed: cell 2"}))
    assert "churn: 1 step, 1,000 with their parts" in text
    assert "1 run, 999 reuse" in text
    assert "· number=999" in text
    assert "and 992 more" in text
    assert len(text.splitlines()) == 12


def test_steps_without_datasets_and_several_roots(churn: Place) -> None:
    write_notebook(churn, "note", "")
    with_steps(
        churn,
        "".join(f"  {name}: {{notebook: notebooks/note.ipynb}}\n" for name in ("a", "b"))
        + "  c: {notebook: notebooks/note.ipynb, after: [a, b]}\n",
    )
    assert to_tree(plan(churn)).splitlines()[2:] == [
        "a     notebooks/note.ipynb",
        "b     notebooks/note.ipynb",
        "└─ c  notebooks/note.ipynb    (also after a)",
    ]


def test_files_to_be_checked_are_named(churn: Place) -> None:
    write_notebook(churn, "read", "source: Path | None = None  # a file")
    with_steps(churn, "  read: {notebook: notebooks/read.ipynb}\n", "inputs: {source: {contract: scores}}\n")
    assert f"checks {churn.root / 'data/telco.csv'} against scores" in to_tree(
        plan(churn, {"source": "data/telco.csv"})
    )


def test_a_long_chain_is_drawn(churn: Place) -> None:
    write_notebook(churn, "note", "")
    steps = "".join(
        f"  s{n}: {{notebook: notebooks/note.ipynb, after: [{f's{n - 1}' if n else ''}]}}\n" for n in range(1200)
    )
    with_steps(churn, steps)
    found = plan(churn)
    assert len(to_tree(found).splitlines()) == 1202
    assert len(to_mermaid(found).splitlines()) == 1 + 1200 + 1199


def test_mermaid(churn: Place) -> None:
    assert to_mermaid(plan(churn)) == MERMAID


def test_mermaid_marks_what_is_reused(churn: Place) -> None:
    found = plan(churn)
    text = to_mermaid(found, verdicts(found, **{"train[model=forest]": "x"}))
    assert "class s0,s1,s2,s4 reuse" in text


def test_nothing_of_a_name_can_be_read_as_mermaid(churn: Place) -> None:
    name = 'a"]; click s0 call x() <script> #b & `c` {d} | e'
    write_notebook(churn, name, "")
    with_steps(churn, f"  odd: {{notebook: 'notebooks/{name}.ipynb'}}\n")
    (line,) = [line for line in to_mermaid(plan(churn)).splitlines() if "s0[" in line]
    inside = re.fullmatch(r'  s0\["odd<br/>(.*)"\]', line)
    assert inside is not None
    assert not set(inside[1]) & set('"<>`{}|[]')
    assert re.sub(r"#(\d+);", lambda match: chr(int(match[1])), inside[1]) == f"notebooks/{name}.ipynb"


def test_as_json(churn: Place) -> None:
    found = plan(churn)
    content = plan_as_dict(found, verdicts(found))
    assert json.loads(json.dumps(content)) == content
    assert set(content) == {"pipeline", "notebook", "sources", "datasets", "inputs", "steps"}
    assert content["datasets"] == {
        "customers": "ingest",
        "spending": "spending",
        "support": "support",
        "scores": "train",
        "report": "evaluate",
    }
    train = next(step for step in content["steps"] if step["key"] == "train[model=forest]")
    assert train["needs"] == ["spending", "support"]
    assert train["values"] == {"folds": 5, "model": "forest", "seed": 7}
    assert train["given"] == ["folds", "model", "seed"]
    assert train["retries"] == {"limit": 2, "delay": 5.0, "factor": 2.0}
    assert train["verdict"] == {"reuse": True, "undecided": False, "reason": "nothing changed", "changes": []}
    assert plan_as_dict(found)["steps"][0]["verdict"] is None


def test_the_keys_of_the_json_are_documented(churn: Place) -> None:
    documented = set(re.findall(r"``(\w+)``", plan_as_dict.__doc__ or ""))
    content = plan_as_dict(plan(churn))
    assert set(content) | set(content["steps"][0]) <= documented


def test_no_secret_is_drawn(churn: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_TOKEN", "hush-hush")
    write_notebook(churn, "ingest", "token: SecretStr  # t", loads=["telco"], saves=["customers"])
    found = plan(churn, {"token": "THE_TOKEN"})
    assert "hush" not in json.dumps(plan_as_dict(found)) + to_tree(found) + to_mermaid(found)
    assert plan_as_dict(found)["steps"][0]["values"] == {"token": {"secret": "THE_TOKEN"}}


def test_nodes_tell_data_from_declared_order(churn: Place) -> None:
    nodes = {node.name: node for node in nodes_of(plan(churn))}
    assert nodes["train"].feeds == {"spending": ("spending",), "support": ("support",)}
    assert (nodes["evaluate"].feeds, nodes["evaluate"].waits) == ({"train": ("scores",)}, ("ingest",))
    assert replace(nodes["train"], name="other").keys == ["model"]
