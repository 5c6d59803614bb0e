"""Two ways out of a drift: the command that reverts it, and the file of ours that would adopt it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping

from infra.access import LEVELS
from scripts.drift.access import AccessDifference
from scripts.drift.compare import Body, Difference, Json
from scripts.drift.declared import Resource
from scripts.drift.findings import Proposal
from scripts.drift.kinds import KINDS
from scripts.drift.undeclared import Stray

# Of these the provider knows what they are unsaid, so it tracks them unsaid.
_PROVIDER_DEFAULTS = frozenset(
    {
        "auto_stop_mins",
        "autotermination_minutes",
        "enable_photon",
        "max_concurrent_runs",
        "max_num_clusters",
        "spot_instance_policy",
    }
)
_BLIND = "terraform plan does not see this: "
_LIMIT = 2000  # characters of a value in a command; longer ones are in the diff

_SUFFIXES = {"PYTHON": ".py", "SQL": ".sql", "SCALA": ".scala", "R": ".r"}
# Where each type is declared; {key} is the name of its spec.
_FILES: Mapping[str, str] = {
    "databricks_job": "infra/jobs/{key}.py",
    "databricks_alert_v2": "sql/alerts/{key}.toml",
    "databricks_dashboard": "sql/dashboards/{key}.toml",
    "databricks_cluster": "infra/compute.py: interactive_cluster()",
    "databricks_cluster_policy": "infra/compute.py: cluster_policies()",
    "databricks_sql_endpoint": "infra/compute.py: warehouse()",
    "databricks_catalog": "infra/render/storage.py",
    "databricks_schema": "infra/parts/foundation.py: SCHEMAS",
    "databricks_volume": "infra/parts/foundation.py: build_foundation()",
    "databricks_directory": "infra/parts/pipeline.py: _ROOMS",
    "databricks_secret_scope": "infra/parts/foundation.py: build_foundation()",
}
# Fields that are declared elsewhere than their object, by type and how their pattern begins; longest first.
_ELSEWHERE: tuple[tuple[str, str, str], ...] = (
    ("databricks_job", "tasks[].max_retries", "infra/jobs/{key}.py: max_retries of the task"),
    ("databricks_job", "tasks[].min_retry_interval_millis", "infra/jobs/spec.py: RETRY_INTERVAL_SECONDS"),
    ("databricks_job", "tasks[].notebook_task.base_parameters", "infra/jobs/{key}.py: parameters of the task"),
    ("databricks_job", "tasks[].retry_on_timeout", "infra/render/job.py: _task()"),
    ("databricks_job", "schedule.quartz_cron_expression", "infra/jobs/{key}.py: schedule=Schedule(...)"),
    ("databricks_job", "schedule.timezone_id", "infra/jobs/{key}.py: schedule=Schedule(...)"),
    ("databricks_job", "schedule.pause_status", "infra/environments.py: schedules_on, infra/jobs/{key}.py: by_clock"),
    ("databricks_job", "health", "infra/jobs/{key}.py: expected_seconds"),
    ("databricks_job", "timeout_seconds", "infra/jobs/{key}.py: timeout_seconds"),
    ("databricks_job", "description", "infra/jobs/{key}.py: description"),
    ("databricks_job", "job_clusters", "infra/compute.py: job_cluster()"),
    ("databricks_job", "environments", "infra/compute.py: DBT_REQUIREMENT, SERVERLESS_ENVIRONMENT_VERSION"),
    ("databricks_job", "email_notifications", "infra/environments.py: recipients"),
    ("databricks_job", "run_as", "infra/environments.py: run_as"),
    ("databricks_job", "tags", "infra/environments.py: Environment.tags, infra/jobs/{key}.py: layer"),
    ("databricks_job", "tasks", "infra/jobs/{key}.py: tasks"),
    ("databricks_job", "", "infra/render/job.py: render_job(), for every job"),
    ("databricks_alert_v2", "query_text", "sql/alerts/{key}.toml: question, sql/queries/<question>.sql"),
    ("databricks_alert_v2", "evaluation.threshold", "sql/thresholds.toml: what sql/alerts/{key}.toml names"),
    ("databricks_alert_v2", "evaluation.notification.subscriptions", "infra/environments.py: recipients"),
    ("databricks_alert_v2", "schedule.pause_status", "infra/environments.py: schedules_on"),
    ("databricks_alert_v2", "custom_", "infra/render/alert.py"),
    ("databricks_alert_v2", "run_as", "infra/render/alert.py"),
    ("databricks_dashboard", "content.datasets", "sql/queries/<dataset>.sql"),
    ("databricks_dashboard", "published", "infra/render/dashboard.py"),
)  # fmt: skip
_KINDS_OF_ACCESS = {
    "databricks_job": "job",
    "databricks_cluster": "cluster",
    "databricks_cluster_policy": "cluster_policy",
    "databricks_sql_endpoint": "warehouse",
    "databricks_alert_v2": "alert",
    "databricks_dashboard": "dashboard",
    "databricks_directory": "folder",
    "databricks_secret_scope": "secret_scope",
}
# What the CLI calls a deletion of a type; {key} is the id, path or name.
_DELETIONS: Mapping[str, str] = {
    "databricks_job": "databricks jobs delete {key}",
    "databricks_alert_v2": "databricks alerts-v2 trash-alert {key}",
    "databricks_dashboard": "databricks lakeview trash {key}",
    "databricks_cluster": "databricks clusters permanent-delete {key}",
    "databricks_cluster_policy": "databricks cluster-policies delete {key}",
    "databricks_sql_endpoint": "databricks warehouses delete {key}",
    "databricks_schema": "databricks schemas delete {key}",
    "databricks_volume": "databricks volumes delete {key}",
    "databricks_secret_scope": "databricks secrets delete-scope {key}",
    "databricks_notebook": "databricks workspace delete {key}",
    "databricks_workspace_file": "databricks workspace delete {key}",
    "databricks_directory": "databricks workspace delete {key} --recursive",
}


def of_difference(resource: Resource, difference: Difference) -> Proposal:
    """Return the ways out of one changed field."""
    return Proposal(_revert(resource, difference), _adopt(resource, difference))


def of_missing(resource: Resource) -> Proposal:
    """Return the ways out of a missing object."""
    return Proposal(targeted(resource.address), f"{file_of(resource)}: take it out, if it is not wanted any more")


def of_undeclared(stray: Stray, in_state: str) -> Proposal:
    """Return the ways out of an object nobody declared; `in_state` is the address by which the state still knows it."""
    if in_state:
        return Proposal(targeted(in_state), "declare it again: it left the code and not yet the workspace")
    revert = _DELETIONS[stray.type].format(key=shlex.quote(stray.key))
    if stray.type in ("databricks_notebook", "databricks_workspace_file", "databricks_directory"):
        return Proposal(revert, _export(stray))
    where = _FILES[stray.type].replace("{key}", "<name>")
    block = f'import {{ to = {stray.type}.<name>  id = "{stray.key}" }}'
    return Proposal(revert, f"declare it in {where}, and take it over: {block}")


def _export(stray: Stray) -> str:
    """Return the command that brings a folder, notebook or file here, where it lies there."""
    source = shlex.quote(stray.key)
    here = _below_root(stray.key) + _SUFFIXES.get(str(stray.body.get("language")), "")
    if stray.type == "databricks_directory":
        return f"databricks workspace export-dir {source} {shlex.quote(here)}"
    return f"databricks workspace export {source} --file {shlex.quote(here)}"


def _below_root(path: str) -> str:
    """Return a path as it is in this repository: below /Shared/ecommerce/<environment>."""
    return "/".join(path.split("/")[4:])


def of_access(resource: Resource, key: str, object_id: str, difference: AccessDifference) -> Proposal:
    """Return the ways out of one principal's levels; `object_id` is what the permissions API calls the object."""
    kind = _KINDS_OF_ACCESS.get(resource.type, "")
    who = difference.principal.removeprefix("group ")
    level = difference.actual[0] if difference.actual else ""
    entry = f'Access("{kind}", "{who}", "{level or difference.declared[0]}", key="{resource.name}")'
    adopt = f"infra/access.py: {'add ' if level else 'take out '}{entry}"
    if not kind:
        adopt = "nothing of ours declares access to it; render it in infra/render, or add to infra/drift_ignores.toml"
    elif level and not difference.principal.startswith("group ") and " " in difference.principal:
        adopt = "infra/access.py gives access to groups only: put them into one that has it"
    elif level and level not in LEVELS[kind]:
        adopt = f"infra/access.py knows no level {level} for a {kind}"
    if difference.address != resource.address:
        return Proposal(targeted(difference.address), adopt)
    return Proposal(_BLIND + _access_command(resource, key, object_id, difference), adopt)


