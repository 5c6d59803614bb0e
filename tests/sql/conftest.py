"""One Spark for the questions, and worlds of tables that they are asked about."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from local.engine.session import build_session, new_session

CASES = Path(__file__).parent
NOW = "2026-03-10 12:00:00"

_TYPES = {"quality_score": "double"} | dict.fromkeys(
    ("ingestion_timestamp", "dbt_updated_at", "metric_updated_at"), "timestamp"
)


@dataclass(frozen=True)
class Worlds:
    """Tables held as temporary views: the healthy world, with some tables replaced by a case's own."""

    spark: SparkSession

    def become(self, case: Path) -> None:
        """Let the tables hold the healthy world, except those that the case brings along."""
        for healthy in sorted((CASES / "healthy").glob("*.csv")):
            own = case / healthy.name
            rows = _rows(own if own.exists() else healthy)
            self.spark.sql(f"create or replace temporary view {healthy.stem.replace('.', '__')} as {rows}")

    def ask(self, sql: str, args: dict[str, int | float] | None = None) -> DataFrame:
        """Run a statement over these tables, at the moment the rows were written for."""
        text = re.sub(r"\b(bronze|silver|gold)\.(?=\w)", r"\1__", sql)
        text = text.replace("current_timestamp()", f"timestamp '{NOW}'").replace("current_date()", f"date '{NOW[:10]}'")
        return self.spark.sql(text, args) if args else self.spark.sql(text)


def _rows(file: Path) -> str:
    """A CSV file as a query; an empty cell is null."""
    header, *rows = csv.reader(file.read_text().splitlines())
    columns = ", ".join(f"cast({name} as {_TYPES.get(name, 'string')}) as {name}" for name in header)
    cells = [["null" if cell == "" else f"'{cell}'" for cell in row] for row in rows or [[""] * len(header)]]
    values = ", ".join(f"({', '.join(row)})" for row in cells)
    return f"select {columns} from values {values} as t ({', '.join(header)}){'' if rows else ' where false'}"


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    return Worlds(new_session(build_session(tmp_path_factory.mktemp("questions"), [])))
