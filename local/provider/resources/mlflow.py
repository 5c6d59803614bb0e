"""databricks_mlflow_experiment."""

from __future__ import annotations

from local.provider.resource import Api, Created, Journaled, Object, Resource, Rules
from local.provider.resources.common import found_or_none, same_folder
from local.provider.schema import block, many, timeouts
from local.provider.translate import to_api
from local.provider.values import Values

_EXPERIMENTS = "/api/2.0/mlflow/experiments"

_SCHEMA = block(
    "artifact_location~ creation_time:number~ description experiment_id~ id~ last_update_time:number~ lifecycle_stage~ "
    "name!",
    tags=many("key value"),
    timeouts=timeouts(""),
)
_RULES = Rules(
    immutable=frozenset({"artifact_location"}),
    volatile=frozenset({"last_update_time"}),
    local=frozenset({"description", "tags", "timeouts"}),
    equal={"name": same_folder},
)


def _create(api: Api, planned: Values) -> Created:
    body = to_api(_SCHEMA, planned, _RULES)
    if planned["tags"]:
        body["tags"] = planned["tags"]
    return Created(str(api.post(f"{_EXPERIMENTS}/create", body, repeatable=False)["experiment_id"]))


def _read(api: Api, state: Values) -> Object | None:
    found = found_or_none(lambda: api.get(f"{_EXPERIMENTS}/get", experiment_id=state["id"]))
    if found is None or found["experiment"].get("lifecycle_stage") == "deleted":
        return None
    experiment: Object = found["experiment"]
    return experiment


def _update(api: Api, prior: Values, planned: Values) -> None:
    api.post(f"{_EXPERIMENTS}/update", {"experiment_id": prior["id"], "new_name": planned["name"]})


def _delete(api: Api, prior: Values) -> None:
    found_or_none(lambda: api.post(f"{_EXPERIMENTS}/delete", {"experiment_id": prior["id"]}))


def _find(api: Api, planned: Values) -> list[str]:
    found = found_or_none(lambda: api.get(f"{_EXPERIMENTS}/get-by-name", experiment_name=planned["name"]))
    return [] if found is None else [str(found["experiment"]["experiment_id"])]


RESOURCES = {
    "databricks_mlflow_experiment": Resource(
        schema=_SCHEMA,
        rules=_RULES,
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
        journal=Journaled(lambda planned: str(planned["name"]), _find),
    )
}
