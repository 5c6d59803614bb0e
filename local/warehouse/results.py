"""Results of statements, held as Arrow tables in the driver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name everyone knows
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    StringType,
    StructType,
    VariantType,
    YearMonthIntervalType,
)

_INTERVALS = (DayTimeIntervalType, YearMonthIntervalType)
_COMPLEX = (ArrayType, MapType, StructType)
_PLAIN = (BooleanType, DateType, DecimalType, DoubleType, FloatType, IntegralType, StringType)
# Plans whose rows are in the driver already: a job to fetch them would be three times as slow.
_LOCAL_PLANS = {"LocalRelation", "CommandResult", "OneRowRelation"}


@dataclass(frozen=True)
class Field:
    """Name and Spark type of a result's column."""

    name: str
    type: DataType


@dataclass(frozen=True)
class Result:
    """All rows of a statement. `truncated` says that a row limit cut them."""

    fields: tuple[Field, ...]
    table: pa.Table
    truncated: bool = False

    @property
    def affected_rows(self) -> int | None:
        """The number of rows that a DML statement changed."""
        if self.table.num_rows != 1 or "num_affected_rows" not in self.table.column_names:
            return None
        return int(self.table.column("num_affected_rows")[0].as_py())


@dataclass(frozen=True)
class Shape:
    """What a client can read natively; the rest it gets as strings. Variants and intervals are always strings."""

    decimals: bool = True
    complex_types: bool = True


EMPTY = Result((), pa.table({}))


def fetch(frame: DataFrame, shape: Shape, row_limit: int | None = None) -> Result:
    """Run a query and hold its rows; `spark.driver.maxResultSize` bounds them."""
    fields = tuple(Field(field.name, field.dataType) for field in frame.schema.fields)
    if not fields:
        return EMPTY
    limited = frame if row_limit is None else frame.limit(row_limit + 1)
    table = _arrow(_readable(limited, fields, shape))
    truncated = row_limit is not None and table.num_rows > row_limit
    return Result(fields, table.slice(0, row_limit) if truncated else table, truncated)


def _readable(frame: DataFrame, fields: Sequence[Field], shape: Shape) -> DataFrame:
    mends = [_mend(field.type, shape) for field in fields]
    if not any(mends):
        return frame
    # By position: names may repeat.
    plain = frame.toDF(*(f"c{i}" for i in range(len(fields))))
    columns = []
    for i, (field, mend) in enumerate(zip(fields, mends, strict=True)):
        column = F.col(f"c{i}")
        columns.append((column if mend is None else mend(column)).alias(field.name))
    return plain.select(*columns)


def _mend(kind: DataType, shape: Shape) -> Callable[[Column], Column] | None:
    """Return what makes a column of a type readable, None where it is."""
    if isinstance(kind, VariantType) or (isinstance(kind, _COMPLEX) and not shape.complex_types):
        return lambda column: F.to_json(column, {"ignoreNullFields": "false"})
    if isinstance(kind, _INTERVALS) or (isinstance(kind, DecimalType) and not shape.decimals):
        return lambda column: column.cast("string")
    return None


def _arrow(frame: DataFrame) -> pa.Table:
    schema = frame.schema
    plain = all(isinstance(field.dataType, _PLAIN) for field in schema.fields)
    plan: Any = frame._jdf.queryExecution().optimizedPlan()
    if not (plain and plan.getClass().getSimpleName() in _LOCAL_PLANS):
        # Not toArrow(): it casts to declared nullability, and Delta's own commands break theirs.
        return pa.Table.from_batches(frame._collect_as_arrow(empty_list_if_zero_records=False))
    rows = frame.collect()
    arrow_schema = to_arrow_schema(schema)
    arrays = [pa.array([row[i] for row in rows], field.type) for i, field in enumerate(arrow_schema)]
    return pa.Table.from_arrays(arrays, schema=arrow_schema)
