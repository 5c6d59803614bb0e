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

_TYPES = {
    name: kind
    for kind, names in {
        "timestamp": ("ingestion_timestamp", "dbt_updated_at", "metric_updated_at", "measured_at", "scored_at"),
        "double": ("quality_score", "orders_z_score", "revenue_z_score", "expected_order_count", "value"),
        "decimal(18, 4)": ("revenue", "expected_revenue"),
        "bigint": ("row_count", "order_count", "failed_rows", "segment_rank"),
        "date": ("order_date", "day"),
        "boolean": ("passed", "is_stale"),
    }.items()
    for name in names
}


@dataclass(frozen=True)
class Worlds:
    """Tables held as temporary views: the healthy world, with some tables replaced by a case's own."""

    spark: SparkSession

    def become(self, case: Path, without: str = "") -> None:
        """Let the tables hold the healthy world, except those that the case brings along, and one that is missing."""
        moment = case / "now.txt"
        self.spark.sql(f"set test.now = {moment.read_text().strip() if moment.exists() else NOW}")
        for healthy in sorted((CASES / "healthy").glob("*.csv")):
            if healthy.stem == without:
                self.spark.catalog.dropTempView(_view(without))
                continue
            own = case / healthy.name
            rows = as_query((own if own.exists() else healthy).read_text())
            self.spark.sql(f"create or replace temporary view {_view(healthy.stem)} as {rows}")

    def ask(self, sql: str, args: dict[str, int | float] | None = None) -> DataFrame:
        """Run a statement over these tables, at the moment the rows were written for."""
        text = re.sub(r"(?<!')\b(bronze|silver|gold)\.(?=\w)", r"\1__", sql)
        now = self.spark.conf.get("test.now")
        text = text.replace("current_timestamp()", f"timestamp '{now}'").replace("current_date()", f"date '{now[:10]}'")
        return self.spark.sql(text, args) if args else self.spark.sql(text)


def _view(table: str) -> str:
    return table.replace(".", "__")


def as_query(content: str) -> str:
    """Return the rows of a CSV text as a query; an empty cell is null."""
    header, *rows = csv.reader(content.splitlines())
    columns = ", ".join(f"cast({name} as {_TYPES.get(name, 'string')}) as {name}" for name in header)
    cells = [["null" if cell == "" else f"'{cell}'" for cell in row] for row in rows or [[""] * len(header)]]
    values = ", ".join(f"({', '.join(row)})" for row in cells)
    return f"select {columns} from values {values} as t ({', '.join(header)}){'' if rows else ' where false'}"


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    return Worlds(new_session(build_session(tmp_path_factory.mktemp("questions"), [])))
