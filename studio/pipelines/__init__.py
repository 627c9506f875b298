"""Pipelines: specification, plan, reuse, and notebooks run as steps; the only room that imports papermill."""
