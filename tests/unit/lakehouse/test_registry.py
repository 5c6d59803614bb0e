"""Versions, aliases and what is served, against a real MLflow store."""

from __future__ import annotations

import mlflow
import numpy as np
import pandas as pd
import pytest

from lakehouse.models.logistic import Logistic
from lakehouse.models.registry import CHALLENGER, CHAMPION, Registry
from lakehouse.models.rfm import Segments

CHURN = Logistic(("a", "b"), (0.0, 0.0), (1.0, 1.0), (1.0, -1.0), 0.5)
SEGMENTS = Segments(("a", "b"), (0.0, 0.0), (1.0, 1.0), ((0.0, 0.0), (5.0, 5.0)), ("Good", "Bad"))


@pytest.fixture
def registry(model_store: None) -> Registry:
    return Registry("shop.gold.model", "/Shared/shop/model")


def test_nothing_is_found_before_something_is_registered(registry: Registry) -> None:
    assert registry.find(CHAMPION) is None
    registry.clear(CHAMPION)
    registry.point(CHALLENGER, registry.add(CHURN, {}, {}))
    assert registry.find(CHAMPION) is None


def test_aliases_say_which_version_is_which(registry: Registry) -> None:
    first = registry.add(CHURN, {"auc": 0.7}, {"window_days": 21})
    registry.point(CHAMPION, first)
    second = registry.add(Logistic(("a",), (0.0,), (1.0,), (2.0,), 0.0), {"auc": 0.8}, {})
    registry.point(CHALLENGER, second)
    assert (first.number, second.number) == ("1", "2")
    assert registry.find(CHAMPION) == first
    assert registry.find(CHALLENGER) == second
    registry.point(CHAMPION, second)
    registry.clear(CHALLENGER)
    assert (registry.find(CHAMPION), registry.find(CHALLENGER)) == (second, None)


def test_the_champion_is_not_registered_twice(registry: Registry) -> None:
    first = registry.add(CHURN, {}, {})
    registry.point(CHAMPION, first)
    assert registry.add(CHURN, {}, {}) == first
    assert len(mlflow.MlflowClient().search_model_versions(f"name='{registry.name}'")) == 1


@pytest.mark.parametrize("model", [CHURN, SEGMENTS])
def test_what_mlflow_serves_is_the_model_with_its_signature_and_measures(
    registry: Registry, model: Logistic | Segments
) -> None:
    registry.point(CHAMPION, registry.add(model, {"quality": 0.9}, {"window_days": 21}))
    served = mlflow.pyfunc.load_model(f"models:/{registry.name}@{CHAMPION}")
    rows = pd.DataFrame({"b": [0.1, 200.0], "a": [0.2, 100.0]})
    named = rows[["a", "b"]].to_numpy()
    expected = model.probabilities(named) if isinstance(model, Logistic) else np.array(["Good", "Bad"])
    assert (served.predict(rows) == expected).all()
    assert served.metadata.signature.inputs.input_names() == ["a", "b"]
    with pytest.raises(mlflow.exceptions.MlflowException, match="missing inputs"):
        served.predict(rows[["a"]])
    run = mlflow.get_run(served.metadata.run_id)
    assert run.data.metrics == {"quality": 0.9}
    assert run.data.params == {"window_days": "21"}
