"""Generated picture of the tables: which is made from which, read from dbt's refs and the queries of notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lakehouse.sources import SOURCES
from scripts.docs.facts import Facts
from scripts.docs.markdown import mermaid
from scripts.errors import CommandError

# Tables that notebooks fill, and the modules of lakehouse whose queries say from what.
NOTEBOOK_TABLES = {
    "gold.customer_segments": ("models/segmentation.py", "models/trade.py"),
    "gold.customer_churn_predictions": ("models/churn.py", "models/trade.py"),
    "gold.product_recommendations": ("models/recommendation.py",),
    "gold.data_anomalies": ("anomalies.py",),
}
# Not drawn: they are made from every table, or from runs.
ABOUT_ALL = (
    "bronze.deliveries",
    "gold.data_quality_checks",
    "gold.data_quality_metrics",
    "gold.data_quality_metrics_history",
    "gold.model_performance",
    "gold.told_incidents",
)

_REF = re.compile(r"""\b(?:ref\(\s*['"](\w+)['"]|source\(\s*['"](\w+)['"]\s*,\s*['"](\w+)['"])\s*\)""")
_READ = re.compile(r"""(?:\b(?:from|join)\s+|\.table\(["'])((?:bronze|silver|gold)\.\w+)""", re.IGNORECASE)
_LAYERS = ("landing", "bronze", "staging", "snapshots", "silver", "gold")

Edges = dict[str, tuple[str, ...]]


def medallion(facts: Facts) -> str:
    """A picture of landing, bronze, staging, snapshots, silver and gold, with what each table is made from."""
    made_from = edges(facts.root)
    known = {*made_from, *(source for sources in made_from.values() for source in sources)}
    lines = ["flowchart LR"]
    for layer in _LAYERS:
        lines.append(f"  subgraph {layer}")
        lines += [
            f'    {_id(name)}["{name.partition(".")[2]}"]' for name in sorted(known) if name.startswith(f"{layer}.")
        ]
        lines.append("  end")
    for name in sorted(made_from):
        lines.append(f"  {' & '.join(map(_id, made_from[name]))} --> {_id(name)}")
    return mermaid(lines)


def edges(root: Path) -> Edges:
    """Return for each table what it is made from; a name that nothing defines is an error."""
    found: Edges = {f"bronze.{source}": (f"landing.{source}",) for source in SOURCES}
    found["bronze.quarantine"] = tuple(f"landing.{source}" for source in SOURCES)
    models = dict(_models(root / "dbt"))
    for name, (table, text) in models.items():
        sources = {_source(name, match, models) for match in _REF.finditer(text)}
        if not sources:
            raise CommandError(f"dbt: model '{name}' reads nothing that is known: no ref, no source.")
        found[table] = tuple(sorted(sources))
    library = root / "notebooks" / "lakehouse"
    for table, files in NOTEBOOK_TABLES.items():
        text = "\n".join((library / file).read_text(encoding="utf-8") for file in files)
        found[table] = tuple(sorted(set(_READ.findall(text)) - {table}))
        if not found[table]:
            raise CommandError(f"scripts/docs/lineage.py: {table}: no table is read in {', '.join(files)}.")
    return found


def _id(table: str) -> str:
    return table.replace(".", "__")


def _models(dbt: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    for file in sorted((dbt / "models").glob("*/*.sql")):
        yield file.stem, (f"{file.parent.name}.{file.stem}", file.read_text(encoding="utf-8"))
    for file in sorted((dbt / "snapshots").glob("*.yml")):
        yield file.stem, (f"snapshots.{file.stem}", file.read_text(encoding="utf-8"))


def _source(name: str, match: re.Match[str], models: dict[str, tuple[str, str]]) -> str:
    model, schema, table = match.groups()
    if schema:
        return f"{schema}.{table}"
    if model not in models:
        raise CommandError(f"dbt: model '{name}' refers to '{model}', which no file of dbt/ defines.")
    return models[model][0]