def of_key(scope: str, key: str, extra: bool) -> Proposal:
    """Return the ways out of a secret key that is not wanted, or not there."""
    if extra:
        return Proposal(
            f"databricks secrets delete-secret {shlex.quote(scope)} {shlex.quote(key)}",
            "scripts/drift/kinds/secrets.py: EXPECTED_KEYS",
        )
    return Proposal("ecom secrets sync", "scripts/drift/kinds/secrets.py: EXPECTED_KEYS")


def targeted(address: str, replaced: bool = False) -> str:
    """Return the commands that plan one resource, to be read before they are applied."""
    option = f"-replace={address} " if replaced else ""
    plan = f"terraform plan {option}-target={address} -out=revert.tfplan"
    return f"{plan} && terraform show revert.tfplan && terraform apply revert.tfplan"


def _revert(resource: Resource, difference: Difference) -> str:
    if resource.type in ("databricks_notebook", "databricks_workspace_file"):
        return targeted(resource.address, replaced=True)  # the state knows only a digest of what was sent
    if not _hidden(resource, difference):
        return targeted(resource.address)
    command = _COMMANDS.get(resource.type)
    return _BLIND + (command(resource, difference) if command else f"set {difference.path} by hand")


def _hidden(resource: Resource, difference: Difference) -> bool:
    """Whether Terraform's refresh keeps the old value: what goes or comes at the top level of the older resources."""
    if resource.type == "databricks_alert_v2":
        return False
    if resource.type == "databricks_dashboard":
        return difference.pattern.startswith("published")
    top = difference.pattern.split(".")[0].removesuffix("[]")
    # Lists are blocks to Terraform, named in the singular.
    if top not in resource.arguments and top.removesuffix("s") not in resource.arguments:
        return top not in _PROVIDER_DEFAULTS
    return difference.pattern == top and difference.actual is None


