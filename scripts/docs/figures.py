"""The one file of figures that people write, docs/figures.json: what was measured, when and with which command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from scripts.errors import CommandError

FILE = Path("docs/figures.json")
_KEYS = ("machine", "figures", "rates")
_TEXTS = ("name", "unit", "command", "date")
_OPTIONAL = ("beside", "bench")


@dataclass(frozen=True)
class Beside:
    """What a figure is to be compared with, in the same unit."""

    name: str
    figure: float


@dataclass(frozen=True)
class Measured:
    """One figure: what it is of, the command that measures it again, and the day on which that was done.

    `bench` is what the report of `make bench` calls it, so that `ecom docs --bench` can take it from there.
    """

    name: str
    figure: float
    unit: str
    command: str
    date: str
    beside: Beside | None = None
    bench: str | None = None


@dataclass(frozen=True)
class Figures:
    """What was measured on one machine: what a newcomer looks for, and by name the rates that pages calculate with."""

    machine: str
    shown: tuple[Measured, ...]
    rates: Mapping[str, Measured]

    @property
    def cores(self) -> int:
        """How many cores the machine has."""
        number, _, rest = self.machine.partition(" ")
        if not number.isdecimal() or not rest.startswith("core"):
            raise CommandError(f"{FILE}: machine {self.machine!r} does not begin with its cores, as '2 cores' does.")
        return int(number)

    def rate(self, name: str) -> Measured:
        """Return one rate; CommandError when nobody has measured it."""
        if name not in self.rates:
            raise CommandError(f"{FILE}: rates: {name!r} is missing.")
        return self.rates[name]


def load(file: Path) -> Figures:
    """Read the file; CommandError names the entry and what is wrong with it."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}") from error
    if not isinstance(said, dict) or said.keys() != set(_KEYS) or not said["figures"]:
        raise CommandError(f"{file}: expected one object with machine, a list of figures that is not empty, and rates.")
    shown, rates = (
        [_measured(f"{file}: {part}[{number}]", entry) for number, entry in enumerate(said[part])] for part in _KEYS[1:]
    )
    by_name = {each.name: each for each in rates}
    if len(by_name) != len(rates):
        raise CommandError(f"{file}: rates: two have the same name.")
    return Figures(str(said["machine"]), tuple(shown), by_name)


def _measured(where: str, entry: Any) -> Measured:
    wanted = ("name", "figure", *_TEXTS[1:])
    if not isinstance(entry, dict) or not set(wanted) <= entry.keys() <= {*wanted, *_OPTIONAL}:
        raise CommandError(f"{where}: expected the keys {', '.join(wanted)}, and perhaps {', '.join(_OPTIONAL)}.")
    for name in (*_TEXTS, *({"bench"} & entry.keys())):
        _check(where, name, entry[name], str)
    _check(where, "figure", entry["figure"], int, float)
    try:
        date.fromisoformat(entry["date"])
    except ValueError as error:
        raise CommandError(f"{where}: date {entry['date']!r}: expected a day as YYYY-MM-DD.") from error
    return Measured(**{**entry, "beside": _beside(f"{where}: beside", entry["beside"]) if "beside" in entry else None})


def _beside(where: str, said: Any) -> Beside:
    if not isinstance(said, dict) or said.keys() != {"name", "figure"}:
        raise CommandError(f"{where}: expected the keys name, figure.")
    _check(where, "name", said["name"], str)
    _check(where, "figure", said["figure"], int, float)
    return Beside(**said)


def _check(where: str, name: str, value: object, *types: type) -> None:
    if not isinstance(value, types) or isinstance(value, bool):
        raise CommandError(f"{where}: {name} is {value!r}, expected a {'number' if int in types else 'text'}.")
