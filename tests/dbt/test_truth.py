"""Generated trade in staging and silver: every row that is wrong on purpose is found, no good row is accused."""

from __future__ import annotations

import csv
import datetime as dt
import json

import pytest

from lakehouse.sources import SOURCES, Source
from local.engine.session import location
from scripts.data import generator

from .conftest import Lakehouse

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

FACTS = {"orders": "fact_orders", "order_items": "fact_order_items", "web_events": "fact_web_events"}


def parsed(source: Source, line: str) -> list[str | None]:
    if source.format == "csv":
        return [cell or None for cell in next(csv.reader([line]))]
    values = json.loads(line)
    return [None if values.get(column) is None else str(values[column]) for column in source.columns]


@pytest.fixture(scope="module")
def bad(lakehouse: Lakehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[tuple[str, ...]]]]:
    """Fill bronze with what bronze takes, build silver, and return the keys of the bad rows by source and kind."""
    folder = tmp_path_factory.mktemp("trade")
    generator.generate(folder, seed=17, end=dt.date(2026, 6, 30), days=16, customers=1500)
    truth = {
        (line["file"], line["line"]): line for line in json.loads((folder / "truth.json").read_text())["bad_lines"]
    }
    lakehouse.create_bronze()
    found: dict[str, dict[str, list[tuple[str, ...]]]] = {}
    for source in SOURCES.values():
        rows, kinds = [], found.setdefault(source.name, {})
        for file in sorted((folder / source.name).glob("*")):
            first = 1 if source.format == "csv" else 0
            for number, line in enumerate(file.read_text().splitlines()[first:], start=first + 1):
                wrong = truth.get((f"{source.name}/{file.name}", number))
                if wrong and wrong["layer"] == "bronze":
                    continue
                row = parsed(source, line)
                rows.append((*row, f"{source.name}/{file.name}", number))
                if wrong:
                    key = tuple(str(row[source.columns.index(column)]) for column in source.key)
                    kinds.setdefault(wrong["reason"], []).append(key)
        _insert(lakehouse, source, rows)
    lakehouse.build(tests=False)
    return found


def _insert(lakehouse: Lakehouse, source: Source, rows: list[tuple[object, ...]]) -> None:
    landed = lakehouse.work / f"{source.name}.json"
    names = (*source.columns, "source_file", "source_line")
    landed.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows))
    lakehouse.rows(
        f"create temporary view arrived ({source.schema}, source_file string, source_line int)"
        f" using json options (path '{location(landed)}')"
    )
    lakehouse.rows(
        f"insert into bronze.{source.name} select {', '.join(source.columns)}, current_timestamp(), source_file,"
        " source_line, 0 from arrived"
    )
    lakehouse.rows("drop view arrived")


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_unusable_rows_are_the_ones_that_were_spoilt(
    lakehouse: Lakehouse, bad: dict[str, dict[str, list[tuple[str, ...]]]], source: Source
) -> None:
    refused = lakehouse.rows(f"select {', '.join(source.key)} from staging.stg_{source.name} where not is_usable")
    spoilt = [key for reason, keys in bad[source.name].items() if reason != "duplicate" for key in keys]
    assert sorted(tuple(map(str, key)) for key in refused) == sorted(spoilt)


def test_repeated_rows_are_kept_once(lakehouse: Lakehouse, bad: dict[str, dict[str, list[tuple[str, ...]]]]) -> None:
    assert sum(len(kinds.get("duplicate", [])) for kinds in bad.values()) > 5
    for source, fact in FACTS.items():
        key = ", ".join(SOURCES[source].key)
        distinct = f"select count(*) from (select distinct {key} from"
        ((kept, different, usable),) = lakehouse.rows(
            f"select (select count(*) from silver.{fact}) as kept, ({distinct} silver.{fact})) as different,"
            f" ({distinct} staging.stg_{source} where is_usable)) as usable"
        )
        assert kept == different == usable