def _job_command(resource: Resource, difference: Difference) -> str:
    top = difference.pattern.split(".")[0].removesuffix("[]")
    wanted = _wanted(resource, difference)
    if top == "run_as" and isinstance(wanted, str):
        wanted = {"user_name" if "@" in wanted else "service_principal_name": wanted}
    change: Body = {"new_settings": {top: wanted}} if wanted else {"fields_to_remove": [top]}
    return f"databricks jobs update --json {_quoted({'job_id': int(resource.id or 0), **change})}"


def _wanted(resource: Resource, difference: Difference) -> Json:
    """Return what the whole top-level field of a difference should be."""
    top = difference.pattern.split(".")[0].removesuffix("[]")
    return difference.declared if difference.pattern == top else KINDS[resource.type].desired(resource, "").get(top)


def _by_update(command: str) -> Callable[[Resource, Difference], str]:
    def made(resource: Resource, difference: Difference) -> str:
        top = difference.pattern.split(".")[0]
        wanted = _wanted(resource, difference)
        return f"databricks {command} {shlex.quote(resource.id)} --json {_quoted({top: wanted})}"

    return made


def _publish(resource: Resource, _: Difference) -> str:
    body = {name: resource.arguments.get(name) for name in ("embed_credentials", "warehouse_id")}
    return f"databricks lakeview publish {resource.id} --json {_quoted(body)}"


_COMMANDS: Mapping[str, Callable[[Resource, Difference], str]] = {
    "databricks_job": _job_command,
    "databricks_dashboard": _publish,
    "databricks_sql_endpoint": _by_update("warehouses edit"),
    "databricks_catalog": _by_update("catalogs update"),
    "databricks_schema": _by_update("schemas update"),
    "databricks_volume": _by_update("volumes update"),
}


def _access_command(resource: Resource, key: str, object_id: str, difference: AccessDifference) -> str:
    who = shlex.quote(difference.principal)
    if resource.type == "databricks_secret_scope":
        return f"databricks secrets delete-acl {shlex.quote(key)} {who}"
    if resource.type in ("databricks_catalog", "databricks_schema", "databricks_volume"):
        change = {"principal": difference.principal, "remove": list(difference.actual)}
        noun = resource.type.removeprefix("databricks_")
        return f"databricks grants update {noun} {shlex.quote(key)} --json {_quoted({'changes': [change]})}"
    segment = KINDS[resource.type].segment.removeprefix("sql/")
    return (
        f"databricks permissions get {segment} {object_id}, take {who} out of it,"
        f" and databricks permissions set {segment} {object_id} --json @rest.json"
    )


def _adopt(resource: Resource, difference: Difference) -> str:
    if resource.type in ("databricks_notebook", "databricks_workspace_file"):
        # SQL names its catalog in the workspace and not here: such a hunk has to be applied by hand.
        return f"{file_of(resource)}: git apply the diff, which --json has whole"
    value = "take it out" if difference.actual is None else f"set it to {_short(difference.actual)}"
    for kind, start, where in _ELSEWHERE:
        if kind == resource.type and difference.pattern.startswith(start):
            return f"{where.replace('{key}', resource.name)} ({difference.path}): {value}"
    return f"{file_of(resource)} ({difference.path}): {value}"


def file_of(resource: Resource) -> str:
    """Return the file of ours that declares a resource, and where in it."""
    if resource.type in ("databricks_notebook", "databricks_workspace_file"):
        suffix = _SUFFIXES.get(str(resource.arguments.get("language")), "")
        return _below_root(str(resource.arguments["path"])) + suffix
    if resource.type in ("databricks_permissions", "databricks_secret_acl"):
        return "infra/access.py"
    return _FILES[resource.type].replace("{key}", resource.name)


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _quoted(body: Json) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    return shlex.quote(text) if len(text) <= _LIMIT else "@declared.json"
