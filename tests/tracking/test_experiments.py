"""Experiments, found or made."""

from __future__ import annotations

import pytest

from studio.tracking.client import TrackingFailed, open_client
from studio.tracking.experiments import find_or_make
from studio.tracking.store import prepare_store, tracking_uri


@pytest.fixture
def uri(workspace) -> str:
    prepare_store(workspace)
    return tracking_uri(workspace)


def test_it_is_made_once_with_its_folder(uri):
    made = find_or_make(uri, "test/a pipeline", "file:///artifacts")
    assert find_or_make(uri, "test/a pipeline", "file:///artifacts") == made
    assert open_client(uri).get_experiment(made).artifact_location == "file:///artifacts/a_pipeline"


def test_another_process_may_be_faster(uri, monkeypatch):
    made = find_or_make(uri, "test/churn", None)
    client = open_client(uri)
    native = client.get_experiment_by_name
    answers = iter([None])
    monkeypatch.setattr(client, "get_experiment_by_name", lambda name: next(answers, native(name)))
    assert find_or_make(uri, "test/churn", None) == made


def test_a_refusal_is_passed_on(uri):
    with pytest.raises(TrackingFailed, match="making the experiment"):
        find_or_make(uri, "x" * 600, None)
