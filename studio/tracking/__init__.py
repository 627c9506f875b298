"""Runs, their inputs and artifacts, in MLflow; the only room that imports mlflow."""
