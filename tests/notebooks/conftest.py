"""One Spark for this area; each test works in a catalog with its own folders and schemas."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from pyspark.sql import SparkSession

from lakehouse.sources import SOURCES
from local.engine.session import build_session
from tests.notebooks.shop import CATALOG, SCHEMAS, Shop


def pytest_configure(config: pytest.Config) -> None:
    """Py4J leaves the sockets of streaming threads to the garbage collector."""
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket.socket:ResourceWarning")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The process has one Spark; if another area has started it already, this is a second name for it."""
    return build_session(tmp_path_factory.mktemp("lakehouse"), [CATALOG])


@pytest.fixture
def shop(spark: SparkSession) -> Iterator[Shop]:
    mounted = spark.sparkContext.getConf().get("spark.hadoop.fs.viewfs.mounttable.default.link./Volumes")
    volume = Path(urlparse(mounted).path) / CATALOG / "landing"
    for name in SOURCES:
        (volume / "files" / name).mkdir(parents=True)
    (volume / "checkpoints").mkdir()
    for schema in SCHEMAS:
        spark.sql(f"CREATE SCHEMA {CATALOG}.{schema}")
    spark.catalog.setCurrentCatalog(CATALOG)
    yield Shop(spark, volume / "files")
    for schema in SCHEMAS:
        spark.sql(f"DROP SCHEMA IF EXISTS {CATALOG}.{schema} CASCADE")
    spark.catalog.setCurrentCatalog("spark_catalog")
    shutil.rmtree(volume)
