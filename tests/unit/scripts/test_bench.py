from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from scripts import toolchain
from scripts.bench import __main__ as bench
from scripts.bench.commands import checkout
from scripts.bench.dbt import union
from scripts.bench.exponent import fit, growth
from scripts.bench.history import measure_history
from scripts.bench.measurement import Measurement, against, beside
from scripts.bench.memory import Peak
from scripts.bench.processor import Meter
from scripts.bench.synth import bindings
from scripts.bench.terraform import environment, run_terraform
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
    assert set(said["versions"]) == {"python", "terraform", "spark", "delta", "dbt", "provider", "node"}
    assert "absent" not in said["versions"].values()


def test_the_report_says_how_far_repetitions_lie_apart() -> None:
    three = beside("bronze", [2.0, 9.0, 3.0], [1.0, 2.0, 3.0], 1.5, "bare Spark")
    said = bench.report({"a": [three, AT_GOAL]}, datetime(2026, 11, 24, 4, tzinfo=UTC), {})["figures"]
    assert (three.figure, three.baseline, three.ratio, three.met) == (3.0, 2.0, 1.5, True)
    assert [said[0][key] for key in ("repetitions", "min", "median", "max")] == [3, 2.0, 3.0, 9.0]
    assert [said[1][key] for key in ("repetitions", "min", "median", "max")] == [1, 3.0, 3.0, 3.0]


def test_a_limit_in_seconds_is_held_whatever_the_floor() -> None:
    slow = against("a gap", [0.2, 0.6, 0.4], 0.001, 0.3, "a request")
    assert (slow.figure, slow.baseline, slow.ratio, slow.met) == (0.4, 0.001, 1.33, False)
    assert slow.note == "a request; ratio to 0.3 s"


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


def test_a_figure_without_a_goal_is_shown_and_not_judged() -> None:
    out = StringIO()
    shown = replace(AT_GOAL, goal=None, peak_mb=512)
    Console(file=out, width=200).print(bench.table([shown], {}))
    line = next(line for line in out.getvalue().splitlines() if "list of jobs" in line)
    assert "shown" in line
    assert "512 MB" in line
    assert "≤" not in line
    assert bench.report({"a": [shown]}, datetime(2026, 11, 24, 4, tzinfo=UTC), {})["figures"][0]["met"] is None


def test_named_measurements_are_taken_in_order_and_others_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"a": lambda: [AT_GOAL], "b": lambda: [BEYOND]}
    monkeypatch.setattr(bench, "MEASUREMENTS", known)
    out = StringIO()
    kept: list[dict[str, list[Measurement]]] = []
    found = bench.run(["b"], Console(file=out), lambda so_far: kept.append(dict(so_far)))
    assert found == {"b": [BEYOND]}
    assert (found["b"][0].peak_mb or 0) > 10, "this very process is larger"
    assert found["b"][0].load is not None
    kept.clear()
    everything = bench.run([], Console(file=out), lambda so_far: kept.append(dict(so_far)))
    (whole,) = everything.pop("all")
    assert (whole.name, whole.met) == ("make bench", True)
    assert everything == {"a": [AT_GOAL], "b": [BEYOND]}
    assert kept == [{"a": [AT_GOAL]}, everything, {**everything, "all": [whole]}]
    assert out.getvalue().splitlines() == [f"{name}: measured in 0 s" for name in "bab"]
    with pytest.raises(CommandError, match="'c' is no measurement: there are a, b") as caught:
        bench.run(["a", "c"], Console(file=out), kept.append)
    assert caught.value.code == 2


def test_an_exponent_is_the_slope_that_fits_best() -> None:
    assert fit({1: 2.0, 10: 20.0, 100: 200.0}) == pytest.approx(1)
    assert fit({1: 3.0, 10: 300.0}) == pytest.approx(2)
    assert fit({100: 5.0, 1: 5.0}) == pytest.approx(0)
    with pytest.raises(ValueError, match="needs two sizes with a cost"):
        fit({1: 0.0, 10: 1.0})
    quadratic = growth("sorting", {100: 1.0, 10: 1.0, 1000: 100.0}, "seconds")
    assert (quadratic.figure, quadratic.met) == (1.0, True)
    assert "10: 1, 100: 1, 1,000: 100; the last step alone 2.00" in quadratic.note


