"""The rules of `sql/checks/<layer>/<table>.toml`: one file per table, one entry per check, read strictly."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

LAYERS = ("bronze", "silver", "gold")
SEVERITIES = ("fail", "warn")

# What each kind needs to know, besides what every check says.
KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "completeness": frozenset({"columns", "at_least"}),  # share of rows in which none of the columns is blank
        "uniqueness": frozenset({"columns", "at_least"}),  # different keys per row
        "validity": frozenset({"condition", "at_least"}),  # share of rows for which an SQL condition holds
        "referential": frozenset({"column", "references", "at_least"}),  # share of filled values found elsewhere
        "acceptance": frozenset({"source", "within", "at_least"}),  # share of recent lines not in quarantine
        "freshness": frozenset({"column", "within"}),  # newest value no older than a threshold, in hours
        "volume": frozenset({"rows"}),  # at least so many rows
    }
)
# Not a check: says that the table may be empty while its job skips, and how soon the job has to have run once.
_MAY_BE_EMPTY = "may_be_empty"
_COMMON = frozenset({"kind", "severity", "weight", "why"})
# Kinds that may also judge by itself what came lately: named by a column of times and a threshold of hours.
_WINDOWED = ("completeness", "validity", "referential")
_WINDOW = frozenset({"since", "within"})
_ROOT = Path(__file__).parents[2] / "sql" / "checks"


class CheckError(ValueError):
    """A checks file that cannot be trusted."""


@dataclass(frozen=True)
class Check:
    """One rule: what is measured, how much it weighs, whether failing it stops the pipeline."""

    name: str
    kind: str
    severity: str
    weight: float
    why: str
    at_least: float = 1.0
    columns: tuple[str, ...] = ()
    column: str = ""
    condition: str = ""
    references: str = ""
    source: str = ""
    within: str = ""
    since: str = ""
    rows: int = 0


@dataclass(frozen=True)
class TableChecks:
    """The rules of one table; `first_run_within` names the hours that a table has which may be empty at first."""

    layer: str
    table: str
    checks: tuple[Check, ...]
    first_run_within: str = ""


def load(root: Path = _ROOT) -> list[TableChecks]:
    """Read every checks file, in order of layer and table; one wrong entry refuses them all."""
    found = [_table(file, layer) for layer in LAYERS for file in sorted((root / layer).glob("*.toml"))]
    if empty := [layer for layer in LAYERS if not any(table.layer == layer for table in found)]:
        raise CheckError(f"{root}: no checks for {', '.join(empty)}")
    return found


def _table(file: Path, layer: str) -> TableChecks:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        within = _first_run_within(document.pop(_MAY_BE_EMPTY, None))
        if not document:
            raise CheckError("defines no check")
        return TableChecks(layer, file.stem, tuple(_check(name, entry) for name, entry in document.items()), within)
    except (OSError, tomllib.TOMLDecodeError, CheckError) as error:
        raise CheckError(f"{file}: {error}") from error


def _first_run_within(entry: Any) -> str:
    if entry is None:
        return ""
    if (
        not isinstance(entry, dict)
        or entry.keys() != {"first_run_within", "why"}
        or not all(map(_is_text, entry.values()))
    ):
        raise CheckError(f"[{_MAY_BE_EMPTY}] expected first_run_within and why, found {entry!r}")
    return str(entry["first_run_within"])


def _check(name: str, entry: Any) -> Check:
    if not isinstance(entry, dict):
        raise CheckError(f"{name}: a check is a table [{name}], found {entry!r}")
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise CheckError(f"[{name}] kind: {kind!r} is none of {', '.join(KINDS)}")
    wanted = _COMMON | KINDS[kind] | (_WINDOW if kind in _WINDOWED and _WINDOW & entry.keys() else frozenset())
    if unknown := sorted(entry.keys() - wanted):
        raise CheckError(f"[{name}] unknown key: {', '.join(unknown)}")
    if missing := sorted(wanted - entry.keys()):
        raise CheckError(f"[{name}] missing key: {', '.join(missing)}")
    _check_values(name, entry)
    columns = entry.get("columns", [])
    return Check(name=name, **{**entry, "columns": tuple(columns)})


def _check_values(name: str, entry: Mapping[str, Any]) -> None:
    def require(key: str, right: bool, expected: str) -> None:
        if not right:
            raise CheckError(f"[{name}] {key}: expected {expected}, found {entry[key]!r}")

    def number(key: str, low: float, high: float) -> bool:
        value = entry[key]
        return isinstance(value, int | float) and not isinstance(value, bool) and low < value <= high

    require("severity", entry["severity"] in SEVERITIES, " or ".join(SEVERITIES))
    require("weight", number("weight", 0, 100), "a number above 0")
    if "at_least" in entry:
        require("at_least", number("at_least", 0, 1), "a share above 0, at most 1")
    if "rows" in entry:
        require("rows", isinstance(entry["rows"], int) and number("rows", 0, 1e12), "a number of rows")
    if "columns" in entry:
        columns = entry["columns"]
        require("columns", isinstance(columns, list) and bool(columns) and all(map(_is_text, columns)), "column names")
    if "references" in entry:
        references = entry["references"]
        require("references", _is_text(references) and references.count(".") == 2, "schema.table.column")
    for key in ("why", "condition", "column", "source", "within", "since"):
        if key in entry:
            require(key, _is_text(entry[key]), "a text")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
