"""A model as a JSON document of numbers, and as what MLflow loads: no pickle, readable by anyone, on any Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lakehouse.models.logistic import Logistic
from lakehouse.models.rfm import Segments


class Predictor:
    """What MLflow serves: columns of features in, one answer per row out."""

    def __init__(self, model: Logistic | Segments) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None) -> Any:
        """Return churn probabilities, or segment names."""
        rows = model_input[list(self.model.features)].to_numpy(dtype=np.float64)
        return (
            self.model.probabilities(rows) if isinstance(self.model, Logistic) else np.array(self.model.names_of(rows))
        )

    def get_raw_model(self) -> Logistic | Segments:
        """Return the model itself to whoever loaded it through MLflow."""
        return self.model


def write(model: Logistic | Segments, file: Path) -> None:
    """Write a model's document."""
    document = {"kind": type(model).__name__, **model.as_document()}
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read(file: Path) -> Logistic | Segments:
    """Read a model's document; one of an unknown kind is an error."""
    document = json.loads(file.read_text(encoding="utf-8"))
    kind = document.get("kind")
    if kind == "Logistic":
        return Logistic.from_document(document)
    if kind == "Segments":
        return Segments.from_document(document)
    raise ValueError(f"{file}: kind {kind!r} is neither Logistic nor Segments")


def _load_pyfunc(path: str) -> Predictor:
    """Answer MLflow, which looks for this name in the module that a model was logged with."""
    return Predictor(read(Path(path)))
