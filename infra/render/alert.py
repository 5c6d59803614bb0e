"""AlertSpec to databricks_alert_v2."""

from __future__ import annotations

from cdktf_cdktf_provider_databricks.alert_v2 import (
    AlertV2,
    AlertV2Evaluation,
    AlertV2EvaluationNotification,
    AlertV2EvaluationNotificationSubscriptions,
    AlertV2EvaluationSource,
    AlertV2EvaluationThreshold,
    AlertV2EvaluationThresholdValue,
    AlertV2Schedule,
)
from constructs import Construct

from infra.alerts import AlertSpec, subscribers
from infra.environments import Environment
from infra.render.code import Folder
from infra.render.naming import construct_id, named
from infra.sql_text import qualify


def render_alert(scope: Construct, spec: AlertSpec, env: Environment, folder: Folder, warehouse_id: str) -> AlertV2:
    """Declare one alert.

    The provider keeps whatever the service answers, so everything the service would fill in is said here:
    parent_path with its `/Workspace`, pause_status, empty_result_state, notify_on_ok, retrigger_seconds.
    `source.display` stays away: with it the service compares a renamed column and never triggers.
    """
    alert = AlertV2(
        scope,
        construct_id("alert", spec.key),
        display_name=env.display_name(spec.title),
        parent_path=folder.workspace_path,
        warehouse_id=warehouse_id,
        query_text=qualify(spec.sql, env.catalog),
        custom_summary=f"{spec.threshold.severity}: {spec.title} ({env.name})",
        custom_description=_description(spec),
        evaluation=AlertV2Evaluation(
            source=AlertV2EvaluationSource(name=spec.column, aggregation=spec.aggregation),
            comparison_operator=spec.operator,
            threshold=AlertV2EvaluationThreshold(value=AlertV2EvaluationThresholdValue(double_value=spec.limit)),
            empty_result_state=spec.empty_result_state,
            notification=AlertV2EvaluationNotification(
                notify_on_ok=spec.notify_on_ok,
                retrigger_seconds=spec.retrigger_seconds,
                subscriptions=[
                    AlertV2EvaluationNotificationSubscriptions(user_email=address)
                    for address in subscribers(spec.threshold, env.recipients)
                ],
            ),
        ),
        schedule=AlertV2Schedule(
            quartz_cron_schedule=spec.schedule.quartz,
            timezone_id=spec.schedule.zone,
            pause_status="UNPAUSED" if env.schedules_on else "PAUSED",
        ),
    )
    return named(alert, spec.key)


def _description(spec: AlertSpec) -> str:
    return "\n".join(
        (
            "{{ALERT_NAME}} is {{ALERT_STATUS}}: {{QUERY_RESULT_VALUE}} against {{ALERT_THRESHOLD}}.",
            spec.question.description,
            f"Why this threshold: {spec.threshold.why}",
            f"What to do: docs/runbook.md#{spec.runbook}",
            "{{QUERY_RESULT_TABLE}}",
        )
    )
