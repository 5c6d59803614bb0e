"""Maintenance on real Delta tables: what it may delete, what it must keep, and that a table can be brought back."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse import maintenance, restore, thresholds
from local.engine import dialect
from tests.notebooks.shop import CATALOG, Shop

pytestmark = pytest.mark.slow

ORDERS = "silver.fact_orders"
KEPT_DAYS = int(thresholds.load().value("rollback"))


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A fact that has been written four times."""
    rows = "values ('O{0}', 'C1', 'completed'), ('P{0}', null, 'cancelled') t(order_id, customer_id, status)"
    shop.spark.sql(f"create table {ORDERS} as select * from {rows.format(1)}")
    for number in (2, 3):
        shop.spark.sql(f"insert into {ORDERS} select * from {rows.format(number)}")
    shop.spark.sql(f"delete from {ORDERS} where order_id = 'P3'")
    return shop


def _rows(frame: DataFrame) -> list[str]:
    return sorted(str(row) for row in frame.collect())


def _of_version(spark: SparkSession, version: int) -> list[str]:
    return _rows(spark.sql(f"select * from {ORDERS} version as of {version}"))


def _operations(spark: SparkSession, table: str) -> list[str]:
    return [row.operation for row in spark.sql(f"describe history {table}").collect()]


def _folder(spark: SparkSession, table: str) -> Path:
    return Path(urlparse(spark.sql(f"describe detail {table}").first().location).path)


def _notebook_session(spark: SparkSession) -> SparkSession:
    """Spark as a notebook has it: the local driver understands ANALYZE, bare Spark does not."""
    session = SparkSession(spark.sparkContext, spark._jsparkSession)

    def sql(text: str, args: Mapping[str, Any] | None = None) -> DataFrame:
        return dialect.run(spark, text, dict(args) if args else None)

    session.sql = sql
    return session


