"""Silver to gold with dbt, what the models say about it, then the gate."""

from __future__ import annotations

from infra.jobs.spec import DbtTask, JobSpec, NotebookTask
from infra.schedules import Schedule

JOB = JobSpec(
    key="gold_aggregation",
    description="Builds and tests the gold tables that reports read, segments customers and predicts churn.",
    layer="gold",
    schedule=Schedule("0 0 8 * * ?"),
    by_clock=("staggered",),
    timeout_seconds=7200,
    expected_seconds=2700,
    writes=(
        "gold.customer_churn_predictions",
        "gold.customer_metrics",
        "gold.customer_segments",
        "gold.daily_revenue",
        "gold.executive_summary",
        "gold.product_performance",
    ),
    tasks=(
        DbtTask(
            key="dbt_gold",
            commands=("dbt build --select gold --exclude-resource-type unit_test",),  # these are the tests of CI
            timeout_seconds=3600,
            max_retries=2,
        ),
        NotebookTask(
            key="customer_segmentation",
            notebook="ml/customer_segmentation",
            depends_on=("dbt_gold",),
            timeout_seconds=3600,
            max_retries=2,
        ),
        NotebookTask(
            key="churn_prediction",
            notebook="ml/churn_prediction",
            depends_on=("dbt_gold",),
            timeout_seconds=3600,
            max_retries=2,
        ),
        NotebookTask(
            key="gold_gate",
            notebook="quality/gate",
            parameters={"layer": "gold"},
            depends_on=("churn_prediction", "customer_segmentation"),
            timeout_seconds=1800,
            max_retries=1,
        ),
    ),
)
