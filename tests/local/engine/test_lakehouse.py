"""Spark as a notebook on Databricks sees it: three-level names, Delta, volumes, streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.slow


def test_three_level_names_merge_history_restore_and_views(engine: Any) -> None:
    source = """\
        import json
        spark.sql("CREATE OR REPLACE TABLE shop.silver.stock (id INT, n INT)")
        spark.sql("INSERT INTO shop.silver.stock VALUES (1, 10), (2, 20)")
        spark.sql('''
            MERGE INTO shop.silver.stock t USING (SELECT 2 AS id, 21 AS n UNION ALL SELECT 3, 30) s ON t.id = s.id
            WHEN MATCHED THEN UPDATE SET n = s.n WHEN NOT MATCHED THEN INSERT *
        ''')
        read = lambda name: sorted((row.id, row.n) for row in spark.table(name).collect())
        merged = read("shop.silver.stock")
        versions = [row.version for row in spark.sql("DESCRIBE HISTORY shop.silver.stock").collect()]
        spark.sql("RESTORE TABLE shop.silver.stock TO VERSION AS OF 1")
        spark.sql("CREATE OR REPLACE VIEW shop.silver.stock_view AS SELECT id, n + 1 AS n FROM shop.silver.stock")
        spark.catalog.setCurrentCatalog("shop")
        detail = spark.sql("DESCRIBE DETAIL silver.stock").first()
        view = read("shop.silver.stock_view")
        said = [merged, versions, read("silver.stock"), view, detail.format, detail.location]
        dbutils.notebook.exit(json.dumps(said))
        """
    merged, versions, restored, view, provider, location = engine.succeed(source)
    assert merged == [[1, 10], [2, 21], [3, 30]]
    assert versions == [2, 1, 0]
    assert restored == [[1, 10], [2, 20]]
    assert view == [[1, 11], [2, 21]]
    assert provider == "delta"
    assert (engine.root / "lake" / "warehouse").samefile(Path(location.removeprefix("file:")).parents[1])


def test_stream_from_a_volume_takes_each_file_once(engine: Any) -> None:
    landing = engine.volume("landing")
    source = """\
        import json
        from pyspark.sql import functions as F
        def write(batch, number):
            batch.write.mode("append").saveAsTable("shop.bronze.lines")
        stream = (
            spark.readStream.option("header", True).schema("id INT").csv("/Volumes/shop/raw/landing")
            .select("id", F.col("_metadata.file_path").alias("path"))
            .writeStream.foreachBatch(write).option("checkpointLocation", "/Volumes/shop/raw/landing_cp")
            .trigger(availableNow=True).start()
        )
        stream.awaitTermination()
        rows = spark.table("shop.bronze.lines").orderBy("id").collect()
        dbutils.notebook.exit(json.dumps([[row.id, row.path.partition("/Volumes/")[2]] for row in rows]))
        """
    (landing / "one.csv").write_text("id\n1\n")
    assert engine.succeed(source) == [[1, "shop/raw/landing/one.csv"]]
    (landing / "two.csv").write_text("id\n2\n")
    expected = [[1, "shop/raw/landing/one.csv"], [2, "shop/raw/landing/two.csv"]]
    assert engine.succeed(source) == expected
    assert engine.succeed(source) == expected
    assert (engine.root / "volumes/shop/raw/landing_cp/commits/1").exists()


def test_sessions_of_runs_are_separate(engine: Any) -> None:
    engine.succeed("spark.range(1).createOrReplaceTempView('mine'); spark.conf.set('spark.sql.shuffle.partitions', 7)")
    source = """\
        import json
        seen = [spark.catalog.tableExists("mine"), spark.conf.get("spark.sql.shuffle.partitions")]
        dbutils.notebook.exit(json.dumps(seen))
        """
    assert engine.succeed(source) == [False, "2"]


def test_new_catalog_is_known_to_the_next_run(engine: Any) -> None:
    engine.driver.catalogs({"shop": ["bronze", "silver"], "late": ["gold"]})
    engine.succeed("spark.sql('CREATE TABLE late.gold.t AS SELECT 1 AS id')")
    assert engine.succeed("dbutils.notebook.exit(spark.table('late.gold.t').count())") == 1


def test_driver_refuses_a_wrong_token(engine: Any) -> None:
    answer = engine.driver.client().request("GET", "/health", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


def test_driver_and_java_machine_listen_on_loopback_alone(engine: Any) -> None:
    driver = psutil.Process(engine.driver.pid)
    processes = [driver, *(each for each in driver.children(recursive=True) if each.name() == "java")]
    assert len(processes) == 2
    listening = [each.laddr.ip for one in processes for each in one.net_connections("inet") if each.status == "LISTEN"]
    assert len(listening) >= 2
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
