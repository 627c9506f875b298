"""Opening a stored model: only a skops file, and only with types that are trusted here.

A skops file names the types that it needs; a list that was read from the file, or stored beside it, would trust
whatever the file asks for. So the list stands in this code, and in the pipeline file, which is reviewed like code.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError

TRUSTED = frozenset(
    {
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.feature_selection._univariate_selection.f_regression",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.tree._tree.Tree",
    }
)
"""What scikit-learn's own estimators are made of, beside the types that skops trusts by itself."""


class CannotOpen(StudioError):
    """A model's file is not opened; the message is a sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(message[:1].upper() + message[1:])


def open_model(path: Path, shown: str, trusted: Iterable[str] = ()) -> Any:
    """The fitted model in the skops file at `path`; `shown` is what messages call it.

    Raises
    ------
    CannotOpen
        When it needs a type that is not trusted (nothing of it has been constructed then), or is no such file.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    allowed = TRUSTED | set(trusted)
    try:
        strange = sorted(set(skops.io.get_untrusted_types(file=path)) - allowed)
        if strange:
            raise CannotOpen(
                f"{shown} holds types that are not trusted: {', '.join(strange)}. Next: build the model without them, "
                "or, if you know what they do, list them in the pipeline file: gates.model.trusted"
            )
        return skops.io.load(path, trusted=sorted(allowed))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, ImportError, AttributeError) as error:
        raise CannotOpen(f"{shown} cannot be opened: {type(error).__name__}: {error}") from error
    except UntrustedTypesFoundException as error:
        raise CannotOpen(f"{shown} is not opened: {error}") from error
