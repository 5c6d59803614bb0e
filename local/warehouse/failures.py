"""What went wrong in Spark, as a SQL warehouse words it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import is_instance_of
from py4j.protocol import Py4JJavaError
from pyspark import SparkContext
from pyspark.errors import PySparkException

from local.engine.metastore import NOT_NULL_PREFIX
from local.engine.refusal import Refused

_GENERAL = "HY000"
# Where Delta cannot keep NOT NULL, a check does (`local.engine.dialect`): its violation is worded as that of NOT NULL.
_NOT_NULL = re.compile(
    rf"\[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES\] CHECK constraint {NOT_NULL_PREFIX}\S+ \((\S+) IS NOT"
)


@dataclass(frozen=True)
class Failure:
    """One failed statement: a message for people, the SQLSTATE, and the trace for a log."""

    message: str
    sqlstate: str
    detail: str


def failure_of(error: BaseException) -> Failure:
    """Describe any exception that a statement may end with."""
    if isinstance(error, Refused):
        return Failure(str(error), error.sqlstate, str(error))
    if isinstance(error, Py4JJavaError):
        return _of_java(error.java_exception, str(error))
    if isinstance(error, PySparkException):
        origin = getattr(error, "_origin", None)
        if origin is not None:
            return _of_java(origin, str(error))
        return _failure(str(error), error.getSqlState(), str(error))
    return Failure(f"{type(error).__name__}: {error}", _GENERAL, repr(error))


def _of_java(thrown: Any, detail: str) -> Failure:
    """Prefer the deepest cause with a SQLSTATE: a failed job wraps the row's own error in others."""
    best = thrown
    cause = thrown
    while cause is not None:
        if _sqlstate(cause):
            best = cause
        cause = cause.getCause()
    message = best.getMessage() or best.toString()
    missing = _NOT_NULL.match(message)
    if missing is not None:
        column = missing.group(1).strip("`")
        said = f"[DELTA_NOT_NULL_CONSTRAINT_VIOLATED] NOT NULL constraint violated for column: {column}."
        return _failure(said, "23502", detail)
    return _failure(message, _sqlstate(best), detail)


def _sqlstate(thrown: Any) -> str | None:
    gateway: Any = SparkContext._gateway
    throwable = is_instance_of(gateway, thrown, "org.apache.spark.SparkThrowable")
    return thrown.getSqlState() if throwable else None


def _failure(message: str, sqlstate: str | None, detail: str) -> Failure:
    # Spark appends the analyzed plan to some messages; no client of a warehouse gets to see it.
    text = message.strip() if "== SQL" in message else message.partition(";\n")[0].strip()
    state = sqlstate or _GENERAL
    if "SQLSTATE:" not in text:
        text = f"{text} SQLSTATE: {state}"
    return Failure(text, state, detail)
