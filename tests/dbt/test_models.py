"""Every model that computes something says so in a unit test."""

from __future__ import annotations

from pathlib import Path

import yaml

MODELS = Path(__file__).parents[2] / "dbt" / "models"
# Nothing but the current rows of a snapshot.
WITHOUT_LOGIC = {"dim_customers", "dim_products"}


def test_every_model_with_logic_has_a_unit_test() -> None:
    models = {path.stem for path in MODELS.rglob("*.sql")}
    files = [yaml.safe_load(path.read_text()) for path in MODELS.rglob("*.yml")]
    tested = {test["model"] for file in files for test in file.get("unit_tests") or []}
    assert len(models) > 10
    assert models - tested == WITHOUT_LOGIC