def test_maintenance_keeps_rows_and_the_way_back_whatever_becomes_of_one_table(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark = _notebook_session(stocked.spark)
    spark.sql(f"create schema if not exists {CATALOG}.snapshots")
    spark.sql(f"create view gold.newest as select * from {ORDERS}")
    before, old = _rows(spark.table(ORDERS)), _of_version(spark, 1)
    stray = {age: _folder(spark, ORDERS) / f"part-{age}-days.parquet" for age in (KEPT_DAYS - 1, KEPT_DAYS + 1)}
    for age, file in stray.items():  # what a job that died left behind
        file.write_bytes(b"x")
        os.utime(file, (time.time() - 86400 * age,) * 2)

    with monkeypatch.context() as patch:  # a table that is dropped between the listing and its turn
        patch.setattr(maintenance, "_tables", lambda *_: ["gold.dropped", ORDERS])
        with pytest.raises(maintenance.MaintenanceError, match=r"1 of 2 tables failed: gold\.dropped \(.*NOT_FOUND"):
            maintenance.vacuum(spark, CATALOG)
    assert [file.exists() for file in stray.values()] == [True, False]
    kept = {row.key: row.value for row in spark.sql(f"show tblproperties {ORDERS}").collect()}
    assert kept["delta.logRetentionDuration"] == kept["delta.deletedFileRetentionDuration"] == "interval 30 days"

    optimized = json.loads(maintenance.optimize(spark, CATALOG))
    assert optimized.keys() == {ORDERS}
    assert optimized[ORDERS]["files_before"] > optimized[ORDERS]["files_after"] == 1
    assert json.loads(maintenance.vacuum(spark, CATALOG)) == {ORDERS: {"retention_changed": False}}
    assert json.loads(maintenance.analyze(spark, CATALOG)) == {ORDERS: {"analyzed": True}}
    shown = spark.sql("show table extended in silver like 'fact_orders'").first().information
    assert "5 rows" in shown
    assert _operations(spark, ORDERS).count("SET TBLPROPERTIES") == 1
    assert _rows(spark.table(ORDERS)) == before
    assert _of_version(spark, 1) == old

    spark.sql(f"drop table {ORDERS}")
    with pytest.raises(maintenance.MaintenanceError, match="no table in bronze, snapshots, silver, gold"):
        maintenance.optimize(spark, CATALOG)


def test_the_drill_restores_a_corrupted_copy_and_leaves_the_table_alone(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark = stocked.spark
    before, operations = _rows(spark.table(ORDERS)), _operations(spark, ORDERS)
    spark.sql("create table silver.restore_drill as select 'left by a drill that died' as order_id")

    said = json.loads(restore.drill(spark, CATALOG, now))

    assert said == {"drilled": ORDERS, "version": 3, "rows": 5}
    assert _rows(spark.table(ORDERS)) == before
    assert _operations(spark, ORDERS) == operations
    assert not spark.catalog.tableExists("silver.restore_drill")

    # A drill must be able to fail: damage that does not show, a restore that brings nothing back, nothing to restore.
    monkeypatch.setattr(restore, "_DAMAGES", ("update silver.restore_drill set status = status",))
    with pytest.raises(restore.RestoreError, match="corrupted and still equals"):
        restore.drill(spark, CATALOG, now)
    monkeypatch.setattr(restore, "_DAMAGES", ("delete from silver.restore_drill where status = 'cancelled'",))
    monkeypatch.setattr(restore, "restore", lambda _, table, version, __: restore.Restored(table, 1, version, 5))
    with pytest.raises(restore.RestoreError, match=r"was restored and differs from silver\.fact_orders version 3"):
        restore.drill(spark, CATALOG, now)
    assert not spark.catalog.tableExists("silver.restore_drill")
    spark.sql(f"delete from {ORDERS}")
    with pytest.raises(restore.RestoreError, match="restoring nothing proves nothing"):
        restore.drill(spark, CATALOG, now)


def test_a_table_is_brought_back_to_a_moment_or_refused_before_anything_changes(stocked: Shop) -> None:
    spark = stocked.spark
    written = {
        row.version: row.timestamp.replace(tzinfo=dt.UTC) for row in spark.sql(f"describe history {ORDERS}").collect()
    }
    before = _rows(spark.table(ORDERS))
    spark.sql(f"update {ORDERS} set status = 'corrupted'")
    spark.sql(f"insert into {ORDERS} select * from {ORDERS}")
    operations = _operations(spark, ORDERS)

    too_late = written[2] + dt.timedelta(days=KEPT_DAYS)
    with pytest.raises(restore.RestoreError, match=r"version 1 was replaced more than 30 days ago"):
        restore.restore(spark, ORDERS, 1, lambda: too_late + dt.timedelta(microseconds=1))
    with pytest.raises(restore.RestoreError, match=r"has no version 9, only 0 to 5"):
        restore.restore(spark, ORDERS, 9, now)
    with pytest.raises(restore.RestoreError, match=r"has no version as old as 2020-01-01 00:00:00"):
        restore.version_at(spark, ORDERS, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert _operations(spark, ORDERS) == operations

    assert restore.version_at(spark, ORDERS, written[1] - dt.timedelta(milliseconds=1)) == 0
    done = restore.restore(spark, ORDERS, restore.version_at(spark, ORDERS, written[3]), now)
    assert done == restore.Restored(ORDERS, undone_version=5, restored_version=3, rows=5)
    assert _rows(spark.table(ORDERS)) == before
    assert restore.restore(spark, ORDERS, 1, lambda: too_late).rows == 4


def test_the_drill_is_held_on_first_sundays() -> None:
    year = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(365)]
    held = [day for day in year if restore.is_due(day)]
    assert [(day.month, day.weekday()) for day in held] == [(month, 6) for month in range(1, 13)]
    assert dt.date(2026, 11, 1) in held
    assert dt.date(2026, 3, 1) in held
