"""The numbers of `sql/thresholds.toml`: one loader for synth, questions, gates and dbt."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "INFO")
AUDIENCES = ("data", "business")
UNITS = ("hours", "days", "weeks", "score", "share", "tables", "customers", "probability", "deviations")

_FILE = Path(__file__).parents[2] / "sql" / "thresholds.toml"


class ThresholdError(ValueError):
    """A thresholds file that cannot be trusted, or a name that it does not define."""


@dataclass(frozen=True)
class Threshold:
    """One number: its value and unit, how bad crossing it is, who must hear of it, and why it is this number."""

    name: str
    value: int | float
    unit: str
    severity: str
    audience: str
    why: str

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise ThresholdError(f"[{self.name}] value: {self.value!r} is not a number")
        for key, allowed in (("unit", UNITS), ("severity", SEVERITIES), ("audience", AUDIENCES)):
            if getattr(self, key) not in allowed:
                raise ThresholdError(f"[{self.name}] {key}: {getattr(self, key)!r} is none of {', '.join(allowed)}")
        if not isinstance(self.why, str) or not self.why.strip():
            raise ThresholdError(f"[{self.name}] why: must say how the number was chosen, found {self.why!r}")


class Thresholds(Mapping[str, Threshold]):
    """All thresholds by name, read-only; asking for a name that is not there says where to define it."""

    def __init__(self, thresholds: Mapping[str, Threshold]) -> None:
        self._thresholds = dict(thresholds)

    def __getitem__(self, name: str) -> Threshold:
        if name not in self._thresholds:
            raise ThresholdError(f"Threshold '{name}' is not defined in sql/thresholds.toml")
        return self._thresholds[name]

    def __contains__(self, name: object) -> bool:
        return name in self._thresholds  # Mapping would look the name up and wait for KeyError

    def __iter__(self) -> Iterator[str]:
        return iter(self._thresholds)

    def __len__(self) -> int:
        return len(self._thresholds)

    def value(self, name: str) -> int | float:
        """Return the bare number behind a name."""
        return self[name].value

    def values_by_name(self) -> dict[str, int | float]:
        """Return every number by name: what dbt takes as `--vars`."""
        return {name: threshold.value for name, threshold in self._thresholds.items()}


def load(path: Path | None = None) -> Thresholds:
    """Read a thresholds file (ours by default) and refuse it whole if one entry is wrong."""
    file = path or _FILE
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        if not document:
            raise ThresholdError("defines no threshold")
        return Thresholds({name: _threshold(name, entry) for name, entry in document.items()})
    except (OSError, tomllib.TOMLDecodeError, ThresholdError) as error:
        raise ThresholdError(f"{file}: {error}") from error


def _threshold(name: str, entry: Any) -> Threshold:
    if not isinstance(entry, dict):
        raise ThresholdError(f"{name}: a threshold is a table [{name}], found {entry!r}")
    wanted = {field.name for field in fields(Threshold)} - {"name"}
    if unknown := sorted(entry.keys() - wanted):
        raise ThresholdError(f"[{name}] unknown key: {', '.join(unknown)}")
    if missing := sorted(wanted - entry.keys()):
        raise ThresholdError(f"[{name}] missing key: {', '.join(missing)}")
    return Threshold(name=name, **entry)
