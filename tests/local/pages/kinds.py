"""A job of every kind of task that no notebook does, deployed beside the shop and run to its end."""

from __future__ import annotations

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from databricks.sdk.service.workspace import ImportFormat

FOLDER = "/Shared/kinds"
JOB, CHILD = "every kind", "saved query"
OF_CHANNEL = "select channel, sum(orders) as orders from shop.gold.daily_revenue where channel = :channel group by 1"
ALL_CHANNELS = "select channel, sum(orders) as orders from shop.gold.daily_revenue group by channel order by channel"
_FILES = {
    "of_channel.sql": OF_CHANNEL,
    "all_channels.sql": ALL_CHANNELS,
    "dbt/dbt_project.yml": "name: kinds\nversion: 1.0.0\nprofile: kinds\nmodels: {kinds: {+materialized: table}}\n",
    "dbt/models/by_day.sql": "select day, sum(revenue) as revenue from shop.gold.daily_revenue group by day\n",
    "dbt/models/by_day.yml": "models: [{name: by_day, columns: [{name: day, data_tests: [unique]}]}]\n",
}


def build(client: WorkspaceClient, warehouse: str, query: str) -> int:
    """Deploy it and start it; return the run's id."""
    for name, text in _FILES.items():
        path = f"{FOLDER}/{name}"
        client.workspace.mkdirs(path.rpartition("/")[0])
        client.workspace.upload(path, text.encode(), format=ImportFormat.AUTO)
    saved = jobs.SqlTask(warehouse, query=jobs.SqlTaskQuery(query))
    child = client.jobs.create(name=CHILD, tasks=[jobs.Task("by_channel", sql_task=saved)])
    tasks = _tasks(warehouse, int(child.job_id or 0))
    parameters = [jobs.JobParameterDefinition(name="least", default="5")]
    made = client.jobs.create(name=JOB, tasks=tasks, parameters=parameters)
    return int(client.jobs.run_now(int(made.job_id or 0)).run_id or 0)


def _tasks(warehouse: str, child: int) -> list[jobs.Task]:
    def after(key: str, outcome: str | None = None) -> list[jobs.TaskDependency]:
        return [jobs.TaskDependency(key, outcome)]

    enough = jobs.ConditionTask(jobs.ConditionTaskOp.GREATER_THAN, left="9", right="{{job.parameters.least}}")
    dbt = jobs.DbtTask(
        ["dbt build"],
        project_directory=f"/Workspace{FOLDER}/dbt",
        warehouse_id=warehouse,
        catalog="shop",
        schema="gold",
    )
    one = jobs.Task("one_channel", sql_task=_sql(warehouse, "of_channel", channel="{{input}}"))
    loop = jobs.ForEachTask('["shop", "web"]', one, concurrency=2)
    return [
        jobs.Task("enough", condition_task=enough),
        jobs.Task("too_few", depends_on=after("enough", "false"), sql_task=_sql(warehouse, "all_channels")),
        jobs.Task("all_channels", depends_on=after("enough", "true"), sql_task=_sql(warehouse, "all_channels")),
        jobs.Task("each_channel", depends_on=after("all_channels"), for_each_task=loop),
        jobs.Task("transform", depends_on=after("enough", "true"), dbt_task=dbt),
        jobs.Task("nested", depends_on=after("all_channels"), run_job_task=jobs.RunJobTask(child)),
    ]


def _sql(warehouse: str, file: str, **parameters: str) -> jobs.SqlTask:
    return jobs.SqlTask(warehouse, file=jobs.SqlTaskFile(f"/Workspace{FOLDER}/{file}.sql"), parameters=parameters)
