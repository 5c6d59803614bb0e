"""Checks files are read strictly: what is wrong is named with its file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse import checks, thresholds

GOOD = '[present]\nkind = "completeness"\ncolumns = ["id"]\nat_least = 0.9\nseverity = "fail"\nweight = 2\nwhy = "x"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for layer in checks.LAYERS:
        (tmp_path / layer).mkdir()
        (tmp_path / layer / "things.toml").write_text(GOOD)
    return tmp_path


def test_our_own_checks_cover_every_table_of_the_platform() -> None:
    covered = {f"{table.layer}.{table.table}" for table in checks.load()}
    assert covered == {
        "bronze.customers", "bronze.products", "bronze.orders", "bronze.order_items", "bronze.web_events",
        "silver.dim_customers", "silver.dim_products", "silver.fact_orders", "silver.fact_order_items",
        "silver.fact_web_events", "gold.customer_metrics", "gold.product_performance", "gold.daily_revenue",
        "gold.customer_segments", "gold.customer_churn_predictions", "gold.product_recommendations",
        "gold.model_performance", "gold.data_anomalies", "gold.executive_summary",
    }  # fmt: skip


def test_every_table_has_a_check_that_can_stop_the_pipeline() -> None:
    numbers = thresholds.load()
    for table in checks.load():
        assert any(check.severity == "fail" for check in table.checks), table
        assert {"volume", "freshness", "uniqueness", "completeness"} <= {check.kind for check in table.checks}, table
        assert all(check.within in numbers for check in table.checks if check.within), table
        assert not table.first_run_within or table.first_run_within in numbers, table


def test_an_entry_becomes_a_check(folder: Path) -> None:
    assert checks.load(folder)[0] == checks.TableChecks(
        "bronze",
        "things",
        (checks.Check("present", "completeness", "fail", 2, "x", at_least=0.9, columns=("id",)),),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"fail"', '"error"', r"\[present\] severity: expected fail or warn, found 'error'"),
        ("completeness", "complete", r"\[present\] kind: 'complete' is none of completeness"),
        ("weight = 2\n", "", r"\[present\] missing key: weight"),
        ("weight = 2", "weight = 0", r"\[present\] weight: expected a number above 0, found 0"),
        ("at_least = 0.9", "at_least = 1.5", r"\[present\] at_least: expected a share"),
        ('why = "x"', 'why = "x"\nhow = "y"', r"\[present\] unknown key: how"),
        ('["id"]', "[]", r"\[present\] columns: expected column names"),
        ('why = "x"', 'why = "x"\nsince = "at"', r"\[present\] missing key: within"),
        ('why = "x"', 'why = "x"\nsince = 3\nwithin = "stale_hours"', r"\[present\] since: expected a text"),
        (GOOD, "", "defines no check"),
        (GOOD, "[", "things.toml: "),
        (GOOD, "present = 1", "present: a check is a table"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_key(folder: Path, old: str, new: str, message: str) -> None:
    (folder / "silver" / "things.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(checks.CheckError, match=message) as caught:
        checks.load(folder)
    assert "silver/things.toml" in str(caught.value)


def test_a_table_may_be_empty_at_first_with_a_reason(folder: Path) -> None:
    excuse = '[may_be_empty]\nfirst_run_within = "stale_hours"\nwhy = "x"\n'
    file = folder / "gold" / "things.toml"
    file.write_text(excuse + GOOD)
    assert [table.first_run_within for table in checks.load(folder)] == ["", "", "stale_hours"]
    for wrong in (excuse.replace('why = "x"\n', ""), excuse.replace('"x"', '" "'), excuse + "until = 3\n"):
        file.write_text(wrong + GOOD)
        with pytest.raises(checks.CheckError, match=r"\[may_be_empty\] expected first_run_within and why, found"):
            checks.load(folder)
    file.write_text(excuse)
    with pytest.raises(checks.CheckError, match="defines no check"):
        checks.load(folder)


def test_a_layer_without_checks_is_refused(folder: Path) -> None:
    (folder / "gold" / "things.toml").unlink()
    with pytest.raises(checks.CheckError, match="no checks for gold"):
        checks.load(folder)
