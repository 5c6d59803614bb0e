from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.review import prices
from scripts.review.document import document
from scripts.review.facts import facts
from scripts.review.markdown import LIMIT, markdown
from scripts.review.review import Review, review
from tests.review.edits import EDITS

PLANS = Path(__file__).parent / "plans"


def _read(name: str) -> Review:
    folder = PLANS / name
    told = facts(json.loads((folder / "facts.json").read_text()), "facts.json")
    return review(json.loads((folder / "plan.json").read_text()), told, prices.load(), None)


def _texts(name: str) -> list[str]:
    return [line.text for item in _read(name).items for line in item.lines]


@pytest.mark.parametrize("name", EDITS)
def test_comment_is_the_golden_one(name: str, request: pytest.FixtureRequest) -> None:
    text = markdown(_read(name))
    file = PLANS / name / "comment.md"
    if request.config.getoption("--golden"):
        file.write_text(text)
    assert file.read_text() == text, f"{file} differs: pytest tests/review --golden, and review the change"
    assert len(text) <= LIMIT


def test_there_are_thirty_small_fixtures_and_no_others() -> None:
    assert len(EDITS) >= 30
    assert sorted(folder.name for folder in PLANS.iterdir()) == sorted(EDITS)
    for name in EDITS:
        assert (PLANS / name / "plan.json").stat().st_size <= 15_000, name


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("schedule_moved", "master_pipeline starts 07:00 → 08:00 UTC"),
        ("schedule_hourly", "product_recommendations starts Sundays 10:00 UTC → hourly at :00"),
        ("schedule_off", "master_pipeline is switched off: nothing starts it by the clock"),
        ("threshold_weaker", "alert stale_tables threshold 24 → 48 h: weaker"),
        ("threshold_stricter", "alert low_quality_tables threshold 85 → 88 score: stricter"),
        ("alert_limit", "alert stale_tables threshold > 0 → 5: weaker"),
        ("alert_recipient_removed", "alert critical_quality_tables no longer tells on-call@example.com: weaker"),
        ("permission_wider", "job master_pipeline: group data-analysts: CAN_VIEW → CAN_MANAGE: wider"),
        ("permission_narrower", "warehouse analytics: group data-analysts: CAN_USE → (nothing): narrower"),
        ("node_type", "table_maintenance cluster main node type: Standard_D8ds_v5 → Standard_DS5_v2"),
        ("more_workers", "model_retraining cluster main workers: 4 → 8"),
        ("retries_removed", "table_maintenance task vacuum retries 1 → 0"),
        ("timeout_removed", "table_maintenance timeout 2 h 0 min → none"),
        (
            "recipient_removed",
            "product_recommendations mails on failure: data-team@example.com no more; on-call@example.com from now on",
        ),
        ("task_removed", "product_recommendations task evaluate is removed"),
        ("task_added", "product_recommendations task report is added"),
        ("warehouse_size", "ecommerce analytics size: Small → Medium"),
        ("job_renamed", "its like is added as databricks_job.weekly_recommendations: a moved block would keep it"),
    ],
)  # fmt: skip
def test_says_in_words(name: str, sentence: str) -> None:
    assert sentence in _texts(name)


@pytest.mark.parametrize(
    ("name", "level", "rule"),
    [
        ("job_removed", "high", "run-history"),
        ("job_renamed", "high", "run-history"),
        ("schema_removed", "high", "data-loss"),
        ("volume_replaced", "high", "data-loss"),
        ("secret_scope_replaced", "high", "secrets-lost"),
        ("alert_removed", "high", "alert-gone"),
        ("alert_paused", "high", "alert-paused"),
        ("alert_limit", "medium", "weaker-alert"),
        ("threshold_weaker", "medium", "weaker-alert"),
        ("alert_operator", "medium", "weaker-alert"),
        ("alert_recipient_removed", "medium", "recipient-removed"),
        ("permission_wider", "high", "wider-control"),
        ("permission_everybody", "high", "wider-control"),
        ("run_as", "high", "run-as"),
        ("schedule_on", "medium", "schedule-on"),
        ("schedule_off", "medium", "schedule-off"),
        ("retries_removed", "medium", "retry-removed"),
        ("timeout_removed", "medium", "timeout-removed"),
        ("keep_data_off", "medium", "destroy-allowed"),
        ("cluster_policy", "medium", "cluster-policy"),
        ("three_notebooks", "low", "code"),
        ("schedule_moved", "low", "schedule-moved"),
    ],
)
def test_risk_has_its_reason(name: str, level: str, rule: str) -> None:
    found = _read(name).risk
    assert (found.level, rule in {reason.rule for reason in found.reasons}) == (level, True)


@pytest.mark.parametrize("name", ["permission_narrower", "threshold_stricter", "job_moved", "task_added"])
def test_harmless_edits_meet_no_rule_above_low(name: str) -> None:
    assert _read(name).risk.level == "low"


def test_no_change_is_no_risk_and_exit_code_0() -> None:
    found = _read("nothing")
    assert (found.risk.level, found.exit_code, found.items) == ("none", 0, ())


def test_move_keeps_the_job() -> None:
    counts = _read("job_moved").counts
    assert (counts["moved"] + counts["changed"], counts["destroyed"], counts["replaced"]) == (2, 0, 0)


def test_next_runs_are_before_and_after() -> None:
    (runs,) = _read("schedule_moved").next_runs
    assert [at.hour for at in runs.before] == [7, 7, 7]
    assert [at.hour for at in runs.after] == [8, 8, 8]
    assert _read("schedule_off").next_runs[0].after == ()


def test_diff_shows_the_line() -> None:
    (diff,) = _read("notebook_text").diffs
    assert "+import time" in diff.lines
    assert len(_read("three_notebooks").diffs) == 3


def test_json_has_everything_the_comment_counts() -> None:
    for name in EDITS:
        found: dict[str, Any] = json.loads(json.dumps(document(_read(name))))
        assert sum(found["counts"].values()) == len(found["changes"])
        assert found["exit_code"] == (2 if found["changes"] else 0)
