"""The dated price file `infra/prices.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scripts.errors import CommandError

FILE = Path(__file__).resolve().parents[2] / "infra" / "prices.toml"


@dataclass(frozen=True)
class Node:
    """One machine type: DBU per hour and USD per hour; None where no source says."""

    dbu: float | None
    vm: float | None


@dataclass(frozen=True)
class Prices:
    """USD per DBU by product, nodes by type, DBU per hour by warehouse size, and the day they were looked at."""

    checked: date
    dbu: Mapping[str, float]
    nodes: Mapping[str, Node]
    warehouses: Mapping[str, float]


def load(file: Path = FILE) -> Prices:
    """Read the price file; CommandError names what is wrong with it."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return Prices(
            checked=table["checked"],
            dbu={name: float(entry["price"]) for name, entry in table["dbu"].items()},
            nodes={name: Node(_number(entry, "dbu"), _number(entry, "vm")) for name, entry in table["nodes"].items()},
            warehouses={name: float(units) for name, units in table["warehouses"]["dbu"].items()},
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CommandError(f"{file.name}: {error}: expected checked, dbu, nodes, warehouses.") from error


def _number(entry: Mapping[str, object], name: str) -> float | None:
    value = entry.get(name)
    return float(value) if isinstance(value, int | float) else None
