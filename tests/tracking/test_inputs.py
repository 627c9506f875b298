"""Datasets as MLflow's entities."""

from __future__ import annotations

import json

import pytest

from studio.tracking.inputs import DatasetInput, entity
from studio.tracking.redaction import Redaction

PLAIN = Redaction()


def test_an_input_is_what_mlflow_makes_of_a_frame():
    columns = [("a", "int64"), ("b", "float64"), ("c", "str"), ("d", "bool"), ("e", "datetime64[us, UTC]")]
    columns += [("f", "category"), ("g", "Int64"), ("h", "int32"), ("i", "float32"), ("j", "object"), ("k", "uint32")]
    made = entity(DatasetInput("scores", "a" * 64, "/data/x.parquet", 7, columns, "training"), PLAIN)
    assert made.dataset.name == "scores"
    assert json.loads(made.dataset.profile) == {"num_rows": 7}
    types = {column["name"]: column["type"] for column in json.loads(made.dataset.schema)["mlflow_colspec"]}
    assert types == {
        "a": "long", "b": "double", "c": "string", "d": "boolean", "e": "datetime", "f": "string", "g": "long",
        "h": "integer", "i": "float", "j": "string", "k": "long",
    }  # fmt: skip


def test_mlflow_reads_the_schema_back():
    from mlflow.types import Schema

    made = entity(DatasetInput("n", "d", columns=[("a", "int64"), ("größe", "string")]), PLAIN)
    schema = Schema.from_json(json.dumps(json.loads(made.dataset.schema)["mlflow_colspec"]))
    assert schema.input_names() == ["a", "größe"]


def test_the_whole_digest_is_kept_beside_the_cut_one():
    digest = "0123456789abcdef" * 4
    made = entity(DatasetInput("n", digest, "/x"), PLAIN)
    assert made.dataset.digest == digest[:36]
    assert json.loads(made.dataset.source) == {"uri": "/x", "digest": digest}
    assert {tag.key: tag.value for tag in made.tags} == {"mlflow.data.context": "input", "studio.digest": digest}


@pytest.mark.parametrize(
    ("source", "kind", "field"),
    [
        ("/data/x.csv", "local", "uri"),
        ("data/x.csv", "local", "uri"),
        ("file:///x.csv", "local", "uri"),
        ("s3://bucket/x", "s3", "uri"),
        ("https://host/x.csv", "http", "url"),
        ("", "local", "uri"),
    ],
)
def test_mlflow_finds_the_source_again(source, kind, field):
    from mlflow.data.dataset_source_registry import get_dataset_source_from_json

    made = entity(DatasetInput("n", "d", source), PLAIN)
    assert made.dataset.source_type == kind
    assert json.loads(made.dataset.source)[field] == source
    assert get_dataset_source_from_json(made.dataset.source, kind).to_dict()[field] == source


def test_large_inputs_stay_within_the_limits():
    from mlflow.utils.validation import _validate_dataset_inputs

    columns = [("x" * 3000 + str(number), "int64") for number in range(1000)]
    made = entity(DatasetInput("n" * 600, "d" * 700, "/" + "x" * 70_000, 1, columns, "c" * 600), PLAIN)
    _validate_dataset_inputs([made])
    json.loads(made.dataset.schema)
    json.loads(made.dataset.source)


def test_secrets_do_not_reach_it():
    given = DatasetInput("hunter2", "d", "https://me:hunter2@host/x", 1, [("hunter2", "int64")])
    made = entity(given, Redaction(["hunter2"]))
    assert "hunter2" not in made.dataset.name + made.dataset.source + made.dataset.schema


def test_it_is_json():
    given = DatasetInput("n", "d", "/x", 1, [("a", "int64")])
    assert DatasetInput(**json.loads(json.dumps(given.as_dict()))) == DatasetInput("n", "d", "/x", 1, [["a", "int64"]])
