"""Parameters of statements: the text and type a client sends, as the SQL literal that Spark binds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - the name everyone knows

from local.engine.literals import quoted
from local.engine.refusal import Refused

_INTEGERS = {"TINYINT": (8, "Y"), "SMALLINT": (16, "S"), "INT": (32, ""), "INTEGER": (32, ""), "BIGINT": (64, "L")}
_DECIMAL = re.compile(r"(?:DECIMAL|DEC|NUMERIC)(?:\(\d+(?:,\s*\d+)?\))?")
_UNIT = "YEAR|MONTH|DAY|HOUR|MINUTE|SECOND"
_INTERVAL = re.compile(rf"INTERVAL (?:{_UNIT})(?: TO (?:{_UNIT}))?")


@dataclass(frozen=True)
class Parameter:
    """One bound value: a scalar as text, or the members of an array or a map."""

    type: str
    value: str | None
    name: str | None = None
    members: tuple[Parameter, ...] | None = None


def bound(parameters: Sequence[Parameter]) -> dict[str, Any] | list[Any]:
    """Return what `spark.sql(args=…)` takes: a mapping for named parameters, a list for positions."""
    named = {parameter.name: F.expr(literal(parameter)) for parameter in parameters if parameter.name}
    if named and len(named) < len(parameters):
        raise Refused("Parameters must be all named or all positional.", "07001")
    if named:
        return {str(name): column for name, column in named.items()}
    columns: list[Column] = [F.expr(literal(parameter)) for parameter in parameters]
    return columns


def literal(parameter: Parameter) -> str:
    """Return a parameter as SQL text; a value that does not fit its type is refused."""
    kind = parameter.type.upper().strip() or "STRING"
    if parameter.members is not None:
        members = ", ".join(literal(member) for member in parameter.members)
        return f"{'map' if kind.startswith('MAP') else 'array'}({members})"
    if parameter.value is None or kind == "VOID":
        return "NULL"
    try:
        return _scalar(kind, parameter.value)
    except (ValueError, InvalidOperation) as error:
        raise Refused(
            f"[CAST_INVALID_INPUT] The value {parameter.value!r} of parameter {parameter.name or '?'} cannot be cast"
            f" to {kind}. SQLSTATE: 22018",
            "22018",
        ) from error


def _scalar(kind: str, value: str) -> str:
    if kind in _INTEGERS:
        return _integer(kind, value)
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if _DECIMAL.fullmatch(kind):
        return _decimal(value)
    if _INTERVAL.fullmatch(kind):
        return f"INTERVAL {quoted(value)} {kind.removeprefix('INTERVAL ')}"
    raise Refused(f"[UNSUPPORTED_PARAMETER_TYPE] Parameters of type {kind} are not supported. SQLSTATE: 0A000", "0A000")


def _integer(kind: str, value: str) -> str:
    bits, suffix = _INTEGERS[kind]
    number = int(value)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(value)
    return f"{number}{suffix}"


def _decimal(value: str) -> str:
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(value)
    return f"{number:f}BD"


def _boolean(value: str) -> str:
    lowered = value.strip().lower()
    if lowered not in ("true", "false"):
        raise ValueError(value)
    return lowered


def _floating(suffix: str) -> Callable[[str], str]:
    def text(value: str) -> str:
        if not math.isfinite(float(value)):
            raise ValueError(value)
        return f"{float(value)!r}{suffix}"

    return text


def _timestamp(keyword: str) -> Callable[[str], str]:
    def text(value: str) -> str:
        datetime.fromisoformat(value.strip())
        return f"{keyword} {quoted(value.strip())}"

    return text


def _date(value: str) -> str:
    return f"DATE '{date.fromisoformat(value.strip()).isoformat()}'"


def _binary(value: str) -> str:
    return f"X'{bytes.fromhex(value).hex()}'"


_SCALARS: dict[str, Callable[[str], str]] = {
    "STRING": lambda value: quoted(value),
    "BOOLEAN": _boolean,
    "DATE": _date,
    "TIMESTAMP": _timestamp("TIMESTAMP"),
    "TIMESTAMP_NTZ": _timestamp("TIMESTAMP_NTZ"),
    "DOUBLE": _floating("D"),
    "FLOAT": _floating("F"),
    "BINARY": _binary,
}
