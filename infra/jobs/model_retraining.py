"""Weekly: challengers are trained, judged beside their champions, and promoted when they are no worse."""

from __future__ import annotations

from infra.jobs.spec import JobSpec, NotebookTask
from infra.schedules import Schedule


def _train(key: str, model: str) -> NotebookTask:
    return NotebookTask(
        key=key, notebook="ml/train_model", parameters={"model": model}, timeout_seconds=3600, max_retries=2
    )


JOB = JobSpec(
    key="model_retraining",
    description="Trains segmentation and churn again and promotes what is no worse than the champion.",
    layer="gold",
    schedule=Schedule("0 0 11 ? * SUN"),  # an hour after the recommendations, which write the same measures
    by_clock=("master", "staggered"),
    timeout_seconds=7200,
    expected_seconds=3600,
    writes=("gold.model_performance",),
    tasks=(
        _train("train_segmentation", "segmentation_model"),
        _train("train_churn", "churn_model"),
        NotebookTask(
            key="evaluate",
            notebook="ml/evaluate_models",
            depends_on=("train_churn", "train_segmentation"),
            timeout_seconds=1800,
            max_retries=1,
        ),
        NotebookTask(
            key="promote",
            notebook="ml/promote_models",
            depends_on=("evaluate",),
            timeout_seconds=600,
            max_retries=1,
        ),
    ),
)