def test_time_that_two_nodes_share_counts_once() -> None:
    assert union([(5, 6), (0, 2), (1, 3), (1.5, 1.8)]) == 4
    assert union([]) == 0


def test_the_floor_of_synth_imports_what_synth_imports() -> None:
    found = bindings(toolchain.ROOT / "infra")
    assert {"cdktf", "constructs", "cdktf_cdktf_provider_databricks.job"} <= set(found)
    assert not [name for name in found if name.startswith("infra")]


def test_the_memory_of_what_a_process_starts_counts(tmp_path: Path) -> None:
    with Peak() as alone:
        pass
    hold = [sys.executable, "-c", "x = bytearray(80_000_000); import time; time.sleep(1.2)"]
    with Peak() as together:
        subprocess.run(hold, check=True)
    assert together.megabytes > alone.megabytes + 70


def test_processor_time_is_of_all_that_a_process_starts_and_of_no_other() -> None:
    work = "import time; end = time.process_time() + 1.2\nwhile time.process_time() < end: pass\ntime.sleep(0.8)"
    with Meter(os.getpid()) as meter:
        time.sleep(0.1)
        began = time.time()
        subprocess.run([sys.executable, "-c", work], check=True)
        ended = time.time()
    assert 1.1 <= meter.between(began, ended) < 3
    assert meter.between(ended, ended + 100) < 0.5
    assert meter.between(began - 100, ended) >= meter.between(began, ended)


def test_a_demo_is_measured_in_a_checkout_without_a_workspace() -> None:
    with checkout() as root:
        assert (root / "Makefile").read_text() == (toolchain.ROOT / "Makefile").read_text()
        assert (root / "notebooks" / "lakehouse" / "quality.py").is_file()
        assert (root / ".venv").resolve() == (toolchain.ROOT / ".venv").resolve()
        assert [each.name for each in (root / ".local").iterdir()] == ["tools"]
    assert not root.exists()
    assert (toolchain.TOOLS / "node").is_dir(), "removing a checkout follows no link"


def test_a_history_that_is_no_longer_than_the_short_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in ("30", "many", "-1"):
        monkeypatch.setenv("DAYS", said)
        with pytest.raises(CommandError, match=f"DAYS: '{said}' is no number of days above 30"):
            measure_history()


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """An environment whose Terraform says what it was told and ends with the code that its folder holds."""
    terraform = tmp_path / "bin" / "terraform"
    terraform.parent.mkdir()
    terraform.write_text('#!/bin/sh\necho "$@"\n[ "$1" = show ] || echo broken >&2\nexit $(cat code)\n')
    terraform.chmod(0o755)
    return {"PATH": f"{terraform.parent}:{os.defpath}"}


def test_terraform_in_a_benchmark_asks_nobody_and_says_what_it_printed(
    tmp_path: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", variables["PATH"])
    (tmp_path / "code").write_text("0")
    assert run_terraform(tmp_path, variables, "plan", "-out=x") == "plan -out=x -input=false -no-color\n"
    assert run_terraform(tmp_path, variables, "show", "-json", "x") == "show -json x\n"


def test_only_the_exit_codes_that_are_fine_get_past_terraform_in_a_benchmark(
    tmp_path: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", variables["PATH"])
    (tmp_path / "code").write_text("2")
    assert run_terraform(tmp_path, variables, "plan", fine=(0, 2)).startswith("plan")
    with pytest.raises(CommandError, match=r"^terraform plan in the benchmark: broken\n$"):
        run_terraform(tmp_path, variables, "plan")
    with pytest.raises(CommandError, match=r"^terraform show in the benchmark: show x\n$"):
        run_terraform(tmp_path, variables, "show", "x")


def test_a_benchmark_deploys_as_this_repository_does_whatever_its_caller_set_for_terraform(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("TF_CLI_ARGS", "TF_CLI_CONFIG_FILE", "DATABRICKS_CONFIG_PROFILE"):
        monkeypatch.setenv(name, "theirs")
    found = environment("http://127.0.0.1:1", "secret")
    assert (found["DATABRICKS_HOST"], found["DATABRICKS_TOKEN"]) == ("http://127.0.0.1:1", "secret")
    assert found["TF_CLI_CONFIG_FILE"] == str(toolchain.local_provider().terraformrc)
    assert not {"TF_CLI_ARGS", "DATABRICKS_CONFIG_PROFILE"} & found.keys()
