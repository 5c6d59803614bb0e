"""Rules for permissions: who may do what to what is deployed."""

from __future__ import annotations

from infra.policies.plan import Resource
from infra.policies.rule import Faults, Rule, expect, given

_PERMISSIONS = ("databricks_permissions",)
_EVERYBODY = ("users", "account users")
_LOOKING = ("CAN_VIEW", "CAN_READ", "CAN_USE", "CAN_MONITOR", "CAN_ATTACH_TO")
_CHANGING = ("CAN_EDIT", "CAN_MANAGE", "IS_OWNER", "CAN_CREATE")

# Attribute of databricks_permissions that names an object, by type of the object.
_NAMED_BY = {
    "databricks_job": "job_id",
    "databricks_cluster": "cluster_id",
    "databricks_cluster_policy": "cluster_policy_id",
    "databricks_sql_endpoint": "sql_endpoint_id",
    "databricks_alert_v2": "alert_v2_id",
    "databricks_dashboard": "dashboard_id",
}


class NothingForEverybody(Rule):
    """Everybody may look at most."""

    number = 48
    title = "Everybody may look at most"
    severity_word = "CRITICAL"
    kinds = _PERMISSIONS
    reason = "Group users is every account of the workspace, guests and forgotten ones as well."
    fix = "Grant more than looking to a group with members (infra/access.py)."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for entry in resource.blocks("access_control"):
            if entry.get("group_name") in _EVERYBODY:
                level = entry.get("permission_level")
                fault = f"group {entry['group_name']} has {level}"
                yield from expect(level, lambda word: word in _LOOKING, fault)


class NobodyByName(Rule):
    """People have rights as members of groups."""

    number = 49
    title = "People have rights as members of groups"
    severity_word = "MEDIUM"
    kinds = _PERMISSIONS
    reason = "A right given to a person outlives the person's role; a group is cleaned in one place."
    fix = "Name a group of the identity provider instead of user_name."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for entry in resource.blocks("access_control"):
            if given(entry.get("user_name")):
                yield f"{entry.get('permission_level')} is given to a person"


class NobodyEditsByHand(Rule):
    """No group may change what is deployed."""

    number = 50
    title = "Nobody changes by hand what is deployed"
    severity_word = "HIGH"
    kinds = _PERMISSIONS
    reason = "A change by hand is drift: unreviewed, and undone by the next deploy."
    fix = "Grant CAN_MANAGE_RUN, CAN_RUN or CAN_RESTART; only a service principal may manage."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for entry in resource.blocks("access_control"):
            if given(entry.get("service_principal_name")):
                continue
            level = entry.get("permission_level")
            who = entry.get("group_name") or "a person"
            yield from expect(level, lambda word: word not in _CHANGING, f"{who} has {level}")


class PermissionsAreComplete(Rule):
    """Every object with an access list has one in the plan."""

    number = 51
    title = "Every job, cluster, policy, warehouse, alert and dashboard has permissions"
    severity_word = "MEDIUM"
    kinds = tuple(_NAMED_BY)
    reason = "Without them only whoever deployed may use it, and access given by hand is seen by no plan."
    fix = "Declare databricks_permissions for it (render_permissions)."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        name = _NAMED_BY[resource.kind]
        identity = resource.get("id")
        for permissions in resource.plan.of("databricks_permissions"):
            if resource.address in permissions.refers(name):
                return
            if identity is not None and str(permissions.get(name)) == str(identity):
                return
        yield "no databricks_permissions of the plan names it"


class SecretsAreNotForEverybody(Rule):
    """Everybody has no right on a secret scope."""

    number = 52
    title = "Secret scopes are not open to everybody"
    severity_word = "CRITICAL"
    kinds = ("databricks_secret_acl", "databricks_secret_scope")
    reason = "Whoever may READ a scope reads every value in it from any notebook."
    fix = "Name a group or service principal; leave initial_manage_principal out."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        name = "principal" if resource.kind == "databricks_secret_acl" else "initial_manage_principal"
        who = resource.get(name)
        return expect(who, lambda text: text not in _EVERYBODY, f"{name} is {who}")


class NoBlanketGrant(Rule):
    """No grant is for everything, and none that writes is for everybody."""

    number = 53
    title = "Grants name their privileges"
    severity_word = "HIGH"
    kinds = ("databricks_grants", "databricks_grant")
    reason = "ALL_PRIVILEGES grows with every release of the platform; nobody reviewed what it means tomorrow."
    fix = "List the privileges that are needed."

    def faults(self, resource: Resource) -> Faults:
        """Yield faults."""
        for entry in [resource.values, *resource.blocks("grant")]:
            listed = entry.get("privileges")
            if not isinstance(listed, list):
                continue
            if "ALL_PRIVILEGES" in listed or "ALL PRIVILEGES" in listed:
                yield f"{entry.get('principal')} has ALL_PRIVILEGES"
            if entry.get("principal") in _EVERYBODY and any(
                word in ("MODIFY", "MANAGE", "WRITE_VOLUME") for word in listed
            ):
                yield f"{entry['principal']} may write"


RULES = (
    NothingForEverybody(),
    NobodyByName(),
    NobodyEditsByHand(),
    PermissionsAreComplete(),
    SecretsAreNotForEverybody(),
    NoBlanketGrant(),
)
