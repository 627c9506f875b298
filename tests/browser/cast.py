"""One of each widget, with facts as they are in earnest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from studio.core.report import Case, Report
from studio.notebooks.kinds import Bound, Bounded, Choice, DictOf, ListOf, Maybe, Plain, Scalar
from studio.notebooks.review.packet import build_packet
from studio.notebooks.schema import ParameterSchema, make_parameter
from studio.notebooks.secrets import SecretReference
from studio.widgets import ContractFailures, ParameterForm, PipelineGraph, ReviewPacket, RunComparison, RunTable
from studio.widgets import TestResults as Results
from studio.widgets.widget import Widget
from tests.browser.test_packet import hostile_facts
from tests.widgets.conftest import run, step
from tests.widgets.test_pipeline_graph import plan, planned

KINDS = {
    "source": (Scalar("Path"), Path("data/customers.csv")),
    "horizon": (Bounded(Scalar("int"), (Bound("ge", 1), Bound("le", 36))), 12),
    "threshold": (Scalar("float"), 0.5),
    "model": (Choice(("logistic", "forest")), "forest"),
    "since": (Scalar("date"), date(2024, 1, 31)),
    "cut_off": (Scalar("datetime"), datetime(2024, 1, 31, 8, 30)),
    "regions": (ListOf(Scalar("str")), ["north"]),
    "weights": (DictOf(Scalar("str"), Scalar("float")), {"monthly": 1.5}),
    "explain": (Scalar("bool"), True),
    "comment": (Maybe(Scalar("str")), None),
    "limits": (Maybe(ListOf(Scalar("int"))), None),
    "extra": (DictOf(Scalar("str"), Plain()), {}),
    "token": (Scalar("SecretStr"), SecretReference("TOKEN")),
}


def form(**more: Any) -> ParameterForm:
    parameters = {
        name: make_parameter(name, kind, 1, f"what {name} is", default=default)
        for name, (kind, default) in KINDS.items()
    }
    parameters["sure"] = make_parameter("sure", Scalar("bool"), 1, "")
    return ParameterForm(ParameterSchema("notebooks/a.ipynb", parameters, 0), base=Path("/data"), **more)


def graph() -> PipelineGraph:
    parts = [planned(f"train[model={one}]", ["features"]) for one in ("forest", "logistic")]
    steps = [planned("ingest"), planned("features", ["ingest"]), *parts, planned("evaluate", ["train", "features"])]
    return PipelineGraph(plan(*steps))


def results() -> Results:
    cases = [
        Case(
            "code", "notebooks/a.ipynb", "test_bad", "failed", 0.25, "1 is not 2", "assert 1 == 2", "it printed", 3, 4
        ),
        *[Case("code", "notebooks/a.ipynb", f"test_{at}", "passed", cell=2) for at in range(3)],
        Case("model", "pipelines/a.yml", "gate auc", "error", message="no model", values={"threshold": 0.8}),
        Case("data", "pipelines/contracts/a.yml", "mutation", "skipped", message="no data"),
    ]
    return Results(Report.of(cases))


def comparison() -> RunComparison:
    records = [
        run(f"r{at}", step("train", values={"folds": at, "seed": 7}, metrics={"auc": 0.8 + at / 100})) for at in (1, 2)
    ]
    return RunComparison(records)


def failures() -> ContractFailures:
    cases = [{"column": "amount", "check": "positive", "value": str(-at), "row": at} for at in range(1, 300)]
    return ContractFailures([*cases, {"column": "name", "check": "missing column"}], subject="sales")


def packet() -> ReviewPacket:
    return ReviewPacket(build_packet(hostile_facts("http://127.0.0.1:9")))


MADE: dict[str, Callable[[], Widget]] = {
    "form": form,
    "graph": graph,
    "table": lambda: RunTable([run(f"r{at:02}", step("a")) for at in range(30)], size=10),
    "comparison": comparison,
    "failures": failures,
    "results": results,
    "packet": packet,
}
