"""Pipelines: the list, the graph with what a run would do, the form of their parameters, changes to their file."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from studio.server.routing import Model, Routes

routes = Routes("pipelines")


class Overview(Model):
    """One pipeline in the list."""

    name: str
    description: str
    steps: int
    problem: str
    last_run: str
    last_status: str
    """Of its latest run: running, completed, failed, killed; "" where there is none."""
    last_started: str | None


class Pipelines(Model):
    """All pipelines of the workspace."""

    pipelines: list[Overview]


class PipelineQuery(Model):
    """Which pipeline; whether a run is foreseen step by step (reads digests, so it takes longer)."""

    name: str
    verdicts: bool = True


class Verdict(Model):
    """Whether a run would run the step or reuse it, and why."""

    reuse: bool
    undecided: bool
    reason: str


class Step(Model):
    """A step, or one part of a fan-out."""

    key: str
    name: str
    part: str
    notebook: str
    lab_path: str | None
    values: dict[str, JsonValue]
    loads: list[str]
    saves: list[str]
    needs: list[str]
    """Names of steps."""
    verdict: Verdict | None


class Field(Model):
    """A parameter that a run of the pipeline can be given."""

    name: str
    annotation: str
    steps: list[str]
    default: JsonValue
    required: bool
    help: str
    secret: bool
    given: bool
    """Whether the pipeline's file sets it."""


class Pipeline(Model):
    """One pipeline."""

    name: str
    description: str
    path: str | None
    """Its file, as Jupyter calls it."""
    problem: str
    """Why no plan can be made; the rest is empty then."""
    sources: list[str]
    steps: list[Step]
    fields: list[Field]
    json_schema: dict[str, Any]
    state: str
    """The approval of its file: draft, submitted, approved, lapsed …"""
    states: dict[str, str]
    """The approval of each notebook, by its subject."""


class AddStep(Model):
    """Put a notebook into a pipeline as a new step; comments and layout of the file stay."""

    pipeline: str
    notebook: str
    """As Jupyter calls it."""
    step: str = ""
    """The step's name; the notebook's without one."""


class NewPipeline(Model):
    """A new pipeline file with these notebooks (as Jupyter calls them) as steps."""

    name: str
    notebooks: list[str]
    description: str = ""


class Written(Model):
    """The file that was written, as Jupyter calls it."""

    path: str
    pipeline: str


# get "" -> Pipelines;  get "pipeline" PipelineQuery -> Pipeline
# post "add" AddStep -> Written;  post "new" NewPipeline -> Written
