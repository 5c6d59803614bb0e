"""A master with two children, the shape of ours, small enough to break on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pipeline:
    master: int
    bronze: int
    silver: int


def deploy(desk: Any, bronze_fails: int = 0, checks_fail: int = 0, silver_fails: int = 0) -> Pipeline:
    """Create master → bronze (mount → customers, orders → gate) → silver (model) → checks; failures are per run."""
    task = desk.workspace.task
    bronze = desk.job(
        "bronze_ingestion",
        task("mount"),
        task("customers", ["mount"]),
        task("orders", ["mount"], fail_times=bronze_fails, error="no such file: orders.csv\nat line 3"),
        task("gate", ["customers", "orders"]),
        parameters=[{"name": "from", "default": ""}],
    )
    silver = desk.job("silver_transformation", task("model", fail_times=silver_fails))
    master = desk.job(
        "master_pipeline",
        {
            "task_key": "bronze",
            "run_job_task": {"job_id": bronze, "job_parameters": {"from": "{{job.parameters.from}}"}},
        },
        {"task_key": "silver", "run_job_task": {"job_id": silver}, "depends_on": [{"task_key": "bronze"}]},
        task("checks", ["silver"], fail_times=checks_fail),
        parameters=[{"name": "from", "default": ""}],
    )
    return Pipeline(master, bronze, silver)
