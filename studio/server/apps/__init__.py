"""The server of the apps: Voila's pages for who may see them, a bounded number of kernels; a program of its own."""

TEMPLATE = "studio"
"""The name of our template, as Voila finds it."""
DENIED = (
    "@notebook-studio/lab",
    "nbdime-jupyterlab",
    "@jupyterhub/jupyter-server-proxy",
    "jupyterlab-jupytext",
    "@voila-dashboards/jupyterlab-preview",
)
"""Extensions of JupyterLab that a page has no use for; all others may be widgets."""
