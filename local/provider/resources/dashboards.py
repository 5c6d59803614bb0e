"""databricks_dashboard."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from local.provider.client import ApiError
from local.provider.resource import Api, Created, Journaled, Object, Resource, Rules
from local.provider.resources.common import found_or_none, listed_ids, same_folder
from local.provider.schema import block
from local.provider.translate import to_api
from local.provider.values import UNKNOWN, Values

_DASHBOARDS = "/api/2.0/lakeview/dashboards"
_NO_FOLDER = re.compile(r"Path \(.*\) doesn't exist\.")

_SCHEMA = block(
    "create_time~ dashboard_change_detected:bool dashboard_id~ display_name! embed_credentials:bool~ etag~ file_path "
    "id~ lifecycle_state~ md5~ parent_path! path~ serialized_dashboard~ update_time~ warehouse_id!"
)


def _same_content(left: Any, right: Any) -> bool:
    return bool(_parsed(left) == _parsed(right))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_RULES = Rules(
    defaults={"embed_credentials": True},
    immutable=frozenset({"parent_path"}),
    volatile=frozenset({"etag", "update_time", "path"}),
    local=frozenset({"file_path", "embed_credentials", "dashboard_change_detected"}),
    equal={"parent_path": same_folder, "serialized_dashboard": _same_content},
)


def _validate(config: Values) -> list[str]:
    if (config["file_path"] is None) == (config["serialized_dashboard"] is None):
        return ["a dashboard needs either file_path or serialized_dashboard"]
    return []


def _plan(prior: Values | None, planned: Values, config: Values) -> None:
    """Read the file now, so that a change of its content is part of the plan."""
    path = config["file_path"]
    content = config["serialized_dashboard"]
    if path is not None:
        content = UNKNOWN if path is UNKNOWN else Path(path).read_text()
    planned["serialized_dashboard"] = content
    if config["md5"] is None:
        planned["md5"] = UNKNOWN if content is UNKNOWN else _md5(content)


def _md5(content: str) -> str:
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()


def _body(planned: Values) -> Object:
    names = ("display_name", "parent_path", "serialized_dashboard", "warehouse_id")
    return {name: value for name, value in to_api(_SCHEMA, planned, _RULES).items() if name in names}


def _create(api: Api, planned: Values) -> Created:
    body = _body(planned)
    if planned["serialized_dashboard"] is UNKNOWN:
        body["serialized_dashboard"] = Path(planned["file_path"]).read_text()
    try:
        answer = api.post(_DASHBOARDS, body, repeatable=False)
    except ApiError as failure:
        if not _NO_FOLDER.fullmatch(failure.message):
            raise
        api.post("/api/2.0/workspace/mkdirs", {"path": body["parent_path"]})
        answer = api.post(_DASHBOARDS, body, repeatable=False)
    return Created(str(answer["dashboard_id"]))


def _publish(api: Api, identity: str, planned: Values) -> None:
    body = {"embed_credentials": planned["embed_credentials"], "warehouse_id": planned["warehouse_id"]}
    api.post(f"{_DASHBOARDS}/{identity}/published", body)


def _read(api: Api, state: Values) -> Object | None:
    found = found_or_none(lambda: api.get(f"{_DASHBOARDS}/{state['id']}"))
    if found is None or found.get("lifecycle_state") == "TRASHED":
        return None
    # Known only after apply where the file's own path was: what was sent is what is there.
    return {**found, "md5": _md5(found.get("serialized_dashboard", ""))} if state["md5"] is None else found


def _update(api: Api, prior: Values, planned: Values) -> None:
    api.patch(f"{_DASHBOARDS}/{prior['id']}", {**_body(planned), "etag": prior["etag"]})
    _publish(api, str(prior["id"]), planned)


def _delete(api: Api, prior: Values) -> None:
    api.delete(f"{_DASHBOARDS}/{prior['id']}")


def _find(api: Api, planned: Values) -> list[str]:
    dashboards = api.get(_DASHBOARDS).get("dashboards", [])
    return listed_ids(
        dashboards,
        "dashboard_id",
        lambda item: (
            item["display_name"] == planned["display_name"] and same_folder(item["parent_path"], planned["parent_path"])
        ),
    )


RESOURCES = {
    "databricks_dashboard": Resource(
        schema=_SCHEMA,
        rules=_RULES,
        validate=_validate,
        plan=_plan,
        create=_create,
        settle=_publish,
        read=_read,
        update=_update,
        delete=_delete,
        journal=Journaled(lambda planned: f"{planned['parent_path']}/{planned['display_name']}", _find),
    )
}
