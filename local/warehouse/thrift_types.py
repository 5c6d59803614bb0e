"""Results and their columns in the words of the Thrift protocol."""

from __future__ import annotations

from databricks.sql.thrift_api.TCLIService import ttypes
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    CharType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    NullType,
    ShortType,
    StructType,
    TimestampNTZType,
    TimestampType,
    VarcharType,
    YearMonthIntervalType,
)

from local.warehouse.results import Field, Result

_TYPE_IDS: dict[type[DataType], int] = {
    ArrayType: ttypes.TTypeId.ARRAY_TYPE,
    BinaryType: ttypes.TTypeId.BINARY_TYPE,
    BooleanType: ttypes.TTypeId.BOOLEAN_TYPE,
    ByteType: ttypes.TTypeId.TINYINT_TYPE,
    CharType: ttypes.TTypeId.CHAR_TYPE,
    DateType: ttypes.TTypeId.DATE_TYPE,
    DayTimeIntervalType: ttypes.TTypeId.INTERVAL_DAY_TIME_TYPE,
    DecimalType: ttypes.TTypeId.DECIMAL_TYPE,
    DoubleType: ttypes.TTypeId.DOUBLE_TYPE,
    FloatType: ttypes.TTypeId.FLOAT_TYPE,
    IntegerType: ttypes.TTypeId.INT_TYPE,
    LongType: ttypes.TTypeId.BIGINT_TYPE,
    MapType: ttypes.TTypeId.MAP_TYPE,
    NullType: ttypes.TTypeId.NULL_TYPE,
    ShortType: ttypes.TTypeId.SMALLINT_TYPE,
    StructType: ttypes.TTypeId.STRUCT_TYPE,
    TimestampNTZType: ttypes.TTypeId.TIMESTAMP_TYPE,
    TimestampType: ttypes.TTypeId.TIMESTAMP_TYPE,
    VarcharType: ttypes.TTypeId.VARCHAR_TYPE,
    YearMonthIntervalType: ttypes.TTypeId.INTERVAL_YEAR_MONTH_TYPE,
}
# Rows of one Arrow batch on the wire: small enough that a page of a few MB holds several.
_BATCH_ROWS = 10_000


def metadata(result: Result) -> ttypes.TGetResultSetMetadataResp:
    """Describe a result's columns; its batches are Arrow."""
    columns = [
        ttypes.TColumnDesc(columnName=field.name, typeDesc=_type(field), position=position)
        for position, field in enumerate(result.fields, start=1)
    ]
    return ttypes.TGetResultSetMetadataResp(
        status=success(),
        schema=ttypes.TTableSchema(columns=columns),
        resultFormat=ttypes.TSparkRowSetType.ARROW_BASED_SET,
        lz4Compressed=False,
        arrowSchema=result.table.schema.serialize().to_pybytes(),
        isStagingOperation=False,
    )


def page(result: Result, offset: int, max_rows: int | None, max_bytes: int | None) -> tuple[ttypes.TRowSet, int]:
    """Return the rows from `offset` that fit the client's limits, and the offset after them."""
    total = result.table.num_rows
    rows = total - offset if max_rows is None else min(max_rows, total - offset)
    if max_bytes and total:
        rows = min(rows, max(1, max_bytes * total // max(1, result.table.nbytes)))
    slice_ = result.table.slice(offset, rows)
    batches = [
        ttypes.TSparkArrowBatch(batch=batch.serialize().to_pybytes(), rowCount=batch.num_rows)
        for batch in slice_.to_batches(max_chunksize=_BATCH_ROWS)
    ]
    return ttypes.TRowSet(startRowOffset=offset, rows=[], arrowBatches=batches), offset + rows


def success() -> ttypes.TStatus:
    """The status of a call that was answered."""
    return ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS)


def _type(field: Field) -> ttypes.TTypeDesc:
    entry = ttypes.TPrimitiveTypeEntry(type=_TYPE_IDS.get(type(field.type), ttypes.TTypeId.STRING_TYPE))
    if isinstance(field.type, DecimalType):
        digits = {"precision": field.type.precision, "scale": field.type.scale}
        qualifiers = {name: ttypes.TTypeQualifierValue(i32Value=value) for name, value in digits.items()}
        entry.typeQualifiers = ttypes.TTypeQualifiers(qualifiers=qualifiers)
    return ttypes.TTypeDesc(types=[ttypes.TTypeEntry(primitiveEntry=entry)])
