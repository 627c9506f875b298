"""What notebooks and apps show: traits in, callbacks out.

Importing this costs next to nothing; each widget is fetched from its file on first access.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.widgets.contract_failures import ContractFailures
    from studio.widgets.parameter_form import ParameterForm
    from studio.widgets.pipeline_graph import PipelineGraph
    from studio.widgets.review_packet import ReviewPacket
    from studio.widgets.run_comparison import RunComparison
    from studio.widgets.run_table import RunTable
    from studio.widgets.test_results import TestResults

__all__ = [
    "ContractFailures",
    "ParameterForm",
    "PipelineGraph",
    "ReviewPacket",
    "RunComparison",
    "RunTable",
    "TestResults",
]

_HOMES = {
    "ContractFailures": "studio.widgets.contract_failures",
    "ParameterForm": "studio.widgets.parameter_form",
    "PipelineGraph": "studio.widgets.pipeline_graph",
    "ReviewPacket": "studio.widgets.review_packet",
    "RunComparison": "studio.widgets.run_comparison",
    "RunTable": "studio.widgets.run_table",
    "TestResults": "studio.widgets.test_results",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'studio.widgets' has no attribute {name!r}. It offers: {', '.join(__all__)}.")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
