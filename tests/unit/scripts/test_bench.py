from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from scripts.bench import __main__ as bench
from scripts.bench.measurement import Measurement
from scripts.errors import CommandError

AT_GOAL = Measurement("list of jobs", 3.0, 2.0, 1.5, 1.5, "ms", "each")
BEYOND = replace(AT_GOAL, name="list of files", figure=3.02, ratio=1.51)


def test_the_report_says_machine_moment_figures_and_which_goals_are_met() -> None:
    said = bench.report({"lists": [AT_GOAL, BEYOND]}, datetime(2026, 11, 24, 4, tzinfo=UTC), {})
    assert json.loads(json.dumps(said)) == said
    assert said["measured_at"] == "2026-11-24T04:00:00+00:00"
    assert said["machine"]["cores"] >= 1
    assert said["machine"]["memory_gb"] > 0
    assert [(each["name"], each["met"]) for each in said["figures"]] == [
        ("list of jobs", True),
        ("list of files", False),
    ]
    assert said["figures"][0]["baseline"] == 2.0


def test_figures_stay_until_their_measurement_is_taken_anew(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    assert bench.earlier(file) == {"figures": []}
    first = bench.report({"a": [AT_GOAL], "b": [BEYOND]}, datetime(2026, 11, 24, 4, tzinfo=UTC), bench.earlier(file))
    file.write_text(json.dumps(first))
    better = replace(BEYOND, figure=2.8, ratio=1.4)
    said = bench.report({"b": [better]}, datetime(2026, 11, 25, 4, tzinfo=UTC), bench.earlier(file))
    assert [(each["measurement"], each["ratio"], each["measured_at"][:10]) for each in said["figures"]] == [
        ("a", 1.5, "2026-11-24"),
        ("b", 1.4, "2026-11-25"),
    ]
    file.write_text("{")
    assert bench.earlier(file) == {"figures": []}


def test_the_table_shows_every_figure_and_its_verdict() -> None:
    out = StringIO()
    Console(file=out, width=160).print(
        bench.table([AT_GOAL, BEYOND], {"figures": [{"name": "list of jobs", "ratio": 1.75}]})
    )
    met, missed = (line for line in out.getvalue().splitlines() if "list of" in line)
    assert "3 ms" in met
    assert "1.75" in met
    assert "≤ 1.5" in met
    assert "met" in met
    assert "missed" in missed


def test_named_measurements_are_taken_in_order_and_others_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"a": lambda: [AT_GOAL], "b": lambda: [BEYOND]}
    monkeypatch.setattr(bench, "MEASUREMENTS", known)
    out = StringIO()
    assert bench.run(["b"], Console(file=out)) == {"b": [BEYOND]}
    assert bench.run([], Console(file=out)) == {"a": [AT_GOAL], "b": [BEYOND]}
    assert out.getvalue().splitlines() == ["b: measured", "a: measured", "b: measured"]
    with pytest.raises(CommandError, match="'c' is no measurement: there are a, b") as caught:
        bench.run(["a", "c"], Console(file=out))
    assert caught.value.code == 2
