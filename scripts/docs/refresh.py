"""Figures that people need not copy: those that the report of `make bench` has, put into docs/figures.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.docs import figures
from scripts.docs.writing import write
from scripts.errors import CommandError


def refresh(file: Path, report: Path) -> list[str]:
    """Take from a report every figure that names itself in it; return the names of those taken.

    CommandError when the report has a figure in another unit: a number without its unit would be believed. What the
    report does not have stays: `make bench ONLY=<name>` measures a part.
    """
    figures.load(file)
    said = json.loads(file.read_text(encoding="utf-8"))
    found = _by_name(report)
    taken = []
    for entry in (*said["figures"], *said["rates"]):
        new = found.get(entry.get("bench", ""))
        if new is None:
            continue
        if new["unit"] != entry["unit"]:
            raise CommandError(f"{report}: {new['name']!r} is in {new['unit']}, in {file} in {entry['unit']}.")
        entry |= {"figure": new["figure"], "date": new["measured_at"][:10]}
        if "beside" in entry:
            entry["beside"]["figure"] = new["baseline"]
        taken.append(entry["name"])
    write(file, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    return taken


def _by_name(report: Path) -> dict[str, dict[str, Any]]:
    try:
        said = json.loads(report.read_text(encoding="utf-8"))
        return {each["name"]: each for each in said["figures"] if each["measured_at"] and "baseline" in each}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{report}: no report of make bench: {error!r}") from error
