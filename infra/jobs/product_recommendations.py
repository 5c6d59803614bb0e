"""Weekly: what to show beside each product, and how often that is right."""

from __future__ import annotations

from infra.jobs.spec import JobSpec, NotebookTask
from infra.schedules import Schedule

JOB = JobSpec(
    key="product_recommendations",
    description="Suggests products beside each product, then measures suggestions on the newest weeks.",
    layer="gold",
    schedule=Schedule("0 0 10 ? * SUN"),  # three hours after the daily load begins: it has ended by then
    by_clock=("master", "staggered"),
    timeout_seconds=3600,
    expected_seconds=1800,
    writes=("gold.model_performance", "gold.product_recommendations"),
    tasks=(
        NotebookTask(
            key="recommend",
            notebook="ml/product_recommendations",
            timeout_seconds=1800,
            max_retries=1,
        ),
        NotebookTask(
            key="evaluate",
            notebook="ml/evaluate_recommendations",
            depends_on=("recommend",),
            timeout_seconds=1800,
            max_retries=1,
        ),
    ),
)
