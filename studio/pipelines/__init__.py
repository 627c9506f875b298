"""Pipelines: specification, plan, reuse, and the running of notebooks as steps; the only room that imports papermill."""
