"""One look for the figures of the churn notebooks: the same colours for the same things, labels that say what is shown.

Kept apart so that a notebook's cells hold the question that a figure answers, and not how wide its lines are.
"""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

INK = "#24303c"
FAINT = "#9aa5b1"
BLUE, ORANGE, GREEN, RED = "#2f6f9f", "#d9822b", "#4c9a6a", "#b5473c"
CONTRACTS = {"Month-to-month": ORANGE, "One year": BLUE, "Two year": GREEN}
MODELS = {"logistic": BLUE, "forest": GREEN, "boosting": ORANGE}


def use_style() -> None:
    """Set the look for every figure that follows."""
    plt.rcParams.update(
        {
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.size": 9,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": FAINT,
            "axes.titlesize": 10,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#e3e7eb",
            "grid.linewidth": 0.7,
            "axes.axisbelow": True,
            "xtick.color": INK,
            "ytick.color": INK,
            "legend.frameon": False,
            "lines.linewidth": 1.8,
        }
    )


def panels(columns: int, *, height: float = 3.2, width: float = 9.0, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of `columns` axes side by side, in inches."""
    figure, axes = plt.subplots(1, columns, figsize=(width, height), squeeze=False, **options)
    return figure, list(axes[0])


def label(axes: Axes, title: str, x: str, y: str) -> None:
    """Say what a picture shows and in which units."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def in_percent(axes: Axes, *, x: bool = False, y: bool = False) -> None:
    """Write shares between 0 and 1 as percentages."""
    for axis in [axes.xaxis] * x + [axes.yaxis] * y:
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
