"""Generated section about what was measured: every figure of the one file that people write, docs/figures.json."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from scripts.docs.facts import Facts
from scripts.docs.markdown import code, table
from scripts.errors import CommandError

FILE = Path("docs/figures.json")


@dataclass(frozen=True)
class Measured:
    """One figure: what it is of, the command that measures it again, and the day on which that was done."""

    name: str
    figure: float
    unit: str
    command: str
    date: str


def figures(facts: Facts) -> str:
    """One line per figure, and the machine that all of them were measured on."""
    machine, measured = load(facts.root / FILE)
    rows = [(each.name, f"{each.figure:,g} {each.unit}", code(each.command), each.date) for each in measured]
    return f"{table(('what', 'took or came to', 'measured by', 'on'), rows)}\n\nOn {machine}."


def load(file: Path) -> tuple[str, tuple[Measured, ...]]:
    """Return the machine and its figures; CommandError names the entry and what is wrong with it."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}") from error
    if not isinstance(said, dict) or said.keys() != {"machine", "figures"} or not said["figures"]:
        raise CommandError(f"{file}: expected one object with machine and a list of figures that is not empty.")
    return str(said["machine"]), tuple(_measured(file, number, entry) for number, entry in enumerate(said["figures"]))


def _measured(file: Path, number: int, entry: Any) -> Measured:
    wanted = {field.name: (int, float) if field.name == "figure" else (str,) for field in fields(Measured)}
    where = f"{file}: figures[{number}]"
    if not isinstance(entry, dict) or entry.keys() != wanted.keys():
        raise CommandError(f"{where}: expected the keys {', '.join(wanted)}.")
    for name, types in wanted.items():
        if not isinstance(entry[name], types) or isinstance(entry[name], bool):
            raise CommandError(
                f"{where}: {name} is {entry[name]!r}, expected a {'number' if int in types else 'text'}."
            )
    try:
        date.fromisoformat(entry["date"])
    except ValueError as error:
        raise CommandError(f"{where}: date {entry['date']!r}: expected a day as YYYY-MM-DD.") from error
    return Measured(**entry)
