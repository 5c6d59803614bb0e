"""Dashboards: the draft with its content read as JSON, and what is published of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from scripts.drift.compare import Body, Difference, Rules
from scripts.drift.declared import Resource
from scripts.drift.kinds.kind import Kind, by_id, plain_path

RULES = Rules(
    computed={
        "dashboard_id": "given by the service",
        "create_time": "a time",
        "update_time": "a time",
        "etag": "changes with every write; the content is compared instead",
        "lifecycle_state": "only active dashboards are listed",
        "path": "follows parent_path and display_name",
    },
    keys={
        "content.datasets": "name",
        "content.pages": "name",
        "content.pages[].layout": "widget.name",
        "content.pages[].layout[].widget.queries": "name",
        "content.pages[].layout[].widget.queries[].query.fields": "name",
    },
)


def desired(resource: Resource, creator: str) -> Body:
    """Return draft and published version as they should be."""
    given = resource.arguments
    return {
        "display_name": given["display_name"],
        "parent_path": plain_path(given["parent_path"]),
        "warehouse_id": given["warehouse_id"],
        "content": content(given.get("serialized_dashboard", "{}")),
        "published": {
            "display_name": given["display_name"],
            "warehouse_id": given["warehouse_id"],
            "embed_credentials": given.get("embed_credentials", True),  # the provider's default
            "of": "the draft as it is",
        },
    }


def observed(draft: Body, published: Body | None) -> Body:
    """Return a draft and its published version; a draft that was written since it was published is behind."""
    body = {name: value for name, value in draft.items() if name not in ("serialized_dashboard", "parent_path")}
    body["parent_path"] = plain_path(draft.get("parent_path", ""))
    body["content"] = content(draft.get("serialized_dashboard", "{}"))
    if published is None:
        return body
    of = "an older draft" if _behind(draft, published) else "the draft as it is"
    kept = ("display_name", "warehouse_id", "embed_credentials")
    body["published"] = {name: published[name] for name in kept if name in published} | {"of": of}
    return body


def content(serialized: str) -> Any:
    """Return the definition of a dashboard with each query as one text, so that a changed line shows as one."""
    try:
        definition = json.loads(serialized or "{}")
    except ValueError:
        return serialized
    for dataset in definition.get("datasets", []) if isinstance(definition, dict) else []:
        if isinstance(dataset.get("queryLines"), list):
            dataset["query"] = "".join(dataset.pop("queryLines"))
    return definition


def _behind(draft: Body, published: Body) -> bool:
    written, revised = draft.get("update_time"), published.get("revision_create_time")
    return bool(written and revised) and _moment(str(revised)) < _moment(str(written))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def told(differences: list[Difference]) -> list[Difference]:
    """Leave out that the published version is of an older draft where the draft itself is told."""
    if all(each.path.startswith("published") for each in differences):
        return differences
    return [each for each in differences if each.path != "published.of"]


DASHBOARD = Kind(
    type="databricks_dashboard",
    noun="dashboard",
    rules=RULES,
    key=by_id,
    desired=desired,
    segment="dashboards",
    told=told,
)
