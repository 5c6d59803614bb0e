"""Bronze to silver with dbt: staging views, history and current tables, tests, then the gate."""

from __future__ import annotations

from infra.jobs.spec import DbtTask, JobSpec, NotebookTask
from infra.schedules import Schedule

JOB = JobSpec(
    key="silver_transformation",
    description="Builds staging views, snapshots and silver tables from bronze, and tests them.",
    layer="silver",
    schedule=Schedule("0 30 7 * * ?"),
    by_clock=("staggered",),
    timeout_seconds=7200,
    expected_seconds=1800,
    writes=(
        "silver.dim_customers",
        "silver.dim_products",
        "silver.fact_order_items",
        "silver.fact_orders",
        "silver.fact_web_events",
    ),
    parameters={"first_day": "", "last_day": ""},  # a run may build a past range of order days anew
    tasks=(
        DbtTask(
            key="dbt_staging",
            commands=("dbt run --select staging",),
            timeout_seconds=3600,
            max_retries=2,
        ),
        DbtTask(
            key="dbt_silver",
            commands=("dbt snapshot", "dbt run --select silver"),
            depends_on=("dbt_staging",),
            timeout_seconds=3600,
            max_retries=2,
        ),
        DbtTask(
            key="dbt_test",
            commands=(
                "dbt test --select staging silver --exclude-resource-type unit_test",
            ),  # these are the tests of CI
            depends_on=("dbt_silver",),
            timeout_seconds=1800,
            max_retries=1,
        ),
        NotebookTask(
            key="silver_gate",
            notebook="quality/gate",
            parameters={"layer": "silver"},
            depends_on=("dbt_test",),
            timeout_seconds=1800,
            max_retries=1,
        ),
    ),
)
