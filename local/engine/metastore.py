"""What the metastore and the Delta logs say of schemas, tables and views."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql.types import DataType, StructType

from local.engine.session import catalog_names

_log = logging.getLogger(__name__)
NOT_NULL_PREFIX = "nn_"
_CONSTRAINT = "delta.constraints."
SESSION_CATALOG = "spark_catalog"


@dataclass(frozen=True)
class TableColumn:
    """One column as a client sees it."""

    name: str
    type: DataType
    nullable: bool
    comment: str | None


@dataclass(frozen=True)
class Entry:
    """One table or view as the metastore lists it, without a look at its Delta log."""

    schema: str
    name: str
    kind: str  # MANAGED, EXTERNAL or VIEW
    format: str | None
    owner: str

    @property
    def is_view(self) -> bool:
        """Whether it is a view."""
        return self.kind == "VIEW"


@dataclass(frozen=True)
class Relation(Entry):
    """One table or view with what its Delta log knows."""

    comment: str | None
    location: str | None
    created: datetime
    altered: datetime
    columns: tuple[TableColumn, ...]
    checks: dict[str, str]
    properties: dict[str, str]
    view_text: str | None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)


def catalogs(spark: SparkSession) -> list[str]:
    """Return the catalogs of this root; they all name the one metastore."""
    return catalog_names(spark) or [SESSION_CATALOG]


def schemas(spark: SparkSession) -> list[str]:
    """Return the names of all schemas."""
    return sorted(_strings(_session_catalog(spark).listDatabases()))


def names(spark: SparkSession, schema: str) -> list[str]:
    """Return the names of a schema's tables and views."""
    try:
        found = _session_catalog(spark).listTables(schema)
    except (Py4JJavaError, AnalysisException):
        return []
    identifiers = (found.apply(i) for i in range(found.size()))
    return sorted(str(each.table()) for each in identifiers if each.database().isDefined())


def relations(spark: SparkSession, schema: str) -> Iterator[Relation]:
    """Yield a schema's tables and views; one that vanishes meanwhile, or cannot be read, is left out."""
    for name in names(spark, schema):
        found = relation(spark, schema, name)
        if found is not None:
            yield found


def entries(spark: SparkSession, schema: str) -> Iterator[Entry]:
    """Yield what the metastore alone says of a schema's tables and views: one question, however many there are."""
    catalog, found = _session_catalog(spark), names(spark, schema)
    jvm: Any = spark._jvm
    identifier = jvm.org.apache.spark.sql.catalyst.TableIdentifier
    option: Any = jvm.scala.Option.apply(schema)
    wanted = jvm.PythonUtils.toSeq([identifier(name, option) for name in found])
    tables = catalog.getTablesByName(wanted)
    for table in (tables.apply(i) for i in range(tables.size())):
        yield Entry(
            schema=schema,
            name=str(table.identifier().table()),
            kind=str(table.tableType().name()),
            format=_option(table.provider()),
            owner=str(table.owner()),
        )


def relation(spark: SparkSession, schema: str, name: str) -> Relation | None:
    """Return one table or view, or None if it is not there."""
    try:
        table = _load(spark, schema, name)
        return _view(spark, schema, name, table) if _is_v1(table) else _delta(spark, schema, name, table)
    except (Py4JJavaError, AnalysisException) as error:
        said = str(error).partition("\n")[0]
        level = logging.DEBUG if "NOT_FOUND" in said else logging.WARNING
        _log.log(level, "%s.%s is left out: %s", schema, name, said)
        return None


def _delta(spark: SparkSession, schema: str, name: str, table: Any) -> Relation:
    properties = _java_map(spark, table.properties())
    checks = {key.removeprefix(_CONSTRAINT): properties[key] for key in properties if key.startswith(_CONSTRAINT)}
    created = _time(table.catalogTable().get().createTime())
    required = {key.removeprefix(NOT_NULL_PREFIX) for key in checks if key.startswith(NOT_NULL_PREFIX)}
    columns = tuple(
        TableColumn(column.name, column.type, column.nullable and column.name.lower() not in required, column.comment)
        for column in _columns(table)
    )
    return Relation(
        schema=schema,
        name=name,
        kind=str(table.catalogTable().get().tableType().name()),
        format=properties.get("provider"),
        owner=properties.get("owner", ""),
        comment=properties.get("comment"),
        location=properties.get("location"),
        created=created,
        altered=_time(table.initialSnapshot().timestamp()),
        columns=columns,
        checks=checks,
        properties=properties,
        view_text=None,
    )


def _view(spark: SparkSession, schema: str, name: str, table: Any) -> Relation:
    """Describe a view, or a table that is not Delta."""
    entry = table.v1Table()
    created = _time(entry.createTime())
    altered = entry.properties().get("transient_lastDdlTime")
    return Relation(
        schema=schema,
        name=name,
        kind=str(entry.tableType().name()),
        format=_option(entry.provider()),
        owner=str(entry.owner()),
        comment=_option(entry.comment()),
        location=None,
        created=created,
        altered=_time(int(altered.get()) * 1000) if altered.isDefined() else created,
        columns=tuple(_columns(table)),
        checks={},
        properties=_scala_map(spark, entry.properties()),
        view_text=_option(entry.viewText()),
    )


def _columns(table: Any) -> Iterator[TableColumn]:
    # V1 and Delta tables keep char and varchar in the metadata of a string column; the catalog API gives them back.
    for column in table.columns():
        field = {"name": "c", "type": json.loads(column.dataType().json()), "nullable": True, "metadata": {}}
        kind = StructType.fromJson({"type": "struct", "fields": [field]}).fields[0].dataType
        yield TableColumn(str(column.name()), kind, bool(column.nullable()), column.comment())


def _load(spark: SparkSession, schema: str, name: str) -> Any:
    jvm: Any = spark._jvm
    gateway: Any = spark.sparkContext._gateway
    namespace = gateway.new_array(jvm.java.lang.String, 1)
    namespace[0] = schema
    identifier = jvm.org.apache.spark.sql.connector.catalog.Identifier.of(namespace, name)
    return _manager(spark).catalog(SESSION_CATALOG).loadTable(identifier)


def _is_v1(table: Any) -> bool:
    return str(table.getClass().getSimpleName()) == "V1Table"


def _manager(spark: SparkSession) -> Any:
    return spark._jsparkSession.sessionState().catalogManager()


def _session_catalog(spark: SparkSession) -> Any:
    return spark._jsparkSession.sessionState().catalog()


def _strings(sequence: Any) -> list[str]:
    return [str(sequence.apply(i)) for i in range(sequence.size())]


def _java_map(spark: SparkSession, entries: Any) -> dict[str, str]:
    """Return a map of strings, fetched in one call: each entry would be several, six milliseconds a table."""
    jvm: Any = spark._jvm
    found: dict[str, str] = json.loads(jvm.com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(entries))
    return found


def _scala_map(spark: SparkSession, entries: Any) -> dict[str, str]:
    jvm: Any = spark._jvm
    return _java_map(spark, jvm.scala.jdk.javaapi.CollectionConverters.asJava(entries))


def _option(value: Any) -> str | None:
    return str(value.get()) if value.isDefined() else None


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
